"""A change of what people and keys set up: one event in the log, and one line of the audit, written together.

The event tells subscribers what changed; the line keeps for longer who did it, from where, and how it was before.
"""

from typing import Any

from listener_sdk.protocol.ids import encode, environment_id, space_id

from ..core.actors import Actor, Space
from ..core.audit import differing, fields_text
from ..core.jobs import JobRow
from ..store import audit as sql
from ..store.transaction import NewEvent, Transaction

Fields = dict[str, Any]


def tell(
    tx: Transaction,
    actor: Actor,
    topic: str,
    target: str,
    payload: Fields,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    about: Fields | None = None,
    space: Space | None = None,
) -> NewEvent:
    """Say that the actor has changed something; the event, which knows its place when the batch has ended.

    - ``target``: the id of what changed
    - ``payload``: what subscribers read
    - ``before``, ``after``: the fields that differ, for the audit; None where there was or is nothing. Never a secret
    - ``about``: joins the event's context
    - ``space``: where it happened, if not where the actor acts
    """
    where = space or actor.space
    context = {**context_of(tx, where, actor.key_id), **(about or {})}
    body = {"topic": topic, "domain": topic.partition(":")[0], "context": context, "payload": payload}
    event = tx.append(NewEvent(where.id, topic, None, terminal=False, body=body))
    note(tx, actor, topic, target, before=before, after=after, space=where)
    return event


def note(
    tx: Transaction,
    actor: Actor,
    action: str,
    target: str,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    space: Space | None = None,
) -> None:
    """A line of the audit alone, for acts whose event another command has told."""
    where = space or actor.space
    sql.insert(
        tx,
        (
            tx.next_id("audit"),
            where.id,
            tx.now,
            actor.key_id,
            actor.address,
            action,
            target,
            fields_text(before),
            fields_text(after),
        ),
    )


def note_job(tx: Transaction, actor: Actor, action: str, row: JobRow, before: Fields, after: Fields) -> None:
    """A line about what somebody has done with a job; none where nothing differs."""
    was, now = differing(before, after)
    if now:
        note(tx, actor, action, encode("jb", row.id), before=was or None, after=now)


def by_hand(actor: Actor) -> bool:
    """Whether what is a program's work was done by somebody else, which is worth a line."""
    return actor.role != "listener"


def context_of(tx: Transaction, space: Space, actor: str) -> Fields:
    """The context of an event that is about no job."""
    return {
        "accountId": tx.facts.account_id,
        "environmentId": environment_id(space.code),
        "spaceId": space_id(space.code),
        "actorId": actor,
    }
