"""What an endpoint may say, and what is refused."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.endpoints import EndpointCreate, EndpointReplay, EndpointUpdate
from listener_sdk.protocol.signatures import secret_text

GIVEN = {"url": "https://a.example/x", "topics": ["job:*"]}


def test_a_secret_is_the_base64_of_its_bytes():
    assert secret_text(b"\0" * 24) == "whsec_" + "A" * 32
    for size in (24, 32, 64):
        text = secret_text(b"x" * size)
        assert EndpointCreate(**GIVEN, secret=text).secret == text


@pytest.mark.parametrize(
    "secret",
    ["whsec_", secret_text(b"x" * 23), secret_text(b"x" * 65), "A" * 43, "whsec_ä", "whsec_A" + "=" * 40],
)
def test_another_secret_is_refused_and_not_repeated(secret):
    with pytest.raises(ValidationError, match="24 to 64 random bytes") as refused:
        EndpointCreate(**GIVEN, secret=secret)
    assert secret == "whsec_" or secret not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["a.example", "ftp://a.example", "https://a b", "https://a\n", "", "https://" + "a" * 2_048]
)
def test_another_address_is_refused(url):
    with pytest.raises(ValidationError):
        EndpointCreate(url=url, topics=["**"])


@pytest.mark.parametrize(("model", "url"), [(EndpointCreate, GIVEN["url"]), (EndpointUpdate, None)])
def test_what_is_never_posted_is_refused(model, url):
    with pytest.raises(ValidationError, match="take notification:delivered") as refused:
        model(url=url, topics=["job:*", "notification:created"])
    assert [one["loc"] for one in refused.value.errors()] == [("topics", 1)]
    assert model(url=url, topics=["notification:*"]).topics == ["notification:*"]


def test_an_update_sends_what_was_named():
    assert EndpointUpdate(filter=None, name="x").sent() == {"filter": None, "name": "x"}
    with pytest.raises(ValidationError):
        EndpointUpdate.model_validate({"secret": "x"})


def test_a_replay_is_of_what_did_not_arrive_unless_it_says_otherwise():
    assert EndpointReplay.model_validate({"since": "2026-01-01T00:00:00Z"}).status == ["failed", "disabled"]
    with pytest.raises(ValidationError):
        EndpointReplay.model_validate({"since": "2026-01-01T00:00:00Z", "status": ["pending"]})
