"""Messages on their way that one connection writes; tests/conformance/test_notifications.py does so on every database."""

from dataclasses import replace

from server.core.delivery_turns import MAILS_OF_A_SPACE, POSTS_TO_ONE
from server.core.notification_retries import LONGEST_NEW_MS, LONGEST_WAIT_MS
from server.store import notification_messages as sql
from server.store.notification_messages import DeliveryRow


def delivery(number, **fields):
    given = {"space_id": 1, "message_id": 3, "channel": "email", "recipient": "a@b.example", "signed": None}
    return DeliveryRow(
        id=number, **{**given, "attempts": 0, "due_at": 10 + number, "created_at": 10, **fields}
    )


def posts(number, **fields):
    return delivery(number, **{"channel": "slack", "recipient": "https://hooks.example/x", **fields})


def test_deliveries_are_claimed_until_the_lease_ends(connection):
    connection.begin()
    sql.insert(connection, 1, 3, 10, {"a": 1}, [delivery(1), delivery(2), delivery(3)])
    assert [sql.are_due(connection, now) for now in (10, 11)] == [False, True]
    assert sql.claim(connection, [1], 12, 100) == [delivery(1, attempts=1, due_at=100)]
    assert sql.claim(connection, [1, 2, 3], 12, 100) == [delivery(2, attempts=1, due_at=100)]
    assert sql.claim(connection, [1, 2, 3], 12, 100) == []
    assert sql.messages(connection, [3, 3, 4]) == {3: {"a": 1}}
    connection.commit()


def test_those_that_wait_are_of_each_space_and_address_as_many_as_it_has_a_share_of(connection):
    connection.begin()
    rows = [delivery(n) for n in range(1, MAILS_OF_A_SPACE + 3)]
    rows += [posts(100 + n, due_at=10) for n in range(POSTS_TO_ONE + 1)]
    rows += [posts(200, recipient="https://hooks.example/y"), posts(300, space_id=2)]
    sql.insert(connection, 1, 3, 10, {}, rows)
    mails = sql.waiting(connection, 500, mail=True, but=())
    assert [one.id for one in mails] == [*range(1, MAILS_OF_A_SPACE + 1)]
    found = sql.waiting(connection, 500, mail=False, but=())
    assert [one.id for one in found] == [100, 200, 300, 101]
    assert [one.id for one in sql.waiting(connection, 500, mail=False, but={1})] == [300]
    assert sql.waiting(connection, 9, mail=False, but=()) == []
    connection.commit()


def test_what_was_put_off_before_the_clock_was_set_back_is_due(connection):
    connection.begin()
    far = 12 + LONGEST_WAIT_MS + 1
    rows = [delivery(1, attempts=1, due_at=far), delivery(2, attempts=1, due_at=far - 1)]
    rows += [delivery(3, due_at=13 + LONGEST_NEW_MS), delivery(4, due_at=12 + LONGEST_NEW_MS)]
    sql.insert(connection, 1, 3, 10, {}, rows)
    assert sql.are_due(connection, 12)
    assert [one.id for one in sql.waiting(connection, 12, mail=True, but=())] == [3, 1]
    assert [row.id for row in sql.claim(connection, [1, 2, 3, 4], 12, 100)] == [1, 3]
    connection.commit()


def test_only_the_newest_attempt_ends_a_delivery(connection):
    connection.begin()
    sql.insert(connection, 1, 3, 10, {}, [delivery(1), delivery(2)])
    [first] = sql.claim(connection, [1], 11, 20)
    [second] = sql.claim(connection, [1], 20, 30)
    assert (first.id, second.id, second.attempts) == (1, 1, 2)
    assert sql.keep(connection, 1, first.attempts) is None
    assert sql.keep(connection, 1, second.attempts) == second
    sql.put_off(connection, 1, 99)
    assert sql.keep(connection, 1, 2) == replace(second, due_at=99)
    connection.commit()


def test_a_message_goes_with_its_last_delivery(connection):
    connection.begin()
    sql.insert(connection, 1, 3, 10, {}, [delivery(1), delivery(2)])
    sql.remove(connection, delivery(1))
    assert sql.messages(connection, [3]) == {3: {}}
    sql.remove(connection, delivery(2))
    assert (sql.messages(connection, [3]), sql.are_due(connection, 99)) == ({}, False)
    connection.commit()
