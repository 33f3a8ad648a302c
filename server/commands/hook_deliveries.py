"""What comes to hooks: replay key, delivery and job or event in one transaction, prepared beside the writer."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actors import SYSTEM, Actor
from ..core.hook_calls import Came, hook_of, read_call
from ..core.hooks import KIND as HOOK
from ..core.hooks import HookRow
from ..core.refusals import missing
from ..core.spaces import check_active
from ..store import hook_deliveries as sql
from ..store import hooks as hooks_sql
from ..store.command import Command
from ..store.database import Reader
from ..store.hook_deliveries import DeliveryRow
from ..store.sought import Sought
from ..store.transaction import NewEvent, Transaction
from . import definitions, hooks, launches
from .changes import context_of, note
from .hook_starts import ROLE, Found, Result, prepare, problems
from .launches import Launch
from .standing import by

KIND: Final = "hd"
BUSY_S: Final = 5
STALE: Final = "The hook was changed while the call was on its way."


class Stale(Refusal):
    """What the call was checked against has changed since: it is checked once more."""

    def __init__(self) -> None:
        super().__init__("unavailable", STALE)


@dataclass(frozen=True, slots=True)
class Deliver:
    """A call that was checked, of the hook as it was then, with what is to be done.

    - ``definition``: the one of which the launch was made, or could not be, with its job type
    - ``key``: by what it is known if it is sent again
    - ``replay_of``: the delivery that ``actor`` has replay
    """

    hook: HookRow
    came: Came
    result: Result
    definition: Found | None = None
    key: str | None = None
    replay_of: int | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a call. ``is_repeated`` where it came before; then ``status`` may be forgotten."""

    delivery_id: int
    status: str | None
    job_id: int | None = None
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class TellRejected:
    """Calls of a hook were refused at its door, ``count`` since this was told last."""

    hook: HookRow = field(repr=False)
    reason: str
    count: int


# ---- in the writer


def deliver(tx: Transaction, item: Deliver) -> Receipt:
    """Do what was prepared, and keep what came. Refusals: Stale where something has changed since; ``unavailable`` where jobs have no room,
    ``space_archived``, ``not_found`` of a space or hook that is gone: then nothing is kept, and the sender tries again.
    """
    row = item.hook
    check_active(tx.space(row.space_id))
    _check_fresh(tx, item)
    before = _known(tx, item)
    if before is not None:
        return before
    number = tx.next_id("hook_delivery")
    job_id, problem, result = None, None, item.result
    if isinstance(result, Launch):
        try:
            job_id = launches.launch(tx, _named(result, item, number)).id
        except Refusal as refusal:
            if refusal.error.retry:
                raise Refusal(
                    "unavailable", f"{refusal.message} Send the call again.", retryAfterS=BUSY_S
                ) from None
            result = refusal
    if isinstance(result, Refusal):
        problem = problems(result)
    status = _status(result)
    came = item.came
    kept = DeliveryRow(
        number, row.space_id, row.id, tx.now, status, job_id, item.replay_of, len(came.text.encode()), came.stored(), came.text,
        None if problem is None else orjson.dumps(problem).decode(),
    )  # fmt: skip
    tx.insert("hook_delivery", sql.COLUMNS, tuple(getattr(kept, name) for name in sql.COLUMNS))
    receipt = Receipt(number, status, job_id)
    if item.key is not None:
        tx.once[_scope(row), item.key] = ("", receipt)
        tx.insert("hook_replay", sql.REPLAY_COLUMNS, (row.id, item.key, row.space_id, number, tx.now))
    _say(tx, item, receipt, problem)
    return receipt


def _scope(row: HookRow) -> str:
    """Beside the keys of callers, whose scopes begin with the caller's id."""
    return f"hook {row.id}"


def _check_fresh(tx: Transaction, item: Deliver) -> None:
    row = item.hook
    if hooks_sql.version(tx.connection, row.id) != row.version:
        raise Stale
    if item.definition is not None:
        actor = Actor(SYSTEM, ROLE, tx.space(row.space_id))
        try:
            now = definitions.use(tx, actor, item.definition[0].code)
        except Refusal:
            raise Stale from None
        if now != item.definition:
            raise Stale


def _known(tx: Transaction, item: Deliver) -> Receipt | None:
    if item.key is None:
        return None
    same = tx.once.get((_scope(item.hook), item.key))
    if same is not None:
        first: Receipt = same[1]
        return replace(first, is_repeated=True)
    found = sql.known(tx, item.hook.id, item.key)
    if found is not None:
        return Receipt(*found, is_repeated=True)
    return None


def _seeks(item: Deliver) -> list[Sought]:
    return [] if item.key is None else [sql.sought(item.hook.id, item.key)]


