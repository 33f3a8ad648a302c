"""Globs: examples that say what they mean, and a naive matcher that says the same of everything else."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener_sdk.protocol.globs import any_glob, is_glob

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
    assert not test("a" * 50_000)
    assert not test("aa:" * 20_000)


@given(st.text(max_size=20))
def test_every_text_is_a_glob(text):
    assert any_glob([text])(re.sub(r"[*?]", "x", text))
