from datetime import UTC, datetime

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


def test_markup_in_texts_of_others_is_printed_as_it_stands(capsys):
    output.say("[bold red]not red[/]")
    assert capsys.readouterr().out == "[bold red]not red[/]\n"


def test_long_lines_are_not_wrapped_where_there_is_no_terminal(capsys):
    output.say("x" * 500)
    assert capsys.readouterr().out == "x" * 500 + "\n"


def test_tables_are_aligned_lines_where_there_is_no_terminal(capsys):
    output.table(("ID", "NAME"), [("1", None), (22, "b\nc")], empty="none")
    assert capsys.readouterr().out == "ID  NAME\n1\n22  b\\nc\n"


def test_an_empty_table_says_so(capsys):
    output.table(("ID",), [], empty="There are none.")
    assert capsys.readouterr().out == "There are none.\n"


def test_json_keeps_its_letters_and_stays_on_one_line_in_a_pipe(capsys):
    output.emit({"name": "東京", "n": [1, 2]})
    assert capsys.readouterr().out == '{"name": "東京", "n": [1, 2]}\n'


def test_times_are_shown_to_the_second_and_none_as_nothing():
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert output.local(moment) == f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
    assert output.local(None) == ""
