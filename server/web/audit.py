"""The audit over REST, for administrators: listed, filtered, and exported as CSV or JSON Lines."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Final

import orjson
import structlog
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import LARGEST, space_code

from ..core.audit import COLUMNS, Line, line_cells, line_wire
from ..core.roles import check
from ..store import audit as sql
from ..store.audit import AuditFilter
from ..store.database import StoreError
from .answers import data
from .call import Call, named_in_address
from .files import disposition
from .paging import cursor, page_of, page_size
from .queries import Query

PAGE_SIZE: Final = 100
EXPORT_PAGE: Final = 500
DELETED: Final = "deletedSpace"
"""Lines of an export that are held at once."""
FORMATS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_log = structlog.get_logger("tickwire.audit")


async def index(call: Call) -> web.Response:
    """Lines of the space, newest first."""
    size = page_size(call.query, PAGE_SIZE)
    before = cursor(call.query, "au")
    whose = await _spaces(call)
    found = await _page(call, whose, _filter(call.query), LARGEST if before is None else before, size + 1)
    if not found:
        call.across(named_in_address(call.request))
    lines, following = page_of(found, size, "au")
    return data([line_wire(line) for line in lines], cursor=following)


async def export(call: Call) -> web.Response:
    """All lines of the filter as one file, newest first, however many there are."""
    form = call.query.choice("format", tuple(FORMATS), "csv")
    whose, wanted = await _spaces(call), _filter(call.query)
    # What is wrong with the filter must be answered before the file begins.
    first = await _page(call, whose, wanted, LARGEST, EXPORT_PAGE)
    headers = {
        "Content-Type": FORMATS[form],
        "Content-Disposition": disposition(f"audit-{_deleted(call) or call.actor.space.code}.{form}"),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(body=_text(call, whose, wanted, first, form), headers=headers)


async def _text(
    call: Call, whose: Sequence[int], wanted: AuditFilter, lines: list[Line], form: str
) -> AsyncIterator[bytes]:
    """The file, a page at a time; ConnectionError, which ends the answer short, when the store goes meanwhile."""
    if form == "csv":
        yield _table([COLUMNS])
    while lines:
        yield _table(map(line_cells, lines)) if form == "csv" else _json_lines(lines)
        if len(lines) < EXPORT_PAGE:
            return
        try:
            lines = await _page(call, whose, wanted, lines[-1].id, EXPORT_PAGE)
        except StoreError as error:
            _log.warning("export_broken", error=str(error))
            raise ConnectionAbortedError("The store went while the audit was sent.") from error


async def _spaces(call: Call) -> list[int]:
    """Whose lines are asked for: the space's own, or those of deleted ones, for administrators of the whole store."""
    code = _deleted(call)
    if code is None:
        return [call.actor.space.id]
    check(call.actor, "own")
    found: list[int] = await call.node.read(partial(sql.deleted, code=code))
    if not found:
        raise Refusal(
            "not_found", f"No deleted space of code {code[:64]!a} has lines in the audit.", key=DELETED
        )
    return found


def _deleted(call: Call) -> str | None:
    text = call.query.text(DELETED)
    return None if text is None else space_code(text)


async def _page(call: Call, whose: Sequence[int], wanted: AuditFilter, before: int, count: int) -> list[Line]:
    return await call.node.read(
        partial(sql.page_of, space_ids=whose, before=before, count=count, wanted=wanted)
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
