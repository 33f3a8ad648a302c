"""An ignored rule is named, and its reason stands beside it."""

import io
import re
import tokenize

import pytest

RULE = r"[A-Z]+[0-9]+"
NOQA = re.compile(rf"#\s*noqa\s*:\s*{RULE}(\s*,\s*{RULE})*\s+[-#]\s*\S.*\w{{2}}", re.IGNORECASE)
TYPE = re.compile(r"#\s*type:\s*ignore\[[a-z-]+(,\s*[a-z-]+)*\]\s+[-#]\s*\S.*\w{2}")
FILE = re.compile(r"#\s*(ruff|flake8|mypy):")


def problem(comment):
    """What is wrong with an ignoring comment, or None."""
    if re.search(r"#\s*noqa", comment, re.IGNORECASE) and not NOQA.search(comment):
        return "write: # noqa: RULE - the reason"
    if re.search(r"#\s*type:\s*ignore", comment) and not TYPE.search(comment):
        return "write: # type: ignore[rule]  # the reason"
    if FILE.search(comment):
        return "ignore a rule on its line, or in pyproject.toml"
    return None


def comments(path):
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(io.StringIO(file.read()).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def test_every_ignore_names_its_rule_and_its_reason(python_files):
    found = [
        f"{name}:{line}: {comment!r}: {problem(comment)}"
        for name, path in python_files
        for line, comment in comments(path)
        if problem(comment)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: N818 - a refusal is an answer",
        "# noqa: PLC0415, E402 - found by the line above",
        "# type: ignore[return-value]  # it was set above",
        "# type: ignore[arg-type, misc] - checked by the caller",
        "# why this stands here",
        "# noqa: PLC0415 - --help must not wait",
        "# fmt: skip",
    ],
)
def test_what_is_a_reason(comment):
    assert problem(comment) is None


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: N818",
        "# noqa - a refusal is an answer",
        "# NOQA:E501",
        "# type: ignore",
        "# type: ignore[misc]",
        "# type: ignore  # it was set above",
        "# ruff: noqa",
        "# mypy: ignore-errors",
    ],
)
def test_what_is_none(comment):
    assert problem(comment) is not None
