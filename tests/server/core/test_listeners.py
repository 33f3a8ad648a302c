"""How a session that takes jobs stands, and how it looks outside."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.listeners import MOST_NAMES, ListenerSession
from server.core.listeners import Hands, ListenerRow, listener_wire, names_text, told

ROW = ListenerRow(
    1, 1, "us_key_1/abc", "us_key_1", "tickwire-python/1", "box:7", "here", '["a:b","c:*"]', 2, 10, 1_000
)
NOTHING = Hands(0, [])


@pytest.mark.parametrize(
    ("changes", "servers", "state"),
    [
        ({}, ["here"], "connected"),
        ({"credit": 0}, ["here"], "draining"),
        ({"drained_at": 5}, ["here"], "draining"),
        ({"left_at": 5}, ["here"], "away"),
        ({"left_at": 5, "drained_at": 5}, ["here"], "away"),
        ({}, ["elsewhere"], "away"),
    ],
)
def test_its_state_follows_from_what_is_known(changes, servers, state):
    assert replace(ROW, **changes).state(servers) == state


def test_it_is_shown_with_what_it_holds():
    shown = ListenerSession.model_validate(
        listener_wire(ROW, "connected", Hands(3, [1, 2]), 2_000, lambda _: False)
    )
    assert (shown.in_flight, shown.job_ids) == (3, ["us_jb_0000000001", "us_jb_0000000002"])
    assert (shown.host, shown.client, shown.job_count) == ("box:7", "tickwire-python/1", 2)
    assert shown.last_heard_at is not None
    assert "abc" not in str(shown), "the name of its session is nobody's business"


def test_what_it_takes_is_online_while_it_takes_it_or_others_do():
    def online(state, others):
        wire = listener_wire(ROW, state, NOTHING, None, others.__contains__)
        return [taken["online"] for taken in wire["jobs"]]

    assert online("connected", ()) == [True, True]
    assert online("draining", ()) == [False, False]
    assert online("away", ("a:b",)) == [True, False]


def test_only_the_first_names_are_kept():
    row = replace(ROW, jobs=names_text([f"a:{n}" for n in range(2 * MOST_NAMES)]))
    assert row.names == [f"a:{n}" for n in range(MOST_NAMES)]


def test_events_name_it_without_its_session():
    assert told(replace(ROW, host=None)) == {
        "listenerId": "us_lsn_0000000001",
        "keyId": "us_key_1",
        "client": "tickwire-python/1",
    }
