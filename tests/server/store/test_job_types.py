"""SQL of job types: by space and code."""

from dataclasses import replace

import pytest

from server.core.job_types import JobTypeRow
from server.store import clearing
from server.store import job_types as sql

ROW = JobTypeRow(
    id=1, space_id=1, code="export", name="workbook:export", body='{"code":"export"}', created_at=1, updated_at=2,
    updated_by="us_key_1", seen_at=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def test_a_row_comes_back_as_it_was_in_its_space_alone(connection):
    sql.insert(connection, ROW)
    sql.insert(connection, replace(ROW, id=2, space_id=2))
    assert sql.by_code(connection, 1, "export") == ROW
    assert sql.by_code(connection, 3, "export") is None
    clearing.forget(connection, 1)
    assert sql.by_code(connection, 1, "export") is None
    assert sql.by_code(connection, 2, "export") is not None


def test_another_declaration_keeps_id_and_code(connection):
    sql.insert(connection, ROW)
    changed = replace(
        ROW, label="Write", name="workbook:write", body="{}", updated_at=5, updated_by="us_key_2", seen_at=6
    )
    sql.update(connection, changed)
    assert sql.by_code(connection, 1, "export") == changed
    sql.delete(connection, 1)
    assert sql.by_code(connection, 1, "export") is None


def test_heads_and_counts_are_of_one_space(connection):
    for number, space_id in ((1, 1), (2, 2), (3, 1), (4, 1)):
        sql.insert(connection, replace(ROW, id=number, space_id=space_id, code=f"c{9 - number}"))
    assert [(head.id, head.code, head.size) for head in sql.heads(connection, 1)] == [
        (number, f"c{9 - number}", len(ROW.body)) for number in (1, 3, 4)
    ]
    assert (sql.count(connection, 1), sql.count(connection, 9)) == (3, 0)


def test_several_are_found_by_their_codes_or_ids(connection):
    for number in range(1, 5):
        sql.insert(connection, replace(ROW, id=number, code=f"c{number}", space_id=1 + number // 4))
    assert {code: row.id for code, row in sql.by_codes(connection, 1, ["c1", "c3", "c4", "x"]).items()} == {
        "c1": 1,
        "c3": 3,
    }
    assert [row.id for row in sql.by_ids(connection, [4, 2, 9])] == [2, 4]
    assert sql.by_ids(connection, []) == []


def test_those_that_were_not_seen_lately_are_found_and_seen(connection):
    for number, seen_at in ((1, 10), (2, 20), (3, 30)):
        sql.insert(
            connection, replace(ROW, id=number, code=f"c{number}", seen_at=seen_at, space_id=1 + number // 3)
        )
    assert sql.unseen(connection, [1, 2], 25) == [(1, 1, ROW.name), (2, 1, ROW.name)]
    assert sql.unseen(connection, [2], 31) == [(3, 2, ROW.name)]
    sql.see(connection, [1, 3], 25)
    assert [row.seen_at for row in sql.by_ids(connection, [1, 2, 3])] == [25, 20, 30]
