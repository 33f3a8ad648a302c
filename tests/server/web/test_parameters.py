"""What lists take in the address, and that they refuse what they do not know."""

import pytest

from listener_sdk.protocol.codes import Refusal
from server.web.parameters import TAKEN, check_taken
from server.web.routes import ROUTES


def test_each_stands_for_a_list_that_is_served():
    assert TAKEN.keys() <= {route.path for route in ROUTES if route.method == "GET"}


@pytest.mark.parametrize(
    ("path", "name", "told"),
    [
        ("/v1/runs", "resul", "Did you mean result"),
        ("/v1/job-definitions", "helth", "Did you mean health"),
        ("/v1/notifications/channels", "zzz", "There are check."),
        ("/v1/runs", "\u00e9", "\\xe9: there"),
    ],
)
def test_a_name_that_is_not_known_is_refused_with_those_that_are(path, name, told):
    with pytest.raises(Refusal) as caught:
        check_taken(path, ["since", "pageSize", name] if path == "/v1/runs" else [name])
    assert caught.value.code == "invalid"
    assert told in caught.value.message
    assert len(caught.value.message) < 300


async def test_lists_refuse_it_and_those_of_other_clients_ignore_it(server):
    for path in sorted(TAKEN):
        if "{" in path:
            continue
        answer = await server.call("GET", f"{path}?spaceId=us_sp_default&zzzz=1")
        assert (answer.status, answer.body["errors"][0]["key"]) == (400, "zzzz"), path
    for path in (
        "/v1/jobs",
        "/v1/events",
        "/v1/files",
        "/v1/secrets",
        "/v1/spaces",
        "/v1/environments",
        "/v1/actions",
    ):
        assert (await server.call("GET", f"{path}?zzzz=1")).status == 200, path
    assert (await server.call("GET", "/vue/_api/v1/job-definitions?zzzz=1")).status == 200
