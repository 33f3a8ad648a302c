"""Hooks: made, changed, given new secrets and removed by those who define jobs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import MOST_HOOKS, HookCreate, HookUpdate, check_secret
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actors import Actor
from ..core.audit import differing
from ..core.definition_checks import NOT_OF_HOOKS, Checker
from ..core.hooks import KIND, HookRow, changed_hook, hook_facts, new_hook, renewed
from ..core.refusals import missing
from ..core.spaces import check_active
from ..core.templates import references
from ..security.sealing import Sealer
from ..store import hooks as sql
from ..store import signing_secrets as secrets_sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import Transaction
from . import definitions, launches
from .changes import tell
from .signing_secrets import Signing, make, renew
from .standing import by


@dataclass(frozen=True, slots=True)
class CreateHook:
    """``door`` is the last part of its address; ``secret`` None where it has none."""

    actor: Actor
    body: HookCreate
    door: str = field(repr=False)
    secret: str | None = field(repr=False)
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class UpdateHook:
    actor: Actor
    hook_id: int
    body: HookUpdate


@dataclass(frozen=True, slots=True)
class RotateHook:
    """``door`` is a new address, where it is to have one; ``made`` is the secret where none was ``given``."""

    actor: Actor
    hook_id: int
    given: str | None = field(repr=False)
    made: dict[str, str] = field(repr=False)
    overlap_ms: int
    door: str | None = field(repr=False)
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class DeleteHook:
    actor: Actor
    hook_id: int


# ---- finding


def find(reader: Reader, actor: Actor, hook_id: int) -> HookRow:
    """The hook, within the actor's reach; Refusal ``not_found``."""
    return _found(reader, actor, hook_id, sql.load(reader, actor.space.id, hook_id))


def _kept(tx: Transaction, actor: Actor, hook_id: int) -> HookRow:
    """The same, and nobody changes it before the end of this transaction."""
    return _found(tx.connection, actor, hook_id, sql.keep(tx.connection, actor.space.id, hook_id))


def _found(reader: Reader, actor: Actor, hook_id: int, row: HookRow | None) -> HookRow:
    if row is None or not within(reader, actor, [row]):
        raise missing("hook", encode(KIND, hook_id))
    return row


def within(reader: Reader, actor: Actor, rows: Iterable[HookRow]) -> list[HookRow]:
    """Hooks that start what the actor reaches."""
    return [row for row in rows if actor.reach is None or _reaches(reader, actor, row)]


def _reaches(reader: Reader, actor: Actor, row: HookRow) -> bool:
    what, name = row.said.target
    if what == "event":
        return actor.reach is not None and actor.reach.tells(name)
    try:
        if what == "definition":
            definitions.find(reader, actor, name)
        else:
            launches.reached_type(reader, actor, name)
    except Refusal:
        return False
    return True


# ---- changing


def create(tx: Transaction, item: CreateHook) -> HookRow:
    """Store a hook. Refusals ``limit``, ``not_found`` of what it starts, or ``invalid`` for each problem."""
    actor = item.actor
    check_active(tx.space(actor.space.id))
    row = new_hook(actor.space.id, item.body, item.door, tx.now, actor.key_id)
    check(tx.connection, actor, row)
    if sql.count(tx.connection, actor.space.id) >= MOST_HOOKS:
        raise Refusal("limit", f"A space has at most {MOST_HOOKS} hooks: delete one first.")
    row = HookRow(tx.next_id("hook"), *_after_id(row))
    sql.insert(tx.connection, row)
    if item.secret is not None:
        make(tx, row.space_id, row.public_id, Signing(item.secret, item.sealer))
    _say(tx, actor, "hook:created", row, after=hook_facts(row))
    return row


def _after_id(row: HookRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in HookRow.__dataclass_fields__ if name != "id")


def check(reader: Reader, actor: Actor, row: HookRow) -> None:
    """Refusals of what the hook could not start."""
    said = row.said
    what, name = said.target
    params = dict(said.params or {})
    if what == "event":
        if actor.reach is not None:
            actor.reach.check_topic(name)
        used = references(params).secrets
        if used:
            raise Refusal("invalid", "params: every subscriber reads an event, so no secret goes into one.", key="params")  # fmt: skip
        checker, recipe = Checker(None, {}), said.recipe
    elif what == "definition":
        definition, job_type = definitions.find(reader, actor, name)
        recipe = definition.recipe
        checker = definitions.checker(reader, actor, job_type, recipe, also=params)
    else:
        job_type = launches.reached_type(reader, actor, name)
        recipe = said.recipe
        checker = definitions.checker(reader, actor, job_type, recipe)
    # What a type needs is known where the templates say all that it gets.
    given = recipe if what == "definition" or params else None
    if given is not None or params:
        checker.check_scheduled(recipe, params, said.facts.get("mode"), absent=NOT_OF_HOOKS)


