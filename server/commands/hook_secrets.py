"""The secrets of hooks: sealed as those of spaces are, and wrapped anew under a newer master key."""

from dataclasses import replace
from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.hooks import KIND, HookRow
from ..security.sealing import Locked, Place, Sealed, Sealer
from ..store import hooks as sql
from ..store import secrets as secrets_sql
from ..store.command import Command
from ..store.hooks import HookSecret
from ..store.transaction import Transaction
from .secrets import PAGE, RewrapSecrets

OWNER: Final = "hook"


def place_of(sealer: Sealer, row: HookSecret) -> Place:
    """To what a stored secret is bound: the names of a space's own secrets have no slash."""
    return sealer.place(row.space_id, f"{encode(KIND, row.hook_id)}/{row.id}", OWNER, 1)


def add(tx: Transaction, row: HookRow, secret: str, sealer: Sealer, until: int) -> None:
    """A new secret; the one before it is valid until then."""
    bare = HookSecret(tx.next_id("hook_secret"), row.space_id, row.id, None, "", "")
    sealed = sealer.seal(place_of(sealer, bare), secret)
    sql.add_secret(tx.connection, replace(bare, wrapped=sealed.wrapped, sealed=sealed.sealed), until)


def opened(sealer: Sealer, row: HookSecret) -> str:
    """The secret; Refusal ``secret_locked``."""
    try:
        return sealer.open(place_of(sealer, row), Sealed(row.wrapped, row.sealed))
    except Locked:
        raise Refusal(
            "secret_locked",
            "The secret of this hook is locked: this server has not the master key under which it was sealed. Give the server that key "
            "(TICKWIRE_MASTER_KEY_PREVIOUS, or a further line of master.key), or rotate the hook.",
            key="secret",
        ) from None


def rewrap(tx: Transaction, item: RewrapSecrets) -> int | None:
    """Wrap the keys of a page under the newest master key; the last id of the page, None when there was nothing left."""
    rows = sql.secrets_by_prefix(tx.connection, item.prefix, item.after, PAGE)
    for row in rows:
        place = place_of(item.sealer, row)
        if item.sealer.opens(place, row.wrapped):
            wrapped = item.sealer.rewrap(place, row.wrapped)
            secrets_sql.rewrap(tx.connection, row, wrapped, secrets_sql.OF_HOOKS)
    return rows[-1].id if rows else None


REWRAP_HOOKS: Final[Command[RewrapSecrets, int | None]] = Command("rewrap_hooks", rewrap, needs_no_room=True)
