"""Our words in PostgreSQL's own, and parameters as it reads them."""

import enum
import json

import pytest

from server.store import postgres_sql
from server.store.postgres_sql import statement, translate


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT a FROM t WHERE b = :b", "SELECT a FROM t WHERE b = $1"),
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1"),
        ("SELECT CAST(:a AS BIGINT), :a::text", "SELECT CAST($1 AS BIGINT), $1::text"),
        ("SELECT 1 WHERE id IN LIST(:ids)", "SELECT 1 WHERE id = ANY($1::bigint[])"),
        ("SELECT 1 WHERE id NOT IN LIST(:ids)", "SELECT 1 WHERE id <> ALL($1::bigint[])"),
        ("SELECT 1 WHERE key IN TEXTS(:keys)", "SELECT 1 WHERE key = ANY($1::text[])"),
        ("SELECT 1 LIMIT :n FOR_CLAIM", "SELECT 1 LIMIT $1 FOR UPDATE SKIP LOCKED"),
        ("SELECT 1 ORDER BY id FOR_CHANGE", "SELECT 1 ORDER BY id FOR UPDATE"),
        ("SELECT 1 FROM (SELECT 2 FOR_USE) AS a", "SELECT 1 FROM (SELECT 2 FOR KEY SHARE) AS a"),
        ("SELECT ':a LIST(:b) FOR_CLAIM', ':', replace(a, ':', '')", None),
        ("SELECT 'it''s :a', \"b:c\" FROM t WHERE a LIKE '100%'", None),
    ],
)
def test_translation(ours, theirs):
    assert translate(ours).sql.decode() == (ours if theirs is None else theirs)


class Word(enum.StrEnum):
    READY = "ready"


@pytest.mark.parametrize(
    ("value", "oid", "text"),
    [
        (None, 0, None),
        (5, 20, b"5"),
        (-(2**53), 20, b"-9007199254740992"),
        (True, 20, b"1"),
        (0.1, 701, b"0.1"),
        ("5", 25, b"5"),
        ("Ω", 25, "Ω".encode()),
        (Word.READY, 25, b"ready"),
    ],
)
def test_each_kind_of_value_has_one_type(value, oid, text):
    found = statement("SELECT :v", {"v": value})
    assert (found.oids, list(found.values)) == ((oid,), [text])


@pytest.mark.parametrize(
    ("sql", "value"), [("SELECT :a", "nightly\0x"), ("SELECT 1 WHERE a IN TEXTS(:a)", ["nightly\0x"])]
)
def test_a_text_with_nul_is_a_fault_and_not_the_text_before_it(sql, value):
    with pytest.raises(ValueError, match="NUL"):
        statement(sql, {"a": value})


def test_lists_travel_as_arrays():
    assert statement("SELECT 1 WHERE a IN LIST(:x)", {"x": [3, 1, -2]}).values == [b"{3,1,-2}"]
    assert statement("SELECT 1 WHERE a IN LIST(:x)", {"x": ()}).values == [b"{}"]
    texts = ["a", 'b"c', "d\\", "Ω,", ""]
    assert statement("SELECT 1 WHERE a IN TEXTS(:x)", {"x": texts}).values == [
        r'{"a","b\"c","d\\","Ω,",""}'.encode()
    ]


def test_a_missing_parameter_is_a_fault():
    with pytest.raises(KeyError, match="b"):
        statement("SELECT :a, :b", {"a": 1})


def test_many_rows_are_one_parameter_without_what_is_null():
    types = {"id": "bigint", "a": "text", "b": "double precision"}
    found = postgres_sql.insert("t", ("id", "a", "b"), types, [(1, "x", None), (2, None, 0.5)])
    assert json.loads(found.values[0]) == [{"0": 1, "1": "x"}, {"0": 2, "2": 0.5}]
    assert found.sql.decode() == (
        'INSERT INTO t (id, a, b) SELECT r."0", r."1", r."2" '
        'FROM json_to_recordset($1::json) AS r("0" bigint, "1" text, "2" double precision)'
    )


def test_changes_go_by_id():
    found = postgres_sql.update("t", ("a",), {"a": "text"}, [("x", 7)])
    assert json.loads(found.values[0]) == [{"0": "x", "1": 7}]
    assert found.sql.decode().endswith('AS r("0" text, "1" bigint) WHERE t.id = r."1"')


def test_the_same_columns_have_the_same_text_so_that_it_is_prepared_once():
    types = {"id": "bigint"}
    texts = {postgres_sql.insert("t", ("id",), types, [(n,)]).sql for n in range(5)}
    assert len(texts) == 1


def test_a_row_that_is_too_short_is_a_fault():
    with pytest.raises(ValueError, match="shorter"):
        postgres_sql.insert("t", ("a", "b"), {"a": "text", "b": "text"}, [("x",)])
