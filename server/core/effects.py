"""What a transaction asks the engine to tell listeners once it has committed."""

from dataclasses import dataclass

from .jobs import JobRow


@dataclass(frozen=True, slots=True)
class Granted:
    """A job was leased to a session."""

    holder: str
    row: JobRow


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The holder shall stop this job's handler."""

    holder: str
    job_id: int
    fence: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Lost:
    """A session no longer holds this lease."""

    holder: str
    job_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Divided:
    """The job of this lease was split: from now on its progress is that of its parts."""

    holder: str
    job_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Takes:
    """What a connected session takes from now on, as far as job types are online: nothing while it is drained."""

    holder: str
    connection: int
    space_id: int
    patterns: tuple[str, ...]
