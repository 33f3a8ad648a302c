"""Job types over REST: listed, read, run and removed."""

from collections.abc import Iterable
from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.job_types import JobTypeExecute

from ..commands.built_in import BUILT_IN
from ..commands.job_types import DELETE_TYPE, DeleteType
from ..commands.launches import LAUNCH, Launch, Outdated, checked, reached_type, started_by
from ..core.actors import Actor
from ..core.job_types import KIND, JobType, JobTypeHead, JobTypeRow, check_mode, type_wire
from ..core.refusals import Refusals, every
from ..core.templates import Resolved
from ..engine.job_types import Known
from ..store import job_types as sql
from ..store.command import Replayed
from ..store.database import Reader
from ..store.pages import Window, fitting
from .answers import data, json_answer, success
from .bodies import body_hash, parse, read_body
from .call import Call
from .idempotency import once
from .paging import cursor, cursor_after, dated, listed, page_size
from .queries import Query

PAGE_SIZE: Final = 100
TRIES: Final = 3
_BEFORE: Final = 1_000
"""Places of the list that stand before those of declared types."""
_GIVEN: Final = ("label", "priority", "source", "subject", "file_id", "metadata", "tags", "scheduled_at")


async def index(call: Call) -> web.Response:
    """The job types of the space, built-in ones first; with ``online``, ``domain`` and ``q`` some of them."""
    size, after = page_size(call.query, PAGE_SIZE), cursor(call.query, KIND) or 0
    call.check_space()
    wanted = _wanted(call)
    declared, as_of = await dated(call, lambda reader: sql.heads(reader, call.actor.space.id))
    found = [
        (place, head)
        for place, head in _placed(declared)
        if place > after and _reaches(call.actor, head.name) and wanted(head)
    ]
    fits = set(fitting([(place, head.size) for place, head in found], Window(size, after=after)))
    page = [(place, head) for place, head in found if place in fits]
    following = cursor_after(KIND, page[-1][0]) if len(page) < len(found) else None
    ids = [head.id for _, head in page if head.id is not None]
    rows = {row.id: row for row in await call.node.read(lambda reader: sql.by_ids(reader, ids))}
    return listed([*_shown(call, (head for _, head in page), rows)], as_of, following)


def _placed(declared: list[JobTypeHead]) -> list[tuple[int, JobTypeHead]]:
    """Each with its place in the list, which stays the same while others come and go."""
    own = [JobTypeHead(None, one.code, one.name, one.label) for one in BUILT_IN.values()]
    return [*enumerate(own, 1), *((_BEFORE + (head.id or 0), head) for head in declared)]


def _wanted(call: Call) -> Any:
    query = call.query
    domain, text = query.text("domain"), query.text("q")
    online = _choice(query)
    space, types = call.actor.space.id, call.node.job_types

    def test(head: JobTypeHead) -> bool:
        return (
            (domain is None or head.domain == domain)
            and (text is None or head.tells(text))
            and (online is None or types.online(space, head) is online)
        )

    return test


def _choice(query: Query) -> bool | None:
    return query.truth("online") if query.text("online") is not None else None


def _shown(call: Call, heads: Iterable[JobTypeHead], rows: dict[int, JobTypeRow]) -> Iterable[dict[str, Any]]:
    """One that was removed since the heads were read is left out."""
    for head in heads:
        if head.id is None:
            yield type_wire(BUILT_IN[head.code], None, online=True)
        elif (row := rows.get(head.id)) is not None:
            yield _wire(call, row)


def _wire(call: Call, row: JobTypeRow) -> dict[str, Any]:
    online = call.node.job_types.online(call.actor.space.id, row)
    return type_wire(row.job_type, row, online=online)


def _reaches(actor: Actor, name: str) -> bool:
    return actor.reach is None or actor.reach.names(name)


