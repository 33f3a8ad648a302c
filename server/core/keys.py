"""An API key inside the server: one row, and what readers see of it."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

ADMINISTRATOR: Final = encode("key", 0)
"""The key of the first start: in admin.key, or in TICKWIRE_ADMIN_KEY while that is set."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One row of table ``api_key``, its fields in the table's order; times are milliseconds."""

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

    def is_valid(self, now: int) -> bool:
        """Whether the key opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def key_wire(row: KeyRow) -> dict[str, Any]:
    """The key as JSON object, without its secret or hash."""
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "everySpace": bool(row.every_space),
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "expiresAt": _time(row.expires_at),
        "revokedAt": _time(row.revoked_at),
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else to_wire(ms)
