"""Who acts, and where: a key in a space."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Space:
    """A tenant: ``code`` never changes and is both Flatfile's environment and space."""

    id: int
    code: str
    name: str
    link_template: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A key that was checked; ``key_id`` is what events and ``createdBy`` name."""

    key_id: str
    role: str
    space: Space


SYSTEM = "system"
"""The actor of what the server does by itself."""
