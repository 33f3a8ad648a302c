"""What the work of a built-in job has at hand, and what it hands back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.outcomes import Outcome
from listener_sdk.protocol.redaction import Redaction

from ..core.actors import Actor
from ..outbound.requests import Outbound
from ..store.blobs import Blobs
from .own_sessions import OwnSession


@dataclass(frozen=True, slots=True)
class Tools:
    """What all runs of a server share. ``outbound`` makes its connections when first asked for; ``clock`` gives milliseconds."""

    outbound: Callable[[], Outbound]
    blobs: Blobs
    submit: Callable[..., Any]
    read: Callable[..., Any]
    clock: Callable[[], int]
    largest_file: int

    def now_s(self) -> float:
        """Seconds since 1970."""
        return self.clock() / 1000


@dataclass(frozen=True, slots=True)
class Done:
    """The work ended well. ``undo`` takes back what it has left, should the job have gone on without it."""

    result: dict[str, Any]
    outcome: Outcome | None = None
    undo: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One run. ``redaction`` keeps its secrets out of what it hands back."""

    session: OwnSession
    grant: Mapping[str, Any]
    tools: Tools
    redaction: Redaction

    @property
    def actor(self) -> Actor:
        """The server, in the job's space."""
        return self.session.actor

    @property
    def job(self) -> Mapping[str, Any]:
        """The job as its listeners see it."""
        found: Mapping[str, Any] = self.grant["job"]
        return found

    @property
    def job_number(self) -> int:
        """The integer of the job's row."""
        number = decode("jb", self.job["id"])
        assert number is not None
        return number

    @property
    def fence(self) -> int:
        """The lease's."""
        return int(self.grant["fence"])

    def tick(self, done: float, total: float | None = None, text: str | None = None) -> None:
        """Say how far it is."""
        self.session.tell(f.Tick(job=self.job["id"], fence=self.fence, done=done, total=total, text=text))
