import csv
import importlib.util
import io
import sqlite3
from pathlib import Path

import pytest

from listener_sdk.testing import JobFailed, run_job

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "split_import.py"
SPEC = importlib.util.spec_from_file_location("example_split_import", SCRIPT)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)

HEADER = "name,email,born\n"


def people(count, bad=()):
    rows = (
        f"Person {n},{'nobody' if n in bad else f'p{n}@example.org'},1990-01-{n % 28 + 1:02}\n"
        for n in range(count)
    )
    return HEADER + "".join(rows)


async def run(tmp_path, text, **given):
    path = tmp_path / "customers.csv"
    path.write_text(text, encoding="utf-8")
    files = {"us_fl_9": path}
    given = {"database": str(tmp_path / "customers.db"), **given}
    return await run_job(example.listener, "customers:import", given, file_id="us_fl_9", files=files)


def stored(tmp_path):
    return (
        sqlite3.connect(tmp_path / "customers.db")
        .execute("SELECT name, email, born FROM customer")
        .fetchall()
    )


async def test_every_row_is_imported_once_by_some_part(tmp_path):
    found = await run(tmp_path, people(25), rows_a_part=10)
    assert sorted(stored(tmp_path)) == sorted(
        (f"Person {n}", f"p{n}@example.org", f"1990-01-{n % 28 + 1:02}") for n in range(25)
    )
    assert [part.result["ok"] for part in found.parts] == [10, 10, 5]
    assert found.outcome.message == "Imported 25 of 25 rows into customers.db."
    assert (found.outcome.result, found.outcome.counts.ok) == ("success", 25)
    assert found.attachments == []


async def test_rows_that_are_refused_are_listed_with_their_line(tmp_path):
    found = await run(tmp_path, people(25, bad={0, 14}) + "=cmd(),x@example.org,yesterday\n", rows_a_part=10)
    assert (found.outcome.result, found.outcome.counts.ok, found.outcome.counts.failed) == ("partial", 23, 3)
    text = found.attachment("errors.csv").decode("utf-8-sig")
    errors = [*csv.DictReader(io.StringIO(text))]
    assert [error["line"] for error in errors] == ["2", "16", "27"]
    assert errors[0]["problem"].startswith("email: String should match pattern")
    assert (errors[2]["name"], errors[2]["born"]) == ("'=cmd()", "yesterday")
    assert found.outcome.error_files[0].file_id == found.attachments[0].file.id
    assert len(stored(tmp_path)) == 23


async def test_a_second_run_changes_nothing(tmp_path):
    for _ in range(2):
        await run(tmp_path, people(12), rows_a_part=5)
    assert len(stored(tmp_path)) == 12


async def test_a_part_that_fails_is_told_with_its_lines(tmp_path):
    (tmp_path / "customers.db").write_text("this is no database, and long enough to be seen as none")
    found = await run(tmp_path, people(8), rows_a_part=5)
    assert (found.outcome.result, found.outcome.counts.failed) == ("partial", 8)
    text = found.attachment("errors.csv").decode("utf-8-sig")
    errors = [*csv.DictReader(io.StringIO(text))]
    assert [error["line"] for error in errors] == ["2 to 6", "7 to 9"]
    assert "not a database" in errors[0]["problem"]


async def test_the_errors_of_a_part_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(example, "ERRORS_A_PART", 2)
    found = await run(tmp_path, people(6, bad=range(6)))
    errors = found.parts[0].result["errors"]
    assert len(errors) == 3
    assert errors[-1]["problem"] == "and 4 more lines of this part"


async def test_an_empty_file_is_no_failure(tmp_path):
    found = await run(tmp_path, HEADER)
    assert (found.outcome.message, found.parts) == ("Imported 0 of 0 rows into customers.db.", [])


@pytest.mark.parametrize(
    ("text", "why"),
    [("name,born\nA,2000-01-01\n", "has no column email"), ("", "has no column born, email, name")],
)
async def test_a_file_without_the_columns_fails_for_good(tmp_path, text, why):
    with pytest.raises(JobFailed, match=why) as failed:
        await run(tmp_path, text)
    assert failed.value.retry is False


async def test_without_a_file_it_says_how_to_give_one():
    with pytest.raises(JobFailed, match=r"--file customers\.csv"):
        await run_job(example.listener, "customers:import")
