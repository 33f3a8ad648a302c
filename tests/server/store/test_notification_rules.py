"""Rules and the cursor that one connection writes; tests/conformance/test_notifications.py does so on every database."""

from dataclasses import replace

from server.core.notifications import LONGEST_WAIT_MS, Audience, Digest, RuleKey
from server.store import definitions
from server.store import notification_rules as sql
from server.store.notification_rules import RuleRow

KEY = RuleKey(1, "definition", 4, 0)
FAILED = Digest().with_([{"result": "failed", "jobId": "us_jb_1"}])
ADA = Audience(inbox=("us_mem_1",), email=("us_mem_1", "a@b.example"), slack="https://hooks.example/x")


def rule(*fields):
    return RuleRow(*fields, ADA, 3)


def test_the_cursor_moves_forward_alone(connection):
    connection.begin()
    assert sql.cursor(connection) == (0, 0)
    kept = sql.keep_cursor(connection)
    sql.move_cursor(connection, kept, 7)
    sql.move_cursor(connection, sql.keep_cursor(connection), 5)
    assert sql.cursor(connection) == (2, 7)
    connection.commit()


def test_a_rule_is_found_by_its_key_and_when_it_is_due(connection):
    connection.begin()
    rows = [
        rule(1, KEY, 100, None, Digest()),
        rule(2, KEY._replace(starter=7), 100, 160, FAILED),
        rule(3, KEY._replace(kind="schedule"), 100, 150, FAILED),
    ]
    sql.insert(connection, rows)
    assert sql.find(connection, [KEY, KEY._replace(number=3)]) == {KEY: rows[0]}
    assert sql.due(connection, 149, 9) == []
    assert sql.due(connection, 160, 9) == [rows[2], rows[1]]
    assert sql.due(connection, 160, 1) == [rows[2]]
    assert sql.due(connection, 149 - LONGEST_WAIT_MS, 9) == [rows[2], rows[1]]
    changed = replace(rows[1], told_at=160, due_at=None, digest=Digest())
    sql.update(connection, [changed])
    assert sql.keep(connection, [2, 9]) == {2: changed}
    connection.commit()


def test_rules_go_with_what_they_stand_on(connection):
    connection.begin()
    sql.insert(connection, [rule(n, KEY._replace(about=n), n, None, Digest()) for n in (4, 5, 6)])
    sql.insert(connection, [rule(7, KEY._replace(kind="schedule"), 1, None, Digest())])
    sql.insert(connection, [rule(8, KEY._replace(about=8), 1, 9, FAILED)])
    sql.forget(connection, "definition", [4])
    assert set(sql.keep(connection, range(10))) == {5, 6, 7, 8}
    connection.commit()


def test_jobs_of_no_definition_have_no_rules(connection):
    assert sql.of_jobs(connection, [1, 2]) == {}
    assert definitions.by_ids(connection, [1]) == {}
