"""Paths into JSON values, as people read them."""

import pytest

from listener_sdk.protocol.paths import LONGEST, dotted


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("params", "headers", "X-Key"), "params.headers.X-Key"),
        (("rows", 3, "name"), "rows[3].name"),
        ((2, "a"), "[2].a"),
        (("a.b", ""), '["a.b"][""]'),
        (("with blank", "é", "$ref"), '["with blank"].é.$ref'),
    ],
)
def test_a_path_is_told_as_one_writes_it(path, text):
    assert dotted(path) == text


def test_a_long_path_is_cut_in_the_middle():
    text = dotted(["first", *(["x" * 50] * 100), "last"])
    assert len(text) == LONGEST
    assert text.startswith("first.")
    assert text.endswith(".last")
