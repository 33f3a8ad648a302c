"""Telling people of runs: what rules tell now, what waits for their next message, and the messages that are made of it.

The writer does what was decided if the log was looked through by nobody else meanwhile, and moves the cursor in the same transaction: so
each event is told or counted once, whoever else tries it, and however a server ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode

from ..core.actors import SYSTEM, Space
from ..core.members import KIND as MEMBER
from ..core.members import MemberRow, email_key
from ..core.notification_texts import Told, inbox
from ..core.notifications import DELIVERY, EVERY_MS, LONGEST_WAIT_MS, Digest, NotificationRow, RuleKey
from ..store import members as members_sql
from ..store import notification_messages as messages_sql
from ..store import notification_rules as sql
from ..store import notifications as inbox_sql
from ..store.command import Command
from ..store.notification_messages import DeliveryRow
from ..store.notification_rules import RuleRow
from ..store.transaction import NewEvent, Transaction
from .changes import context_of
from .notification_decisions import Due, Group, Noted, Target

Post = tuple[str, str, str | None]
"""A channel, who is told by it, and what signs."""
MOST_ADMINISTRATORS: Final = 50
"""Those who are told of what concerns a whole space, by the order of their making."""


@dataclass(slots=True)
class Report:
    """What came of a batch: how many messages, and how many deliveries of them are on their way."""

    messages: int = 0
    deliveries: int = 0


def note(tx: Transaction, item: Noted) -> Report | None:
    """Tell or count what was decided, and move the cursor. None, and nothing is done, where somebody else has moved it."""
    cursor = sql.keep_cursor(tx.connection)
    if cursor.version != item.cursor.version:
        return None
    known = sql.find(tx.connection, [group.key for group in item.groups]) if item.groups else {}
    telling = _Telling(tx, _people(tx, [(group.key, group.target) for group in item.groups]))
    for group in item.groups:
        telling.take(known.get(group.key), group)
    telling.finish()
    sql.move_cursor(tx.connection, cursor, item.upto)
    return telling.report


def flush(tx: Transaction, item: Sequence[Due]) -> Report:
    """Send the messages that are due, of what was counted meanwhile."""
    sql.keep_cursor(tx.connection)
    known = sql.keep(tx.connection, [one.row.id for one in item])
    open_ = [one for one in item if one.row.id in known and known[one.row.id].due_at == one.row.due_at]
    telling = _Telling(
        tx, _people(tx, [(one.row.key, one.target) for one in open_ if one.target is not None])
    )
    for one in open_:
        row = known[one.row.id]
        if one.target is None:
            telling.changed.append(replace(row, due_at=None, digest=Digest()))
        else:
            telling.tell(row, row.key, one.target, row.digest)
    telling.finish()
    return telling.report


def _people(tx: Transaction, told: Iterable[tuple[RuleKey, Target]]) -> dict[RuleKey, list[MemberRow]]:
    """The members whom each rule tells now: those who may log in."""
    wanted: dict[RuleKey, list[int]] = {}
    for key, target in told:
        audience = target.audience
        ids = [number for one in audience.people if (number := decode(MEMBER, one)) is not None]
        wanted[key] = _administrators(tx, key.space_id) if audience.admins else ids
    every = {number for ids in wanted.values() for number in ids}
    rows = {row.id: row for row in members_sql.load_many(tx.connection, sorted(every))} if every else {}
    return {
        key: [
            rows[one] for one in ids if one in rows and rows[one].open and rows[one].space_id == key.space_id
        ]
        for key, ids in wanted.items()
    }


def _administrators(tx: Transaction, space_id: int) -> list[int]:
    rows = members_sql.page(tx.connection, space_id, 0, MOST_ADMINISTRATORS, role="admin", active=1)
    return [row.id for row in rows]


@dataclass(slots=True)
class _Telling:
    tx: Transaction
    people: Mapping[RuleKey, list[MemberRow]]
    report: Report = field(default_factory=Report)
    new: list[RuleRow] = field(default_factory=list)
    changed: list[RuleRow] = field(default_factory=list)
    in_boxes: list[NotificationRow] = field(default_factory=list)

    def take(self, row: RuleRow | None, group: Group) -> None:
        """Tell it now, or with the rule's next message."""
        due_at = None if row is None else self._due_at(row)
        digest = Digest() if row is None else row.digest
        if row is None or due_at is None:
            self.tell(row, group.key, group.target, digest.with_(group.facts))
        else:
            self.changed.append(replace(row, digest=digest.with_(group.facts), due_at=due_at))

    def _due_at(self, row: RuleRow) -> int | None:
        """When the next message of a rule is due; None for now. A clock that was set back must not silence it."""
        due_at, now = row.due_at or row.told_at + EVERY_MS, self.tx.now
        waits = row.due_at is not None or due_at > now
        return due_at if waits and due_at <= now + LONGEST_WAIT_MS else None

    def tell(self, row: RuleRow | None, key: RuleKey, target: Target, digest: Digest) -> None:
        """Make the message. Where there is nobody to tell, as when all members were set aside, the rule has not told anything."""
        space, now = self._space(key.space_id), self.tx.now
        posts = self._posts(key, target)
        in_boxes = self._members(key, target, "inbox")
        is_told = space is not None and bool(posts or in_boxes)
        if row is not None:
            told_at = now if is_told else row.told_at
            self.changed.append(replace(row, told_at=told_at, due_at=None, digest=Digest()))
        elif is_told:
            self.new.append(self._row(key, target))
        if space is not None and is_told:
            self._message(space, key, target, digest, posts, in_boxes)

    def _row(self, key: RuleKey, target: Target) -> RuleRow:
        number = self.tx.next_id("notification_rule")
        return RuleRow(number, key, self.tx.now, None, Digest(), target.audience, target.place)

    def _members(self, key: RuleKey, target: Target, channel: str) -> list[MemberRow]:
        """Those of a rule's people whom it tells by this channel."""
        audience, people = target.audience, self.people[key]
        named = audience.inbox if channel == "inbox" else audience.email
        return people if audience.admins else [one for one in people if one.public_id in named]

    def _space(self, space_id: int) -> Space | None:
        try:
            return self.tx.space(space_id)
        except Refusal:
            return None

    def _message(
        self,
        space: Space,
        key: RuleKey,
        target: Target,
        digest: Digest,
        posts: list[Post],
        in_boxes: list[MemberRow],
    ) -> None:
        about = {"kind": key.kind, "number": target.place}
        told = Told(space.name, space.time_zone, target.name, target.definition, target.job, about, digest)
        message_id = self.tx.next_id("notification_message")
        if in_boxes:
            self._put(space, told, in_boxes)
        if rows := self._deliveries(space.id, message_id, posts):
            messages_sql.insert(self.tx.connection, space.id, message_id, self.tx.now, told.stored(), rows)
        self.report.messages += 1
        self.report.deliveries += len(rows)

    def _put(self, space: Space, told: Told, members: list[MemberRow]) -> None:
        """Into the inboxes of members, each of whom is told alone; that it was done is told once."""
        body = inbox(told)
        text = orjson.dumps(body).decode()
        for member, number in zip(members, self.tx.next_ids("notification", len(members)), strict=True):
            row = NotificationRow(number, space.id, member.id, self.tx.now, None, text)
            self.in_boxes.append(row)
            payload = {"notificationId": row.public_id, "memberId": member.public_id, "title": body["title"]}
            say(self.tx, space, "notification:created", payload, body.get("jobId"))
        payload = {
            "channel": "inbox",
            "recipients": [member.public_id for member in members],
            "deliveryId": encode(DELIVERY, self.tx.next_id("notification_delivery")),
            **about(told),
        }
        say_of_runs(self.tx, space, "notification:delivered", payload, told)

    def _posts(self, key: RuleKey, target: Target) -> list[Post]:
        """Where a message goes beside inboxes."""
        audience, members = target.audience, self._members(key, target, "email")
        found: list[Post] = [("email", one.public_id, None) for one in members if one.email is not None]
        known = {member.email_key for member in members}
        addresses = [one for one in audience.email if decode(MEMBER, one) is None]
        found += [("email", one, None) for one in addresses if email_key(one) not in known]
        if audience.slack:
            found.append(("slack", audience.slack, None))
        if audience.webhook:
            found.append(("webhook", audience.webhook, audience.webhook_secret))
        return found

    def _deliveries(self, space_id: int, message_id: int, posts: list[Post]) -> list[DeliveryRow]:
        now = self.tx.now
        numbers = self.tx.next_ids("notification_delivery", len(posts)) if posts else ()
        return [
            DeliveryRow(number, space_id, message_id, channel, recipient, signed, 0, now, now)
            for number, (channel, recipient, signed) in zip(numbers, posts, strict=True)
        ]

    def finish(self) -> None:
        """Write what has changed."""
        connection = self.tx.connection
        if self.new:
            sql.insert(connection, self.new)
        if self.changed:
            sql.update(connection, self.changed)
        if self.in_boxes:
            inbox_sql.insert(connection, self.in_boxes)


