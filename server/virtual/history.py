"""What the clients of a simulation have asked for and heard, and the log as it was committed: what is judged at the end."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..store.log import Stored

OK: Final = "ok"


class Given(NamedTuple):
    """A lease as it was committed; ``log_seq`` is how far the log was then."""

    at_s: float
    session: str
    job_id: int
    fence: int
    attempt: int
    log_seq: int


class LostLease(NamedTuple):
    """A lease that was taken away because nobody renewed it."""

    at_s: float
    job_id: int
    fence: int
    renewed_s: float | None
    """When the server was told of it last, if ever."""


@dataclass(slots=True)
class End:
    """How a listener ended an attempt: ``kind`` is the frame, ``answer`` what the server has said of it: ``ok``, or the code of an error.

    None where no answer came: then it has happened, or not.
    """

    at_s: float
    session: str
    job_id: int
    fence: int
    attempt: int
    kind: str
    answer: str | None = None


@dataclass(slots=True)
class Ask:
    """A job that was asked for; None while nobody knows whether it was made."""

    name: str
    job: str | None = None


@dataclass(slots=True)
class Followed:
    """What one subscriber has heard: the places of the events in their order, without those that it had heard before."""

    after: int
    topics: tuple[str, ...]
    heard: list[int] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    """Frames that did not follow on the one before."""


@dataclass(slots=True)
class History:
    """Everything, in the order of happening."""

    log: list[Stored] = field(default_factory=list)
    asks: dict[str, Ask] = field(default_factory=dict)
    """By their idempotency keys."""
    grants: list[Given] = field(default_factory=list)
    heard: set[tuple[str, int, int]] = field(default_factory=set)
    """Grants that listeners heard of, as (session, job, fence)."""
    renewed: dict[tuple[int, int], float] = field(default_factory=dict)
    """When the server was last told that a lease (job, fence) is held."""
    lost: list[LostLease] = field(default_factory=list)
    lease_s: float = 0.0
    """How long a lease lasts."""
    ends: list[End] = field(default_factory=list)
    followed: dict[str, Followed] = field(default_factory=dict)
    """By the name of the subscriber."""
