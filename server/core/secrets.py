"""A secret inside the server: one row, who may have it, and what readers see of it."""

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from listener_sdk.protocol.filters import job_name_matches
from listener_sdk.protocol.ids import encode, environment_id, space_id
from listener_sdk.protocol.times import to_wire

from .actors import Space

KIND: Final = "sec"
NOBODY: Final = ""
"""The owner of a secret that belongs to no actor."""


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One row of table ``secret``, its fields in the table's order; times are milliseconds.

    ``sealed`` is the value under a key of its own, ``wrapped`` that key under the master key. ``size`` is the value's, in bytes.
    ``jobs`` is a JSON list of globs, None for all.
    """

    id: int
    space_id: int
    name: str
    owner: str
    description: str | None
    jobs: str | None
    wrapped: str = field(repr=False)
    sealed: str = field(repr=False)
    size: int
    version: int
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def globs(self) -> list[str]:
        """The names or globs of the jobs that may have it."""
        return ["**"] if self.jobs is None else list(orjson.loads(self.jobs))

    def is_for(self, job: str) -> bool:
        """Whether jobs of this name may have it."""
        return any(job_name_matches(glob, job) for glob in self.globs)


def secret_wire(row: SecretRow, space: Space, value: str | None, *, locked: bool) -> dict[str, Any]:
    """The secret as JSON object; None hides the value. Flatfile's clients need a text in its place."""
    return {
        "id": encode(KIND, row.id),
        "name": row.name,
        "value": value or "",
        "hidden": value is None,
        "locked": locked,
        "environmentId": environment_id(space.code),
        "spaceId": space_id(space.code),
        "actorId": row.owner or None,
        "jobs": row.globs,
        "description": row.description,
        "version": row.version,
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "updatedBy": row.updated_by,
    }


def secret_facts(row: SecretRow) -> dict[str, Any]:
    """What the audit keeps of it."""
    owner = {"actorId": row.owner} if row.owner else {}
    return {
        "name": row.name,
        **owner,
        "jobs": row.globs,
        "description": row.description,
        "version": row.version,
    }
