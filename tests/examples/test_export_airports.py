import importlib.util
import io
import math
import random
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import airportsdata
import openpyxl
import pytest

from listener_sdk.testing import Canceled, JobFailed, run_job

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "export_airports.py"
SPEC = importlib.util.spec_from_file_location("example_export_airports", SCRIPT)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)

AIRPORTS = list(airportsdata.load().values())
SAMPLE = random.Random(5).sample(AIRPORTS, 4_000)
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)


def sheet(content):
    """All rows of the workbook; an empty cell and an empty text are the same in XLSX."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    rows = [list(row) for row in book.active.iter_rows(values_only=True)]
    book.close()
    return rows


async def export(**fields):
    return await run_job(example.listener, "workbook:export", created_at=AT, **fields)


async def export_csv(content, name="own.csv", tmp_path=None, **fields):
    path = tmp_path / name
    path.write_bytes(content)
    return await export(file_id="us_fl_1", files={"us_fl_1": path}, **fields)


def kilometres(one, other):
    latitude, north = math.radians(one["lat"]), math.radians(other["lat"])
    east = math.radians(other["lon"] - one["lon"])
    across = (
        math.sin((north - latitude) / 2) ** 2 + math.cos(latitude) * math.cos(north) * math.sin(east / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(across)))


async def test_every_row_of_the_workbook_is_the_source_row_and_its_neighbourhood(monkeypatch):
    """Of a sample of the airports: all of them are exported by the demo's own test."""
    monkeypatch.setattr(airportsdata, "load", lambda: {one["icao"]: one for one in SAMPLE})
    run = await export()
    header, *rows = sheet(run.attachment("airports.xlsx"))
    assert header == [*AIRPORTS[0], "nearest_iata", "nearest_km", "iata_within_200_km", "local_time"]
    assert len(rows) == len(SAMPLE) == 4_000
    for row, airport in zip(rows, SAMPLE, strict=True):
        assert row[:11] == [None if value == "" else value for value in airport.values()]
        assert row[14] == AT.astimezone(ZoneInfo(airport["tz"])).isoformat()
    served = [airport for airport in SAMPLE if airport["iata"]]
    for number in random.Random(7).sample(range(len(rows)), 40):
        airport = SAMPLE[number]
        apart = {a["iata"]: kilometres(airport, a) for a in served if a["icao"] != airport["icao"]}
        nearest, distance, near = rows[number][11:14]
        assert apart[nearest] == min(apart.values())
        assert distance == pytest.approx(min(apart.values()), abs=0.051)
        assert near == sum(kilometres(airport, a) <= 200 for a in served if a["icao"] != airport["icao"])


async def test_the_outcome_names_rows_columns_and_the_download():
    run = await export(input={"limit": 50})
    assert run.outcome.heading == "Export ready"
    assert run.outcome.message == "airports.xlsx has 50 rows and 15 columns."
    assert run.outcome.next.file_id == run.attachments[0].file.id
    assert (run.outcome.result, run.outcome.counts.total, run.outcome.counts.ok) == ("success", 50, 50)
    assert (run.ticks[-1].done, run.ticks[-1].total) == (50, 50)
    assert len(sheet(run.attachment("airports.xlsx"))) == 51


async def test_the_export_stops_when_it_is_asked_to():
    with pytest.raises(Canceled):
        await export(stop_after_ticks=1)


async def test_a_limit_that_is_none_fails_for_good():
    with pytest.raises(JobFailed, match="limit") as failed:
        await export(input={"limit": 0})
    assert failed.value.retry is False


async def test_text_stays_text_and_never_becomes_a_formula_or_link(tmp_path):
    cells = ["=1+1", "@SUM(A1)", "+4", "-5", "007", "{=A1}", "http://example.org", "1e5", "TRUE"]
    text = ",".join(f"c{number}" for number in range(len(cells))) + "\n" + ",".join(cells) + "\n"
    run = await export_csv(text.encode(), tmp_path=tmp_path)
    book = openpyxl.load_workbook(io.BytesIO(run.attachment("own.xlsx")))
    row = next(book.active.iter_rows(min_row=2))
    assert [cell.value for cell in row] == cells
    assert {cell.data_type for cell in row} == {"s"}
    assert [cell.hyperlink for cell in row] == [None] * len(cells)


