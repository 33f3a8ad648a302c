"""Who owns schedules: hand-overs of one, or of all that somebody has."""

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.schedules import HandOver, HandOverAll

from ..core.actors import Actor
from ..core.refusals import missing
from ..core.roles import may
from ..core.schedules import ScheduleRow
from ..store import schedules as sql
from ..store.command import Command
from ..store.transaction import Transaction
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
    """The schedules that have another owner, and how many of their rules tell the former one still."""

    rows: list[ScheduleRow]
    still_recipient: int = 0


def hand_over(tx: Transaction, item: HandOverSchedule) -> Handed:
    """Give a schedule to another owner. Refusals ``not_found``; ``invalid`` for somebody who cannot own one; ``forbidden``."""
    row, code = kept(tx, item.actor, item.schedule_id)
    owner = _owner(tx, item.actor, row, item.body)
    after, still = _handed(row, owner, tx.now, item.actor, is_replaced=item.body.replace_recipient)
    sql.update(tx.connection, [after])
    _say(tx, item.actor, row, after, code)
    return Handed([after], still)


def hand_over_all(tx: Transaction, item: HandOverSchedules) -> Handed:
    """Give all schedules of somebody to another owner, or each to its fallback owner. Refusals as of ``hand_over``: then none is given."""
    actor, body = item.actor, item.body
    found = within(tx.connection, actor, sql.owned(tx.connection, actor.space.id, body.former))
    if not found:
        raise missing("schedule of the owner", body.former[:64], "former", named=body.former)
    handed, still = [], 0
    for row, code in found:
        owner = _owner(tx, actor, row, body)
        after, rules = _handed(row, owner, tx.now, actor, is_replaced=body.replace_recipient)
        handed.append((row, after, code))
        still += rules
    sql.update(tx.connection, [after for _, after, _ in handed])
    for row, after, code in handed:
        _say(tx, actor, row, after, code)
    return Handed([after for _, after, _ in handed], still)


def _owner(tx: Transaction, actor: Actor, row: ScheduleRow, body: HandOver) -> str:
    """Who takes over."""
    owner = body.owner or row.fallback_owner
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


def _handed(
    row: ScheduleRow, owner: str, now: int, actor: Actor, *, is_replaced: bool
) -> tuple[ScheduleRow, int]:
    """The schedule with its new owner, and how many rules tell the former one still."""
    facts = dict(row.said.facts)
    rules = facts.get("notifications", [])
    told = sum(row.owner in rule.get("members", ()) for rule in rules)
    if is_replaced and told:
        facts["notifications"] = [_with(rule, row.owner, owner) for rule in rules]
        told = 0
    fallback = None if row.fallback_owner == owner else row.fallback_owner
    after = replace(
        row,
        owner=owner,
        fallback_owner=fallback,
        body=orjson.dumps(facts).decode(),
        version=row.version + 1,
        updated_at=now,
        updated_by=actor.key_id,
    )
    return after, told


def _with(rule: dict[str, Any], former: str, owner: str) -> dict[str, Any]:
    if former not in rule.get("members", ()):
        return rule
    members = dict.fromkeys(owner if one == former else one for one in rule["members"])
    return {**rule, "members": list(members)}


def _say(tx: Transaction, actor: Actor, row: ScheduleRow, after: ScheduleRow, code: str | None) -> None:
    before, now = {"owner": row.owner}, {"owner": after.owner}
    say(
        tx,
        actor,
        "schedule:owner-changed",
        after,
        code,
        before=before,
        after=now,
        owner=after.owner,
        formerOwner=row.owner,
    )


HAND_OVER: Final[Command[HandOverSchedule, Handed]] = Command(
    "hand_over_schedule", hand_over, guard=by("schedule")
)
HAND_OVER_ALL: Final[Command[HandOverSchedules, Handed]] = Command(
    "hand_over_schedules", hand_over_all, guard=by("schedule")
)