def about(told: Told) -> dict[str, Any]:
    """Which rule has told of how much, as events say it."""
    found = {
        "definition": told.definition,
        "rule": told.rule,
        "result": told.digest.result,
        "runs": told.digest.total,
    }
    return {name: value for name, value in found.items() if value is not None}


def say_of_runs(tx: Transaction, space: Space, topic: str, payload: dict[str, Any], told: Told) -> None:
    """One event for the timeline of each run that the message names; one of no job where it names none."""
    named: list[str | None] = [*told.digest.job_ids]
    for job_id in named or [None]:
        say(tx, space, topic, payload, job_id)


def say(tx: Transaction, space: Space, topic: str, payload: dict[str, Any], job_id: str | None) -> None:
    """An event about a notification, which stands on the timeline of the job where it is about one."""
    number = None if job_id is None else decode("jb", job_id)
    context = {**context_of(tx, space, SYSTEM), **({} if job_id is None else {"jobId": job_id})}
    body = {"topic": topic, "domain": "notification", "context": context, "payload": payload}
    tx.append(NewEvent(space.id, topic, number, terminal=False, body=body))


def move(tx: Transaction, seq: int) -> None:
    """All up to and with this event is looked at, and there was nothing to tell."""
    sql.move_cursor(tx.connection, sql.keep_cursor(tx.connection), seq)


NOTE: Final[Command[Noted, Report | None]] = Command("note_ends", note)
FLUSH: Final[Command[Sequence[Due], Report]] = Command("tell_folded", flush)
MOVE_NOTICES: Final[Command[int, None]] = Command("move_notices", move, lazy=True)
