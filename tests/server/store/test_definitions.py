"""SQL of definitions, as far as one database shows it; tests/conformance asks both."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.definitions import DefinitionCreate
from server.core.definitions import new_definition
from server.store import definitions as sql
from server.store.definitions import DefinitionFilter
from server.store.pages import Window


@pytest.fixture
def tx(connection):
    connection.begin()
    yield connection
    connection.rollback()


def row(number=1, space_id=1, **fields):
    body = {"jobDefinitionCode": f"d{number}", "jobType": "export", **fields}
    return new_definition(
        number, space_id, DefinitionCreate.model_validate(body), 5, "us_key_1", enabled=True
    )


def plan(tx, statement, **params):
    return " ".join(str(one[-1]) for one in tx.rows(f"EXPLAIN QUERY PLAN {statement}", **params))


def test_large_ones_make_a_shorter_page(tx, monkeypatch):
    monkeypatch.setattr("server.store.pages.LARGEST_PAGE", 1_500)
    for number in range(1, 5):
        sql.insert(tx, row(number, params={"a": "x" * 400}))
    first, more = sql.page(tx, 1, DefinitionFilter(), Window(10, after=0))
    assert (len(first), more) == (2, True)
    rest, more = sql.page(tx, 1, DefinitionFilter(), Window(10, after=first[-1].id))
    assert ([one.id for one in rest], more) == ([3, 4], False)
    for number in range(2, 5):
        changed = replace(row(1, params={"a": "x" * 400}), version=number)
        sql.update(tx, changed, is_version=True)
    assert [
        len(part) if isinstance(part, list) else part for part in sql.versions(tx, 1, Window(10, after=0))
    ] == [
        2,
        True,
    ]


def test_an_index_leads_to_everything_that_launches_ask(tx):
    for query in (sql._BY_CODE, sql._USE_BY_CODE.replace("FOR_USE", "")):
        assert "definition_code" in plan(tx, query, space=1, code="a")
        assert "job_type_code" in plan(tx, query, space=1, code="a")
    newest = "SELECT MAX(id) FROM job WHERE definition_id = :id"
    assert "job_definition" in plan(tx, newest, id=1)
    assert "job_definition_open" in plan(tx, f"{newest} AND finished_at IS NULL", id=1)
    of_type = (
        "SELECT code FROM definition WHERE space_id = :space AND type_code = :type ORDER BY id LIMIT :count"
    )
    assert "definition_type" in plan(tx, of_type, space=1, type="a", count=3)
    assert "definition_patterns" in plan(tx, sql._PATTERNS, space=1)
