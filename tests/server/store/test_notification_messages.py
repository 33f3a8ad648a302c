"""Messages on their way that one connection writes; tests/conformance/test_notifications.py does so on every database."""

from dataclasses import replace

from server.store import notification_messages as sql
from server.store.notification_messages import DeliveryRow


def delivery(number, **fields):
    given = {"space_id": 1, "message_id": 3, "channel": "email", "recipient": "a@b.example", "signed": None}
    return DeliveryRow(
        id=number, **{**given, "attempts": 0, "due_at": 10 + number, "created_at": 10, **fields}
    )


def test_deliveries_are_claimed_in_the_order_of_their_times_until_the_lease_ends(connection):
    connection.begin()
    sql.insert(connection, 1, 3, 10, {"a": 1}, [delivery(1), delivery(2), delivery(3)])
    assert sql.next_due(connection) == 11
    assert sql.claim(connection, 12, 100, 1) == [delivery(1, attempts=1, due_at=100)]
    assert sql.claim(connection, 12, 100, 9) == [delivery(2, attempts=1, due_at=100)]
    assert sql.claim(connection, 12, 100, 9) == []
    assert sql.next_due(connection) == 13
    assert sql.messages(connection, [3, 3, 4]) == {3: {"a": 1}}
    connection.commit()


def test_only_the_newest_attempt_ends_a_delivery(connection):
    connection.begin()
    sql.insert(connection, 1, 3, 10, {}, [delivery(1), delivery(2)])
    [first] = sql.claim(connection, 11, 20, 1)
    [second] = sql.claim(connection, 20, 30, 9)[1:]
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
    assert (sql.messages(connection, [3]), sql.next_due(connection)) == ({}, None)
    connection.commit()
