"""Sessions that take jobs, on the wire."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.listeners import STATES, ListenerSession

SAID = {
    "id": "us_lsn_0000000001",
    "keyId": "us_key_0000000001",
    "state": "connected",
    "server": "a1b2c3d4",
    "jobs": [{"job": "workbook:*", "online": True}],
    "jobCount": 1,
    "credit": 10,
    "inFlight": 0,
    "connectedAt": "2026-01-01T00:00:00.000Z",
}


@pytest.mark.parametrize("state", STATES)
def test_what_is_not_known_is_left_out(state):
    found = ListenerSession.model_validate({**SAID, "state": state})
    assert (found.host, found.client, found.drained_at, found.job_ids) == (None, None, None, [])
    assert found.model_dump(mode="json", by_alias=True, exclude_none=True)["jobs"] == SAID["jobs"]


def test_another_state_is_none():
    with pytest.raises(ValidationError):
        ListenerSession.model_validate({**SAID, "state": "asleep"})
