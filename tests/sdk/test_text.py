import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk._text import LARGEST_FIELDS, check_json, clean, cut_front, loose_fields

ANY_TEXT = st.text(st.characters(), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(ANY_TEXT, st.integers(1, 300))
def test_a_clean_text_fits_every_store(text, limit):
    found = clean(text, limit)
    assert len(found) <= limit
    assert "\0" not in found
    assert found.encode().decode() == found
    assert clean(found, limit) == found


def test_texts_are_cut_with_an_ellipsis_and_tracebacks_at_their_front():
    assert clean("abcdef", 4) == "abc…"
    assert cut_front("abcdef", 4) == "…def"
    assert clean("a\0\udcffb", 9) == "a\N{REPLACEMENT CHARACTER}?b"


@given(JSON)
def test_json_passes(value):
    check_json(value)
    assert loose_fields({"value": value}).keys() <= {"value", "omitted"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, float("nan")]}, r"data\.a\[1\] is nan"),
        ({"a": float("-inf")}, r"data\.a is -inf"),
        ({"a": "x\0"}, r"data\.a holds a character"),
        ({"\ud800": 1}, "a key of data holds a character"),
        ({"a": 2**64}, r"data\.a is an integer of more than 64 bits"),
        ({1: 2}, "keys must be texts"),
        ({"a": {1, 2}}, r"data\.a is a set"),
        ({str(n): n for n in range(9000)}, "more than 8,000 names"),
    ],
)
def test_what_no_store_can_keep_is_named_with_its_place(value, message):
    with pytest.raises(ValueError, match=message):
        check_json(value)


def test_deep_and_endless_values_are_refused():
    deep: list = []
    deep.append(deep)
    with pytest.raises(ValueError, match="nested deeper than"):
        check_json(deep)


class Awkward:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@given(
    st.dictionaries(
        ANY_TEXT,
        st.recursive(st.floats() | ANY_TEXT | st.binary() | st.integers(), st.lists, max_leaves=9),
        max_size=5,
    )
)
def test_fields_of_a_log_line_always_become_json(fields):
    check_json(loose_fields(fields))


def test_odd_fields_become_text_and_too_many_are_left_out():
    endless: dict = {}
    endless["self"] = endless
    found = loose_fields({"when": Awkward(), "set": {1}, "n": float("nan"), "loop": endless})
    assert found["when"] == "<Awkward whose text failed: RuntimeError>"
    assert (found["set"], found["n"]) == ([1], "nan")
    check_json(found)
    assert "omitted" in loose_fields({str(n): "x" * 4000 for n in range(100)})
    assert len(json.dumps(loose_fields({"a": "x" * 10**6}))) < LARGEST_FIELDS
