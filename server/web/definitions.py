"""Job definitions over REST, in Conscia's shape."""

from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.definitions import (
    DefinitionDryRun,
    DefinitionExecute,
    DefinitionToCreate,
    DefinitionToUpdate,
    StartContext,
    TemplateDryRun,
)
from listener_sdk.protocol.ids import encode

from ..commands import definitions, launches
from ..commands.definitions import (
    CREATE_DEFINITION,
    DELETE_DEFINITION,
    EXECUTE_DEFINITION,
    UPDATE_DEFINITION,
    Costly,
    CreateDefinition,
    DeleteDefinition,
    UpdateDefinition,
)
from ..core.definition_checks import tried
from ..core.definitions import KIND, DefinitionRow, Recipe, definition_wire, version_wire
from ..core.jobs import JobRow
from ..store import definitions as sql
from ..store.command import Replayed
from ..store.database import Reader
from ..store.definitions import DefinitionFilter
from ..store.pages import Window
from .answers import data, json_answer, success
from .bodies import body_hash, parse
from .call import Call, unknown
from .idempotency import once
from .paging import cursor, cursor_after, page_size

PAGE_SIZE: Final = 100
CONSCIA: Final = "/vue/"
"""Conscia's clients expect that what they make is enabled."""
_LARGEST_VERSION: Final = 10**9


async def index(call: Call) -> web.Response:
    """Definitions of the space, in the order of their making."""
    call.check_space()
    query = call.query
    enabled = query.truth("enabled") if query.text("enabled") is not None else None
    wanted = DefinitionFilter(query.text("jobType"), enabled, query.text("target"), query.text("q"))
    window = Window(page_size(query, PAGE_SIZE), after=cursor(query, KIND) or 0)

    def read(reader: Reader) -> tuple[list[DefinitionRow], bool, dict[int, JobRow]]:
        rows, more = sql.page(reader, call.actor.space.id, wanted, window)
        return rows, more, sql.newest_jobs(reader, [row.id for row in rows])

    rows, more, newest = await call.node.read(read)
    shown = await call.node.read(lambda reader: definitions.within(reader, call.actor, rows))
    following = cursor_after(KIND, rows[-1].id) if more else None
    return data([definition_wire(row, newest.get(row.id)) for row in shown], cursor=following)


async def create(call: Call) -> web.Response:
    """Make a definition."""
    enabled = call.request.path.startswith(CONSCIA)
    text = await call.answer(
        DefinitionToCreate,
        CREATE_DEFINITION,
        lambda body: CreateDefinition(call.actor, body.job_definition, enabled),
        lambda row: _wrapped(row).decode(),
    )
    return json_answer(text.encode())


async def show(call: Call) -> web.Response:
    """One definition."""

    def read(reader: Reader) -> tuple[DefinitionRow, JobRow | None]:
        row, _ = definitions.find(reader, call.actor, _code(call))
        return row, sql.newest_jobs(reader, [row.id]).get(row.id)

    return json_answer(_wrapped(*await call.node.read(read)))


async def update(call: Call) -> web.Response:
    """Change a definition; jobs that it has made stay as they are."""
    body = await call.body(DefinitionToUpdate)
    item = UpdateDefinition(call.actor, _code(call), body.job_definition)
    row = await call.node.submit(UPDATE_DEFINITION, item)
    assert isinstance(row, DefinitionRow)
    newest = await call.node.read(lambda reader: sql.newest_jobs(reader, [row.id]))
    return json_answer(_wrapped(row, newest.get(row.id)))


async def delete(call: Call) -> web.Response:
    """Remove a definition."""
    await call.node.submit(DELETE_DEFINITION, DeleteDefinition(call.actor, _code(call)))
    return success()


async def execute(call: Call) -> web.Response:
    """Make a job of a definition: ``{"jobId"}``."""
    raw = await call.raw()
    body = parse(DefinitionExecute, raw, call.node.settings)
    promise = once(call.request, call.actor, body_hash(raw or b"{}"), lambda row: encode("jb", row.id))
    item = definitions.asked(call.actor, _code(call), body, len(raw))
    try:
        result = await call.node.submit(EXECUTE_DEFINITION, item, promise)
    except Costly:
        ready = await call.node.read(lambda reader: definitions.prepare(reader, item))
        result = await call.node.submit(EXECUTE_DEFINITION, ready, promise)
    job_id = result.answer if isinstance(result, Replayed) else encode("jb", result.id)
    return json_answer(orjson.dumps({"jobId": job_id}))


async def versions(call: Call) -> web.Response:
    """What the definition was, the newest version first."""
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, KIND) or 0)

    def read(reader: Reader) -> tuple[list[sql.Version], bool]:
        row, _ = definitions.find(reader, call.actor, _code(call))
        return sql.versions(reader, row.id, window)

    found, more = await call.node.read(read)
    following = cursor_after(KIND, found[-1].version) if more else None
    return data([version_wire(*one) for one in found], cursor=following)


async def version(call: Call) -> web.Response:
    """One version."""
    text = call.request.match_info["version"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else _LARGEST_VERSION

    def read(reader: Reader) -> list[sql.Version]:
        row, _ = definitions.find(reader, call.actor, _code(call))
        return sql.versions(reader, row.id, Window(1, after=number + 1))[0]

    found = await call.node.read(read)
    if not found or found[0].version != number:
        raise unknown("version", text, "version")
    return data(version_wire(*found[0]))


async def dry_run(call: Call) -> web.Response:
    """What the parameters of a job of this definition would be."""
    body = await call.body(DefinitionDryRun)

    def read(reader: Reader) -> dict[str, Any]:
        row, job_type = definitions.find(reader, call.actor, _code(call))
        context = definitions.template_context(row, launches.started_by(call.actor), _context(body.context))
        checker = definitions.checker(reader, call.actor, job_type, row.recipe)
        return tried(row.recipe, context, body.params, checker)

    return data(await call.node.read(read))


async def dry_run_of_none(call: Call) -> web.Response:
    """The same of parameters that are not kept yet."""
    body = await call.body(TemplateDryRun)
    recipe = Recipe({"params": body.params, "triggers": [], "modes": {}}, is_template=True)
    context = {**_context(body.context), "trigger": launches.started_by(call.actor)}

    def read(reader: Reader) -> dict[str, Any]:
        found = None if body.job_type is None else launches.find_type(reader, call.actor, body.job_type)
        return tried(recipe, context, {}, definitions.checker(reader, call.actor, found, recipe))

    return data(await call.node.read(read))


def _context(context: StartContext) -> dict[str, Any]:
    return context.model_dump(mode="json", by_alias=True, exclude_none=True)


def _wrapped(row: DefinitionRow, last: JobRow | None = None) -> bytes:
    return orjson.dumps({"jobDefinition": definition_wire(row, last)})


def _code(call: Call) -> str:
    return call.request.match_info["code"]
