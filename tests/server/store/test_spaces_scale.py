"""The lists of a space are found by an index: they cost the same however much the other spaces have."""

import pytest

from server.store import event_pages, files, job_pages
from server.store.event_pages import EventFilter
from server.store.job_pages import JobFilter
from server.store.pages import Window


@pytest.mark.parametrize(
    ("act", "index"),
    [
        (lambda c: job_pages.page(c, 2, JobFilter(), Window(20), count=True), "job_space"),
        (lambda c: job_pages.page(c, 1, JobFilter(), Window(20, after=7), count=False), "job_space"),
        (lambda c: event_pages.page(c, 2, EventFilter(patterns=("**",)), Window(20, after=7)), "event_space"),
        (lambda c: files.page(c, 2, None, 99, 20), "file_space"),
    ],
)
def test_a_page_is_read_by_the_index_of_its_space(begin, act, index):
    tx = begin()
    plans = []

    class Watching:
        def rows(self, statement, /, **params):
            rows = tx.connection.rows(f"EXPLAIN QUERY PLAN {statement}", **params)
            plans.append([row[3] for row in rows])
            return tx.connection.rows(statement, **params)

    act(Watching())
    assert plans[0 if index != "event_space" else 1][0].split(" (")[0].split()[:1] == ["SEARCH"]
    assert any(index in step for steps in plans for step in steps), plans
    assert not any("TEMP B-TREE" in step for steps in plans for step in steps), plans
