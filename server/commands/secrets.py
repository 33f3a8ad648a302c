"""Secrets: set, removed, used by those who hold a job, and sealed anew under a newer master key. Nothing here tells a value."""

from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.secrets import LARGEST_SPACE, MOST_SECRETS, SecretWrite

from ..core.actors import Actor
from ..core.refusals import missing
from ..core.secrets import KIND, NOBODY, SecretRow, secret_facts
from ..security.sealing import Locked, Place, Sealed, Sealer
from ..store import secrets as sql
from ..store.command import Command, always
from ..store.transaction import Transaction
from .changes import tell
from .leases import Held, one, own
from .standing import by

PAGE: Final = 200
LOCKED: Final = (
    "The secret {name} is locked: this server has not the master key under which it was sealed. "
    "Give the server that key (TICKWIRE_MASTER_KEY_PREVIOUS, or a further line of master.key), or set the secret anew."
)


@dataclass(frozen=True, slots=True)
class SetSecret:
    actor: Actor
    body: SecretWrite = field(repr=False)
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class DeleteSecret:
    actor: Actor
    secret_id: int


@dataclass(frozen=True, slots=True)
class UseSecrets:
    """Secrets by name, for the holder of a lease."""

    lease: Held
    names: tuple[str, ...]
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class RewrapSecrets:
    """A page of secrets whose keys are wrapped under an older master key."""

    prefix: str
    after: int
    sealer: Sealer


def set_(tx: Transaction, item: SetSecret) -> SecretRow:
    """Store a secret, or its next version."""
    body, actor = item.body, item.actor
    before = sql.by_name(tx.connection, actor.space.id, body.name, body.actor_id or NOBODY)
    _check_room(tx, item, before)
    _check_reach(actor, before)
    row = _changed(tx, item, before or _new(tx, item))
    _check_reach(actor, row)
    if before is None:
        sql.insert(tx.connection, row)
    else:
        sql.update(tx.connection, row)
    _say(tx, actor, before, row)
    return row


def _check_room(tx: Transaction, item: SetSecret, before: SecretRow | None) -> None:
    count, size = sql.totals(tx.connection, item.actor.space.id)
    if before is None and count >= MOST_SECRETS:
        raise Refusal("limit", f"A space has at most {MOST_SECRETS} secrets: delete one first.")
    if size - (before.size if before else 0) + len(item.body.value.encode()) > LARGEST_SPACE:
        raise Refusal(
            "limit", f"The values of a space have at most {LARGEST_SPACE} bytes in all.", key="value"
        )


def _check_reach(actor: Actor, row: SecretRow | None) -> None:
    """Who is restricted to some jobs changes no secret that others may have too."""
    if row is not None and actor.reach is not None and not actor.reach.covers(row.globs):
        allowed = ", ".join(actor.reach.jobs or ())
        raise Refusal(
            "forbidden",
            f"The secret {row.name} is for the jobs {', '.join(row.globs)}, and this key is restricted to {allowed}: a secret "
            "that it sets is for these, or for less, and named so in jobs.",
            key="jobs",
        )


def _new(tx: Transaction, item: SetSecret) -> SecretRow:
    body, actor = item.body, item.actor
    return SecretRow(
        id=tx.next_id("secret"),
        space_id=actor.space.id,
        name=body.name,
        owner=body.actor_id or NOBODY,
        description=None,
        jobs=None,
        wrapped="",
        sealed="",
        size=0,
        version=0,
        created_at=tx.now,
        created_by=actor.key_id,
        updated_at=tx.now,
        updated_by=actor.key_id,
    )


def _changed(tx: Transaction, item: SetSecret, before: SecretRow) -> SecretRow:
    body = item.body
    sent = body.model_fields_set
    version = before.version + 1
    place = item.sealer.place(before.space_id, before.name, before.owner, version)
    sealed = item.sealer.seal(place, body.value)
    return replace(
        before,
        description=body.description if "description" in sent else before.description,
        jobs=_json(body.jobs) if "jobs" in sent else before.jobs,
        wrapped=sealed.wrapped,
        sealed=sealed.sealed,
        size=len(body.value.encode()),
        version=version,
        updated_at=tx.now,
        updated_by=item.actor.key_id,
    )


