import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from listener_sdk.cli import progress
from listener_sdk.cli.progress import LiveBar, PlainLines, Rate, Seen, counts, eta, line

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def test_events_add_to_what_is_known_and_what_they_leave_out_stays():
    seen = Seen("executing", 10.0, 100, 1000, "Writing")
    newer = seen.updated({"progress": 20, "done": 200, "estimatedCompletionAt": "2026-01-01T12:00:08.000Z"})
    assert newer == Seen("executing", 20, 200, 1000, "Writing", NOW + timedelta(seconds=8))


@pytest.mark.parametrize(
    ("seen", "percent"),
    [
        (Seen(), None),
        (Seen(percent=12.5), 12.5),
        (Seen(percent=40, done=1, total=3), pytest.approx(100 / 3)),
        (Seen(done=5, total=0, percent=7), 7),
        (Seen(done=7, total=5), 100.0),
    ],
)
def test_counts_tell_the_percent_more_exactly_than_the_percent(seen, percent):
    assert seen.fraction() == percent


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (Seen("executing"), "estimating"),
        (Seen("executing", ends_at=NOW + timedelta(seconds=8)), "8 s left"),
        (Seen("executing", ends_at=NOW - timedelta(seconds=8)), "0 s left"),
        (Seen("ready"), "ready"),
    ],
)
def test_the_eta_is_the_servers_estimate(seen, text):
    assert eta(seen, NOW).startswith(text)


def test_the_rate_is_that_of_the_last_ten_seconds():
    rate = Rate()
    assert rate.text() == ""
    for second in range(30):
        rate.add(Seen(done=1000 * second if second < 15 else 15_000 + 10 * second), float(second))
    assert rate.text() == "10.0/s"


def test_a_rate_without_counts_is_in_percent():
    rate = Rate()
    rate.add(Seen(percent=10), 0.0)
    rate.add(Seen(percent=10), 1.0)
    rate.add(Seen(percent=18.4), 2.0)
    assert rate.text() == "4.2 %/s"


def test_counts_after_percents_start_the_rate_anew():
    rate = Rate()
    rate.add(Seen(percent=10), 0.0)
    rate.add(Seen(done=1000), 1.0)
    assert rate.text() == ""
    rate.add(Seen(done=4120), 2.0)
    assert rate.text() == "3,120/s"


def test_a_line_tells_all_that_is_known():
    seen = Seen("executing", None, 12_340, 28_298, "Writing rows", NOW + timedelta(seconds=5))
    text = line("workbook:export", seen, "3,120/s", NOW)
    assert text.startswith("workbook:export  43 %  12,340 of 28,298  3,120/s  5 s left (")
    assert text.endswith(")  Writing rows")


def test_a_hundred_percent_is_not_shown_before_all_is_done():
    assert "  99 %  " in line("a:b", Seen("executing", done=9_999, total=10_000), "", NOW)


def test_counts_without_a_total_stand_alone():
    assert counts(Seen(done=5)) == "5"


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

        def time(self):
            return NOW.timestamp()

    moved = Clock()
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


def test_the_bar_shows_percent_counts_rate_eta_and_text(monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=200, highlight=False, color_system=None)
    monkeypatch.setattr(progress, "console", lambda **_: terminal)
    with LiveBar("a:b") as bar:
        bar.show(Seen("executing", done=50, total=200, text="Writing \x1b[2J rows"))
        bar.note("a [bold]line")
    shown = screen.getvalue()
    for text in ("a:b", "25 %", "50 of 200", "estimating", "Writing \\x1b[2J rows", "a [bold]line"):
        assert text in shown


def test_the_view_suits_standard_error(monkeypatch):
    assert isinstance(progress.view("a:b"), PlainLines)
    monkeypatch.setattr(progress, "console", lambda **_: Console(file=io.StringIO(), force_terminal=True))
    assert isinstance(progress.view("a:b"), LiveBar)
