"""The project speaks of itself: nothing of the machine or the circumstances in which it was written."""

import re
from pathlib import Path

import pytest

FORBIDDEN = {
    "a path of one machine": r"(?<![\w.:-])/(work|root|home/\w+|Users/\w+)/|/tmp/(venv|brief|bash)|\.pyenv",
    "the host of a package registry": r"\b(pypi\.org|pythonhosted\.org|npmjs\.(com|org)|proxy\.golang\.org|crates\.io)\b",
    "the number of an issue": r"\b(issue|ticket|task)s? ?#?[0-9]+\b|(?<![\w&\"'`])#[0-9]+\b",
    "an unfinished place": r"\b(TODO|FIXME|XXX|HACK)\b",
}
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".sql",
    ".yml",
    ".yaml",
    ".json",
    ".txt",
    ".cfg",
    ".ini",
    ".sh",
    ".html",
    ".js",
    ".css",
    "",
}
HERE = Path(__file__)


def words(text):
    """The forbidden words of a text, as (line, what it is, the word)."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            for match in re.finditer(pattern, line):
                yield number, what, match.group()


def test_no_file_says_what_concerns_nobody(project_files, root):
    found = [
        f"{path.relative_to(root)}:{line}: {what}: {word!r}"
        for path in project_files
        if path.suffix in TEXT and path != HERE
        for line, what, word in words(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "cd /work/main",
        "see /root/notes",
        "/home/ada/x",
        "/tmp/venv/bin/python",
        "https://pypi.org/project/x",
        "https://files.pythonhosted.org/",
        "as asked in issue 2",
        "fixes #12",
        "# TODO: later",
    ],
)
def test_what_is_forbidden(text):
    assert list(words(text))


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/work/1",
        "network/work/x",
        "a #fff colour",
        "&#39;",
        'a quoted name: "#0"',
        "tasks of a loop",
        "/tmp/x",
        "todo",
    ],
)
def test_what_is_not(text):
    assert not list(words(text))