def _json(jobs: list[str] | None) -> str | None:
    return None if jobs is None else orjson.dumps(jobs).decode()


def delete(tx: Transaction, item: DeleteSecret) -> None:
    """The secret is gone; Refusal ``not_found``."""
    row = sql.load(tx.connection, item.actor.space.id, item.secret_id)
    if row is None:
        raise missing("secret", encode(KIND, item.secret_id))
    _check_reach(item.actor, row)
    sql.delete(tx.connection, row.id)
    _say(tx, item.actor, row, None)


def _say(tx: Transaction, actor: Actor, before: SecretRow | None, after: SecretRow | None) -> None:
    """One of the two is there."""
    row = after or before
    assert row is not None
    topic = "secret:created" if before is None else "secret:deleted" if after is None else "secret:updated"
    target = encode(KIND, row.id)
    tell(
        tx,
        actor,
        topic,
        target,
        {"secretId": target, "name": row.name, "version": row.version},
        before=None if before is None else secret_facts(before),
        after=None if after is None else secret_facts(after),
    )


def use(tx: Transaction, item: UseSecrets) -> dict[str, str]:
    """The values, by name. Refusal ``stale_lease`` or ``not_found`` of the job; of a secret ``not_found``, ``forbidden`` or
    ``secret_locked``.
    """
    job = own(tx, item.lease)
    return {name: _used(tx, item, name, job.name) for name in item.names}


def _used(tx: Transaction, item: UseSecrets, name: str, job: str) -> str:
    row = sql.by_name(tx.connection, item.lease.space_id, name, NOBODY)
    if row is None:
        raise Refusal(
            "not_found",
            f"There is no secret {name} in this space. Set it: tickwire secrets set {name}.",
            key="names",
        )
    if not row.is_for(job):
        raise Refusal(
            "forbidden",
            f"The secret {name} is not for the job {job}, but for {', '.join(row.globs)}.",
            key="names",
        )
    return opened(item.sealer, row)


def place_of(sealer: Sealer, row: SecretRow) -> Place:
    """To what a stored secret is bound."""
    return sealer.place(row.space_id, row.name, row.owner, row.version)


def opened(sealer: Sealer, row: SecretRow) -> str:
    """The value; Refusal ``secret_locked``."""
    try:
        return sealer.open(place_of(sealer, row), Sealed(row.wrapped, row.sealed))
    except Locked:
        raise Refusal("secret_locked", LOCKED.format(name=row.name), key="name") from None


def rewrap(tx: Transaction, item: RewrapSecrets) -> int | None:
    """Wrap the keys of a page under the newest master key; the last id of the page, None when there was nothing left."""
    rows = sql.page_by_prefix(tx.connection, item.prefix, item.after, PAGE)
    for row in rows:
        place = place_of(item.sealer, row)
        if item.sealer.opens(place, row.wrapped):
            sql.rewrap(tx.connection, row, item.sealer.rewrap(place, row.wrapped))
    return rows[-1].id if rows else None


SET_SECRET: Final[Command[SetSecret, SecretRow]] = Command(
    "set_secret", set_, guard=by("set_secrets"), turn=always
)
DELETE_SECRET: Final[Command[DeleteSecret, None]] = Command(
    "delete_secret", delete, needs_no_room=True, guard=by("set_secrets")
)
USE_SECRETS: Final[Command[UseSecrets, dict[str, str]]] = Command("use_secrets", use, one, needs_no_room=True)
REWRAP_SECRETS: Final[Command[RewrapSecrets, int | None]] = Command(
    "rewrap_secrets", rewrap, needs_no_room=True
)
