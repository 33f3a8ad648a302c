"""Deliveries: taken by one server at a time with a lease, tried again with back-off, and told of at their end on the timeline of the run.

A server that ends between the sending and the telling sends once more after the lease, under the same id: at least once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.times import to_wire

from ..core.members import KIND as MEMBER
from ..core.members import MemberRow
from ..core.notification_retries import next_attempt_ms
from ..core.notification_texts import Told, read_told
from ..core.notifications import DELIVERY, masked
from ..core.secrets import NOBODY
from ..core.templates import Resolved, resolve, secret_places, with_secrets
from ..outbound.spellings import spellings
from ..security.sealing import Sealer
from ..store import members as members_sql
from ..store import notification_messages as sql
from ..store import secrets as secrets_sql
from ..store.command import Command
from ..store.notification_messages import DeliveryRow
from ..store.transaction import Transaction
from . import secrets
from .notification_messages import about, say_of_runs

LEASE_MS: Final = 120_000
LONGEST_MESSAGE: Final = 500
Place = tuple[int, int]
"""From which character of a text to which."""
Result = Literal["delivered", "failed", "again"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that are to begin, as far as they still wait."""

    sealer: Sealer
    ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that this server makes now.

    - ``where``: the address or the URL, secrets filled in; None where there is none any more, as ``problem`` says
    - ``secret``: what signs
    - ``hidden``: texts that nobody must see
    - ``is_secret``: whether the URL has a secret in it
    """

    row: DeliveryRow
    told: Told
    where: str | None = None
    secret: str | None = None
    hidden: Collection[str] = field(default=(), repr=False)
    is_secret: bool = False
    problem: str | None = None

    @property
    def id(self) -> str:
        """The id by which its recipient knows it again."""
        return encode(DELIVERY, self.row.id)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt went: it is there, it failed for good, or it is to be tried again."""

    row: DeliveryRow
    result: Result
    message: str | None = None
    retry_after_s: float | None = None


def claim(tx: Transaction, item: Claim) -> list[Parcel]:
    """Deliveries whose time has come. Until the end of the lease they are this server's alone."""
    rows = sql.claim(tx.connection, item.ids, tx.now, tx.now + LEASE_MS)
    told = {
        key: read_told(value)
        for key, value in sql.messages(tx.connection, [r.message_id for r in rows]).items()
    }
    ids = sorted({number for row in rows if (number := decode(MEMBER, row.recipient)) is not None})
    people = {one.id: one for one in members_sql.load_many(tx.connection, ids)} if ids else {}
    return [_parcel(tx, item.sealer, row, told[row.message_id], people) for row in rows]


def _parcel(
    tx: Transaction, sealer: Sealer, row: DeliveryRow, told: Told, people: Mapping[int, MemberRow]
) -> Parcel:
    number = decode(MEMBER, row.recipient)
    if number is not None:
        member = people.get(number)
        if member is None or not member.open or member.email is None:
            return Parcel(row, told, problem="The member was set aside or removed meanwhile.")
        return Parcel(row, told, member.email)
    if row.channel == "email":
        return Parcel(row, told, row.recipient)
    hidden: dict[str, str] = {}
    try:
        where, places = _filled(tx, sealer, row.space_id, row.recipient, told, hidden)
        signed = None if row.signed is None else _filled(tx, sealer, row.space_id, row.signed, told, hidden)
        secret = None if signed is None else signed[0]
    except Refusal as refusal:
        return Parcel(row, told, problem=refusal.message)
    every = {*hidden.values(), *spellings(where, [*_unseen(where), *places])}
    return Parcel(row, told, where, secret, every, is_secret=bool(places))


def _filled(
    tx: Transaction, sealer: Sealer, space_id: int, template: str, told: Told, hidden: dict[str, str]
) -> tuple[str, list[Place]]:
    """The text with its secrets, and where these stand. Refusal that names the one which cannot be used."""
    found = resolve(template, {})
    if not isinstance(found, Resolved):
        raise Refusal("invalid", f"The rule's address does not resolve: {found[0].message}.")
    for ref in found.secret_refs:
        hidden[ref.name] = _secret(tx, sealer, space_id, ref.name, told)
    whole = str(with_secrets(found, hidden))
    before = len(whole) - len(whole.lstrip())
    places = secret_places(found, hidden, ())
    return whole.strip(), [(max(first - before, 0), max(end - before, 0)) for first, end in places]


def _unseen(address: str) -> list[Place]:
    """Where in any address a name and a password, the path and the query stand: who knows these may post there."""
    first = address.find("://") + 3
    path = next((n for n, letter in enumerate(address) if n >= first and letter in "/?#"), len(address))
    return [(first, address.rfind("@", first, path) + 1), (path, len(address))]


def _secret(tx: Transaction, sealer: Sealer, space_id: int, name: str, told: Told) -> str:
    row = secrets_sql.by_name(tx.connection, space_id, name, NOBODY)
    if row is None:
        raise Refusal("not_found", f"There is no secret {name} in this space any more.")
    if told.job is None or not row.is_for(told.job):
        raise Refusal("forbidden", f"The secret {name} is not for the jobs of this definition.")
    return secrets.opened(sealer, row)


def end(tx: Transaction, item: Ended) -> Result | None:
    """Tell how an attempt went; what became of the delivery. None where it is not this server's any more."""
    row = sql.keep(tx.connection, item.row.id, item.row.attempts)
    if row is None:
        return None
    told = read_told(sql.messages(tx.connection, [row.message_id])[row.message_id])
    wait = None
    if item.result == "again":
        wait = next_attempt_ms(row.attempts, tx.now - row.created_at, tx.random(), item.retry_after_s)
    result: Result = "failed" if item.result == "again" and wait is None else item.result
    if wait is not None:
        sql.put_off(tx.connection, row.id, tx.now + wait)
        if row.attempts == 1:
            _say(tx, "notification:delayed", row, told, item.message, nextAttemptAt=to_wire(tx.now + wait))
        return result
    sql.remove(tx.connection, row)
    topic = "notification:delivered" if result == "delivered" else "notification:failed"
    _say(tx, topic, row, told, item.message)
    return result


def _say(tx: Transaction, topic: str, row: DeliveryRow, told: Told, message: str | None, **more: Any) -> None:
    try:
        space = tx.space(row.space_id)
    except Refusal:
        return
    is_member = decode(MEMBER, row.recipient) is not None
    payload = {
        "channel": row.channel,
        "recipients": [row.recipient if is_member else masked(row.recipient)],
        "deliveryId": encode(DELIVERY, row.id),
        "attempts": row.attempts,
        **({} if message is None else {"message": message[:LONGEST_MESSAGE]}),
        **more,
        **about(told),
    }
    say_of_runs(tx, space, topic, payload, told)


CLAIM_DELIVERIES: Final[Command[Claim, list[Parcel]]] = Command("claim_deliveries", claim, needs_no_room=True)
END_DELIVERY: Final[Command[Ended, Result | None]] = Command("end_delivery", end, needs_no_room=True)