def _named(launch: Launch, item: Deliver, number: int) -> Launch:
    """The launch that knows by which delivery it came."""
    about: dict[str, Any] = {"deliveryId": encode(KIND, number)}
    if item.replay_of is not None:
        about["replayOf"] = encode(KIND, item.replay_of)
    said = {**launch.said, "startedBy": {**launch.said["startedBy"], **about}}
    return launch._replace(said=said)


def _status(result: Result) -> str:
    if result is None:
        return "ignored"
    if isinstance(result, Refusal):
        return "failed"
    return "started" if isinstance(result, Launch) else "published"


def _say(tx: Transaction, item: Deliver, receipt: Receipt, problem: list[dict[str, Any]] | None) -> None:
    row, space = item.hook, tx.space(item.hook.space_id)
    delivery = encode(KIND, receipt.delivery_id)
    about = {"hookId": row.public_id, "deliveryId": delivery}
    own = context_of(tx, space, SYSTEM if item.actor is None else item.actor.key_id)
    if isinstance(item.result, NewEvent):
        body = {**item.result.body, "context": {**own, **about}}
        tx.append(NewEvent(space.id, item.result.topic, None, terminal=False, body=body))
    if problem is not None:
        payload = {**about, "name": row.name, "message": problem[0]["message"], "reason": problem[0]["code"], "problems": problem}  # fmt: skip
        body = {"topic": "hook:failed", "domain": "hook", "context": own, "payload": payload}
        tx.append(NewEvent(space.id, "hook:failed", None, terminal=False, body=body))
    if item.actor is not None and item.replay_of is not None:
        note(tx, item.actor, "hook:replayed", encode(KIND, item.replay_of), after={"deliveryId": delivery})


def tell_rejected(tx: Transaction, item: TellRejected) -> None:
    """Say that calls were refused; of them nothing is kept."""
    row, space = item.hook, tx.space(item.hook.space_id)
    payload = {"hookId": row.public_id, "name": row.name, "reason": item.reason, "count": item.count}
    body = {"topic": "hook:rejected", "domain": "hook", "context": context_of(tx, space, SYSTEM), "payload": payload}  # fmt: skip
    tx.append(NewEvent(space.id, "hook:rejected", None, terminal=False, body=body))


# ---- what is kept


def find(reader: Reader, actor: Actor, number: int) -> tuple[DeliveryRow, HookRow]:
    """A delivery with its hook, within the actor's reach; Refusal ``not_found``, also where the hook is gone."""
    row = sql.load(reader, actor.space.id, number)
    if row is None:
        raise missing("delivery", encode(KIND, number))
    try:
        return row, hooks.find(reader, actor, row.hook_id)
    except Refusal:
        raise missing("delivery", encode(KIND, number)) from None


def prepare_replay(reader: Reader, actor: Actor, number: int, now: int) -> Deliver:
    """The same call once more, as the hook is now. Refusals ``not_found``, ``disabled``, and those of a body that is read otherwise now."""
    kept, row = find(reader, actor, number)
    if not row.enabled:
        raise disabled(row)
    call = Came.of(kept.head, kept.body)
    hook = hook_of(row, call, read_call(row.said, call), to_wire(now))
    result, definition = prepare(reader, actor.space, row, call, hook)
    return Deliver(row, call, result, definition, replay_of=number, actor=actor)


def disabled(row: HookRow) -> Refusal:
    """The refusal of a call to a hook that is switched off."""
    return Refusal("disabled", f"The hook {row.name} is switched off: it starts nothing until it is enabled.", key="id")  # fmt: skip


def delivery_wire(row: DeliveryRow, *, whole: bool = True) -> dict[str, Any]:
    """The delivery as JSON object; its body where it is shown ``whole``."""
    head = orjson.loads(row.head)
    shown = {
        "id": encode(KIND, row.id),
        "hookId": encode(HOOK, row.hook_id),
        "at": to_wire(row.at),
        "status": row.status,
        "jobId": None if row.job_id is None else encode("jb", row.job_id),
        "replayOf": None if row.replay_of is None else encode(KIND, row.replay_of),
        "size": row.size,
        **head,
        "body": row.body if whole else None,
        "problems": None if row.problem is None else orjson.loads(row.problem),
    }
    return {name: value for name, value in shown.items() if value is not None}


DELIVER: Final[Command[Deliver, Receipt]] = Command("deliver_hook", deliver, seeks=_seeks)
REPLAY: Final[Command[Deliver, Receipt]] = Command("replay_delivery", deliver, guard=by("run"))
TELL_REJECTED: Final[Command[TellRejected, None]] = Command("tell_rejected", tell_rejected, lazy=True)
