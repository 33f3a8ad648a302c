"""Endpoints and their deliveries on every database: rows, claims, what waits, lists, and servers that race."""

from contextlib import closing
from dataclasses import replace

import pytest
from notified import receiver
from posted import change, endpoint, publish, send
from stage import ADMIN, Stage

from listener_sdk.protocol.endpoints import EndpointCreate
from server.commands.endpoint_replays import REPLAY_MISSED
from server.commands.endpoint_replays import find as find_missed
from server.core.endpoint_deliveries import AttemptRow, DeliveryRow
from server.core.endpoints import new_endpoint
from server.store import clearing, endpoint_deliveries, endpoints, secrets, signing_secrets
from server.store.endpoint_deliveries import DeliveryFilter, Waiting
from server.store.pages import Window
from server.store.signing_secrets import SigningSecret

ROW = replace(
    new_endpoint(1, EndpointCreate(url="https://é.example", topics=["**"], name="é日"), 2**42, "k"),
    id=2**41,
    heard_after=2**43,
    failing_since=2**42,
)
MESSAGE = DeliveryRow(2**40, 1, ROW.id, 2**44, "a:b", "pending", 0, 0, 5, 0, 2**42, None, '{"é":1}')
SECRET = SigningSecret(2**39, 1, "us_ep_1", "1.abc.wrapped", "1.sealed")


def test_an_endpoint_comes_back_as_it_was(tx):
    endpoints.insert(tx, ROW)
    endpoints.insert(tx, replace(ROW, id=1, enabled=0))
    assert endpoints.load(tx, 1, ROW.id) == endpoints.keep(tx, 1, ROW.id) == ROW
    assert endpoints.load(tx, 2, ROW.id) is None
    assert endpoints.claim_many(tx, [ROW.id, 7]) == endpoints.hearing(tx, 0, 9) == [ROW]
    assert endpoints.hearing_of(tx, [1, ROW.id]) == [ROW]
    assert [row.id for row in endpoints.page(tx, 1, Window(1))] == [1, ROW.id]
    assert [row.id for row in endpoints.page(tx, 1, Window(1), enabled=False)] == [1]
    assert endpoints.count(tx, 1) == 2
    endpoints.hear_after(tx, 1, 9)
    endpoints.miss(tx, 1, 3, None)
    endpoints.miss(tx, 1, 4, 2**42)
    found = endpoints.load(tx, 1, 1)
    assert (found.heard_after, found.missed, found.missed_told_at) == (9, 7, 2**42)
    endpoints.update(tx, replace(found, url="https://b.example", rests_until=2**45))
    assert endpoints.load(tx, 1, 1).rests_until == 2**45
    endpoints.delete(tx, 1)
    assert endpoints.load(tx, 1, 1) is None
    kept = endpoints.keep_cursor(tx)
    endpoints.move_cursor(tx, kept, 2**46)
    assert endpoints.keep_cursor(tx) == endpoints.cursor(tx) == (1, 2**46)


def test_a_delivery_is_claimed_kept_and_ended(tx):
    endpoints.insert(tx, ROW)
    others = [
        replace(MESSAGE, id=1, seq=None, due_at=None, status="delivered"),
        replace(MESSAGE, id=2, seq=2, endpoint_id=7, due_at=4),
        replace(MESSAGE, id=3, seq=3, due_at=9),
    ]
    endpoint_deliveries.insert(tx, [MESSAGE, *others])
    assert endpoint_deliveries.waiting(tx) == [
        Waiting(7, 4, 0, None, 0, 0),
        Waiting(ROW.id, 5, 1, None, ROW.space_id, 1),
    ]
    assert endpoint_deliveries.next_due(tx) == 4
    assert endpoint_deliveries.pending(tx, ROW.id, 9) == 2
    assert endpoint_deliveries.pending(tx, ROW.id, 1) == 1
    [claimed] = endpoint_deliveries.claim(tx, ROW.id, 5, 2**45, 9)
    assert claimed == replace(MESSAGE, attempts=1, tries=1, due_at=2**45, taken=1)
    assert endpoint_deliveries.keep(tx, MESSAGE.id) == claimed
    assert endpoint_deliveries.under_way(tx, ROW.id, 5) == 1
    assert endpoint_deliveries.under_way(tx, ROW.id, 2**45) == 0
    ended = replace(claimed, status="failed", due_at=None, taken=0, ended_at=2**45)
    endpoint_deliveries.save(tx, [ended])
    assert endpoint_deliveries.load(tx, 1, MESSAGE.id) == ended
    assert endpoint_deliveries.end_waiting(tx, ROW.id, 7, 9) == 1
    assert endpoint_deliveries.ended(tx, ROW.id, ("failed",), 0, 2**42, 2**43, 9) == [ended]
    assert endpoint_deliveries.ended(tx, ROW.id, ("failed", "disabled"), 0, 0, 2**42, 9) == []
    shown, more = endpoint_deliveries.page(tx, DeliveryFilter(ROW.id), Window(2, after=2**49))
    assert ([row.id for row in shown], more) == ([MESSAGE.id, 3], True)
    for status, ids in (("failed", [MESSAGE.id]), ("disabled", [3]), ("delivered", [1]), ("pending", [])):
        shown, _ = endpoint_deliveries.page(tx, DeliveryFilter(ROW.id, status), Window(9, after=2**49))
        assert [row.id for row in shown] == ids


