"""A line of the audit: what it tells, how large it may grow, and how it looks in a table."""

import json

import orjson
import pytest

from server.core.audit import (
    COLUMNS,
    LARGEST_FIELD,
    Line,
    differing,
    fields_text,
    line_cells,
    line_wire,
)

LINE = Line(7, 1, 0, "us_key_1", "10.0.0.7", "key:created", "us_key_2", None, '{"name":"ci"}')


def test_a_line_is_shown_with_its_fields():
    assert json.loads(orjson.dumps(line_wire(LINE))) == {
        "id": "us_au_0000000007",
        "at": "1970-01-01T00:00:00.000Z",
        "actor": "us_key_1",
        "address": "10.0.0.7",
        "action": "key:created",
        "target": "us_key_2",
        "before": None,
        "after": {"name": "ci"},
    }


def test_a_table_has_a_cell_for_each_name():
    cells = line_cells(LINE)
    assert dict(zip(COLUMNS, cells, strict=True))["after"] == '{"name":"ci"}'
    assert cells[COLUMNS.index("before")] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start):
    evil = f"{start}HYPERLINK(1)"
    cells = line_cells(LINE._replace(actor=evil, address=evil, action=evil, target=evil))
    assert cells[2:6] == [f"'{evil}"] * 4
    assert line_cells(LINE._replace(target=f"a{start}b"))[5] == f"a{start}b"


def test_only_fields_that_differ_are_told():
    assert differing({"a": 1, "b": 2}, {"a": 1, "b": 3}) == ({"b": 2}, {"b": 3})
    assert differing({}, {"job": "x"}) == ({}, {"job": "x"})
    assert differing({"a": 1}, {"a": 1}) == ({}, {})
    assert differing({"a": 1, "b": 2}, {"a": 3, "b": 4}, but=("b",)) == ({"a": 1}, {"a": 3})


def test_of_a_large_field_the_size_is_told():
    assert fields_text(None) is None
    fitting, large = "x" * (LARGEST_FIELD - 2), "x" * LARGEST_FIELD
    assert json.loads(fields_text({"a": fitting, "b": {"c": large}, "d": large})) == {
        "a": fitting,
        "b": {"bytes": LARGEST_FIELD + 8},
        "d": {"bytes": LARGEST_FIELD + 2},
    }
