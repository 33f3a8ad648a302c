"""Counting connections, of the node and of each key."""

from dataclasses import replace

import pytest
from stage import ADMIN, OTHER

from server.core.actors import Shown
from server.engine.sockets import Sockets


@pytest.fixture
def sockets():
    return Sockets(most=4, most_per_key=2)


async def test_each_key_and_the_node_have_their_bounds(stage, sockets):
    peers = [stage.connect(actor).peer for actor in (ADMIN, ADMIN, ADMIN, OTHER, OTHER)]
    assert [sockets.enter(peer) for peer in peers] == [True, True, False, True, True]
    sockets.leave(peers[0])
    assert sockets.enter(peers[2])
    assert len(sockets.peers) == 4


async def test_leaving_twice_or_without_having_entered_counts_nothing(stage, sockets):
    first, second, third = (stage.connect().peer for _ in range(3))
    sockets.enter(first)
    sockets.leave(first)
    sockets.leave(first)
    sockets.leave(second)
    assert [sockets.enter(peer) for peer in (first, second, third)] == [True, True, False]


async def test_a_revoked_key_loses_its_connections_and_no_others(stage, sockets):
    mine, others = stage.connect(), stage.connect(OTHER)
    for listener in (mine, others):
        sockets.enter(listener.peer)
    sockets.close_key(ADMIN.key_id, 4401)
    assert (mine.closed, others.closed) == (4401, None)


def visiting(login, actor=OTHER):
    return replace(actor, shown=Shown(actor.key_id, "viewer", login=login))


async def test_a_session_loses_its_connections_and_no_others(stage, sockets):
    mine, others, program = stage.connect(visiting(7)), stage.connect(visiting(8)), stage.connect()
    for listener in (mine, others, program):
        sockets.enter(listener.peer)
    sockets.close_login(7, 4401)
    assert (mine.closed, others.closed, program.closed) == (4401, None, None)


async def test_of_a_member_one_session_may_be_spared(stage, sockets):
    kept, ended = stage.connect(visiting(1)), stage.connect(visiting(2))
    for listener in (kept, ended):
        sockets.enter(listener.peer)
    sockets.close_key(OTHER.key_id, 4401, but_login=1)
    assert (kept.closed, ended.closed) == (None, 4401)


async def test_a_drain_is_said_before_the_end(stage, sockets):
    listeners = [stage.connect(), stage.connect(OTHER)]
    for listener in listeners:
        sockets.enter(listener.peer)
    sockets.drain(1012)
    for listener in listeners:
        assert listener.seen("drain") == [{"type": "drain"}]
        assert listener.closed == 1012
