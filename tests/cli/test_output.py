from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from listener_sdk.cli import output


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (5 * 1024**2, "5.0 MiB"),
        (3 * 1024**5, "3072.0 TiB"),
    ],
)
def test_sizes_take_the_unit_that_suits(count, text):
    assert output.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (8.4, "8 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (11_040, "3 h 4 min")],
)
def test_spans_are_written_as_people_write_them(seconds, text):
    assert output.span(seconds) == text


def test_control_characters_are_shown_and_not_obeyed():
    assert output.plain("\x1b[2Jgone\x07\n") == "\\x1b[2Jgone\\x07\\n"
    assert output.plain("Zürich 東京") == "Zürich 東京"


def test_what_is_told_goes_to_standard_error_and_cannot_steer_the_terminal(capsys):
    output.tell("one\x1b[2J", "two")
    assert capsys.readouterr().err == "one\\x1b[2J\ntwo\n"


def test_what_is_told_covers_the_echo_of_an_interrupt(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    output.tell("stopping")
    assert capsys.readouterr().err == "\rstopping\n"


def test_markup_in_texts_of_others_is_printed_as_it_stands(capsys):
    output.say("[bold red]not red[/]")
    assert capsys.readouterr().out == "[bold red]not red[/]\n"


def test_long_lines_are_not_wrapped_where_there_is_no_terminal(capsys):
    output.say("x" * 500)
    assert capsys.readouterr().out == "x" * 500 + "\n"


@pytest.mark.parametrize(
    ("called", "found", "typed"),
    [
        (".venv/bin/tickwire", "/bin/tickwire", "tickwire jobs"),
        (".venv/bin/tickwire", None, ".venv/bin/tickwire jobs"),
        ("Scripts/tickwire.exe", None, "Scripts/tickwire.exe jobs"),
        ("anything", None, "tickwire jobs"),
        (str(Path(output.__file__).with_name("__main__.py")), None, "python9 -m listener_sdk.cli jobs"),
    ],
)
def test_a_command_is_spelled_as_it_can_be_typed(monkeypatch, called, found, typed):
    monkeypatch.setattr("sys.argv", [called, "demo"])
    monkeypatch.setattr("sys.executable", "/usr/bin/python9")
    monkeypatch.setattr("shutil.which", lambda _name: found)
    assert output.spelled("jobs") == typed


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (28_298, "28,298 rows")])
def test_one_is_no_plural(count, text):
    assert output.counted(count, "row") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ann", "Ann"),
        (10.0, "10"),
        (0.5, "0.5"),
        (1e300, "1e+300"),
        ({"done": 10.0, "of": [3.0, None]}, '{"done": 10, "of": [3, null]}'),
        ("x" * 121, "x" * 119 + "…"),
    ],
)
def test_values_are_short_and_whole_numbers_have_no_point(value, text):
    assert output.short(value) == text


def test_json_keeps_its_letters_and_stays_on_one_line_in_a_pipe(capsys):
    output.emit({"name": "東京", "n": [1, 2]})
    assert capsys.readouterr().out == '{"name": "東京", "n": [1, 2]}\n'


def test_times_are_shown_to_the_second_and_none_as_nothing():
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert output.local(moment) == f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
    assert output.local(None) == ""


def test_a_command_that_is_advised_acts_where_this_one_does(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _name: "/bin/tickwire")
    with click.Context(click.Command("run")) as context:
        assert output.spelled("jobs") == "tickwire jobs"
        context.meta[output.KEPT] = {"--url": "http://h:1", "--space": "a b"}
        assert output.spelled("jobs show 1") == "tickwire jobs show 1 --space 'a b' --url http://h:1"
        assert output.spelled("server") == "tickwire server"
        assert output.spelled("spaces") == "tickwire spaces"
