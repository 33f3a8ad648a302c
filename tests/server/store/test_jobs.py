"""The queries of jobs: which columns change, and that no hot query reads the whole table."""

from dataclasses import astuple, replace

import pytest
from stage import START_MS

from server.core.jobs import COLUMNS
from server.store import jobs

BLANK = jobs.from_db((
    0, 1, "workbook:export", "created", "us_sp_default", None, None, None, 0, None, None, 0, None, "{}", "us_key_0000000000", START_MS,
    START_MS, *[None] * 11, None, None, 0, None, None, 0, 5, 0, None, None, 3_600_000, None, 86_400_000, None,
))  # fmt: skip


def insert(connection, *rows):
    connection.begin()
    connection.insert_many("job", COLUMNS, [astuple(row) for row in rows])
    connection.commit()


class Watching:
    """A reader that asks how each query will be done."""

    def __init__(self, connection):
        self.connection = connection
        self.plan = ""

    def rows(self, sql, /, **params):
        self.plan = " ".join(row[3] for row in self.connection.rows(f"EXPLAIN QUERY PLAN {sql}", **params))
        return self.connection.rows(sql, **params)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (lambda r: jobs.first_places(r, (1, "a:b"), 5), "job_ready"),
        (lambda r: jobs.claimable_after(r, (1, "a:b"), (0, 1), 5), "job_ready"),
        (jobs.queues, "job_ready"),
        (lambda r: jobs.count_ready(r, 1), "job_ready"),
        (lambda r: [jobs.oldest_ready(r, 1)], "job_ready"),
        (jobs.held, "job_holder"),
        (lambda r: jobs.held_by(r, "k"), "job_holder"),
        (lambda r: jobs.due(r, 5, 5), "job_due"),
        (lambda r: [jobs.unfinished_with_key(r, 1, "k")], "job_unique_key"),
        (lambda r: jobs.load_many(r, [1, 2]), "PRIMARY KEY"),
        (lambda r: [jobs.load(r, 1, 1)], "PRIMARY KEY"),
    ],
)
def test_a_hot_query_goes_by_an_index_and_sorts_nothing(connection, query, index):
    reader = Watching(connection)
    query(reader)
    assert index in reader.plan
    assert "TEMP B-TREE" not in reader.plan
    assert "SCAN job " not in f"{reader.plan} ".replace("SCAN job USING", "")


@pytest.mark.parametrize("columns", [jobs.PROGRESS, jobs.LEASE])
def test_what_changes_often_stands_in_no_index(connection, columns):
    names = connection.rows(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'job' AND sql IS NOT NULL"
    )
    assert names
    for (text,) in names:
        assert not set(columns) & set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())


def test_every_column_is_either_fixed_or_mutable():
    assert set(jobs.MUTABLE) | jobs.FIXED == set(COLUMNS)
    assert not set(jobs.MUTABLE) & jobs.FIXED
    assert set(jobs.PROGRESS) | set(jobs.LEASE) <= set(jobs.MUTABLE)


def test_a_job_is_found_in_its_own_space_alone(connection):
    insert(connection, replace(BLANK, id=1), replace(BLANK, id=2, space_id=2))
    assert jobs.load(connection, 1, 1).id == 1
    assert jobs.load(connection, 1, 2) is None
    assert jobs.load(connection, 2, 2).id == 2
    assert {row.id for row in jobs.load_many(connection, [1, 2])} == {1, 2}


def test_a_page_goes_on_after_a_place_and_not_after_a_job(connection):
    insert(connection, *(replace(BLANK, id=n, status="ready", priority=n % 3) for n in range(1, 10)))
    first = jobs.first_places(connection, (1, "workbook:export"), 4)
    connection.begin()
    connection.run("UPDATE job SET holder = 'k' WHERE id = :id", id=first[-1][1])
    connection.commit()
    rest = jobs.claimable_after(connection, (1, "workbook:export"), first[-1], 10)
    assert [job_id for _, job_id in first] == [2, 5, 8, 1]
    assert [row.id for row in rest] == [4, 7, 3, 6, 9]


def test_the_job_that_has_waited_longest_is_sought_at_the_head_of_each_queue(connection):
    ready = replace(BLANK, status="ready")
    insert(
        connection,
        replace(ready, id=1, ready_at=500),
        replace(ready, id=2, ready_at=400, priority=5),
        replace(ready, id=3, ready_at=300, name="report:send"),
        replace(ready, id=4, ready_at=100, name="report:send", holder="k/one"),
        replace(ready, id=5, ready_at=50, space_id=2),
        replace(BLANK, id=6, ready_at=10, status="complete"),
    )
    assert jobs.oldest_ready(connection, 1) == 300
    assert jobs.oldest_ready(connection, 2) == 50
    assert jobs.oldest_ready(connection, 3) is None