def test_attempts_come_back_in_their_order(tx):
    rows = [AttemptRow(MESSAGE.id, n, 2**42, 5, 0, 500, "é", None) for n in (2, 1)]
    for row in rows:
        endpoint_deliveries.insert_attempt(tx, row)
    assert endpoint_deliveries.attempts(tx, MESSAGE.id) == rows[::-1]
    assert endpoint_deliveries.last_attempts(tx, [MESSAGE.id, 1]) == {MESSAGE.id: rows[0]}


def test_a_secret_is_replaced_once_at_a_time(tx):
    signing_secrets.insert(tx, SECRET)
    assert signing_secrets.load(tx, SECRET.id) == SECRET
    signing_secrets.replace(tx, "us_ep_1", 9)
    signing_secrets.insert(tx, replace(SECRET, id=2**40))
    assert [row.id for row in signing_secrets.valid(tx, "us_ep_1", 8)] == [2**40, SECRET.id]
    assert [row.id for row in signing_secrets.valid(tx, "us_ep_1", 9)] == [2**40]
    assert (signing_secrets.old_until(tx, "us_ep_1", 8), signing_secrets.old_until(tx, "us_ep_1", 9)) == (
        9,
        None,
    )
    signing_secrets.insert(tx, replace(SECRET, id=5, space_id=2, owner="us_hk_1", until=9))
    assert signing_secrets.endings(tx, 1, 8) == {"us_ep_1": 9}
    assert (signing_secrets.endings(tx, 2, 8), signing_secrets.endings(tx, 1, 9)) == ({"us_hk_1": 9}, {})
    signing_secrets.forget(tx, "us_hk_1")
    signing_secrets.replace(tx, "us_ep_1", 11)
    assert [row.id for row in signing_secrets.valid(tx, "us_ep_1", 8)] == [2**40]
    assert secrets.count_by_prefix(tx, 6, secrets.OF_SIGNING) == {"1.abc.": 1}
    [row] = signing_secrets.page_by_prefix(tx, "1.abc.", 0, 9)
    secrets.rewrap(tx, row, "1.def.wrapped", secrets.OF_SIGNING)
    assert signing_secrets.page_by_prefix(tx, "1.abc.", 0, 9) == []
    signing_secrets.replace(tx, "us_ep_1", None)
    assert signing_secrets.valid(tx, "us_ep_1", 0) == []


def test_nothing_stays_of_a_space_that_is_gone(tx):
    for space in (1, 2):
        endpoints.insert(tx, replace(ROW, id=space, space_id=space))
        signing_secrets.insert(tx, replace(SECRET, id=space, space_id=space, owner=f"us_ep_{space}"))
        endpoint_deliveries.insert(tx, [replace(MESSAGE, id=space, space_id=space, endpoint_id=space)])
        endpoint_deliveries.insert_attempt(tx, AttemptRow(space, 1, 5, 5, 1, 200, None, None))
    clearing.forget(tx, 1)
    assert clearing.deliveries(tx, 1, 0, 9) == ([1], 1)
    assert endpoint_deliveries.old(tx, 0, 0, 9) == [1, 2]
    assert endpoint_deliveries.waiting_among(tx, [1, 2]) == {1: 1, 2: 1}
    assert endpoint_deliveries.remove(tx, [1]) == 1
    for table in ("endpoint", "signing_secret", "endpoint_message"):
        assert tx.rows(f"SELECT space_id FROM {table}") == [(2,)]
    assert tx.rows("SELECT message_id FROM endpoint_attempt") == [(2,)]


async def test_what_was_missed_is_found_in_the_log(stage):
    row = await endpoint(stage, "https://a.example")
    await change(stage, row, enabled=False)
    places = [await publish(stage, number) for number in range(3)]
    await change(stage, row, enabled=True)
    now = stage.clock()
    item = await stage.node.read(lambda reader: find_missed(reader, ADMIN, row.id, now - 5, now + 1, 0))
    assert [one.seq for one in item.wanted] == places
    assert (await stage.do(REPLAY_MISSED, item)).count == 3
    assert (await stage.do(REPLAY_MISSED, item)).count == 0
    assert await stage.rows("SELECT seq FROM endpoint_message ORDER BY id") == [(seq,) for seq in places]


async def test_a_life(backend, place):
    async with receiver() as hook:
        stage = await Stage(place, backend.open, allow_addresses="127.0.0.0/8").start()
        try:
            await endpoint(stage, hook.url)
            hook.statuses = [500]
            for number in range(3):
                await publish(stage, number)
            assert await send(stage) == 3
            stage.clock.forward(60)
            await send(stage)
            assert sorted(one["data"]["payload"]["n"] for one in hook.bodies) == [0, 0, 1, 2]
            rows = await stage.rows("SELECT status, attempts FROM endpoint_message ORDER BY attempts")
            assert [tuple(row) for row in rows] == [("delivered", 1), ("delivered", 1), ("delivered", 2)]
        finally:
            await stage.stop()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_one_server_claims_no_other_does(database, connection, backend):
    connection.begin()
    endpoints.insert(connection, ROW)
    endpoint_deliveries.insert(connection, [MESSAGE, replace(MESSAGE, id=3, seq=3)])
    connection.commit()
    connection.begin()
    with closing(database.connect()) as other:
        other.begin()
        assert endpoints.claim_many(connection, [ROW.id]) == [ROW]
        assert endpoints.claim_many(other, [ROW.id]) == []
        assert len(endpoint_deliveries.claim(connection, ROW.id, 9, 2**45, 1)) == 1
        assert [row.id for row in endpoint_deliveries.claim(other, ROW.id, 9, 2**45, 9)] != []
        other.rollback()
    connection.rollback()
