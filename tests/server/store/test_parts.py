"""The splits of one batch: loaded once, kept in step with their parts, and written together."""

from dataclasses import replace

import pytest
from stage import START_MS

from server.core.parts import Split
from server.store import jobs as jobs_sql
from server.store import parts
from server.store.parts import Splits

BLANK = jobs_sql.from_db((
    0, 1, "workbook:export", "created", "us_sp_default", None, None, None, 0, None, None, 0, None, "{}", "us_key_0000000000", START_MS,
    START_MS, *[None] * 11, None, None, 0, None, None, 0, 5, 0, None, None, 3_600_000, None, 86_400_000, None, None, None,
))  # fmt: skip
PART = replace(BLANK, id=2, parent_id=1, part=0)


@pytest.fixture
def splits(connection):
    connection.begin()
    parts.insert(connection, Split(1, "d", 0, 2))
    yield Splits(connection)
    connection.rollback()


def stored(connection):
    return parts.load_many(connection, [1])[0]


def test_what_changes_of_a_part_is_written_at_the_end(splits, connection):
    splits.adopt(PART)
    PART_NOW = replace(PART, status="executing", progress=40.0)  # noqa: N806 - the same part, later
    splits.note(PART_NOW)
    assert splits.of(1).progress == 20
    assert stored(connection).percent == 0
    splits.flush()
    assert stored(connection).percent == 40
    splits.note(replace(PART_NOW, status="failed"))
    splits.flush()
    assert (stored(connection).failed, stored(connection).percent) == (1, 0)


def test_a_part_counts_once_however_often_it_is_noted(splits):
    splits.adopt(PART)
    for _ in range(3):
        splits.note(replace(PART, status="complete"))
    assert splits.of(1).completed == 1


def test_a_place_that_is_given_to_another_is_open_again(splits):
    ended = replace(PART, status="failed")
    splits.adopt(PART)
    splits.note(ended)
    splits.replaced(ended)
    assert (splits.of(1).failed, splits.of(1).open) == (0, True)


def test_jobs_that_were_not_split_and_those_that_are_gone_have_none(splits):
    assert splits.of(7) is None
    splits.forget(1)
    assert splits.of(1) is None
    splits.adopt(PART)
    splits.note(replace(PART, status="complete"))
    splits.flush()


def test_a_batch_reads_a_split_once(splits, connection, monkeypatch):
    splits.preload([1, 5])
    monkeypatch.setattr(parts, "keep_many", None)
    assert splits.of(1) is not None
    assert splits.of(5) is None


def test_unfinished_parts_are_found_by_their_own_index(connection):
    asked = []

    class Spy:
        def rows(self, sql, /, **params):
            asked.append((sql, params))
            return []

    assert parts.unfinished(Spy(), 1, 5) == []
    ((sql, params),) = asked
    plan = " ".join(row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {sql}", **params))
    assert "job_part " in plan
    assert "TEMP B-TREE" not in plan
