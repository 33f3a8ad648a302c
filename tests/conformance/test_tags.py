"""Tags: which jobs lists, calls about many jobs and tokens find by them, and that they go with their job."""

from dataclasses import replace

import orjson
import pytest

from listener_sdk.protocol.ids import encode
from server.core.reach import Reach
from server.store import bulk, event_pages, job_pages, jobs, tags
from server.store.event_pages import EventFilter
from server.store.job_pages import JobFilter
from server.store.pages import Window

ODD = 'a%b_c\\d "e" Ω'
TAGS = {1: ["acme"], 2: ["acme", "vip"], 3: ["ACME"], 4: [], 5: ["acme", ODD], 6: ["acme"], 7: ["aXb_c\\d"]}


@pytest.fixture
def filled(connection, job):
    """Jobs of the first space, but for the sixth; the fifth has ended, the second is a child of the first."""
    connection.begin()
    rows = [
        replace(
            job,
            id=number,
            space_id=2 if number == 6 else 1,
            parent_id=1 if number == 2 else None,
            status="failed" if number == 5 else "ready",
            finished_at=job.created_at if number == 5 else None,
            spec=orjson.dumps({"tags": given} if given else {}).decode(),
        )
        for number, given in TAGS.items()
    ]
    connection.insert_many("job", jobs.COLUMNS, [[getattr(row, c) for c in jobs.COLUMNS] for row in rows])
    connection.insert_many(tags.TABLE, tags.COLUMNS, [tags.row(row, tag) for row in rows for tag in row.tags])
    connection.append_log([
        (row.space_id, "job:ready", row.id, 0, job.created_at, text(row.tags, row.id)) for row in rows
    ])  # fmt: skip
    connection.append_log([(1, "invoice:paid", None, 0, job.created_at, text(["acme"], 1, "invoice:paid"))])
    connection.commit()
    return connection


def text(given, job_id, topic="job:ready"):
    context = {"jobId": encode("jb", job_id)}
    payload = {"job": "workbook:export", **({"tags": given} if given else {})}
    return orjson.dumps({"topic": topic, "context": context, "payload": payload}).decode()


def listed(reader, wanted, space=1, **window):
    page = job_pages.page(reader, space, wanted, Window(100, **window), count=True)
    return [row.id for row in page.rows], page.total


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (JobFilter(tag="acme"), [5, 2, 1]),
        (JobFilter(tag="acme", ascending=True), [1, 2, 5]),
        (JobFilter(tag="ACME"), [3]),
        (JobFilter(tag=ODD), [5]),
        (JobFilter(tag="acm"), []),
        (JobFilter(tag="acme", statuses=("ready",)), [2, 1]),
        (JobFilter(tag="acme", parent_id=1), [2]),
        (JobFilter(tag="acme", top_level=True), [5, 1]),
        (JobFilter(within=Reach(tag="acme")), [5, 2, 1]),
        (JobFilter(within=Reach(tag="acme"), parent_id=1), [2]),
        (JobFilter(tag="vip", within=Reach(tag="acme")), [2]),
        (JobFilter(tag="acme", within=Reach(tag="vip")), [2]),
        (JobFilter(tag="acme", within=Reach(tag="ACME")), []),
        (JobFilter(tag="acme", within=Reach(("import:*",))), []),
        (JobFilter(within=Reach(("workbook:*",), None, 1, "vip")), []),
    ],
)
def test_lists_find_the_jobs_of_a_tag(filled, wanted, found):
    assert listed(filled, wanted) == (found, len(found))


def test_each_space_has_its_own(filled):
    assert listed(filled, JobFilter(tag="acme"), space=2) == ([6], 1)


@pytest.mark.parametrize("ascending", [True, False])
def test_pages_lead_on(filled, ascending):
    first = job_pages.page(filled, 1, JobFilter(tag="acme", ascending=ascending), Window(2), count=False)
    ids = [row.id for row in first.rows]
    rest = job_pages.page(
        filled, 1, JobFilter(tag="acme", ascending=ascending), Window(2, after=ids[-1]), count=False
    )
    assert (first.more, rest.more) == (True, False)
    assert ids + [row.id for row in rest.rows] == ([1, 2, 5] if ascending else [5, 2, 1])


def test_calls_about_many_jobs_take_those_of_a_tag(filled):
    wanted = JobFilter(tag="acme")
    assert bulk.candidates(filled, 1, wanted, "cancel", 10) == [1, 2]
    assert bulk.candidates(filled, 1, wanted, "cancel", 1) == [1]
    assert bulk.candidates(filled, 1, wanted, "retry", 10) == [5]
    assert bulk.count(filled, 1, wanted, "cancel") == 2
    assert bulk.still(filled, 1, wanted, "cancel", [1, 2, 3, 4, 5, 6]) == [1, 2]


@pytest.mark.parametrize(("tag", "jobs_"), [("acme", [1, 2, 5]), (ODD, [5]), ("a%", []), ("vip", [2])])
def test_events_that_say_the_tag_are_listed(filled, tag, jobs_):
    page = event_pages.page(filled, 1, EventFilter(within=Reach(tag=tag)), Window(100))
    found = [orjson.loads(event.body)["context"]["jobId"] for event in page.rows]
    assert found == [encode("jb", number) for number in jobs_]


def test_tags_go_with_their_job(filled):
    filled.begin()
    jobs.delete_many(filled, [1, 5])
    tags.remove(filled, 2)
    filled.commit()
    assert filled.rows("SELECT job_id, tag FROM job_tag ORDER BY job_id") == [
        (3, "ACME"),
        (6, "acme"),
        (7, "aXb_c\\d"),
    ]
