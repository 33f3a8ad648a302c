"""Notifications on every database: rules, messages, inboxes, and servers that race for them."""

from contextlib import closing
from dataclasses import replace

import pytest
from notified import Runs, inbox, member, post_office, tell, told
from stage import Stage

from server.core.notifications import Audience, Digest, NotificationRow, RuleKey
from server.store import clearing, notification_messages, notification_rules, notifications
from server.store.notification_messages import DeliveryRow
from server.store.notification_rules import RuleRow
from server.store.pages import Window

KEY = RuleKey(1, "definition", 2**40, 0)
FAILED = Digest().with_([{"result": "failed", "message": "é日\U0001f600"}])
DELIVERY = DeliveryRow(2**41, 1, 2**42, "email", "jörg@b.example", None, 0, 5, 5)
NOTICE = NotificationRow(2**43, 1, 2**44, 7, None, '{"title":"é"}')


def test_a_rule_comes_back_as_it_was(tx):
    row = RuleRow(2**39, KEY, 2**45, 2**45 + 1, FAILED, Audience(email=("jörg@b.example",)), 2)
    notification_rules.insert(tx, [row, replace(row, id=1, key=KEY._replace(starter=7), due_at=None)])
    assert notification_rules.find(tx, [KEY])[KEY] == row
    assert notification_rules.due(tx, 2**45, 9) == []
    assert notification_rules.due(tx, 2**45 + 1, 9) == [row]
    newer = replace(row, told_at=3, due_at=None, digest=Digest())
    notification_rules.update(tx, [newer])
    assert notification_rules.keep(tx, [row.id]) == {row.id: newer}
    kept = notification_rules.keep_cursor(tx)
    notification_rules.move_cursor(tx, kept, 2**46)
    assert notification_rules.keep_cursor(tx) == notification_rules.cursor(tx) == (1, 2**46)


def test_a_delivery_comes_back_as_it_was_and_goes_with_its_message(tx):
    notification_messages.insert(
        tx, 1, DELIVERY.message_id, 5, {"é": 1}, [DELIVERY, replace(DELIVERY, id=1, due_at=9)]
    )
    assert not notification_messages.are_due(tx, 4)
    [due] = notification_messages.waiting(tx, 5, mail=True, but=())
    assert due == (DELIVERY.id, 1, "email", "jörg@b.example")
    assert notification_messages.waiting(tx, 5, mail=True, but={1}) == []
    assert notification_messages.waiting(tx, 5, mail=False, but={1, 2**40}) == []
    [claimed] = notification_messages.claim(tx, [due.id, 1], 5, 2**20)
    assert claimed == replace(DELIVERY, attempts=1, due_at=2**20)
    assert notification_messages.keep(tx, DELIVERY.id, 1) == claimed
    assert notification_messages.keep(tx, DELIVERY.id, 0) is None
    notification_messages.put_off(tx, 1, 11)
    assert [one.id for one in notification_messages.waiting(tx, 11, mail=True, but=())] == [1]
    notification_messages.put_off(tx, 1, 2**45)
    assert notification_messages.are_due(tx, 11)
    assert notification_messages.messages(tx, [DELIVERY.message_id]) == {DELIVERY.message_id: {"é": 1}}
    for number in (DELIVERY.id, 1):
        notification_messages.remove(tx, replace(DELIVERY, id=number))
    assert notification_messages.messages(tx, [DELIVERY.message_id]) == {}
    assert not notification_messages.are_due(tx, 2**45)


def test_an_inbox_comes_back_as_it_was(tx):
    notifications.insert(tx, [NOTICE, replace(NOTICE, id=3)])
    assert notifications.load(tx, 1, NOTICE.id) == NOTICE
    assert notifications.page(tx, 1, NOTICE.member_id, Window(1), unread=True) == ([NOTICE], True)
    assert notifications.unread(tx, NOTICE.member_id) == 2
    assert notifications.read(tx, [3], 9) == 1
    assert notifications.read_upto(tx, NOTICE.member_id, 2**49, 9) == 1


def test_nothing_stays_of_a_space_that_is_gone(tx):
    for space in (1, 2):
        row = RuleRow(
            space, KEY._replace(space_id=space, about=space), 1, None, FAILED, Audience(admins=True), 0
        )
        notification_rules.insert(tx, [row])
        notification_messages.insert(
            tx, space, space, 5, {}, [replace(DELIVERY, id=space, space_id=space, message_id=space)]
        )
        notifications.insert(tx, [replace(NOTICE, id=space, space_id=space)])
    clearing.forget(tx, 1)
    for table in ("notification_rule", "notification_message", "notification_delivery", "notification"):
        assert tx.rows(f"SELECT space_id FROM {table}") == [(2,)]


async def test_a_life(backend, place):
    async with post_office() as office:
        stage = await Stage(place, backend.open, **office.settings).start()
        try:
            ada = await member(stage)
            rule = {"on": "all", "channels": ["inbox", "email"], "members": [ada.public_id]}
            row = await told(stage, "nightly", rule)
            runs = Runs(stage)
            for result in ("failed", "success", "partial"):
                await runs.end(row, result)
                await tell(stage)
            stage.clock.forward(60)
            await tell(stage)
            assert [one["counts"] for one in await inbox(stage, ada)] == [
                {"success": 1, "partial": 1},
                {"failed": 1},
            ]
            assert len(office.mails) == 2
            assert len(await stage.events("notification:delivered")) == 6
        finally:
            await stage.stop()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_delivery_is_claimed_by_one_of_two(backend, database, connection):
    connection.begin()
    rows = [replace(DELIVERY, id=n) for n in range(1, 5)]
    notification_messages.insert(connection, 1, DELIVERY.message_id, 5, {}, rows)
    connection.commit()
    with closing(database.connect()) as other:
        connection.begin()
        first = notification_messages.claim(connection, [1, 2], 5, 99)
        other.begin()
        second = notification_messages.claim(other, range(1, 5), 5, 99)
        other.commit()
        connection.commit()
    assert sorted(row.id for row in [*first, *second]) == [1, 2, 3, 4]
