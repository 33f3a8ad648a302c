"""Subscriber tokens: what one says, and what it may do. A new kind of scope is one more class, and its line in `SCOPES`."""

from dataclasses import dataclass
from typing import Any, Final, Self

ROLE: Final = "viewer"
"""Tokens only read."""


@dataclass(frozen=True, slots=True)
class OfJob:
    """One job, with its parts."""

    job_id: int

    def packed(self) -> int:
        """As the token says it."""
        return self.job_id

    @classmethod
    def unpacked(cls, value: Any) -> Self:
        """What ``packed`` gave; ValueError for anything else."""
        if type(value) is not int:
            raise ValueError("a job is a number")
        return cls(value)


@dataclass(frozen=True, slots=True)
class OfTag:
    """The jobs that have a tag."""

    tag: str

    def packed(self) -> str:
        """As the token says it."""
        return self.tag

    @classmethod
    def unpacked(cls, value: Any) -> Self:
        """What ``packed`` gave; ValueError for anything else."""
        if not isinstance(value, str) or not value:
            raise ValueError("a tag is a text")
        return cls(value)


@dataclass(frozen=True, slots=True)
class OfDefinition:
    """The jobs that a definition has started."""

    code: str

    def packed(self) -> str:
        """As the token says it."""
        return self.code

    @classmethod
    def unpacked(cls, value: Any) -> Self:
        """What ``packed`` gave; ValueError for anything else."""
        if not isinstance(value, str) or not value:
            raise ValueError("a definition is said by its code")
        return cls(value)


@dataclass(frozen=True, slots=True)
class OfSpace:
    """All that a viewer of the space sees of jobs, events and files."""

    def packed(self) -> bool:
        """As the token says it."""
        return True

    @classmethod
    def unpacked(cls, value: Any) -> Self:
        """What ``packed`` gave; ValueError for anything else."""
        if value is not True:
            raise ValueError("the space is said by true")
        return cls()


Scope = OfJob | OfTag | OfDefinition | OfSpace
SCOPES: Final[dict[str, type[OfJob] | type[OfTag] | type[OfDefinition] | type[OfSpace]]] = {
    "job": OfJob,
    "tag": OfTag,
    "definition": OfDefinition,
    "space": OfSpace,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: the key that made it, by which of its secrets, for which space, until when (ms), for what."""

    key_id: str
    stamp: str
    space_id: int
    expires_at: int
    scope: Scope

    @property
    def job_id(self) -> int | None:
        """The one job, where it is for one."""
        return self.scope.job_id if isinstance(self.scope, OfJob) else None

    @property
    def tag(self) -> str | None:
        """The one tag, where it is for one."""
        return self.scope.tag if isinstance(self.scope, OfTag) else None

    @property
    def definition(self) -> str | None:
        """The one definition, where it is for one."""
        return self.scope.code if isinstance(self.scope, OfDefinition) else None

    def packed(self) -> dict[str, Any]:
        """As a JSON object."""
        kind = next(name for name, scope in SCOPES.items() if isinstance(self.scope, scope))
        return {
            "k": self.key_id,
            "h": self.stamp,
            "s": self.space_id,
            "e": self.expires_at,
            kind: self.scope.packed(),
        }

    @classmethod
    def unpacked(cls, fields: Any) -> Self:
        """What ``packed`` gave; ValueError for anything else."""
        kinds = [name for name in SCOPES if isinstance(fields, dict) and name in fields]
        if len(kinds) != 1:
            raise ValueError("a token has one scope")
        scope = SCOPES[kinds[0]].unpacked(fields[kinds[0]])
        try:
            return cls(str(fields["k"]), str(fields["h"]), int(fields["s"]), int(fields["e"]), scope)
        except KeyError as missing:
            raise ValueError("a fact is missing") from missing
