"""Durable subscriptions on the wire: cursors into the log that the server keeps under a name."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from .jobs import JsonObject
from .model import WireModel
from .times import Time

MOST_SUBSCRIPTIONS: Final = 1_000
"""Of a space."""
WINDOW_EVENTS: Final = 1_000
WINDOW_BYTES: Final = 1024 * 1024
"""No more is sent while so much is not acked."""


def _distinct(name: str) -> str:
    if name.startswith("us_"):
        raise ValueError("names do not begin with us_, as ids do")
    return name


DurableName = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"),
    AfterValidator(_distinct),
]


class SubscriptionAcked(WireModel):
    """All events of a durable subscription up to this position are dealt with: what was acked before stays so."""

    position: str = Field(max_length=64)


class DurableSubscription(WireModel):
    """Where a durable subscription stands.

    - ``owner``: the key or member that made it
    - ``position``: all up to here was acked
    - ``behind``: how many events of the log, matching or not, come after it
    - ``connected``: whether somebody follows it now; of a server that was killed it is said for up to 45 s more
    - ``trouble``: why it cannot go on from where it stands (``cursor_too_old``, ``epoch_changed``); None while it can
    - ``alarmedAt``: since when it is so far behind that what it has not seen is about to be removed
    """

    name: str
    owner: str
    topics: list[str]
    filter: JsonObject | None = None
    position: str
    behind: int | None = None
    connected: bool
    trouble: str | None = None
    alarmed_at: Time | None = None
    created_at: Time
    updated_at: Time
