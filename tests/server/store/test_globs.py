"""Globs in SQL select what the protocol's globs match."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.globs import any_glob
from server.store.globs import condition

NAMES = [
    "workbook:export", "workbook:Export", "workbook:expo", "workbook:", "document:contacts:submit", "document:submit",
    "job:ready", "a%c:d", "abc:d", "a_c:d", "a\\c:d", "a:b:c:d", "sheet:export",
]  # fmt: skip


def selected(pattern):
    params = {}
    where = condition("name", pattern, "job", params)
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE TABLE job (name TEXT)")
        connection.executemany("INSERT INTO job VALUES (?)", [(name,) for name in NAMES])
        return {row[0] for row in connection.execute(f"SELECT name FROM job WHERE {where}", params)}
    finally:
        connection.close()


@pytest.mark.parametrize(
    "pattern",
    [
        "workbook:export", "workbook:*", "*:export", "*:*", "*", "document:*", "document:**", "**:submit", "**",
        "work*:ex?ort", "a%c:d", "a?c:*", "a_c:*", "a\\c:?", "?:b:*:d", "nothing:*", "workbook:exp*",
    ],
)  # fmt: skip
def test_sql_and_protocol_agree(pattern):
    matches = any_glob([pattern])
    assert selected(pattern) == {name for name in NAMES if matches(name)}


@given(st.text(st.sampled_from("ab:*?%_E"), min_size=1, max_size=8))
def test_sql_and_protocol_agree_on_any_pattern_that_is_taken(pattern):
    try:
        found = selected(pattern)
    except Refusal as refusal:
        assert refusal.code == "bad_filter"  # noqa: PT017 - only some patterns are refused
        assert "**" in pattern
    else:
        matches = any_glob([pattern])
        assert found == {name for name in NAMES if matches(name)}


@pytest.mark.parametrize("pattern", ["", "x" * 193, "a:**:b", "a*:**", "**:a?", "***", "a**"])
def test_what_it_cannot_say_in_sql_is_refused(pattern):
    with pytest.raises(Refusal) as caught:
        selected(pattern)
    assert (caught.value.code, caught.value.key) == ("bad_filter", "job")
