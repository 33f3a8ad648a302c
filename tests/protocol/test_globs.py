"""Globs: examples that say what they mean, and a naive matcher that says the same of everything else."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener_sdk.protocol import globs as module
from listener_sdk.protocol.globs import (
    LONGEST_TEXT,
    WILDCARD_SIZE,
    Globs,
    any_glob,
    glob_size,
    is_glob,
    wildcards,
)

ATOMS = st.sampled_from(["a", "b", "ab", ":", "*", "**", "?", ".", ""])
GLOBS = st.lists(ATOMS, max_size=8).map("".join)
TEXTS = st.text(alphabet="ab:.\n", max_size=10)


def naive(glob, text, separator=":"):
    """Try everything."""
    return _segments(glob.split(separator), text.split(separator))


def _segments(glob, text):
    if not glob:
        return not text
    if glob[0] == "**":
        return any(_segments(glob[1:], text[skip:]) for skip in range(len(text) + 1))
    return bool(text) and _characters(glob[0], text[0]) and _segments(glob[1:], text[1:])


def _characters(glob, text):
    if not glob:
        return not text
    if glob[0] == "*":
        return any(_characters(glob[1:], text[skip:]) for skip in range(len(text) + 1))
    return bool(text) and glob[0] in {"?", text[0]} and _characters(glob[1:], text[1:])


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("job:ready", "job:ready", True),
        ("job:ready", "job:readyx", False),
        ("job:*", "job:ready", True),
        ("*:created", "workbook:created", True),
        ("*", "job:ready", False),
        ("*", "job", True),
        ("*", "", True),
        ("**", "", True),
        ("**", "a:b:c", True),
        ("**:ready", "job:ready", True),
        ("job:**", "job", True),
        ("document:*", "document:contacts:submit", False),
        ("document:**", "document:contacts:submit", True),
        ("document:**:submit", "document:submit", True),
        ("a:**:b:**:c", "a:x:b:b:y:c", True),
        ("a:**:b:**:c", "a:x:c:b:y", False),
        ("j?b:ready", "job:ready", True),
        ("j?b", "j:b", False),
        ("ex*rt", "export", True),
        ("*a*b*", "xxaxxbxx", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "aba", False),
        ("a.c", "abc", False),
        ("", "", True),
        ("", "a", False),
        ("a*", "a\nb", True),
    ],
)
def test_what_a_glob_matches(glob, text, expected):
    assert any_glob([glob])(text) is expected
    assert naive(glob, text) is expected


@given(GLOBS, TEXTS)
@example("*a*:", "aa:")
@example("**:a:**", "b:a:a")
def test_a_glob_matches_what_trying_everything_matches(glob, text):
    assert any_glob([glob])(text) == naive(glob, text)


@given(st.lists(GLOBS, max_size=4), TEXTS)
def test_several_globs_match_when_one_does(globs, text):
    assert any_glob(globs)(text) == any(naive(glob, text) for glob in globs)


@given(GLOBS, TEXTS)
def test_the_separator_is_a_parameter(glob, text):
    assert any_glob([glob], ".")(text) == naive(glob, text, ".")


@given(TEXTS)
def test_a_text_without_wildcards_matches_itself_alone(text):
    assert not is_glob(text)
    assert any_glob([text])(text)
    assert not any_glob([text])(text + "a")


@pytest.mark.parametrize("glob", ["*a" * 120 + "b", "**:" + "*a:**:" * 40 + "b", "?*" * 100 + "b:"])
def test_no_glob_backtracks(glob):
    """Each of these takes longer than the test's time-out when stars are tried in all combinations."""
    test = any_glob([glob])
    assert not test("a" * LONGEST_TEXT)
    assert not test("aa:" * (LONGEST_TEXT // 3))


# ---- bounds


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("**", "a" * 100_000, True),
        ("document:**", "document:" + "a" * LONGEST_TEXT, True),
        ("document:**", "documents:" + "a" * LONGEST_TEXT, False),
        ("document:*", "document:" + "a" * LONGEST_TEXT, False),
        ("*", "a" * (LONGEST_TEXT + 1), False),
        ("*", "a" * LONGEST_TEXT, True),
        ("**:**", "a" * (LONGEST_TEXT + 1), False),
        ("a**", "a" * (LONGEST_TEXT + 1), False),
        ("*:**", "a:" + "a" * LONGEST_TEXT, False),
        ("?:**", "?:" + "a" * LONGEST_TEXT, False),
    ],
)
def test_long_texts_are_matched_by_their_first_characters_alone(glob, text, expected):
    assert any_glob([glob])(text) is expected


def test_no_expression_sees_a_long_text(monkeypatch):
    asked = []
    globs = any_glob(["*a", "**:b", "c:**"])
    monkeypatch.setattr(globs, "_fullmatch", asked.append)
    for text in ("a" * (LONGEST_TEXT + 1), "c:" * LONGEST_TEXT, ":" * 100_000):
        globs(text)
    assert asked == []
    globs("a" * LONGEST_TEXT)
    assert [len(text) for text in asked] == [LONGEST_TEXT + 1]


@pytest.mark.parametrize(
    ("glob", "count", "size"),
    [
        ("job:ready", 0, 0),
        ("job:*", 1, 5 + WILDCARD_SIZE),
        ("**", 1, 2 + WILDCARD_SIZE),
        ("*:?x**", 3, 6 + 3 * WILDCARD_SIZE),
    ],
)
def test_the_size_of_a_glob_counts_its_wildcards_more_than_once(glob, count, size):
    assert (wildcards(glob), glob_size(glob)) == (count, size)


def test_the_size_of_globs_is_that_of_what_a_text_is_compared_with():
    assert any_glob(["a", "b:*", "b:*", "?"]).size == glob_size("b:*") + glob_size("?")
    assert any_glob(["a", "b"]).size == 0
    assert any_glob(["a:*", "**"]).size == 0, "everything matches without a look"


def test_exact_texts_are_no_globs():
    test = Globs(["what *is* this?"], exact=["what *is* this?"])
    assert test("what *is* this?")
    assert test("what was this!") is False
    assert test("what this is this.")


def test_globs_are_compiled_when_they_are_first_needed_and_once_for_equal_ones(monkeypatch):
    compiled = []
    real = module._expression
    monkeypatch.setattr(module, "_expression", lambda *given: compiled.append(given[0]) or real(*given))
    first, second = any_glob(["never:*", "seen:*"]), any_glob(["seen:*", "never:*"])
    assert compiled == []
    assert first("seen:before")
    assert second("never:before")
    assert compiled == ["never:*", "seen:*"]


def test_what_is_remembered_of_compiled_globs_is_bounded():
    assert module._compiled.cache_info().maxsize == 512


@given(st.text(max_size=20))
def test_every_text_is_a_glob(text):
    assert any_glob([text])(re.sub(r"[*?]", "x", text))
