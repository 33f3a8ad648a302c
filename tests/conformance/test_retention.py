"""Removing what is old: found in the order of making, removed with all that belongs to it, kept while others need it."""

from dataclasses import astuple, replace

from stage import START_MS

from server.core.files import FileRow
from server.core.jobs import COLUMNS
from server.core.notifications import Audience, Digest, NotificationRow, RuleKey
from server.core.retention import RULE_MS, Retention, Spans
from server.store import audit, files, idempotency, jobs, log, notification_rules, notifications
from server.store import retention as sql
from server.store.notification_rules import RuleRow

KEEP = 1_000
RULES = Retention(log_ms=KEEP, log_events=100, job_ms=KEEP, file_ms=KEEP)
SPANS = Spans(KEEP)
NOW = START_MS
OLD, YOUNG = NOW - KEEP, NOW - KEEP + 1


def publish(tx, *times):
    """Events with these times at the end of the log."""
    seq = log.head(tx).seq
    rows = [(seq + n, 1, "a:b", None, 0, at, "{}") for n, at in enumerate(times, 1)]
    tx.insert_many("event", log.COLUMNS, rows)
    tx.run("UPDATE log_head SET seq = :seq WHERE id = 1", seq=seq + len(times))


def remove(tx, upto):
    went = sql.remove_events(tx, upto)
    log.begin_at(tx, upto)
    return went


def seqs(tx):
    return [row[0] for row in tx.rows("SELECT seq FROM event ORDER BY seq")]


def insert(tx, job, *rows):
    """Jobs that ended long ago, but for the values that are named."""
    ended = replace(job, status="complete", created_at=OLD - 500, finished_at=OLD)
    tx.insert_many("job", COLUMNS, [astuple(replace(ended, **row)) for row in rows])


def follow(tx, job_id, predecessor_id):
    tx.insert_many("job_predecessor", ("job_id", "predecessor_id", "open"), [(job_id, predecessor_id, 0)])


# ---- events


def test_events_are_old_at_the_end_of_their_time_and_no_page_is_passed(tx):
    publish(tx, OLD - 5, OLD, OLD, YOUNG, OLD)
    assert sql.old_events(tx, RULES, NOW, 100) == 4
    assert sql.old_events(tx, RULES, NOW - 1, 100) == 2
    assert sql.old_events(tx, RULES, NOW, 2) == 3
    assert sql.old_events(tx, RULES, NOW - 6, 100) == 1


def test_beyond_their_number_events_go_however_young_they_are(tx):
    publish(tx, *[NOW] * 5)
    few = replace(RULES, log_events=2)
    assert sql.old_events(tx, few, NOW, 100) == 4
    assert sql.old_events(tx, few, NOW, 1) == 2
    assert sql.old_events(tx, replace(RULES, log_events=5), NOW, 100) == 1


def test_both_rules_together_take_the_longer_part(tx):
    publish(tx, *[OLD] * 3, *[NOW] * 3)
    assert sql.old_events(tx, replace(RULES, log_events=5), NOW, 100) == 4
    assert sql.old_events(tx, replace(RULES, log_events=2), NOW, 100) == 5
    assert sql.old_events(tx, replace(RULES, log_events=2), NOW, 2) == 3


def test_the_old_end_goes_with_its_acknowledgements_and_the_log_begins_later(tx):
    publish(tx, *[OLD] * 4)
    tx.insert_many("event_ack", ("seq", "at", "actor"), [(2, NOW, "k"), (3, NOW, "k")])
    assert remove(tx, 3) == 2
    assert seqs(tx) == [3, 4]
    assert tx.rows("SELECT seq FROM event_ack") == [(3,)]
    assert (log.head(tx).oldest, log.head(tx).seq) == (3, 4)


def test_the_same_range_twice_and_an_earlier_one_change_nothing(tx):
    publish(tx, *[OLD] * 4)
    assert [remove(tx, upto) for upto in (3, 3, 2)] == [2, 0, 0]
    assert log.head(tx).oldest == 3


def test_a_log_may_be_removed_whole_and_goes_on_with_the_next_number(tx):
    publish(tx, *[OLD] * 3)
    assert sql.old_events(tx, RULES, NOW, 100) == 4
    assert remove(tx, 4) == 3
    assert (log.head(tx).oldest, log.head(tx).seq) == (4, 3)
    assert sql.old_events(tx, RULES, NOW, 100) == 4
    publish(tx, NOW)
    assert seqs(tx) == [4]


