"""The JSON door: what is refused, with reason and place, and that all else passes unchanged."""

import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.core.json_door import JsonLimits, read_json

USUAL = JsonLimits()
WIDE = JsonLimits(size=100_000_000, depth=32, keys=10_000)


def refusal(raw, limits=USUAL):
    with pytest.raises(Refusal) as caught:
        read_json(raw, limits)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"{", "line 1"),
        (b"{'a': 1}", "column 2"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"-Infinity", "NaN"),
        (b"[1e400]", "64-bit float"),
        (b"9" * 5000, "64-bit float"),
        (b"18446744073709551616", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"1" + b"0" * 300, "64 bits"),
        (b'"\xff"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        (b'"\\ud800"', "surrogate"),
        (b'"\\udc00x"', "surrogate"),
        (b'"a\x00b"', "control character"),
        (b'"a\\u0000b"', "NUL"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"[1] [2]", "line 1"),
        (b"[" * 33 + b"]" * 33, "32 levels"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "32 levels"),
        (b"[" * 100_000, "depth"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "'b'"),
        (b'{"a": 1, "\\u0061": 2}', "twice"),
        (b'{"a": ":", "b": "\\u003a", "a": 1}', "twice"),
        (b'{"a": 1, "b": "\\u003A", "a": 1}', "twice"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b', "a": 1}', "twice"),
    ],
)
def test_what_no_store_could_keep_is_refused(raw, says):
    found = refusal(raw)
    assert found.code == "bad_json"
    assert found.error.status == 400
    assert says in found.message


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b'{"input": {"rows": [1, "\\u0000"]}}', "input.rows[1]"),
        (b'["\\u0000"]', "[0]"),
        (b'{"x": 1, "y": 2, "x": 3}', "x"),
    ],
)
def test_a_refusal_says_where(raw, path):
    assert refusal(raw).key == path


@pytest.mark.parametrize(
    "raw",
    [
        b"18446744073709551615",
        b"-9223372036854775808",
        b"1e300",
        b"9223372036854775807.5",
        b'"\\\\u0000"',
        b'{"a:b": "c:d", "e": ["::", {"f": ":"}]}',
        b'{"caf\\u00e9": "\\u003a\\u003A"}',
        b'"\\ud83d\\ude00"',
        b"[" * 32 + b"]" * 32,
        b'[{"a": 1}, {"a": 1}]',
        b" \n\t null ",
    ],
)
def test_what_looks_like_it_but_is_not_passes(raw):
    assert read_json(raw) == json.loads(raw)


def test_a_text_that_is_too_long_is_refused_before_it_is_read():
    found = refusal(b"x" * 11, JsonLimits(size=10))
    assert (found.code, found.error.status) == ("too_large", 413)
    assert "10" in found.message


def test_names_are_counted_in_all_objects_together():
    raw = orjson.dumps([{str(number): 0 for number in range(10)}] * 10)
    assert read_json(raw, JsonLimits(keys=100))
    assert "100 names" in refusal(raw, JsonLimits(keys=99)).message


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(JSON, st.booleans())
@example({":": ":::", "\\u003a": ["\\u0000"]}, True)
def test_every_storable_value_passes_unchanged(value, ascii_only):
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert read_json(raw, WIDE) == value


class Pairs(list):
    """The members of an object, names as often as they come."""


NAME = st.sampled_from(["a", "b", "a:b", ":", "\\", '"', "é"])
REPEATING = st.recursive(
    NAME | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(NAME, inner), max_size=4).map(Pairs),
    max_leaves=12,
)


def written(value, escape):
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{written(k, escape)}:{written(v, escape)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(item, escape) for item in value) + "]"
    text = json.dumps(value)
    return text.replace(":", "\\u003a") if escape and isinstance(value, str) else text


def repeats(value):
    if isinstance(value, Pairs):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(repeats(item) for _, item in value)
    return isinstance(value, list) and any(map(repeats, value))


@given(REPEATING, st.booleans())
def test_a_repeated_name_is_found_exactly_when_there_is_one(value, escape):
    raw = written(value, escape).encode()
    if repeats(value):
        assert "twice" in refusal(raw).message
    else:
        assert read_json(raw) == json.loads(raw)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    try:
        value = read_json(raw)
    except Refusal as found:
        assert found.code == "bad_json"  # noqa: PT017 - both answers are right, any other error is not
    else:
        assert orjson.loads(orjson.dumps(value)) == value


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize(
    ("raw", "holds"),
    [
        (b"[1,2,3]", 4),
        (b'{"a":[{}]}', 4),
        (b'[",[{", "\\",[{", "\\\\"]', 4),
        (b"[[[]]]", 4),
    ],
)
def test_values_are_counted_before_they_are_made_where_they_are_bounded(raw, holds, count):
    limits = JsonLimits(values=count)
    if holds > count:
        assert f"more than {count} values" in refusal(raw, limits).message
    else:
        assert read_json(raw, limits) == orjson.loads(raw)


@pytest.mark.parametrize(
    "raw", [b'"' + b'\\"' * 50_000, b'"' + b"\\" * 50_001, b',"' + b"[" * 50_000, b'"' * 50_001]
)
def test_texts_without_an_end_are_refused_as_such(raw):
    assert refusal(b"[,,,," + raw, JsonLimits(values=5)).code == "bad_json"
