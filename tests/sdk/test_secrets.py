"""Secrets of a run: read by name, and kept out of texts."""

import json
from urllib.parse import quote

import pytest

from listener_sdk._secrets import WORDS, Redaction, Secrets


def test_they_are_read_by_name_and_are_in_no_text():
    secrets = Secrets({"crm_token": "open sesame"})
    assert secrets["crm_token"] == "open sesame"
    assert (list(secrets), len(secrets), "other" in secrets) == (["crm_token"], 1, False)
    assert "sesame" not in f"{secrets!r} {secrets} {secrets.__dir__()}"
    assert repr(secrets) == "Secrets(crm_token=***)"


def test_one_that_was_not_declared_says_how_to():
    with pytest.raises(KeyError, match=r"secrets=\['other'\]"):
        Secrets({"crm_token": "x"})["other"]


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
        (["-----BEGIN\nMIIEvQIBADAN\nab"], "line MIIEvQIBADAN and ab", "line *** and ab"),
    ],
)
def test_values_are_left_out(values, text, shown):
    assert Redaction(values).text(text) == shown


def test_json_is_redacted_to_its_depth_and_words_are_kept():
    redaction = Redaction(["manual", "sesame"])
    value = {"trigger": "manual", "a": ["open sesame", {"sesame": 1, "n": None}], "b": ("sesame", 2.5, True)}
    assert redaction.json(value, keep=WORDS) == {
        "trigger": "manual", "a": ["open ***", {"***": 1, "n": None}], "b": ["***", 2.5, True]
    }  # fmt: skip
    assert redaction.json({"trigger": "manual"}) == {"trigger": "***"}
