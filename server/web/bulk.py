"""Many jobs by one call over REST: create, cancel, run again, acknowledge."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, TypeVar

import orjson
from aiohttp import web
from pydantic import ValidationError

from listener_sdk.protocol.bulk import BulkAct, BulkCancel, BulkCreate, BulkDone, JobsFilter, Skipped
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.problems import problems
from listener_sdk.protocol.times import from_datetime

from ..commands import bulk, moves
from ..commands.bulk import ActOnJobs, CreateJobs, Tally
from ..core.actors import Actor
from ..core.bulk import in_order, members_named, names_behind
from ..core.jobs import JobRow
from ..core.json_door import JsonLimits
from ..core.refusals import missing
from ..core.views import job_wire
from ..core.wall import named_by
from ..settings import Settings
from ..store import bulk as sql
from ..store.command import Command, Replayed
from ..store.job_pages import JobFilter
from .answers import data, data_text
from .bodies import body_hash, parse
from .call import Call
from .idempotency import once
from .state import LARGE_BODIES, MANY_JOBS

MOST_KEYS: Final = 200_000
"""Names in all objects of one body."""
DEPTH: Final = JsonLimits().depth + 2
"""A member may be as deep as the body of one job."""
QUICK_BYTES: Final = 128 * 1024
"""A body up to this size is read on the loop, within two or three milliseconds."""
Made = Sequence[JobRow | Refusal]
T = TypeVar("T")


async def create(call: Call) -> web.Response:
    """Create up to a thousand jobs: all or none, or with ``partial=true`` the good ones.

    One answer per job, in order: its id and status, or its error. ``view=full`` adds the whole job, but not to a replayed answer.
    """
    partial = call.query.truth("partial")
    full = call.query.choice("view", ("brief", "full"), "brief") == "full"
    settings = call.node.settings
    async with _turn(call):
        raw = await call.raw(settings.max_bulk_bytes)
        digest, item = await _aside(len(raw), lambda: _read(raw, settings, call.actor, partial=partial))
    async with call.request.app[MANY_JOBS].taking(len(item.members)):
        result = await call.node.submit(bulk.CREATE, item, once(call.request, call.actor, digest, _made_text))
    if isinstance(result, Replayed):
        return data_text(result.answer)
    call.across(named_by(one for one in result if isinstance(one, Refusal)))
    if full:
        return data({"jobs": await _aside(len(raw), lambda: _made(result, call))})
    return data_text(_made_text(result))


@contextlib.asynccontextmanager
async def _turn(call: Call) -> AsyncIterator[None]:
    """A few large bodies are read at a time; the others wait."""
    settings, size = call.node.settings, call.request.content_length
    if size is not None and size <= settings.max_body_bytes:
        yield
        return
    async with call.request.app[LARGE_BODIES].taking(
        min(size or settings.max_bulk_bytes, settings.max_bulk_bytes)
    ):
        yield


async def _aside(size: int, work: Callable[[], T]) -> T:
    """What takes long for a large body is done off the loop."""
    return work() if size <= QUICK_BYTES else await asyncio.to_thread(work)


def _read(raw: bytes, settings: Settings, actor: Actor, *, partial: bool) -> tuple[str, CreateJobs]:
    limits = JsonLimits(size=settings.max_bulk_bytes, depth=DEPTH, keys=MOST_KEYS)
    given = parse(BulkCreate, raw, settings, limits).jobs
    members = [_member(value) for value in given]
    follows = _follows(members)
    order, circles = in_order(follows, len(members))
    for index in circles:
        what = "The job waits for itself, by way of others of this call."
        members[index] = Refusal("cycle", what, key="predecessorIds")
    names = {
        index: body.predecessor_ids or () for index, body in enumerate(members) if isinstance(body, JobCreate)
    }
    behind = names_behind(names, follows, order)
    digest = body_hash(raw, b"partial" if partial else b"whole")
    return digest, CreateJobs(actor, members, order, follows, behind, partial)


def _member(value: Any) -> JobCreate | Refusal:
    if not isinstance(value, dict):
        return Refusal("invalid", "A job is a JSON object.")
    try:
        return JobCreate.model_validate(value)
    except ValidationError as error:
        every = problems(error)
        return Refusal("invalid", " ".join(problem.message for problem in every[:3]), key=every[0].key)


def _follows(members: list[JobCreate | Refusal]) -> dict[int, list[int]]:
    """Which members wait for which; a member that names none of the call is refused in its place."""
    follows: dict[int, list[int]] = {}
    for index, member in enumerate(members):
        if isinstance(member, JobCreate) and member.predecessor_ids:
            try:
                others = members_named(member.predecessor_ids, index, len(members))
            except Refusal as refusal:
                members[index] = refusal
            else:
                follows |= {index: others} if others else {}
    return follows


def _made_text(made: Made) -> str:
    found = [
        {"index": index, "error": one.as_wire()}
        if isinstance(one, Refusal)
        else {"index": index, "id": encode("jb", one.id), "status": one.status}
        for index, one in enumerate(made)
    ]
    return orjson.dumps({"jobs": found}).decode()


def _made(made: Made, call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(_made_text(made))["jobs"]
    for shown, one in zip(found, made, strict=True):
        if isinstance(one, JobRow):
            shown["job"] = job_wire(one, call.actor.space, call.link)
    return found


# ---- acts on many


async def cancel(call: Call) -> web.Response:
    """Cancel the jobs of a filter or list."""
    return await _act(call, BulkCancel, bulk.CANCEL, "cancel")


async def retry(call: Call) -> web.Response:
    """Run the ended jobs of a filter or list again."""
    return await _act(call, BulkAct, bulk.RETRY, "retry")


async def acknowledge(call: Call) -> web.Response:
    """Note of the ended jobs of a filter or list that a person has seen what they came to."""
    return await _act(call, BulkAct, bulk.ACKNOWLEDGE, "acknowledge")


async def _act(
    call: Call, model: type[BulkAct], command: Command[ActOnJobs, Tally], act: sql.Act
) -> web.Response:
    raw = await call.raw()
    body = parse(model, raw, call.node.settings)
    if body.dry_run:
        return data(_wire(await _dry(call, body, act)))
    unknown = [name for name in dict.fromkeys(body.ids or ()) if decode("jb", name) is None]
    item = await _item(call, body, act)

    def answer(tally: Tally) -> str:
        return orjson.dumps(_wire(_done(tally, unknown))).decode()

    async with call.request.app[MANY_JOBS].taking(len(item.ids)):
        result = await call.node.submit(command, item, once(call.request, call.actor, body_hash(raw), answer))
    if isinstance(result, Tally):
        call.across(named_by(refusal for _, refusal in result.skipped))
    return data_text(result.answer if isinstance(result, Replayed) else answer(result))


async def _item(call: Call, body: BulkAct, act: sql.Act) -> ActOnJobs:
    info = body.info if isinstance(body, BulkCancel) else None
    if body.ids is not None:
        return ActOnJobs(call.actor, _numbers(body.ids), info=info, asked={"named": len(body.ids)})
    # A long search must not hold up the writer, which looks once more at what was found.
    wanted, space_id, count = _wanted(body.filter, call.actor), call.actor.space.id, body.limit + 1
    await _check_parent(call, wanted)
    found = await call.node.read(lambda reader: sql.candidates(reader, space_id, wanted, act, count))
    asked = (
        {"filter": body.filter.model_dump(mode="json", by_alias=True, exclude_none=True)}
        if body.filter
        else {}
    )
    more = len(found) > body.limit
    return ActOnJobs(call.actor, found[: body.limit], wanted, more=more, info=info, asked=asked)


async def _dry(call: Call, body: BulkAct, act: sql.Act) -> BulkDone:
    wanted, ids, space_id = _wanted(body.filter, call.actor), body.ids, call.actor.space.id
    await _check_parent(call, wanted)
    if ids is None:
        matched = await call.node.read(lambda reader: sql.count(reader, space_id, wanted, act))
        return BulkDone(matched=matched, done=0, more=matched > body.limit)
    named: sql.Act = "retry named" if act == "retry" else act
    found = await call.node.read(lambda reader: sql.still(reader, space_id, wanted, named, _numbers(ids)))
    call.across(set(ids) - {encode("jb", job_id) for job_id in found})
    return BulkDone(matched=len(found), done=0)


async def _check_parent(call: Call, wanted: JobFilter) -> None:
    """Refusal ``not_found`` when the filter names a parent that is not in this space."""
    parent_id = wanted.parent_id
    if parent_id is not None and not await call.node.read(lambda reader: call.sees_job(reader, parent_id)):
        raise missing("job", encode("jb", parent_id), "parentId")


def _numbers(ids: Sequence[str]) -> list[int]:
    numbers = (decode("jb", name) for name in dict.fromkeys(ids))
    return [number for number in numbers if number is not None]


def _wanted(given: JobsFilter | None, actor: Actor) -> JobFilter:
    """The filter as the store takes it; without one, every job of the space."""
    if given is None:
        return JobFilter(within=actor.reach)
    return JobFilter(
        statuses=tuple(given.status or ()),
        type=given.type,
        operation=given.operation,
        name=given.job,
        tag=given.tag,
        definition=given.definition,
        source=given.source,
        file_id=given.file_id,
        parent_id=moves.job_number(given.parent_id, "parentId") if given.parent_id else None,
        top_level=bool(given.exclude_child_jobs),
        created_after=from_datetime(given.created_after) if given.created_after else None,
        created_before=from_datetime(given.created_before) if given.created_before else None,
        within=actor.reach,
    )


def _done(tally: Tally, unknown: Sequence[str]) -> BulkDone:
    """What was done, with the names beside it that are no ids."""
    skipped = [
        *(
            Skipped(id=name[:64], code="not_found", message="This is not the id of a job.")
            for name in unknown
        ),
        *(
            Skipped(id=encode("jb", job_id), code=refusal.code, message=refusal.message)
            for job_id, refusal in tally.skipped
        ),
    ]
    return BulkDone(matched=tally.matched + len(unknown), done=tally.done, skipped=skipped, more=tally.more)


def _wire(done: BulkDone) -> dict[str, Any]:
    return done.model_dump(mode="json", by_alias=True)