def update(tx: Transaction, item: UpdateHook) -> HookRow:
    """Change what was sent. Refusals as of ``create``; nothing is said where nothing differs.

    What makes no difference to what is started is not checked, so that a hook can always be switched off.
    """
    actor = item.actor
    before = _kept(tx, actor, item.hook_id)
    sent = item.body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    verification = item.body.verification
    if verification is not None:
        sent["verification"] = verification.model_dump(mode="json", by_alias=True, exclude_none=True)
    after = changed_hook(before, sent, tx.now, actor.key_id)
    if after is before:
        return before
    if after.body != before.body or after.enabled > before.enabled:
        check(tx.connection, actor, after)
    sql.update(tx.connection, after)
    _say_changes(tx, actor, before, after)
    return after


def _say_changes(tx: Transaction, actor: Actor, before: HookRow, after: HookRow) -> None:
    was, now = differing(
        {**dict.fromkeys(hook_facts(after)), **hook_facts(before)},
        {**dict.fromkeys(hook_facts(before)), **hook_facts(after)},
    )
    enabled = now.pop("enabled", None)
    was.pop("enabled", None)
    changed = [name for name in now if name != "version"]
    if changed:
        _say(tx, actor, "hook:updated", after, before=was, after=now, changed=changed)
    if enabled is not None:
        topic = "hook:enabled" if enabled else "hook:disabled"
        _say(tx, actor, topic, after, before={"enabled": not enabled}, after={"enabled": enabled})


def rotate(tx: Transaction, item: RotateHook) -> HookRow:
    """A new secret; the one before it is valid for the overlap. With a new door calls to the old address are refused at once."""
    actor = item.actor
    before = _kept(tx, actor, item.hook_id)
    kind = before.said.kind
    secret = _new_secret(item, kind)
    after = renewed(before, tx.now, actor.key_id, item.door)
    until = tx.now + item.overlap_ms
    sql.update(tx.connection, after)
    if secret is not None:
        renew(tx, after.space_id, after.public_id, Signing(secret, item.sealer), item.overlap_ms)
    told: dict[str, Any] = {"address": item.door is not None}
    if secret is not None:
        told["oldSecretUntil"] = to_wire(until)
    _say(tx, actor, "hook:rotated", after, after={"version": after.version, **told}, **told)
    return after


def _new_secret(item: RotateHook, kind: str) -> str | None:
    if item.given is not None:
        try:
            check_secret(kind, item.given)
        except ValueError as error:
            raise Refusal("invalid", f"secret: {error}.", key="secret") from None
        return item.given
    if kind == "none" and item.door is None:
        raise Refusal(
            "invalid", "A hook of kind none has no secret: with address: true it gets a new address.", key="address"
        )  # fmt: skip
    return item.made.get(kind)


def delete(tx: Transaction, item: DeleteHook) -> None:
    """The hook is gone, with its secrets; what came to it goes by pages. Jobs that it has started go on."""
    row = _kept(tx, item.actor, item.hook_id)
    sql.delete(tx.connection, row.id)
    secrets_sql.forget(tx.connection, row.public_id)
    _say(tx, item.actor, "hook:deleted", row, before=hook_facts(row))


def _say(
    tx: Transaction,
    actor: Actor,
    topic: str,
    row: HookRow,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    payload = {"hookId": row.public_id, "name": row.name, "version": row.version, **more}
    tell(tx, actor, topic, row.public_id, payload, before=before, after=after)


CREATE_HOOK: Final[Command[CreateHook, HookRow]] = Command(
    "create_hook", create, guard=by("define"), turn=always
)
UPDATE_HOOK: Final[Command[UpdateHook, HookRow]] = Command("update_hook", update, guard=by("define"))
ROTATE_HOOK: Final[Command[RotateHook, HookRow]] = Command("rotate_hook", rotate, guard=by("define"))
DELETE_HOOK: Final[Command[DeleteHook, None]] = Command(
    "delete_hook", delete, needs_no_room=True, guard=by("define")
)
