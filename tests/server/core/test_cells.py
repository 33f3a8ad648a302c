"""Cells that no spreadsheet takes for a formula."""

import pytest

from server.core.cells import cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_formula_is_quoted(start):
    assert cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("", ""), (0, "0"), ("a=b", "a=b"), (-1, "'-1")])
def test_other_values_stand_as_texts(value, text):
    assert cell(value) == text
