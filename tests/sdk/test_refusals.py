import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk._refusals import Answer, refusal
from listener_sdk.errors import ApiError, NotTickwire


def refused(status, body, kind="text/html"):
    return refusal(Answer(status, {"Content-Type": kind}, body, "http://h/v1/jobs?page=1"))


@given(st.integers(300, 599), st.binary(max_size=300), st.text(max_size=20))
def test_any_body_of_a_refusal_makes_a_readable_error(status, body, kind):
    found = refused(status, body, kind)
    assert isinstance(found, ApiError | NotTickwire)
    assert len(str(found).splitlines()) == 1


def test_the_servers_own_words_are_kept():
    found = refused(
        409, b'{"errors":[{"code":"illegal_move","message":"The job is complete.","status":"complete"}]}'
    )
    assert (found.status, found.code, found.message) == (409, "illegal_move", "The job is complete.")
    assert found.errors[0]["status"] == "complete"


@pytest.mark.parametrize("status", [413, 429, 502, 503, 504])
def test_what_a_proxy_says_in_words_of_its_own_is_said_in_short(status):
    found = refused(status, b"<html>" + b"x" * 10_000)
    assert (found.status, found.code) == (status, f"http_{status}")
    assert found.message.startswith(f"The server, or a proxy before it, answered {status} ")
    assert "<" not in found.message
    assert len(found.message) < 100


@pytest.mark.parametrize(
    ("status", "body", "kind", "got"),
    [
        (404, b"<html>Not found</html>", "text/html; charset=utf-8", "got text/html from"),
        (403, b"", "", "got nothing from"),
        (404, b'{"detail": "Not Found"}', "application/json", "got other JSON from"),
        (501, b"no", "text/" + "x" * 10_000, "got text/x"),
    ],
)
def test_another_server_is_told_from_ours_and_its_pages_are_not_shown(status, body, kind, got):
    found = refused(status, body, kind)
    assert isinstance(found, NotTickwire)
    assert got in str(found)
    assert "http://h/v1/jobs" in str(found)
    assert "html>" not in str(found)
    assert len(str(found)) < 300


def test_a_redirect_says_where_it_leads():
    found = refusal(Answer(301, {"Location": "https://h/v1\n"}, b"moved", "http://h/v1"))
    assert "(got a redirect to https://h/v1 from http://h/v1)" in str(found)
