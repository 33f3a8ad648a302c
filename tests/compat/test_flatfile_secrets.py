"""Secrets by Flatfile's client: set, listed, read by a listener's key, removed."""

import pytest
from flatfile.commons import BadRequestError, NotFoundError

pytestmark = pytest.mark.must_run


@pytest.fixture(scope="module")
def listener(connected, http):
    """The client of a program that may read values."""
    made = http.post("/v1/keys", json={"name": "secrets", "role": "listener"})
    return connected(made.raise_for_status().json()["data"]["key"])


def found(client, name, **query):
    return [secret for secret in client.secrets.list(**query).data if secret.name == name]


def test_a_secret_is_set_read_and_removed(flatfile, listener, parameters):
    given = {
        "name": "SOMESERVICE_APIKEY", "value": "Sup3r$ecret\\/alue!", "environment_id": "us_env_default",
        "space_id": "us_sp_default", "actor_id": "us_usr_1",
    }  # fmt: skip
    assert set(given) == parameters(flatfile.secrets.upsert)
    names = [secret.name for secret in flatfile.secrets.upsert(**given).data]
    assert "SOMESERVICE_APIKEY" in names
    query = {"environment_id": "us_env_default", "space_id": "us_sp_default", "actor_id": "us_usr_1"}
    assert set(query) == parameters(flatfile.secrets.list)
    (hidden,) = found(flatfile, "SOMESERVICE_APIKEY", **query)
    assert hidden.value == ""
    (secret,) = found(listener, "SOMESERVICE_APIKEY", **query)
    assert secret.value == given["value"]
    assert (secret.environment_id, secret.space_id, secret.actor_id) == tuple(query.values())
    assert secret.id not in [left.id for left in flatfile.secrets.delete(secret.id).data]
    assert found(listener, "SOMESERVICE_APIKEY") == []


def test_a_second_value_takes_the_place_of_the_first(flatfile, listener):
    for value in ("one", "two"):
        flatfile.secrets.upsert(name="AGAIN", value=value)
    (secret,) = found(listener, "AGAIN")
    assert secret.value == "two"


def test_what_is_refused_has_its_type(flatfile, refused):
    with refused(404, "not_found", kind=NotFoundError):
        flatfile.secrets.delete("us_sec_zzzzzzzzzz")
    with refused(404, "not_found", kind=NotFoundError):
        flatfile.secrets.list(space_id="us_sp_elsewhere")
    with refused(400, "invalid", kind=BadRequestError):
        flatfile.secrets.upsert(name="two words", value="x")


def test_its_events_are_parsed_by_the_client(flatfile):
    flatfile.secrets.upsert(name="TOLD", value="never told")
    events = flatfile.events.list(domain="secret", page_size=100).data
    told = [event for event in events if event.payload["name"] == "TOLD"]
    assert [event.topic for event in told][:1] == ["secret:created"]
    assert "never told" not in str(told)
