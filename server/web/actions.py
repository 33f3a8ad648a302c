"""Actions over REST, as Flatfile's clients know them; and pressed, which makes a job.

The client of Python, and everybody else, gets bare objects and lists; that of Node looks for an object in an envelope.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from listener_sdk.protocol.actions import MOST_ACTIONS, ActionCreate, ActionExecute, ActionUpdate
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.forms import InputForm
from listener_sdk.protocol.problems import problems

from ..commands.actions import (
    CREATE_ACTIONS,
    DELETE_ACTION,
    EXECUTE_ACTION,
    UPDATE_ACTION,
    CreateActions,
    DeleteAction,
    UpdateAction,
    numbered,
    press,
)
from ..core.actions import KIND, ActionRow, action_wire, schema_for
from ..core.jobs import JobRow
from ..core.json_door import JsonLimits, read_json
from ..core.refusals import Refusals
from ..core.views import job_wire
from ..store import actions as sql
from ..store.command import Replayed
from ..store.database import Reader
from .answers import data_text, json_answer, success
from .bodies import body_hash, parse, read_body
from .call import Call
from .idempotency import once

Answer = Callable[[list[ActionRow]], str]
_MANY: Final = TypeAdapter(list[ActionCreate])


async def index(call: Call) -> web.Response:
    """All actions of the space, or those of a target, domain or operation. They are few, so there are no pages."""
    call.check_space()
    query, space, reach = call.query, call.actor.space, call.actor.reach
    domain, operation, target = (query.text(name) for name in ("domain", "operation", "targetId"))

    def read(reader: Reader) -> bytes:
        rows = sql.every(reader, space.id, domain=domain, operation=operation, target=target)
        return orjson.dumps(
            [action_wire(row, space) for row in rows if reach is None or reach.names(row.name)]
        )

    return json_answer(await call.node.read(read))


async def create(call: Call) -> web.Response:
    """Make an action."""
    call.check_space()
    raw = await read_body(call.request, call.node.settings)
    body = parse(ActionCreate, raw, call.node.settings)
    await _check_forms([body.input_form], many=False)
    item = CreateActions(call.actor, (body,))
    return await _made(call, raw, item, lambda rows: _text(call, rows[0]))


async def create_many(call: Call) -> web.Response:
    """Make all actions of a list, or none."""
    call.check_space()
    raw = await read_body(call.request, call.node.settings)
    bodies = _bodies(raw, call.node.settings.max_body_bytes)
    await _check_forms([body.input_form for body in bodies], many=True)
    item = CreateActions(call.actor, tuple(bodies), many=True)
    return await _made(call, raw, item, lambda rows: f"[{','.join(_text(call, row) for row in rows)}]")


async def _made(call: Call, raw: bytes, item: CreateActions, answer: Answer) -> web.Response:
    promise = once(call.request, call.actor, body_hash(raw), answer)
    made = await call.node.submit(CREATE_ACTIONS, item, promise)
    return _answer(call, (made.answer if isinstance(made, Replayed) else answer(made)).encode())


async def _check_forms(forms: list[InputForm | None], *, many: bool) -> None:
    """A form that nothing can be checked by is refused now, and not when somebody fills it in. That takes too long for the writer."""
    if any(form is not None for form in forms):
        wrong = await asyncio.to_thread(lambda: [*_wrong(forms, many=many)])
        if wrong:
            raise Refusals(wrong)


def _wrong(forms: list[InputForm | None], *, many: bool) -> Iterator[Refusal]:
    for index, form in enumerate(forms):
        try:
            _ = form and schema_for(form)
        except Refusals as refusal:
            yield from numbered(refusal, index) if many else refusal.all


def _bodies(raw: bytes, limit: int) -> list[ActionCreate]:
    value = read_json(raw, JsonLimits(size=limit)) if raw else None
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_ACTIONS:
        raise Refusal("bad_request", f"The body must be a list of 1 to {MOST_ACTIONS} actions.")
    try:
        return _MANY.validate_python(value)
    except ValidationError as error:
        raise Refusals(problems(error)) from None


async def show(call: Call) -> web.Response:
    """One action."""
    number = call.number(KIND, "action")
    row = await call.node.read(lambda reader: sql.load(reader, call.actor.space.id, number))
    if row is None:
        raise call.missing("action")
    return _answer(call, _text(call, row).encode())


async def update(call: Call) -> web.Response:
    """Change an action."""
    number = call.number(KIND, "action")
    body = await call.body(ActionUpdate)
    await _check_forms([body.input_form], many=False)
    row = await call.node.submit(UPDATE_ACTION, UpdateAction(call.actor, number, body))
    assert isinstance(row, ActionRow)
    return _answer(call, _text(call, row).encode())


async def delete(call: Call) -> web.Response:
    """Remove an action."""
    await call.node.submit(DELETE_ACTION, DeleteAction(call.actor, call.number(KIND, "action")))
    return success()


async def execute(call: Call) -> web.Response:
    """Make the job that the action stands for, and show it."""
    number = call.number(KIND, "action")
    raw = await read_body(call.request, call.node.settings)
    body = parse(ActionExecute, raw, call.node.settings)
    item = await call.node.read(lambda reader: press(reader, call.actor, number, body))

    def answer(row: JobRow) -> str:
        return orjson.dumps(job_wire(row, call.actor.space)).decode()

    promise = once(call.request, call.actor, body_hash(raw or b"{}"), answer)
    made = await call.node.submit(EXECUTE_ACTION, item, promise)
    return data_text(made.answer if isinstance(made, Replayed) else answer(made))


def _text(call: Call, row: ActionRow) -> str:
    shown: dict[str, Any] = action_wire(row, call.actor.space)
    return orjson.dumps(shown).decode()


def _answer(call: Call, shown: bytes) -> web.Response:
    """What the client of this call takes for an action, or for a list of them."""
    is_node = call.request.headers.get("X-Fern-Language") == "JavaScript"
    return json_answer(b'{"data":' + shown + b"}" if is_node and shown.startswith(b"{") else shown)
