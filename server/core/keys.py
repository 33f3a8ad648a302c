"""An API key inside the server: one row, and what readers see of it."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire, to_wire_or_none

ADMINISTRATOR: Final = encode("key", 0)
"""The key of the first start: in admin.key, or in TICKWIRE_ADMIN_KEY while that is set."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One row of table ``api_key``, its fields in the table's order; times are milliseconds.

    ``jobs`` and ``topics`` are JSON lists of globs, None for no restriction; ``old_hash`` is that of the secret before the
    last rotation, which opens the key until ``old_until``.
    """

    id: str
    space_id: int
    name: str
    role: str
    secret_hash: str
    created_at: int
    created_by: str | None = None
    expires_at: int | None = None
    revoked_at: int | None = None
    every_space: int = 0
    jobs: str | None = None
    topics: str | None = None
    old_hash: str | None = None
    old_until: int | None = None
    rotated_at: int | None = None
    last_used_at: int | None = None

    @property
    def limits(self) -> tuple[str | None, str | None]:
        """What it is restricted to, as it is stored."""
        return self.jobs, self.topics

    def hashes(self, now: int) -> list[tuple[str, int | None]]:
        """The hashes of the secrets that open it now, and when each ends, if ever: after a rotation there are two for a while."""
        found = [(self.secret_hash, self.expires_at)]
        if self.old_hash is not None and self.old_until is not None and now < self.old_until:
            found.append((self.old_hash, min(self.old_until, self.expires_at or self.old_until)))
        return found

    def is_valid(self, now: int) -> bool:
        """Whether the key opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def patterns(stored: str | None) -> tuple[str, ...] | None:
    """The globs of a restriction."""
    return None if stored is None else tuple(orjson.loads(stored))


def key_wire(row: KeyRow, used_at: int | None = None) -> dict[str, Any]:
    """The key as JSON object, without its secrets or hashes; ``used_at`` is when this server saw it last."""
    last = max(row.last_used_at or 0, used_at or 0) or None
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "everySpace": bool(row.every_space),
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "expiresAt": to_wire_or_none(row.expires_at),
        "revokedAt": to_wire_or_none(row.revoked_at),
        "jobs": _list(row.jobs),
        "topics": _list(row.topics),
        "rotatedAt": to_wire_or_none(row.rotated_at),
        "oldSecretUntil": to_wire_or_none(row.old_until),
        "lastUsedAt": to_wire_or_none(last),
    }


def _list(stored: str | None) -> list[str] | None:
    found = patterns(stored)
    return None if found is None else list(found)
