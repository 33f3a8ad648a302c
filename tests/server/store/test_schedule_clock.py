"""SQL of the clock of schedules; tests/conformance asks every database for their life with it."""

from server.core.schedule_clock import Clock
from server.store import schedule_clock as sql
from server.store import schedules
from server.store.schedules import Slot


def test_there_is_one_clock(connection):
    assert sql.keep(connection) is None
    for clock in (Clock(5), Clock(9, 5, 9)):
        sql.store(connection, clock)
        assert sql.keep(connection) == clock


def test_records_that_speak_of_what_lies_ahead(connection):
    rows = [
        Slot(1, 10, 1, 5, 50, None, "skipped", "late", 3, 40),
        Slot(1, 41, 1, 5, 50, None, "skipped", "still_running"),
        Slot(1, 42, 1, 5, 50, job_id=7),
        Slot(1, 43, 1, 5, 50, None, "failed", "invalid"),
        Slot(1, 44, 1, 5, 50, 8, "skipped", "late"),
        Slot(1, 45, 1, 5, 49, None, "skipped", "late"),
        Slot(2, 15, 1, 5, 50, None, "skipped", "late", 2, 20),
    ]
    connection.insert_many("slot", schedules.SLOT, rows)
    found = sql.left_out(connection, [1, 2], 50, 20)
    assert [(one.due_at, one.reason) for one in found] == [(10, "late"), (41, "still_running")]
    sql.shorten(connection, found[0], None, 1)
    sql.take_back(connection, found[1])
    assert sql.left_out(connection, [1, 2], 50, 20) == []
    assert connection.rows("SELECT due_at, until_at, count FROM slot WHERE schedule_id = 1 LIMIT 1") == [
        (10, None, 1)
    ]
