"""Secrets by which webhooks are signed, of hooks and endpoints alike: sealed as they are made, opened for who checks or posts, and wrapped
anew under a newer master key.
"""

from dataclasses import dataclass, field
from typing import Final

from ..security.sealing import Locked, Place, Sealed, Sealer
from ..store import secrets as secrets_sql
from ..store import signing_secrets as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.signing_secrets import SigningSecret
from ..store.transaction import Transaction
from .secrets import PAGE, RewrapSecrets

_NAME: Final = "signing"


@dataclass(frozen=True, slots=True)
class Signing:
    """What signs: the secret, and what seals it."""

    secret: str = field(repr=False)
    sealer: Sealer


def make(tx: Transaction, space_id: int, owner: str, signing: Signing) -> SigningSecret:
    """Give an owner a secret, beside what it has."""
    number = tx.next_id("signing_secret")
    sealed = signing.sealer.seal(signing.sealer.place(space_id, _NAME, owner, number), signing.secret)
    row = SigningSecret(number, space_id, owner, sealed.wrapped, sealed.sealed)
    sql.insert(tx.connection, row)
    return row


def renew(tx: Transaction, space_id: int, owner: str, signing: Signing, overlap_ms: int) -> SigningSecret:
    """Give an owner another secret; the one before holds beside it until the overlap ends."""
    sql.replace(tx.connection, owner, tx.now + overlap_ms if overlap_ms else None)
    return make(tx, space_id, owner, signing)


def opened(sealer: Sealer, row: SigningSecret) -> str | None:
    """The secret; None where no master key of this server opens it."""
    try:
        return sealer.open(_place(sealer, row), Sealed(row.wrapped, row.sealed))
    except Locked:
        return None


def valid(reader: Reader, sealer: Sealer, owner: str, now: int) -> list[str]:
    """The secrets of an owner that hold now, the newest first, as far as this server opens them."""
    found = (opened(sealer, row) for row in sql.valid(reader, owner, now))
    return [one for one in found if one is not None]


def _place(sealer: Sealer, row: SigningSecret) -> Place:
    return sealer.place(row.space_id, _NAME, row.owner, row.id)


def rewrap(tx: Transaction, item: RewrapSecrets) -> int | None:
    """Wrap the keys of a page under the newest master key; the last number of the page, None when there was nothing left."""
    rows = sql.page_by_prefix(tx.connection, item.prefix, item.after, PAGE)
    for row in rows:
        place = _place(item.sealer, row)
        if item.sealer.opens(place, row.wrapped):
            wrapped = item.sealer.rewrap(place, row.wrapped)
            secrets_sql.rewrap(tx.connection, row, wrapped, secrets_sql.OF_SIGNING)
    return rows[-1].id if rows else None


REWRAP_SIGNING: Final[Command[RewrapSecrets, int | None]] = Command(
    "rewrap_signing_secrets", rewrap, needs_no_room=True
)
