"""Inboxes that one connection writes; tests/conformance/test_notifications.py does so on every database."""

from server.core.notifications import NotificationRow
from server.store import notifications as sql
from server.store.pages import Window


def row(number, member=7, **fields):
    given = {"space_id": 1, "at": number, "read_at": None, "body": '{"title":"t"}'}
    return NotificationRow(id=number, member_id=member, **{**given, **fields})


def ids(found):
    return [one.id for one in found[0]], found[1]


def test_an_inbox_shows_the_newest_first_by_pages(connection):
    connection.begin()
    sql.insert(connection, [*(row(n) for n in range(1, 6)), row(6, member=8), row(9, member=7, space_id=2)])
    assert ids(sql.page(connection, 1, 7, Window(2), unread=False)) == ([5, 4], True)
    assert ids(sql.page(connection, 1, 7, Window(3, after=4), unread=False)) == ([3, 2, 1], False)
    assert sql.load(connection, 1, 6) == row(6, member=8)
    assert sql.load(connection, 2, 6) is None
    connection.commit()


def test_what_is_read_is_unread_no_more(connection):
    connection.begin()
    sql.insert(connection, [row(n) for n in range(1, 6)])
    assert sql.unread(connection, 7) == 5
    assert (sql.read(connection, [2], 100), sql.read(connection, [2], 200)) == (1, 0)
    assert sql.load(connection, 1, 2).read_at == 100
    assert ids(sql.page(connection, 1, 7, Window(9), unread=True)) == ([5, 4, 3, 1], False)
    assert (sql.read_upto(connection, 7, 3, 300), sql.unread(connection, 7)) == (2, 2)
    assert sql.read_upto(connection, 8, 99, 300) == 0
    connection.commit()
