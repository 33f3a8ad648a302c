"""Whether who asked for a change may still make it when it is made.

A caller is checked when the head of a call has come, and remembered for a few seconds. Meanwhile the key may be revoked, the
member set aside, the space deleted, on this server or another. Commands that do more than run jobs ask the store once more, in
their own transaction.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal

from ..core import roles
from ..core.actors import Actor, Shown, Space
from ..core.keys import ADMINISTRATOR, KeyRow
from ..core.logins import Owner
from ..core.spaces import deleted
from ..security.equal import equal
from ..security.keys import stamp
from ..store import keys, logins, members, spaces
from ..store.transaction import Transaction

ENDED: Final = "What this call has shown was revoked, set aside or ended while the call was on its way."
Guard = Callable[[Transaction, Any], None]


def by(permission: str) -> Guard:
    """The guard of a command whose item has an ``actor``, who must have this permission still."""
    return lambda tx, item: check(tx, item.actor, permission)


def check(tx: Transaction, actor: Actor, permission: str) -> None:
    """Refusal ``unauthorized``, ``forbidden``, ``conflict`` or ``not_found`` unless the actor may do this, in a space that is there.

    Until the end of the transaction nobody takes that away.
    """
    keep_open(tx, actor.space)
    shown = actor.shown
    if shown is None:
        # The server itself.
        return
    role = _role_by_login(tx, shown) if shown.login is not None else _role_of_key(tx, shown, shown.stamp)
    if role is None:
        raise Refusal("unauthorized", ENDED)
    roles.check(actor if actor.is_token else replace(actor, role=role), permission)


def keep_open(tx: Transaction, space: Space) -> None:
    """Refusal ``not_found`` of a space that was deleted; nobody deletes it before the end of the transaction."""
    kept = spaces.keep(tx.connection, space.id)
    if kept is None or not kept.open:
        raise deleted(space)


def opens(tx: Transaction, owner: Owner) -> bool:
    """Whether the key that owns a session or link opens something still."""
    if _is_operators(tx, owner.key_id):
        return equal(owner.stamp or "", tx.facts.operator or "")
    return _key(tx, owner.key_id or "", owner.stamp) is not None


def _is_operators(tx: Transaction, key_id: str | None) -> bool:
    """The operator's own administrator's key has no row."""
    return tx.facts.operator is not None and key_id == ADMINISTRATOR


def _key(tx: Transaction, key_id: str, shown_stamp: str | None) -> KeyRow | None:
    """The key, as long as it opens something by the secret that was shown."""
    row = keys.keep(tx.connection, key_id)
    if row is None or not row.is_valid(tx.now):
        return None
    return row if any(equal(stamp(hash_), shown_stamp or "") for hash_, _ in row.hashes(tx.now)) else None


def _role_of_key(tx: Transaction, shown: Shown, shown_stamp: str | None) -> str | None:
    if _is_operators(tx, shown.key_id):
        return "admin" if equal(shown_stamp or "", tx.facts.operator or "") else None
    row = _key(tx, shown.key_id, shown_stamp)
    if row is not None and row.limits != shown.limits:
        raise Refusal(
            "conflict", "The key was restricted anew while this call was on its way: send it again."
        )
    return None if row is None else row.role


def _role_by_login(tx: Transaction, shown: Shown) -> str | None:
    row = logins.load(tx.connection, shown.login or 0)
    if row is None or row.expires_at <= tx.now:
        return None
    if row.member_id is None:
        return _role_of_key(tx, shown, row.stamp)
    member = members.keep(tx.connection, row.space_id, row.member_id)
    return member.role if member is not None and member.open else None