async def show(call: Call) -> web.Response:
    """One job type."""
    code = _code(call)

    def read(reader: Reader) -> tuple[JobType, JobTypeRow | None]:
        found = reached_type(reader, call.actor, code)
        return found, None if found.built_in else sql.by_code(reader, call.actor.space.id, code)

    found, row = await call.node.read(read)
    return data(type_wire(found, None, online=True) if row is None else _wire(call, row))


async def delete(call: Call) -> web.Response:
    """Remove a type that nobody serves."""
    code = _code(call)
    row = await call.node.read(lambda reader: sql.by_code(reader, call.actor.space.id, code))
    served = row is not None and call.node.job_types.served_here(row.space_id, row.name)
    await call.node.submit(DELETE_TYPE, DeleteType(call.actor, code, served, call.node.job_types.shared))
    call.node.job_types.changed()
    return success()


async def execute(call: Call) -> web.Response:
    """Make a job of the type: ``{"jobId"}``."""
    raw = await read_body(call.request, call.node.settings)
    try:
        body = parse(JobTypeExecute, raw, call.node.settings)
    except Refusals as refusals:
        raise Refusals([*refusals.all, *await _also_wrong(call, raw)]) from None
    promise = once(call.request, call.actor, body_hash(raw or b"{}"), lambda row: encode("jb", row.id))
    for left in reversed(range(TRIES)):
        item = await _launch(call, body, len(raw))
        if isinstance(item, Refusal) and left and await call.node.job_types.renewed(call.actor, _code(call)):
            continue
        try:
            result = await call.node.submit(LAUNCH, item, promise)
            break
        except Outdated:
            if not left:
                raise
            # Another server has declared it, and its events have yet to come.
            call.node.job_types.changed()
    job_id = result.answer if isinstance(result, Replayed) else encode("jb", result.id)
    return json_answer(orjson.dumps({"jobId": job_id}))


async def _also_wrong(call: Call, raw: bytes) -> list[Refusal]:
    """What is wrong with the parameters and the mode of a body that has other faults, so that all is told at once."""
    given = orjson.loads(raw)
    params, mode = given.get("params"), given.get("mode")
    try:
        known = await call.node.job_types.find(call.actor, _code(call))
        if isinstance(params, dict):
            await _fitting(call, known, params, mode if isinstance(mode, str) else None, len(raw))
        elif isinstance(mode, str):
            check_mode(known.job_type, mode)
    except Refusal as refusal:
        return every(refusal)
    return []


async def _launch(call: Call, body: JobTypeExecute, size: int) -> Launch | Refusal:
    """What is to be run, checked before it comes to the writer."""
    actor = call.actor
    try:
        known = await call.node.job_types.find(actor, _code(call))
        params = await _fitting(call, known, body.params, body.mode, size)
    except Refusal as refusal:
        return refusal
    said: dict[str, Any] = {"startedBy": started_by(actor)}
    if body.mode is not None:
        said["runMode"] = body.mode
    given = {name: value for name in _GIVEN if (value := getattr(body, name)) is not None}
    return Launch(actor, known.job_type, Resolved(params), given, said, is_checked=True)


async def _fitting(
    call: Call, known: Known, params: dict[str, Any], mode: str | None, size: int
) -> dict[str, Any]:
    """The parameters as the job gets them. Refusals that name all that is wrong with them and with the mode."""
    wrong: list[Refusal] = []
    whole: dict[str, Any] = {}
    try:
        whole = await _checked(call, known, params, size)
    except Refusal as refusal:
        wrong += every(refusal)
    try:
        check_mode(known.job_type, mode)
    except Refusal as refusal:
        wrong += every(refusal)
    if wrong:
        raise Refusals(wrong)
    return whole


async def _checked(call: Call, known: Known, params: dict[str, Any], size: int) -> dict[str, Any]:
    """What may take long is checked on another thread."""
    if known.schema.is_light(size):
        return checked(known.job_type, Resolved(params))
    return await call.node.read(lambda _: checked(known.job_type, Resolved(params)))


def _code(call: Call) -> str:
    return call.request.match_info["code"]
