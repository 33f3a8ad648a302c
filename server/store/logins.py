"""SQL of sessions of browsers, and of the links and tickets that serve once."""

from collections.abc import Collection, Sequence
from dataclasses import astuple
from typing import Any, Final

from ..core.logins import LoginRow, Owner, PassRow, Visitor
from . import keys, members, spaces
from .database import Connection, Reader

LOGIN: Final = tuple(LoginRow.__dataclass_fields__)
PASS: Final = tuple(PassRow.__dataclass_fields__)
PRUNED: Final = 100
"""Rows that are past their time, removed at once."""
_SELECT_LOGIN: Final = f"SELECT {', '.join(LOGIN)} FROM login"  # noqa: S608 - names of our own fields
_SELECT_PASS: Final = f"SELECT {', '.join(PASS)} FROM login_pass"  # noqa: S608 - names of our own fields


def load(reader: Reader, number: int) -> LoginRow | None:
    """A session of whichever space, past its time or not."""
    found = reader.rows(f"{_SELECT_LOGIN} WHERE id = :id", id=number)
    return LoginRow(*found[0]) if found else None


def load_many(reader: Reader, numbers: Sequence[int]) -> list[LoginRow]:
    """Those of these sessions that are there, past their time or not."""
    rows = reader.rows(f"{_SELECT_LOGIN} WHERE id IN LIST(:ids) ORDER BY id", ids=list(numbers))
    return [LoginRow(*row) for row in rows]


def load_pass(reader: Reader, number: int) -> PassRow | None:
    """A link or ticket of whichever space, past its time or not."""
    found = reader.rows(f"{_SELECT_PASS} WHERE id = :id", id=number)
    return PassRow(*found[0]) if found else None


def visitor(reader: Reader, owner: Owner) -> Visitor:
    """Whom an owner lets in, as it is now."""
    return visitors(reader, [owner])[owner]


def visitors(reader: Reader, owners: Collection[Owner]) -> dict[Owner, Visitor]:
    """Whom owners let in. Many may be members, few are keys, and they are of few spaces."""
    people = {row.id: row for row in members.load_many(reader, [o.member_id for o in owners if o.member_id])}
    known = {key_id: keys.load(reader, key_id) for key_id in {o.key_id for o in owners if o.key_id}}
    where = {number: spaces.load(reader, number) for number in {owner.space_id for owner in owners}}
    return {
        owner: Visitor(
            owner,
            where[owner.space_id],
            people.get(owner.member_id) if owner.member_id else None,
            known[owner.key_id] if owner.key_id else None,
        )
        for owner in owners
    }


def begin(connection: Connection, row: LoginRow) -> None:
    """Store a new session."""
    connection.insert_many("login", LOGIN, [astuple(row)])


def seen(connection: Connection, number: int, now: int) -> None:
    """The session was used."""
    connection.run("UPDATE login SET seen_at = :now WHERE id = :id AND seen_at < :now", id=number, now=now)


def end(connection: Connection, number: int) -> bool:
    """Remove a session with its tickets; whether it was there."""
    connection.run("DELETE FROM login_pass WHERE login_id = :id", id=number)
    return connection.run("DELETE FROM login WHERE id = :id", id=number) > 0


def end_all(connection: Connection, member_id: int, spared: int | None = None) -> int:
    """Remove all sessions and passes of a member but for one session; how many sessions there were."""
    connection.run("DELETE FROM login_pass WHERE member_id = :member", member=member_id)
    return connection.run(
        "DELETE FROM login WHERE member_id = :member AND (CAST(:spared AS BIGINT) IS NULL OR id <> :spared)",
        member=member_id,
        spared=spared,
    )


def end_oldest(connection: Connection, owner: Owner, most: int) -> None:
    """Leave an owner its newest sessions."""
    connection.run(
        "DELETE FROM login WHERE id IN (SELECT id FROM login WHERE "  # noqa: S608 - the condition stands below
        f"{_owned(owner)} ORDER BY id DESC LIMIT 1000 OFFSET :most)",
        **_whose(owner),
        most=most,
    )


def keep_pass(connection: Connection, row: PassRow) -> None:
    """Store a new link or ticket."""
    connection.insert_many("login_pass", PASS, [astuple(row)])


def count_passes(reader: Reader, owner: Owner, kind: str, now: int) -> int:
    """How many links or tickets of an owner serve now."""
    found = reader.rows(
        "SELECT COUNT(*) FROM login_pass WHERE "  # noqa: S608 - the condition stands below
        f"{_owned(owner)} AND kind = :kind AND expires_at > :now",
        **_whose(owner),
        kind=kind,
        now=now,
    )
    return int(found[0][0])


def use_pass(connection: Connection, number: int) -> bool:
    """Remove a link or ticket; whether it was there: it serves once, whoever else takes it at the same time."""
    return connection.run("DELETE FROM login_pass WHERE id = :id", id=number) > 0


def prune(connection: Connection, now: int) -> None:
    """Remove some of what is past its time. Whoever adds a row calls this, so that old ones do not gather."""
    for table in ("login", "login_pass"):
        connection.run(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires_at <= :now ORDER BY expires_at LIMIT :count)",  # noqa: S608 - names stand above
            now=now,
            count=PRUNED,
        )


def _owned(owner: Owner) -> str:
    return "member_id = :member" if owner.member_id is not None else "key_id = :key"


def _whose(owner: Owner) -> dict[str, Any]:
    return {"member": owner.member_id} if owner.member_id is not None else {"key": owner.key_id}
