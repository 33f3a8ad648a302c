"""Secrets of a run: read by name, in no text, and what is redacted of an outcome."""

import pytest

from listener_sdk._secrets import WORDS, Secrets
from listener_sdk.protocol.redaction import Redaction


def test_they_are_read_by_name_and_are_in_no_text():
    secrets = Secrets({"crm_token": "open sesame"})
    assert secrets["crm_token"] == "open sesame"
    assert (list(secrets), len(secrets), "other" in secrets) == (["crm_token"], 1, False)
    assert "sesame" not in f"{secrets!r} {secrets} {secrets.__dir__()}"
    assert repr(secrets) == "Secrets(crm_token=***)"


def test_one_that_was_not_declared_says_how_to():
    with pytest.raises(KeyError, match=r"secrets=\['other'\]"):
        Secrets({"crm_token": "x"})["other"]


def test_json_is_redacted_to_its_depth_and_words_are_kept():
    redaction = Redaction(["manual", "sesame"])
    value = {"trigger": "manual", "a": ["open sesame", {"sesame": 1, "n": None}], "b": ("sesame", 2.5, True)}
    assert redaction.json(value, keep=WORDS) == {
        "trigger": "manual", "a": ["open ***", {"***": 1, "n": None}], "b": ["***", 2.5, True]
    }  # fmt: skip
    assert redaction.json({"trigger": "manual"}) == {"trigger": "***"}
