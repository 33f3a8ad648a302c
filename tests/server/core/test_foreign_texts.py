"""Texts of other servers have no characters that terminals obey, or that turn or hide what stands around them."""

import json

import pytest

from server.core.foreign_texts import line, seen


@pytest.mark.parametrize(
    "sign", ["\0", "\x1b", "\x7f", "\x9b", "\u200b", "\u202e", "\u2066", "\ufeff", "\udcff"]
)
def test_what_is_not_seen_is_shown_as_such(sign):
    assert seen(f"a{sign}b") == line(f"a{sign}b") == "a\ufffdb"
    assert json.dumps(seen(sign), ensure_ascii=False).encode() == b'"\xef\xbf\xbd"'


def test_lines_stay_or_become_one():
    text = "Größe\tx\r\n 日本 \u2028 y\n"
    assert seen(text) == text
    assert line(text) == "Größe x 日本 y"
