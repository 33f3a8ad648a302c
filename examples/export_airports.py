"""Export rows to XLSX with live progress: every airport of the world, or a CSV file of your own.

tickwire run workbook:export                        28,298 airports, each with its neighbourhood
tickwire run workbook:export --file customers.csv   your rows, as text
"""

import csv
from bisect import bisect_left
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from math import asin, cos, dist, pi, radians, sin
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import airportsdata
import xlsxwriter
from pydantic import BaseModel, Field

from listener_sdk import Fatal, Listener, Outcome, SyncJob, next_

EARTH_KM, REACH_KM = 6371.0088, 200
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_048_576, 16_384, 32_767  # what a sheet of XLSX can hold

Place = tuple[float, tuple[float, float, float], str, str]  # latitude, point, ICAO code, IATA code
Table = tuple[list[str], Iterable[list[Any]], int]  # columns, rows, count of rows

listener = Listener()


class Export(BaseModel):
    limit: int | None = Field(default=None, ge=1, description="Export only the first rows")


@listener.job("workbook:export", label="Export to XLSX")
def export(job: SyncJob[Export]) -> Outcome:
    """Write the rows of the source to one XLSX sheet and offer it for download."""
    with TemporaryDirectory() as folder:
        uploaded = job.raw.file_id and job.fetch(job.raw.file_id, folder)
        columns, rows, total = csv_rows(uploaded) if uploaded else airports(job.raw.created_at)
        total = min(total, job.input.limit or total)
        workbook = Path(folder, f"{uploaded.stem if uploaded else 'airports'}.xlsx")
        refused = write(workbook, columns, job.track(islice(rows, total), "Writing rows", total=total))
        job.tick(text="Storing the workbook")
        file = job.attach(workbook)
    written = f"{file.name} has {count(total - refused, 'row')} and {count(len(columns), 'column')}."
    left_out = f" Left out: {count(refused, 'row')} that did not fit under the header." if refused else ""
    return Outcome(
        written + left_out,
        heading="Export ready",
        next=next_.download(file, label="Download the workbook"),
        result="partial" if refused else "success",
        counts={"total": total, "ok": total - refused, "failed": refused},
    )


def count(number: int, noun: str) -> str:
    """``1 row``, ``28,298 rows``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def write(path: Path, columns: list[str], rows: Iterable[list[Any]]) -> int:
    """Write text as text (never as a formula or link), numbers as numbers; the count of rows that do not fit."""
    refused = 0
    as_text = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, as_text) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            if len(row) > len(columns) or max(len(str(cell)) for cell in row) > MAX_CELL:
                refused += 1
            else:
                sheet.write_row(number - refused, 0, row)
    return refused


def airports(at: datetime) -> Table:
    """All airports with their nearest neighbour that has an IATA code, how many lie near, and the local time."""
    source = list(airportsdata.load().values())
    places = sorted((radians(a["lat"]), point(a), a["icao"], a["iata"]) for a in source if a["iata"])
    columns = [*source[0], "nearest_iata", "nearest_km", f"iata_within_{REACH_KM}_km", "local_time"]
    times = {a["tz"]: at.astimezone(ZoneInfo(a["tz"])).isoformat(timespec="seconds") for a in source}
    rows = ([*a.values(), *neighbourhood(a, places), times[a["tz"]]] for a in source)
    return columns, rows, len(source)


def neighbourhood(airport: airportsdata.Airport, places: list[Place]) -> tuple[str, float, int]:
    """The nearest other place, its great-circle distance in km, and how many lie within reach.

    Places are sorted by latitude: the scan walks north, then south, until latitude alone is too far. Straight lines through
    a globe of radius 1 are compared: they are as long or short as the arcs above them, and sooner reckoned.
    """
    latitude, here = radians(airport["lat"]), point(airport)
    start, reach = bisect_left(places, (latitude,)), REACH_KM / EARTH_KM
    straight_reach = 2 * sin(reach / 2)
    nearest, best, far, near = "", 2.0, pi, 0
    for walk in (range(start, len(places)), range(start - 1, -1, -1)):
        for north, there, icao, iata in map(places.__getitem__, walk):
            if abs(north - latitude) > far:
                break
            straight = dist(here, there)
            if icao != airport["icao"]:
                near += straight <= straight_reach
                if straight < best:
                    nearest, best, far = iata, straight, max(arc(straight), reach)
    return nearest, round(arc(best) * EARTH_KM, 1), near


def point(airport: airportsdata.Airport) -> tuple[float, float, float]:
    """Where it lies on a globe of radius 1."""
    latitude, longitude = radians(airport["lat"]), radians(airport["lon"])
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def arc(straight: float) -> float:
    """The way over the globe between two points that are so far from each other through it."""
    return 2 * asin(min(1.0, straight / 2))


def csv_rows(path: Path) -> Table:
    """The rows of a CSV file (UTF-8, UTF-16 or Windows-1252) as text; Fatal when no sheet can be made of it."""
    with path.open("rb") as file:
        marked = file.read(2) in {BOM_UTF16_LE, BOM_UTF16_BE}
    why = total = None
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            total = sum(1 for _ in records(path, encoding)) - 1
            break
        except (csv.Error, UnicodeDecodeError) as error:
            why = error
    if total is None:
        raise Fatal(f"{path.name} cannot be read as CSV: {why}. Save it as CSV (UTF-8) and try again.")
    columns = next(records(path, encoding), [])
    if not columns:
        raise Fatal(f"{path.name} is empty. Choose a CSV file whose first line names the columns.")
    if total >= MAX_ROWS or len(columns) > MAX_COLUMNS:
        size, most = f"{total:,} rows of {len(columns):,} cells", f"{MAX_ROWS - 1:,} rows of {MAX_COLUMNS:,}"
        raise Fatal(f"{path.name} has {size}, a sheet holds {most}. Split the file and export its parts.")
    return columns, islice(records(path, encoding), 1, None), total


def records(path: Path, encoding: str) -> Iterator[list[str]]:
    """The records of the file, its header first; the delimiter is sniffed, or the header's most frequent one."""
    with path.open(encoding=encoding, newline="") as lines:
        sample = lines.read(8192)
        if "\0" in sample:
            raise csv.Error("it is not a text file")
        try:
            delimiter = csv.Sniffer().sniff(sample, ",;\t|").delimiter
        except csv.Error:
            delimiter = max(",;\t|", key=sample.split("\n", 1)[0].count)
        lines.seek(0)
        yield from filter(None, csv.reader(lines, delimiter=delimiter))
