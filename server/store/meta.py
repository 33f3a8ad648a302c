"""What a store is: facts that are made once, at its first start."""

from dataclasses import dataclass, field
from random import Random

from ..machine import MACHINE
from . import log
from .database import Connection, Reader


@dataclass(frozen=True, slots=True)
class Meta:
    """The account of the store's spaces, the secret that signs its links, and its log's epoch."""

    account_id: str
    link_secret: bytes = field(repr=False)
    epoch: str


def load_or_make(connection: Connection, random: Random = MACHINE.random) -> Meta:
    """The store's facts; those that are missing are made, in the transaction that is open."""
    account_id = _fact(connection, "account_id", f"us_acc_{random.randbytes(5).hex()}")
    link_secret = _fact(connection, "link_secret", random.randbytes(32).hex())
    log.begin(connection, random.randbytes(4).hex())
    return Meta(account_id, bytes.fromhex(link_secret), log.head(connection).epoch)


def _fact(connection: Connection, name: str, fresh: str) -> str:
    found = _load(connection, name)
    if found is not None:
        return found
    connection.run("INSERT INTO meta (name, value) VALUES (:name, :value)", name=name, value=fresh)
    return fresh


def _load(reader: Reader, name: str) -> str | None:
    found = reader.rows("SELECT value FROM meta WHERE name = :name", name=name)
    return str(found[0][0]) if found else None
