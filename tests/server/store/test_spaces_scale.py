"""The lists of a space are found by an index: they cost the same however much the other spaces have."""

import pytest

from server.store import bulk, event_pages, files, job_pages, secrets
from server.store.event_pages import EventFilter
from server.store.job_pages import JobFilter
from server.store.pages import Window

CHILDREN = JobFilter(parent_id=7)


@pytest.fixture
def plans(begin):
    """How each query of an act is done."""
    tx = begin()

    def of(act):
        found = []

        class Watching:
            def rows(self, statement, /, **params):
                rows = tx.connection.rows(f"EXPLAIN QUERY PLAN {statement}", **params)
                found.append(" | ".join(row[3] for row in rows))
                return tx.connection.rows(statement, **params)

        act(Watching())
        return found

    return of


@pytest.mark.parametrize(
    ("act", "index"),
    [
        (lambda c: job_pages.page(c, 2, JobFilter(), Window(20), count=True), "job_space"),
        (lambda c: job_pages.page(c, 1, JobFilter(), Window(20, after=7), count=False), "job_space"),
        (lambda c: event_pages.page(c, 2, EventFilter(patterns=("**",)), Window(20, after=7)), "event_space"),
        (lambda c: files.page(c, 2, None, 99, 20), "file_space"),
    ],
)
def test_a_page_is_read_by_the_index_of_its_space(plans, act, index):
    found = plans(act)
    assert any(index in plan for plan in found), found
    assert not any("TEMP B-TREE" in plan for plan in found), found


@pytest.mark.parametrize(
    ("act", "index"),
    [
        (lambda c: job_pages.page(c, 1, CHILDREN, Window(20), count=True), "job_parent"),
        (lambda c: bulk.candidates(c, 1, CHILDREN, "cancel", 20), "job_parent"),
        (lambda c: secrets.held_jobs(c, 1, "us_key_1"), "job_holder"),
    ],
)
def test_what_is_few_in_a_large_space_is_not_sought_among_all_of_it(plans, act, index):
    found = plans(act)
    assert any(index in plan for plan in found), found
    assert not any("job_space" in plan for plan in found), found