def test_an_empty_log_has_nothing_old(tx):
    assert sql.old_events(tx, RULES, NOW, 100) == 1


# ---- files


def test_old_files_are_removed_once_and_say_where_their_bytes_are(tx):
    rows = [
        FileRow(n, 1, None, f"{n}.csv", 3, "text/csv", at, "k", f"blob{n}")
        for n, at in ((1, OLD), (2, OLD), (3, YOUNG))
    ]
    for row in rows:
        files.insert(tx, row)
    found, last = sql.old_files(tx, SPANS, NOW, 0, 100)
    assert ([file.id for file in found.old], found.at_end, last) == ([1, 2], True, 3)
    found, last = sql.old_files(tx, SPANS, NOW, 0, 1)
    assert ([file.id for file in found.old], last) == ([1], 1)
    assert sql.old_files(tx, SPANS, NOW, 3, 9)[1] is None
    assert sql.remove_files(tx, [1, 2]) == rows[:2]
    assert sql.remove_files(tx, [1, 2]) == []
    assert files.blobs(tx) == {"blob3"}


def test_each_space_keeps_files_and_jobs_for_its_own_span(tx, job):
    spans = Spans(KEEP, {2: 2 * KEEP})
    for n, space in ((1, 1), (2, 2)):
        files.insert(tx, FileRow(n, space, None, "a", 3, "text/csv", OLD, "k", "b"))
    insert(tx, job, {"id": 1, "space_id": 2}, {"id": 2}, {"id": 3, "space_id": 2, "finished_at": OLD - KEEP})
    assert [file.id for file in sql.old_files(tx, spans, NOW, 0, 9)[0].old] == [1]
    assert [one.id for one in sql.old_jobs(tx, spans, NOW, 0, 9)[0].old] == [2, 3]


# ---- the audit


def test_lines_of_the_audit_are_old_in_the_order_of_writing(tx):
    rows = [(n, 1, at, "k", None, "a:b", "x", None, None) for n, at in enumerate((OLD, OLD, YOUNG, OLD), 1)]
    tx.insert_many("audit", audit.COLUMNS, rows)
    rules = replace(RULES, audit_ms=KEEP)
    assert sql.old_lines(tx, rules, NOW, 9) == [1, 2]
    assert sql.old_lines(tx, rules, NOW, 1) == [1]


# ---- notifications


def test_notifications_are_old_in_the_order_of_making_read_or_not(tx):
    rows = [(1, OLD, None), (2, OLD, OLD), (3, YOUNG, None), (4, OLD, None)]
    notifications.insert(tx, [NotificationRow(n, 1, 7, at, read_at, "{}") for n, at, read_at in rows])
    rules = replace(RULES, notification_ms=KEEP)
    assert sql.old_notifications(tx, rules, NOW, 9) == [1, 2]
    assert sql.old_notifications(tx, rules, NOW, 1) == [1]
    assert sql.remove_notifications(tx, [1, 2, 9]) == 2
    assert sql.old_notifications(tx, rules, NOW, 9) == []


def test_rules_that_wait_for_nothing_and_told_long_ago_go(tx):
    key = RuleKey(1, "definition", 1, 0)
    long_ago = NOW - RULE_MS
    rows = [(1, long_ago, None), (2, long_ago - 5, None), (3, long_ago + 1, None), (4, long_ago, NOW)]
    notification_rules.insert(
        tx, [RuleRow(n, key._replace(about=n), at, due, Digest(), Audience(), 0) for n, at, due in rows]
    )
    assert sql.old_rules(tx, NOW, 9) == [2, 1]
    assert sql.old_rules(tx, NOW, 1) == [2]
    assert sql.remove_rules(tx, [1, 2, 3, 4], NOW) == 2
    assert set(notification_rules.keep(tx, [1, 2, 3, 4])) == {3, 4}


# ---- jobs


def test_a_walk_tells_what_is_old_and_how_far_it_came(tx, job):
    insert(
        tx,
        job,
        {"id": 1},
        {"id": 2, "finished_at": None},
        {"id": 3, "finished_at": YOUNG},
        {"id": 4, "parts": 100},
    )
    found, last = sql.old_jobs(tx, SPANS, NOW, 0, 100)
    assert [(one.id, one.cost > 1) for one in found.old] == [(1, False), (4, True)]
    assert (found.at_end, last) == (False, 4)
    found, last = sql.old_jobs(tx, SPANS, NOW, 0, 2)
    assert ([one.id for one in found.old], last) == ([1], 2)
    found, last = sql.old_jobs(tx, SPANS, NOW, 4, 2)
    assert (found.old, last) == ([], None)


