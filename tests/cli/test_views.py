import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from listener_sdk.cli import progress, views
from listener_sdk.cli.bar import LiveBar
from listener_sdk.cli.progress import Seen
from listener_sdk.cli.views import PlainLines

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

        def time(self):
            return NOW.timestamp()

    moved = Clock()
    monkeypatch.setattr(views, "time", moved)
    monkeypatch.setattr(progress, "time", moved)
    return moved


def test_plain_lines_are_two_seconds_and_ten_percent_apart(clock, capsys):
    with PlainLines("a:b") as view:
        for step in range(100):
            clock.now_s = 100.0 + step / 5
            view.show(Seen("executing", percent=float(step)))
    said = [text.split("  ")[1] for text in capsys.readouterr().err.splitlines()]
    assert said == [f"{percent} %" for percent in range(0, 100, 10)]


def test_plain_lines_break_a_long_silence_and_name_a_new_status(clock, capsys):
    view = PlainLines("a:b")
    view.show(Seen("ready"))
    clock.now_s += 3
    view.show(Seen("executing", percent=1.0))
    clock.now_s += 20
    view.show(Seen("executing", percent=2.0))
    clock.now_s += 10
    view.show(Seen("executing", percent=3.0))
    lines = capsys.readouterr().err.splitlines()
    assert [text.split("  ")[1] for text in lines] == ["ready", "1 %", "3 %"]


def test_plain_lines_tell_at_once_that_a_job_stalls_and_that_it_goes_on(clock, capsys):
    view = PlainLines("a:b")
    for seen in (
        Seen("executing", percent=40.0),
        Seen("executing", percent=40.0, stalled_since=NOW - timedelta(seconds=12)),
        Seen("executing", percent=40.0, ends_at=NOW + timedelta(seconds=5)),
    ):
        clock.now_s += 3
        view.show(seen)
    lines = capsys.readouterr().err.splitlines()
    assert [text.split("  ")[2].partition(" (")[0] for text in lines] == [
        "estimating",
        "stalled for 12 s",
        "5 s left",
    ]


def test_plain_lines_keep_the_lines_of_a_note_and_none_of_a_progress_text(capsys):
    view = PlainLines("a:b")
    view.note("error   Traceback:\n  boom \x1b[2J")
    view.show(Seen("executing", percent=1.0, text="one\ntwo"))
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["error   Traceback:", "  boom \\x1b[2J"]
    assert said[2].endswith("one\\ntwo")
    assert view.seen.percent == 1.0


def test_the_view_suits_standard_error(monkeypatch):
    assert isinstance(views.view("a:b"), PlainLines)
    monkeypatch.setattr(views, "console", lambda **_: Console(file=io.StringIO(), force_terminal=True))
    assert isinstance(views.view("a:b"), LiveBar)
