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
    changed = replace(ROW, name="workbook:write", body="{}", updated_at=5, updated_by="us_key_2", seen_at=6)
    sql.update(connection, changed)
    assert sql.by_code(connection, 1, "export") == changed
    sql.delete(connection, 1)
    assert sql.by_code(connection, 1, "export") is None


def test_pages_and_codes_are_of_one_space(connection):
    for number, space_id in ((1, 1), (2, 2), (3, 1), (4, 1)):
        sql.insert(connection, replace(ROW, id=number, space_id=space_id, code=f"c{9 - number}"))
    assert [row.id for row in sql.page(connection, 1, 1, 9)] == [3, 4]
    assert [row.id for row in sql.page(connection, 1, 0, 2)] == [1, 3]
    assert sql.codes(connection, 1, 2) == ["c5", "c6"]