def test_large_texts_count(tx, job):
    insert(tx, job, {"id": 1, "result": '"' + "x" * 200_000 + '"'})
    assert sql.old_jobs(tx, SPANS, NOW, 0, 100)[0].old[0].cost > 10


def test_only_ended_jobs_are_taken_and_parts_name_their_parent(tx, job):
    insert(
        tx,
        job,
        {"id": 1},
        {"id": 2, "parent_id": 1, "part": 0},
        {"id": 3, "parent_id": 1},
        {"id": 4, "finished_at": None},
    )
    assert sql.ended_jobs(tx, [4, 3, 2, 1, 9]) == [(1, None), (2, 1), (3, None)]
    assert sql.existing_jobs(tx, [1, 4, 9]) == {1, 4}


def test_a_parent_is_needed_by_child_jobs_and_by_parts_that_have_not_ended(tx, job):
    insert(
        tx, job, {"id": 1}, {"id": 2, "parent_id": 1},
        {"id": 3, "parts": 1}, {"id": 4, "parent_id": 3, "part": 0},
        {"id": 5, "parts": 2}, {"id": 6, "parent_id": 5, "part": 0}, {"id": 7, "parent_id": 5, "part": 1, "finished_at": None},
    )  # fmt: skip
    assert sql.needed_jobs(tx, [1, 2, 3, 4, 5, 6]) == {1, 5}


def test_a_predecessor_is_needed_while_a_successor_has_not_ended(tx, job):
    insert(
        tx, job, {"id": 1, "followed": 1}, {"id": 2, "followed": 1}, {"id": 3}, {"id": 4, "finished_at": None}
    )
    follow(tx, 3, 1)
    follow(tx, 4, 2)
    assert sql.needed_jobs(tx, [1, 2, 3]) == {2}


def test_what_belongs_to_removed_jobs_goes_and_what_belongs_to_others_stays(tx, job):
    insert(tx, job, *({"id": n} for n in (1, 2, 3)))
    for n in (1, 2, 3):
        tx.insert_many(
            "attempt", ("job_id", "fence", "attempt", "reason", "ended_at"), [(n, 1, 1, "failed", 5)]
        )
        tx.insert_many("job_curve", ("job_id", "points"), [(n, "[]")])
        tx.insert_many("job_plan", ("job_id", "plan"), [(n, "{}")])
        tx.insert_many(
            "job_log", ("id", "job_id", "attempt", "at", "level", "message"), [(n, n, 1, 1, "info", "m")]
        )
        tx.run(
            "INSERT INTO job_split (job_id, digest, parallel, total, completed, failed, canceled, percent) "
            "VALUES (:id, 'd', 0, 1, 1, 0, 0, 100)",
            id=n,
        )
    follow(tx, 1, 9)
    follow(tx, 3, 9)
    jobs.delete_many(tx, [1, 2])
    for table in ("attempt", "job_curve", "job_plan", "job_split", "job_log", "job_predecessor"):
        assert tx.rows(f"SELECT DISTINCT job_id FROM {table}") == [(3,)], table
    assert tx.rows("SELECT id FROM job") == [(3,)]


def test_long_logs_go_by_pages(tx, job):
    insert(tx, job, {"id": 1}, {"id": 2})
    columns = ("id", "job_id", "attempt", "at", "level", "message")
    tx.insert_many("job_log", columns, [(n, 1 + n % 2, 1, 1, "info", "m") for n in range(1, 11)])
    assert sql.remove_lines(tx, [1], 3)
    assert not sql.remove_lines(tx, [1], 3)
    assert tx.rows("SELECT job_id, COUNT(*) FROM job_log GROUP BY job_id") == [(2, 5)]
    assert not sql.remove_lines(tx, [], 3)


# ---- idempotency keys


def test_expired_keys_are_counted_no_further_than_asked(tx):
    kept = idempotency.KEPT_MS
    rows = [("s", str(n), "h", "{}", NOW - kept + n) for n in range(-3, 2)]
    tx.insert_many("idempotency", ("scope", "idem_key", "body_hash", "answer", "created_at"), rows)
    assert [idempotency.count_old(tx, NOW, count) for count in (2, 100)] == [2, 4]
