"""Restricted keys and tokens: lists show what is within reach, and keys keep what they are restricted to."""

from dataclasses import replace

import orjson
import pytest

from listener_sdk.protocol.ids import encode
from server.core.files import FileRow
from server.core.keys import KeyRow
from server.core.reach import Reach
from server.store import event_pages, files, job_pages, jobs, keys, log
from server.store.event_pages import EventFilter
from server.store.job_pages import JobFilter
from server.store.pages import Window

NAMES = {1: "import:csv", 2: "export:csv", 3: "import:x", 4: "importer:csv"}


@pytest.fixture
def filled(connection, job):
    """Four jobs, one of them a part of the first, with an event and a file each; and what belongs to none."""
    connection.begin()
    rows = [replace(job, id=number, name=name) for number, name in NAMES.items()]
    rows[2] = replace(rows[2], parent_id=1, part=1)
    connection.insert_many("job", jobs.COLUMNS, [[getattr(row, c) for c in jobs.COLUMNS] for row in rows])
    told = [
        event("job:ready", number, name, isPart=number == 3, parentId=encode("jb", 1))
        for number, name in NAMES.items()
    ]
    told += [
        event("file:created", 1),
        event("invoice:paid", 2),
        event("invoice:paid"),
        event("key:revoked"),
        event("job:deleted", 9, "import:old"),
    ]
    connection.append_log(
        [(1, body["topic"], about, 0, job.created_at, orjson.dumps(body).decode()) for body, about in told]
    )
    for number, of in enumerate([1, 2, 3, None], 1):
        files.insert(
            connection,
            FileRow(number, 1, of, "a.csv", 1, "text/csv", 1, "us_key_0000000000", f"blob{number}"),
        )
    connection.commit()
    return connection


def event(topic, job=None, name=None, **payload):
    context = {} if job is None else {"jobId": encode("jb", job)}
    about = job if topic.startswith("job:") else None
    return {"topic": topic, "context": context, "payload": {"job": name, **payload}}, about


def seen(connection, reach):
    jobs_ = job_pages.page(connection, 1, JobFilter(within=reach), Window(100), count=True)
    events = event_pages.page(connection, 1, EventFilter(within=reach), Window(100))
    files_ = files.page(connection, 1, None, 2**40, 100, reach)
    assert jobs_.total == len(jobs_.rows)
    return sorted(row.id for row in jobs_.rows), [row.seq for row in events.rows], [row.id for row in files_]


@pytest.mark.parametrize(
    ("reach", "shown"),
    [
        (None, ([1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9], [4, 3, 2, 1])),
        (Reach(("import:*",)), ([1, 3], [1, 3, 6, 7, 9], [4, 3, 1])),
        (Reach(("none:*", "export:csv")), ([2], [2, 6, 7], [4, 2])),
        (Reach(topics=("invoice:*", "job:deleted")), ([1, 2, 3, 4], [6, 7, 9], [4, 3, 2, 1])),
        (Reach(("import:*",), ("job:*",)), ([1, 3], [1, 3, 9], [4, 3, 1])),
        (Reach(job_id=1), ([1, 3], [1, 3, 5], [3, 1])),
        (Reach(("export:*",), None, 1), ([], [], [])),
        (Reach(job_id=9), ([], [9], [])),
    ],
)
def test_lists_show_what_is_within_reach(filled, reach, shown):
    assert seen(filled, reach) == shown
    named = [1, 2, 3, 4, 99]
    assert files.within(filled, 1, named, reach) == set(shown[2])
    assert files.within(filled, 2, named, reach) == set()


def test_a_page_of_which_little_is_shown_leads_on(filled):
    page = event_pages.page(filled, 1, EventFilter(within=Reach(job_id=9)), Window(100, after=0))
    assert (len(page.rows), page.last, page.more) == (1, 9, False)


def test_one_job_is_looked_for_from_its_beginning_on(connection, job):
    connection.begin()
    row = replace(job, id=1)
    connection.insert_many("job", jobs.COLUMNS, [[getattr(row, c) for c in jobs.COLUMNS]])
    body, _ = event("job:ready", 1, row.name)
    text = orjson.dumps(body).decode()
    day = 86_400_000
    connection.append_log(
        [(1, "job:ready", 1, 0, row.created_at - day, text), (1, "job:ready", 1, 0, row.created_at, text)]
    )
    page = event_pages.page(connection, 1, EventFilter(within=Reach(job_id=1)), Window(100))
    assert [found.seq for found in page.rows] == [log.head(connection).seq]
    connection.rollback()


def test_keys_are_changed_rotated_and_used(connection):
    connection.begin()
    row = KeyRow("us_key_0000000001", 1, "n", "listener", "hash1", 1)
    keys.insert(connection, row)
    changed = replace(row, name="m", expires_at=9, jobs='["a:*"]', topics='["b:*"]')
    keys.update(connection, changed)
    assert keys.load(connection, row.id) == changed
    keys.update(connection, replace(changed, expires_at=None, jobs=None, topics=None))
    assert keys.load(connection, row.id) == replace(row, name="m")
    rotated = replace(row, name="m", secret_hash="hash2", old_hash="hash1", old_until=5, rotated_at=3)
    assert keys.rotate(connection, rotated, "hash1")
    assert not keys.rotate(connection, replace(rotated, secret_hash="hash3"), "hash1")
    assert keys.load(connection, row.id) == rotated
    for at in (7, 5):
        keys.used(connection, row.id, at)
    assert keys.load(connection, row.id).last_used_at == 7
    connection.rollback()
