"""PostgreSQL's errors as those of the seam, and as advice for who starts a server."""

from typing import Final

import psycopg

from .database import AgainError, BrokenError, DiskFullError, StoreError

_AGAIN: Final = frozenset({"40P01", "40001", "55P03"})
"""A deadlock, a conflict with another transaction, a lock that was not given in time."""
_UNMET: Final = "22012"
"""A division by zero: what a transaction has counted on (`Connection.expect`) was no longer so."""
_DAMAGED: Final = frozenset({"XX001", "XX002"})
_STALE: Final = frozenset({"0A000", "26000"})
"""Prepared statements that no longer are what they were: a migration, or a pooler between."""
_AWAY: Final = ("08", "53", "57", "58", "28", "25006", "42501")
"""Connections, means, operators, disks, passwords; a replica; rights that were taken."""
_ADVICE: Final = (
    ("password authentication failed", "Check user and password: in the address, PGPASSWORD or a passfile."),
    ("no password supplied", "Give the password in the address, PGPASSWORD or a passfile."),
    ("no pg_hba.conf entry", "Let this machine in (pg_hba.conf), or use TLS (?sslmode=require)."),
    ("too many", "Raise max_connections of PostgreSQL, or stop what else uses it."),
    ("Connection refused", "Start PostgreSQL, or check host and port."),
    ("No such file or directory", "Start PostgreSQL, or check the folder of its socket."),
    ("resolve", "Check the name of the host."),
    ("translate host name", "Check the name of the host."),
    ("timeout", "Check host, port and firewall."),
    ("role", "Make the user (CREATE ROLE), or name another."),
    ("database", "Make the database (CREATE DATABASE), or name another."),
)


def lost() -> AgainError:
    """The session ended before anything was made durable."""
    return AgainError("The connection to the database was lost: try again; nothing was written.")


def unknown_end() -> StoreError:
    """The session ended while the transaction was made durable."""
    return StoreError(
        "The connection to the database was lost during the commit: it may have been done. "
        "Look before you try again, or repeat it with the same Idempotency-Key."
    )


def as_store_error(error: psycopg.Error) -> StoreError | None:
    """The seam's error for one of PostgreSQL's; None for all that is a fault of ours, or of one command."""
    state = error.sqlstate or ""
    said = f"{type(error).__name__}, {state}"
    if state in _AGAIN or state in _STALE:
        return AgainError(
            f"The database has undone this for another transaction ({said}): try again; nothing was written."
        )
    if state == _UNMET:
        return AgainError("Another server has changed what this counted on: try again; nothing was written.")
    if state == "53100":
        return DiskFullError("The disk of the database is full: free some space; nothing was written.")
    if state in _DAMAGED:
        return BrokenError(
            f"The database is damaged ({said}): restore it from a backup, then start the server again."
        )
    if state.startswith(_AWAY):
        return StoreError(f"The database cannot do this now ({said}): try again; nothing was written.")
    return None


def advice(message: str) -> str:
    """What to do about a connection that was not made."""
    return next((what for sign, what in _ADVICE if sign in message), "Check --database-url.")
