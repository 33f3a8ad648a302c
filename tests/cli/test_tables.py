import click
import pytest
from rich.cells import cell_len

from listener_sdk.cli import tables
from listener_sdk.cli.tables import lines

JOBS = [
    ["ID", "JOB", "STATUS", "PROGRESS", "CREATED", "INFO"],
    ["us_jb_0000000001", "folder:checksum", "executing", "100 %", "2026-01-01 12:00:00", "Reading all of it " * 5],
    ["us_jb_0000000002", "a:b", "ready", "", "2026-01-01 12:00:01", ""],
]  # fmt: skip


def joined(rows, room):
    return ["\n".join(row) for row in lines(rows, room)]


def test_rows_that_fit_are_one_line_each():
    rows = [["ID", "NAME"], ["1", ""], ["22", "b"]]
    assert joined(rows, 80) == ["ID  NAME", "1", "22  b"]


def test_without_an_end_nothing_is_wrapped():
    assert [len(row) for row in lines(JOBS, None)] == [1, 1, 1]


@pytest.mark.parametrize("room", [100, 80, 60, 40])
def test_ids_times_and_statuses_stay_whole_however_narrow_it_is(room):
    _, first, second = joined(JOBS, room)
    assert all(cell_len(line) <= room for line in f"{first}\n{second}".splitlines())
    for cell in JOBS[1][:5]:
        assert cell in first
    assert " ".join(first.split()).endswith(" ".join(JOBS[1][5].split()))


def test_the_last_column_is_wrapped_under_its_own_beginning():
    rows = [["ID", "TEXT"], ["1", "one two three four five six"]]
    assert lines(rows, 24)[1] == ["1   one two three four", "    five six"]


def test_columns_that_do_not_fit_go_on_below_and_take_no_line_where_they_are_empty():
    header, first, second = lines(JOBS, 80)
    assert header == ["ID                JOB              STATUS     PROGRESS  CREATED", "  INFO"]
    assert first[1].startswith("  Reading all of it")
    assert len(second) == 1
    assert lines(JOBS, 60)[2] == ["us_jb_0000000002  a:b              ready", "  2026-01-01 12:00:01"]


def test_an_empty_column_that_does_not_fit_is_left_out():
    rows = [["ID", "EXPIRES", "REVOKED"], ["us_key_1", "", ""]]
    assert lines(rows, 20) == [["ID        EXPIRES"], ["us_key_1"]]


def test_wide_letters_keep_the_columns_straight():
    assert joined([["ID", "N"], ["東京", "a"], ["1", "b"]], None) == ["ID    N", "東京  a", "1     b"]


def test_a_table_in_a_pipe_is_one_line_a_row(capsys):
    tables.table(("ID", "NAME"), [("1", None), (22, "b\nc")], empty="none")
    assert capsys.readouterr().out == "ID  NAME\n1\n22  b\\nc\n"


def test_a_table_on_a_terminal_keeps_within_it(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    tables.table(JOBS[0], JOBS[1:], empty="none")
    said = click.unstyle(capsys.readouterr().out).splitlines()
    assert max(map(len, said)) <= 60
    assert [line for line in said if line.startswith("us_jb_")] == [
        "us_jb_0000000001  folder:checksum  executing  100 %",
        "us_jb_0000000002  a:b              ready",
    ]


def test_an_empty_table_says_so(capsys):
    tables.table(("ID",), [], empty="There are none.")
    assert capsys.readouterr().out == "There are none.\n"
