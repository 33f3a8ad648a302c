import io
from contextlib import suppress
from datetime import timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from listener_sdk.cli import bar
from listener_sdk.cli.bar import LONG_BAR, SHORT_BAR, LiveBar, Parts, fitted
from listener_sdk.cli.progress import Seen, wall_clock

PARTS = Parts(
    name="workbook:export",
    bar=LONG_BAR,
    percent=" 43 %",
    counts="12,340 of 28,298",
    rate="3,120/s",
    eta="5 s left (16:02:11)",
    text="Writing rows of the second sheet",
)
SHORT_ETA = "5 s left"


def shown(room):
    return fitted(PARTS, SHORT_ETA, room)


def test_all_of_it_is_shown_where_there_is_room():
    assert shown(PARTS.width()) == PARTS


@pytest.mark.parametrize("room", range(12, 140))
def test_the_percent_is_shown_and_the_line_fits_however_narrow_it_is(room):
    found = shown(room)
    assert found.percent == " 43 %"
    assert found.width() <= room


def test_parts_give_way_in_order_and_none_comes_back_as_it_gets_narrower():
    marks = [
        lambda found: found.text == PARTS.text,
        lambda found: found.bar == LONG_BAR,
        lambda found: found.rate != "",
        lambda found: "16:02:11" in found.eta,
        lambda found: found.counts != "",
        lambda found: found.bar == SHORT_BAR,
        lambda found: found.eta != "",
        lambda found: found.name == PARTS.name,
    ]
    narrowest = [min(room for room in range(12, 140) if mark(shown(room))) for mark in marks]
    assert narrowest == sorted(narrowest, reverse=True)
    assert len(set(narrowest)) == len(marks)


@pytest.mark.parametrize(
    ("room", "bar_", "counts", "rate", "eta"),
    [
        (99, LONG_BAR, PARTS.counts, PARTS.rate, PARTS.eta),
        (79, SHORT_BAR, PARTS.counts, PARTS.rate, PARTS.eta),
        (59, SHORT_BAR, PARTS.counts, "", SHORT_ETA),
    ],
)
def test_what_usual_terminals_show(room, bar_, counts, rate, eta):
    found = shown(room)
    assert (found.bar, found.counts, found.rate, found.eta) == (bar_, counts, rate, eta)


def test_a_text_is_cut_with_an_ellipsis_and_left_out_where_it_would_say_nothing():
    assert shown(120).text == "Writing rows of the secon…"
    assert shown(94).text == ""


def test_wide_letters_take_two_places():
    parts = Parts("a:b", LONG_BAR, " 43 %", "", "", "5 s left", "東京" * 20)
    found = fitted(parts, "5 s left", 60)
    assert found.text.endswith("…")
    assert cell_len(found.text) <= 60 - 46
    assert found.width() <= 60


@pytest.fixture
def screen(monkeypatch):
    def make(width):
        file = io.StringIO()
        terminal = Console(
            file=file, force_terminal=True, width=width, highlight=False, color_system=None, soft_wrap=True
        )
        monkeypatch.setattr(bar, "console", lambda **_: terminal)
        return file

    return make


def rendered(live, width):
    lines = Console(width=width, color_system=None, legacy_windows=False)
    return ["".join(part.text for part in line) for line in lines.render_lines(live, pad=False)]


def test_the_bar_shows_percent_counts_rate_eta_and_text(screen):
    file = screen(200)
    with LiveBar("a:b") as live:
        live.show(Seen("executing", done=50, total=200, text="Writing \x1b[2J rows"))
        live.note("a [bold]line\nand more")
    for text in (
        "a:b",
        "25 %",
        "50 of 200",
        "estimating",
        "Writing \\x1b[2J rows",
        "a [bold]line\n",
        "and more\n",
    ):
        assert text in file.getvalue()


@pytest.mark.parametrize("width", [100, 80, 60, 30])
def test_it_is_one_line_on_every_terminal(screen, width):
    screen(width)
    live = LiveBar("workbook:export")
    soon = wall_clock() + timedelta(seconds=90)
    live.show(Seen("executing", done=12_340, total=28_298, text="Writing rows " * 9, ends_at=soon))
    (line,) = rendered(live, width)
    assert cell_len(line) < width
    assert "43 %" in line


def test_without_a_percent_the_bar_pulses(screen):
    screen(80)
    live = LiveBar("a:b")
    live.show(Seen("ready"))
    (line,) = rendered(live, 80)
    assert line.split()[1] == "a:b"
    assert line.split()[-1] == "ready"


def test_the_last_line_stays_when_it_ends_well_and_goes_when_it_is_interrupted(screen):
    file = screen(80)
    with LiveBar("a:b") as live:
        live.show(Seen("complete", percent=100.0))
    assert file.getvalue().rstrip().endswith("complete\n\x1b[?25h")
    file = screen(80)
    with suppress(KeyboardInterrupt), LiveBar("a:b") as live:
        live.show(Seen("executing", percent=43.0))
        raise KeyboardInterrupt
    assert file.getvalue().endswith("\x1b[1A\x1b[2K")
