"""The audit over REST, for administrators: listed, filtered, and exported as CSV or JSON Lines."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import LARGEST, space_code

from ..core.audit import COLUMNS, Line, line_cells, line_wire
from ..core.roles import check
from ..store import audit as sql
from ..store.audit import AuditFilter
from ..store.database import Reader
from .call import Call, named_in_address
from .exports import Export, form_of
from .exports import export as file_of
from .paging import cursor, dated, listed, page_of, page_size
from .queries import Query

PAGE_SIZE: Final = 100
EXPORT_PAGE: Final = 500
"""Lines of an export that are held at once."""
DELETED: Final = "deletedSpace"


async def index(call: Call) -> web.Response:
    """Lines of the space, newest first."""
    size = page_size(call.query, PAGE_SIZE)
    before = cursor(call.query, "au")
    whose = await _spaces(call)
    page = _page(whose, _filter(call.query), LARGEST if before is None else before, size + 1)
    found, as_of = await dated(call, page)
    if not found:
        call.across(named_in_address(call.request))
    lines, following = page_of(found, size, "au")
    return listed([line_wire(line) for line in lines], as_of, following)


async def export(call: Call) -> web.Response:
    """All lines of the filter as one file, newest first, however many there are."""
    form = form_of(call.query)
    whose, wanted = await _spaces(call), _filter(call.query)

    async def page(before: int) -> list[Line]:
        return await call.node.read(_page(whose, wanted, before, EXPORT_PAGE))

    whole = Export(COLUMNS, line_cells, line_wire, lambda line: page(line.id))
    return file_of(f"audit-{_deleted(call) or call.actor.space.code}", form, await page(LARGEST), whole)


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


def _page(
    whose: Sequence[int], wanted: AuditFilter, before: int, count: int
) -> Callable[[Reader], list[Line]]:
    return partial(sql.page_of, space_ids=whose, before=before, count=count, wanted=wanted)


def _filter(query: Query) -> AuditFilter:
    return AuditFilter(
        actor=query.text("actor"),
        action=query.text("action"),
        target=query.text("target"),
        since=query.time("since"),
        until=query.time("until"),
    )