@pytest.mark.parametrize(
    "content",
    [
        "name,city\nZoë,Zürich\n".encode(),
        b"\xef\xbb\xbf" + "name;city\r\nZoë;Zürich\r\n".encode(),
        "name\tcity\nZoë\tZürich\n".encode("utf-16"),
        "name|city\nZoë|Zürich".encode(),
        "name;city\nZoë;Zürich\n".encode("cp1252"),
        'name,city\n"Zoë","Zürich"\n\n'.encode(),
    ],
)
async def test_marks_delimiters_and_encodings_are_understood(tmp_path, content):
    run = await export_csv(content, tmp_path=tmp_path)
    assert sheet(run.attachment("own.xlsx")) == [["name", "city"], ["Zoë", "Zürich"]]


async def test_quoted_cells_keep_their_delimiters_quotes_and_lines(tmp_path):
    content = b'name,note\nAnn,"a, ""b""\nc"\n'
    run = await export_csv(content, tmp_path=tmp_path)
    assert sheet(run.attachment("own.xlsx"))[1] == ["Ann", 'a, "b"\nc']


async def test_one_column_needs_no_delimiter(tmp_path):
    run = await export_csv(b"name\nAnn\nBob\n", tmp_path=tmp_path)
    assert sheet(run.attachment("own.xlsx")) == [["name"], ["Ann"], ["Bob"]]
    assert run.outcome.message == "own.xlsx has 2 rows and 1 column."


async def test_short_rows_are_filled_and_long_ones_left_out_and_counted(tmp_path):
    content = f"a,b\n1,2\n3\n4,5,6\n7,{'x' * 32_768}\n8,9\n".encode()
    run = await export_csv(content, tmp_path=tmp_path)
    assert sheet(run.attachment("own.xlsx")) == [["a", "b"], ["1", "2"], ["3", None], ["8", "9"]]
    assert run.outcome.result == "partial"
    assert (run.outcome.counts.total, run.outcome.counts.ok, run.outcome.counts.failed) == (5, 3, 2)
    assert run.outcome.message.endswith("Left out: 2 rows that did not fit under the header.")


async def test_a_header_alone_is_an_empty_table(tmp_path):
    run = await export_csv(b"a,b\n", tmp_path=tmp_path)
    assert sheet(run.attachment("own.xlsx")) == [["a", "b"]]
    assert run.outcome.message == "own.xlsx has 0 rows and 2 columns."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"own\.csv is empty\. Choose a CSV file"),
        (b"\xef\xbb\xbf\r\n\r\n", r"own\.csv is empty"),
        (
            b"PK\x03\x04\x14\x00\x06\x00" + bytes(100),
            r"cannot be read as CSV: it is not a text file\. Save it as CSV",
        ),
        (bytes(range(256)) * 40, r"cannot be read as CSV"),
        (b'a,b\n"' + b"x" * 200_000 + b'",2\n', r"cannot be read as CSV: field larger than field limit"),
        (
            b",".join([b"c"] * 16_385) + b"\n",
            r"has 0 rows of 16,385 cells, a sheet holds 1,048,575 rows of 16,384",
        ),
        (b"a\n" + b"1\n" * 1_048_576, r"has 1,048,576 rows .* Split the file"),
    ],
    ids=["empty", "blank", "zip", "binary", "endless cell", "too wide", "too long"],
)
async def test_a_file_that_is_no_table_fails_for_good_and_says_how_to_mend_it(tmp_path, content, message):
    with pytest.raises(JobFailed, match=message) as failed:
        await export_csv(content, tmp_path=tmp_path)
    assert (failed.value.retry, failed.value.detail) == (False, None)
