"""Who owns schedules: hand-overs of one, or of all that somebody has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.schedules import HandOver, HandOverAll

from ..core.actors import Actor
from ..core.recipients import Rule, naming, replaced
from ..core.refusals import missing
from ..core.roles import may
from ..core.schedules import ScheduleRow, rules_of
from ..store import definitions as definitions_sql
from ..store import schedules as sql
from ..store.command import Command, always
from ..store.transaction import Transaction
from . import definitions
from .people import member_id
from .schedule_events import say
from .schedules import able_member, kept, within
from .standing import by


@dataclass(frozen=True, slots=True)
class HandOverSchedule:
    actor: Actor
    schedule_id: int
    body: HandOver


@dataclass(frozen=True, slots=True)
class HandOverSchedules:
    actor: Actor
    body: HandOverAll


@dataclass(frozen=True, slots=True)
class Handed:
    """The schedules as they are, how many rules tell the former owner still, and of which definitions some of these are."""

    rows: list[ScheduleRow]
    still_recipient: int = 0
    definitions: tuple[str, ...] = ()


Given = tuple[ScheduleRow, str | None, str]
"""A schedule, the code of its definition, and who takes over."""


def hand_over(tx: Transaction, item: HandOverSchedule) -> Handed:
    """Give a schedule to another owner. Refusals ``not_found``; ``invalid`` for somebody who cannot own one; ``forbidden``."""
    row, code = kept(tx, item.actor, item.schedule_id)
    body = _by_id(tx, item.actor, item.body)
    owner = _owner(tx, item.actor, row, body)
    return _hand(tx, item.actor, [(row, code, owner)], is_replaced=body.replace_recipient)


def hand_over_all(tx: Transaction, item: HandOverSchedules) -> Handed:
    """Give all schedules of somebody to another owner, or each to its fallback owner. Refusals as of ``hand_over``: then none is given.

    Where recipients are replaced, those count that the former owner has given to this one before.
    """
    actor, body = item.actor, _by_id(tx, item.actor, item.body)
    former = member_id(tx.connection, actor, item.body.former, "former")
    rows = [
        row
        for row in sql.owned(tx.connection, actor.space.id, former)
        if row.owner == former or (body.replace_recipient and body.owner in {None, row.owner})
    ]
    found = within(tx.connection, actor, rows)
    if not found:
        raise missing("schedule of the owner", item.body.former[:254], "former", named=former)
    given = [(row, code, _owner(tx, actor, row, body)) for row, code in found]
    return _hand(tx, actor, given, is_replaced=body.replace_recipient)


def _by_id(tx: Transaction, actor: Actor, body: HandOver) -> HandOver:
    """The same, the new owner by id."""
    if body.owner is None:
        return body
    return body.model_copy(update={"owner": member_id(tx.connection, actor, body.owner, "owner")})


def _owner(tx: Transaction, actor: Actor, row: ScheduleRow, body: HandOver) -> str:
    """Who takes over."""
    owner = body.owner or row.fallback_owner
    if owner is None and body.replace_recipient and row.former_owner is not None:
        # It was handed over before, and recipients are all that is left to be replaced.
        return row.owner
    if owner is None:
        raise Refusal(
            "invalid",
            f"owner: the schedule {row.public_id} has no fallback owner: say who takes over.",
            key="owner",
        )
    if owner != actor.key_id:
        if body.owner is not None and not may(actor.role, "administer"):
            raise Refusal(
                "forbidden",
                "Administrators give a schedule to others; you may take it yourself, or leave owner out to give it to its fallback "
                "owner.",
                key="owner",
            )
        able_member(tx, row.space_id, owner, "owner")
    return owner


def _hand(tx: Transaction, actor: Actor, given: Iterable[Given], *, is_replaced: bool) -> Handed:
    handed = [
        (row, _handed(row, owner, tx.now, actor, is_replaced=is_replaced), code) for row, code, owner in given
    ]
    sql.update(tx.connection, [after for row, after, _ in handed if after is not row])
    for row, after, code in handed:
        _say(tx, actor, row, after, code)
    rows = [after for _, after, _ in handed]
    still = sum(naming(rules_of(row), row.former_owner) for row in rows)
    told = _told_by_definitions(tx, actor, rows, is_replaced=is_replaced)
    return Handed(rows, still + sum(told.values()), tuple(told))


def _handed(row: ScheduleRow, owner: str, now: int, actor: Actor, *, is_replaced: bool) -> ScheduleRow:
    """The schedule with its new owner; the same where nothing changes."""
    after = row
    if owner != row.owner:
        fallback = None if row.fallback_owner == owner else row.fallback_owner
        after = replace(row, owner=owner, former_owner=row.owner, fallback_owner=fallback)
    if is_replaced and naming(rules_of(row), after.former_owner):
        rules = replaced(rules_of(row), after.former_owner, owner)
        after = replace(after, body=orjson.dumps({**row.said.facts, "notifications": rules}).decode())
    if after == row:
        return row
    return replace(after, version=row.version + 1, updated_at=now, updated_by=actor.key_id)


def _told_by_definitions(
    tx: Transaction, actor: Actor, rows: Iterable[ScheduleRow], *, is_replaced: bool
) -> dict[str, int]:
    """How many rules of their definitions tell former owners still, by code; they change as well for who may define."""
    made = {row.definition_id: row for row in rows if row.definition_id is not None}
    still: dict[str, int] = {}
    for number, definition in definitions_sql.by_ids(tx.connection, made).items():
        former, owner = made[number].former_owner, made[number].owner
        rules: Sequence[Rule] = definition.recipe.notifications
        after = replaced(rules, former, owner) if is_replaced else rules
        if after != rules and definitions.may_retell(actor, definition):
            definitions.retell(tx, actor, definition, after)
            rules = after
        if count := naming(rules, former):
            still[definition.code] = count
    return still


def _say(tx: Transaction, actor: Actor, row: ScheduleRow, after: ScheduleRow, code: str | None) -> None:
    if after.owner != row.owner:
        say(
            tx,
            actor,
            "schedule:owner-changed",
            after,
            code,
            before={"owner": row.owner},
            after={"owner": after.owner},
            owner=after.owner,
            formerOwner=row.owner,
        )
    elif after is not row:
        was, now = {"notifications": rules_of(row)}, {"notifications": rules_of(after)}
        say(tx, actor, "schedule:updated", after, code, before=was, after=now, changed=["notifications"])


HAND_OVER: Final[Command[HandOverSchedule, Handed]] = Command(
    "hand_over_schedule", hand_over, guard=by("schedule"), turn=always
)
HAND_OVER_ALL: Final[Command[HandOverSchedules, Handed]] = Command(
    "hand_over_schedules", hand_over_all, guard=by("schedule"), turn=always
)
