"""Listeners on the wire: the sessions that take jobs, where each stands, and what it has in its hands."""

from typing import Final, Literal

from pydantic import Field

from .model import WireModel
from .times import Time

MOST_NAMES: Final = 100
"""Names of jobs that are shown of one session."""
MOST_JOBS: Final = 20
"""Jobs in its hands that are named."""
STATES: Final = ("connected", "draining", "away")


class TakenJob(WireModel):
    """A name of jobs, or a glob of them, that a listener takes; ``online`` says whether somebody takes them now, this one or another."""

    job: str
    online: bool


class ListenerSession(WireModel):
    """One session that takes jobs. A listener has one, and one more for each handler with a ``concurrency`` of its own.

    - ``host``: the machine and the process, as the listener calls them; ``client``: its library with the version
    - ``state``: ``connected``; ``draining``: it gets nothing new, because somebody said so (``drainedAt``) or because it stops; ``away``:
      its connection has ended, and it still holds jobs, until it is back or their leases have run out
    - ``server``: the server that it is connected to, or was
    - ``jobs``: what it takes, the first hundred of ``jobCount``
    - ``credit``: how many jobs it takes at once; ``inFlight``: how many it has, ``jobIds`` are the first twenty
    - ``connectedAt``: since when it takes jobs on this connection
    - ``lastHeardAt``: when it said something last, to within ten seconds; of a session of another server, when that one said so last
    - ``drainedBy``: the key or member
    """

    id: str
    key_id: str
    host: str | None = None
    client: str | None = None
    state: Literal["connected", "draining", "away"]
    server: str
    jobs: list[TakenJob] = Field(default_factory=list)
    job_count: int
    credit: int
    in_flight: int
    job_ids: list[str] = Field(default_factory=list)
    connected_at: Time
    last_heard_at: Time | None = None
    left_at: Time | None = None
    drained_at: Time | None = None
    drained_by: str | None = None
