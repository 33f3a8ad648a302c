"""What must not be seen, in whatever spelling, is left out of texts, JSON and bytes."""

import json
from urllib.parse import quote

import pytest

from listener_sdk.protocol.redaction import SHOWN, Redaction


@pytest.mark.parametrize(
    ("values", "text", "shown"),
    [
        (["sesame"], "open sesame, sesame!", "open ***, ***!"),
        (["sesame", "sesame-open"], "sesame-open", "***"),
        (["abcd", "bcdefgh"], "abcdefgh", "a***"),
        (["abc"], "abc", "abc"),
        (["wxyz"], "wxyz", "***"),
        ([], "sesame", "sesame"),
        (["token\n"], "a token.", "a ***."),
        (["a'b\"\\\n\tx"], repr({"k": "a'b\"\\\n\tx"}), "{'k': '***'}"),
        (['a"b\\é'], json.dumps({"k": 'a"b\\é'}), '{"k": "***"}'),
        (["a b/c&d"], f"https://x?t={quote('a b/c&d', safe='')}", "https://x?t=***"),
        (["pä/ss"], "p%c3%a4/ss p%C3%A4%2Fss p%c3%a4%2fss", "*** *** ***"),
        (["p%C3%A4ss"], "p%c3%a4ss", "***"),
        (["-----BEGIN\nMIIEvQIBADAN\nab"], "line MIIEvQIBADAN and ab", "line *** and ab"),
    ],
)
def test_values_are_left_out(values, text, shown):
    assert Redaction(values).text(text) == shown


def test_json_is_redacted_to_its_depth():
    value = {"a": ["open sesame", {"sesame": 1, "n": None}], "b": ("sesame", 2.5, True), "id": "sesame"}
    assert Redaction(["sesame"]).json(value, keep=frozenset({"id"})) == {
        "a": ["open ***", {"***": 1, "n": None}],
        "b": ["***", 2.5, True],
        "id": "sesame",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key: open-sesa", "key: ***"),
        ("key: open", "key: ***"),
        ("key: ope", "key: ope"),
        ("open-sesame and open-", "*** and ***"),
        ("open it", "open it"),
        ("", ""),
    ],
)
def test_the_beginning_of_a_value_at_a_cut_is_left_out(text, shown):
    assert Redaction(["open-sesame"]).cut(text) == shown


def test_bytes_are_redacted_in_their_encoding():
    assert Redaction(["s\u00e9same"]).raw(b"\xff s\xc3\xa9same \x00") == b"\xff *** \x00"


def test_nothing_to_keep_out_is_false():
    assert not Redaction([])
    assert not Redaction(["abc"])
    assert Redaction(["abcd"])


WRAPS = [
    repr,
    lambda text: repr(text.encode()),
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
]


@pytest.mark.parametrize(
    "value", ["p\u00e4ss\nword", "it's \\ here", "a\"quote's", "tab\there \u65e5", "plain-value"]
)
@pytest.mark.parametrize("inner", WRAPS)
@pytest.mark.parametrize("outer", [str, *WRAPS])
def test_values_are_left_out_however_they_were_escaped(value, inner, outer):
    redaction = Redaction([value])
    for around in ("{}", "x {} y", "\"'{}"):
        shown = redaction.text(outer(inner(around.format(value))))
        assert SHOWN in shown, (value, outer(inner(value)))


def test_a_long_value_makes_few_needles():
    key = (
        "-----BEGIN KEY-----\n" + "\n".join(f"{n:02}" + "A" * 62 for n in range(50)) + "\n-----END KEY-----\n"
    )
    assert len(Redaction([key])._needles) < 100
