"""How the server's process begins, and what it says when it cannot."""

import pytest

from server import __main__ as entry
from server.store.database import StartError


@pytest.fixture
def ran(monkeypatch):
    """Settings that the server would have been run with."""
    seen = []
    monkeypatch.setattr(entry, "run", seen.append)
    return seen


def test_it_runs_with_the_settings_that_were_given(ran):
    assert entry.main(["--port", "0"]) == 0
    assert ran[0].port == 0


def test_a_wrong_setting_is_one_line_on_standard_error(ran, capsys):
    assert entry.main(["--port", "x"]) == entry.CANNOT_START
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: --port 'x': ")
    assert shown.err.count("\n") == 1
    assert ran == []


def test_a_store_that_cannot_be_opened_is_one_line_on_standard_error(monkeypatch, capsys):
    def refuse(settings):
        raise StartError("The store is in use by process 7.")

    monkeypatch.setattr(entry, "run", refuse)
    assert entry.main([]) == entry.CANNOT_START
    assert capsys.readouterr().err == "error: The store is in use by process 7.\n"
