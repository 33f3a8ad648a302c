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
from listener_sdk.protocol.runs import HEALTHS

from ..commands import definition_starts, definitions, launches
from ..commands.definition_starts import EXECUTE_DEFINITION, Costly
from ..commands.definitions import (
    CREATE_DEFINITION,
    DELETE_DEFINITION,
    UPDATE_DEFINITION,
    CreateDefinition,
    DeleteDefinition,
    UpdateDefinition,
)
from ..core.definition_checks import tried
from ..core.definitions import KIND, DefinitionRow, Recipe, definition_wire, version_wire
from ..core.trigger_trials import trials
from ..store import definitions as sql
from ..store import health as health_sql
from ..store import schedules as schedules_sql
from ..store import triggers as triggers_sql
from ..store.command import Replayed
from ..store.database import Reader
from ..store.definitions import DefinitionFilter
from ..store.pages import Window
from .answers import data, json_answer, success
from .bodies import body_hash, parse
from .call import Call, unknown
from .idempotency import once
from .paging import cursor, cursor_after, dated, listed, page_size

PAGE_SIZE: Final = 100
CONSCIA: Final = "/vue/"
"""Conscia's clients expect that what they make is enabled."""
_LARGEST_VERSION: Final = 10**9


async def index(call: Call) -> web.Response:
    """Definitions of the space, in the order of their making."""
    call.check_space()
    query = call.query
    enabled = query.truth("enabled") if query.text("enabled") is not None else None
    health = query.choice("health", HEALTHS, "") if query.text("health") is not None else None
    wanted = DefinitionFilter(
        type_code=query.text("jobType"),
        enabled=enabled,
        target=query.text("target"),
        text=query.text("q"),
        failing=None if health is None else health == "failed",
    )
    window = Window(page_size(query, PAGE_SIZE), after=cursor(query, KIND) or 0)

    def read(reader: Reader) -> tuple[list[DefinitionRow], bool, list[dict[str, Any]]]:
        rows, more = sql.page(reader, call.actor.space.id, wanted, window)
        return rows, more, _shown(reader, definitions.within(reader, call.actor, rows))

    (rows, more, shown), as_of = await dated(call, read)
    following = cursor_after(KIND, rows[-1].id) if more else None
    return listed(shown, as_of, following)


async def create(call: Call) -> web.Response:
    """Make a definition."""
    enabled = call.request.path.startswith(CONSCIA)
    text = await call.answer(
        DefinitionToCreate,
        CREATE_DEFINITION,
        lambda body: CreateDefinition(call.actor, body.job_definition, enabled),
        lambda row: _wrapped(definition_wire(row)).decode(),
    )
    return json_answer(text.encode())


async def show(call: Call) -> web.Response:
    """One definition."""

    def read(reader: Reader) -> list[dict[str, Any]]:
        return _shown(reader, [definitions.find(reader, call.actor, _code(call))[0]])

    [shown] = await call.node.read(read)
    return json_answer(_wrapped(shown))


async def update(call: Call) -> web.Response:
    """Change a definition; jobs that it has made stay as they are."""
    body = await call.body(DefinitionToUpdate)
    item = UpdateDefinition(call.actor, _code(call), body.job_definition)
    row = await call.node.submit(UPDATE_DEFINITION, item)
    assert isinstance(row, DefinitionRow)
    [shown] = await call.node.read(lambda reader: _shown(reader, [row]))
    return json_answer(_wrapped(shown))


async def delete(call: Call) -> web.Response:
    """Remove a definition."""
    await call.node.submit(DELETE_DEFINITION, DeleteDefinition(call.actor, _code(call)))
    return success()


async def execute(call: Call) -> web.Response:
    """Make a job of a definition: ``{"jobId"}``."""
    raw = await call.raw()
    body = parse(DefinitionExecute, raw, call.node.settings)
    promise = once(call.request, call.actor, body_hash(raw or b"{}"), lambda row: encode("jb", row.id))
    item = definition_starts.asked(call.actor, _code(call), body, len(raw))
    try:
        result = await call.node.submit(EXECUTE_DEFINITION, item, promise)
    except Costly:
        ready = await call.node.read(lambda reader: definition_starts.prepare(reader, item))
        result = await call.node.submit(EXECUTE_DEFINITION, ready, promise)
    job_id = result.answer if isinstance(result, Replayed) else encode("jb", result.id)
    return json_answer(orjson.dumps({"jobId": job_id}))


async def versions(call: Call) -> web.Response:
    """What the definition was, the newest version first."""
    window = Window(page_size(call.query, PAGE_SIZE), after=cursor(call.query, KIND) or 0)

    def read(reader: Reader) -> tuple[list[sql.Version], bool]:
        row, _ = definitions.find(reader, call.actor, _code(call))
        return sql.versions(reader, row.id, window)

    (found, more), as_of = await dated(call, read)
    following = cursor_after(KIND, found[-1].version) if more else None
    return listed([version_wire(*one) for one in found], as_of, following)


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
    """What the parameters of a job of this definition would be, and with an event, those that its triggers would start."""
    body = await call.body(DefinitionDryRun)

    def read(reader: Reader) -> dict[str, Any]:
        row, job_type = definitions.find(reader, call.actor, _code(call))
        context = definition_starts.template_context(
            row, launches.started_by(call.actor), _context(body.context)
        )
        checker = definitions.checker(reader, call.actor, job_type, row.recipe)
        event = body.context.event
        started = trials(
            row.recipe,
            event,
            body.trigger,
            lambda by: definition_starts.template_context(row, by, {"event": event}),
            checker,
        )
        shown = tried(row.recipe, context, body.params, checker)
        return {**shown, "triggers": started} if started else shown

    return data(await call.node.read(read))


async def dry_run_of_none(call: Call) -> web.Response:
    """The same of parameters that are not kept yet."""
    body = await call.body(TemplateDryRun)
    recipe = Recipe({"params": body.params, "triggers": [], "modes": {}}, is_template=True)
    context = {**_context(body.context), "trigger": launches.started_by(call.actor)}

    def read(reader: Reader) -> dict[str, Any]:
        found = None if body.job_type is None else launches.reached_type(reader, call.actor, body.job_type)
        return tried(recipe, context, {}, definitions.checker(reader, call.actor, found, recipe))

    return data(await call.node.read(read))


def _context(context: StartContext) -> dict[str, Any]:
    return context.model_dump(mode="json", by_alias=True, exclude_none=True)


def _shown(reader: Reader, rows: list[DefinitionRow]) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    newest, states = sql.newest_jobs(reader, ids), triggers_sql.states(reader, ids)
    healths, due = health_sql.load_many(reader, ids), schedules_sql.next_of_definitions(reader, ids)
    return [
        definition_wire(row, newest.get(row.id), states.get(row.id), healths.get(row.id), due.get(row.id))
        for row in rows
    ]


def _wrapped(shown: dict[str, Any]) -> bytes:
    return orjson.dumps({"jobDefinition": shown})


def _code(call: Call) -> str:
    return call.request.match_info["code"]
