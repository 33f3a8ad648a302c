"""Modules that are imported when something of them is first asked for."""

import pytest

from listener_sdk import _later as module
from listener_sdk._later import later
from listener_sdk.protocol import globs


def test_what_is_asked_of_it_is_the_modules_own():
    assert later("listener_sdk.protocol.globs", None).is_glob is globs.is_glob
    assert later("..protocol.globs", "listener_sdk.cli").is_glob is globs.is_glob
    assert later(".protocol.globs", module.__package__).is_glob is globs.is_glob


def test_it_follows_what_is_put_into_the_module(monkeypatch):
    found = later("listener_sdk.protocol.globs", None)
    monkeypatch.setattr(globs, "is_glob", "another")
    assert found.is_glob == "another"


def test_a_name_that_the_module_does_not_have_is_an_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        later("listener_sdk.protocol.globs", None).no_such_name  # noqa: B018 - asking is what is tested
