"""Who acts, where, and from which address: a key in a space."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Space:
    """A tenant: ``code`` never changes and is both Flatfile's environment and space. Times are milliseconds.

    ``job_ms`` and ``file_ms`` say how long jobs and files are kept where that is not as long as the server keeps them.
    """

    id: int
    code: str
    name: str
    link_template: str | None = None
    time_zone: str = "UTC"
    job_ms: int | None = None
    file_ms: int | None = None
    created_at: int = 0
    updated_at: int = 0
    archived_at: int | None = None
    deleted_at: int | None = None

    @property
    def open(self) -> bool:
        """Whether its keys open it: a space that is being removed has none any more."""
        return self.deleted_at is None


@dataclass(frozen=True, slots=True)
class Actor:
    """A key that was checked, in the space where it acts now; ``key_id`` is what events and ``createdBy`` name.

    A key of the whole store has ``every_space``, and chooses the space by each call.
    """

    key_id: str
    role: str
    space: Space
    every_space: bool = False
    address: str | None = None

    @property
    def scope(self) -> str:
        """Within which an Idempotency-Key stands for one call."""
        return f"{self.key_id}@{self.space.id}" if self.every_space else self.key_id


SYSTEM = "system"
"""The actor of what the server does by itself."""
