"""Long lists as one file: CSV or JSON Lines, read a page at a time while the reader takes them."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson
import structlog
from aiohttp import web

from ..store.database import StoreError
from .files import disposition
from .queries import Query

FORMATS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_log = structlog.get_logger("tickwire.exports")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Export(Generic[Row]):
    """What a file has: ``more`` gives the rows behind one, or none; ``cells`` and ``wire`` say what stands in a line."""

    columns: Sequence[str]
    cells: Callable[[Row], Sequence[str]]
    wire: Callable[[Row], dict[str, Any]]
    more: Callable[[Row], Awaitable[Sequence[Row]]]


def form_of(query: Query) -> str:
    """The format that the address asks for."""
    return query.choice("format", tuple(FORMATS), "csv")


def export(name: str, form: str, first: Sequence[Row], whole: Export[Row]) -> web.Response:
    """The file of this name. The ``first`` rows are read before: what is wrong with the filter is answered before the file begins."""
    headers = {
        "Content-Type": FORMATS[form],
        "Content-Disposition": disposition(f"{name}.{form}"),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(body=_text(form, first, whole), headers=headers)


async def _text(form: str, rows: Sequence[Row], whole: Export[Row]) -> AsyncIterator[bytes]:
    """The file, a page at a time; ConnectionError, which ends the answer short, when the store goes meanwhile."""
    if form == "csv":
        yield _table([whole.columns])
    while rows:
        yield _table(map(whole.cells, rows)) if form == "csv" else _json_lines(map(whole.wire, rows))
        try:
            rows = await whole.more(rows[-1])
        except StoreError as error:
            _log.warning("export_broken", error=str(error))
            raise ConnectionAbortedError("The store went while the file was sent.") from error


def _table(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _json_lines(lines: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
