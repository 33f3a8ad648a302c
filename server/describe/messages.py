"""Server-sent events: what stands in the ``data`` of each kind."""

from listener_sdk.protocol.events import Event
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.times import Time

from .answers import Reason


class LiveJob(WireModel):
    """How far a running job is, between two events of the log."""

    id: str
    job: str
    progress: int | None = None
    done: float | None = None
    total: float | None = None
    info: str | None = None
    estimated_completion_at: Time | None = None
    stalled_since: Time | None = None


class Ticks(WireModel):
    """The newest ticks; they have no place in the log."""

    jobs: list[LiveJob]


class Place(WireModel):
    """Where the reader stands: at first with the ends of the log, later, when nothing has matched for a while, with where it stood."""

    position: str
    prev: str | None = None
    head: str | None = None
    oldest: str | None = None


SENT: dict[str, tuple[type[WireModel], str]] = {
    "message": (Event, "An event of the log. It has no name, and its position is its id."),
    "progress": (Ticks, "Where progress was asked for."),
    "position": (Place, "Moves the cursor: its position is its id."),
    "refused": (Reason, "The reader cannot go on; the answer ends."),
}
"""By the name of the event: its data, and what it is for."""
