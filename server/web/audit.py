"""The audit over REST, for administrators: listed, filtered, and exported as CSV or JSON Lines."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Final

import orjson
import structlog
from aiohttp import web

from listener_sdk.protocol.ids import LARGEST

from ..core.audit import COLUMNS, Line, line_cells, line_wire
from ..store import audit as sql
from ..store.audit import AuditFilter
from ..store.database import StoreError
from .answers import data
from .call import Call
from .files import disposition
from .paging import cursor, page_of, page_size
from .queries import Query

PAGE_SIZE: Final = 100
EXPORT_PAGE: Final = 500
"""Lines of an export that are held at once."""
FORMATS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_log = structlog.get_logger("tickwire.audit")


async def index(call: Call) -> web.Response:
    """Lines of the space, newest first."""
    size = page_size(call.query, PAGE_SIZE)
    before = cursor(call.query, "au")
    found = await _page(call, _filter(call.query), LARGEST if before is None else before, size + 1)
    lines, following = page_of(found, size, "au")
    return data([line_wire(line) for line in lines], cursor=following)


async def export(call: Call) -> web.Response:
    """All lines of the filter as one file, newest first, however many there are."""
    form = call.query.choice("format", tuple(FORMATS), "csv")
    wanted = _filter(call.query)
    # What is wrong with the filter must be answered before the file begins.
    first = await _page(call, wanted, LARGEST, EXPORT_PAGE)
    headers = {
        "Content-Type": FORMATS[form],
        "Content-Disposition": disposition(f"audit-{call.actor.space.code}.{form}"),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(body=_text(call, wanted, first, form), headers=headers)


async def _text(call: Call, wanted: AuditFilter, lines: list[Line], form: str) -> AsyncIterator[bytes]:
    """The file, a page at a time; ConnectionError, which ends the answer short, when the store goes meanwhile."""
    if form == "csv":
        yield _table([COLUMNS])
    while lines:
        yield _table(map(line_cells, lines)) if form == "csv" else _json_lines(lines)
        if len(lines) < EXPORT_PAGE:
            return
        try:
            lines = await _page(call, wanted, lines[-1].id, EXPORT_PAGE)
        except StoreError as error:
            _log.warning("export_broken", error=str(error))
            raise ConnectionAbortedError("The store went while the audit was sent.") from error


async def _page(call: Call, wanted: AuditFilter, before: int, count: int) -> list[Line]:
    space_id = call.actor.space.id
    return await call.node.read(
        partial(sql.page, space_id=space_id, before=before, count=count, wanted=wanted)
    )


def _filter(query: Query) -> AuditFilter:
    return AuditFilter(
        actor=query.text("actor"),
        action=query.text("action"),
        target=query.text("target"),
        since=query.time("since"),
        until=query.time("until"),
    )


def _table(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _json_lines(lines: Sequence[Line]) -> bytes:
    return b"".join(orjson.dumps(line_wire(line)) + b"\n" for line in lines)
