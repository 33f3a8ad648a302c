"""Endpoints on the wire: where a space's events are posted to, and what became of each delivery."""

import base64
import binascii
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field

from .events import check_heard
from .jobs import JsonObject
from .model import WireModel
from .signatures import SECRET
from .texts import Name, printable
from .times import Time

LONGEST_URL: Final = 2_048
LONGEST_DESCRIPTION: Final = 1_024
MOST_TOPICS: Final = 32
LONGEST_OVERLAP_S: Final = 30 * 86_400
OVERLAP_S: Final = 86_400
SECRET_BYTES: Final = 32
FEWEST_BYTES: Final = 24
MOST_BYTES: Final = 64


def _url(text: str) -> str:
    if not text.isprintable() or " " in text:
        raise ValueError("must be an address such as https://example.com/events")
    if not text.lower().startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return text


def _pattern(text: str) -> str:
    check_heard(printable(text))
    return text


def _secret(text: str) -> str:
    try:
        raw = base64.b64decode(text.removeprefix(SECRET), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not text.startswith(SECRET) or not FEWEST_BYTES <= len(raw) <= MOST_BYTES:
        raise ValueError(
            f"must be {SECRET} and the base64 of {FEWEST_BYTES} to {MOST_BYTES} random bytes; leave it out, and the server makes one"
        )
    return text


Url = Annotated[str, Field(min_length=1, max_length=LONGEST_URL), AfterValidator(_url)]
Pattern = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_pattern)]
Topics = Annotated[list[Pattern], Field(min_length=1, max_length=MOST_TOPICS)]
Description = Annotated[str, Field(max_length=LONGEST_DESCRIPTION)]
Secret = Annotated[str, Field(max_length=128), AfterValidator(_secret)]
Ended = Literal["delivered", "failed", "disabled"]


class EndpointCreate(WireModel):
    """``POST /v1/endpoints``: an address to which events are posted.

    - ``topics``: topics or patterns such as ``job:*``
    - ``filter``: of these events those that pass it
    - ``secret``: by which posts are signed; the server makes one, unless it is given
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: Url
    topics: Topics
    filter: JsonObject | None = None
    name: Name | None = None
    description: Description | None = None
    enabled: bool = True
    secret: Secret | None = Field(default=None, repr=False)


class EndpointUpdate(WireModel):
    """``PATCH /v1/endpoints/{id}``: what is sent changes; null takes a filter, name or description away."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    topics: Topics | None = None
    filter: JsonObject | None = None
    name: Name | None = None
    description: Description | None = None
    enabled: bool | None = None

    def sent(self) -> dict[str, Any]:
        """What was sent, as on the wire; null where something is to be removed."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class EndpointRotate(WireModel):
    """``POST /v1/endpoints/{id}/rotate``: for how long the old secret signs beside the new one; 0 ends it at once."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    overlap_s: float = Field(default=OVERLAP_S, ge=0, le=LONGEST_OVERLAP_S, allow_inf_nan=False)
    secret: Secret | None = Field(default=None, repr=False)


class EndpointTest(WireModel):
    """``POST /v1/endpoints/{id}/test``: post an event ``endpoint:test`` now, once."""

    model_config = ConfigDict(extra="forbid")


class DeliveryReplay(WireModel):
    """``POST /v1/endpoint-deliveries/{id}/replay``: deliver it once more, under the same id."""

    model_config = ConfigDict(extra="forbid")


class EndpointReplay(WireModel):
    """``POST /v1/endpoints/{id}/replay``: deliver once more what was made from ``since`` to ``until`` (now), a page at a time.

    - ``status``: deliveries that ended so; those that failed or met a disabled endpoint, unless others are named
    - ``cursor``: of the answer before, as long as that has one
    """

    model_config = ConfigDict(extra="forbid")

    since: Time
    until: Time | None = None
    status: list[Ended] = Field(
        default_factory=lambda: list[Ended](["failed", "disabled"]), min_length=1, max_length=3
    )
    cursor: str | None = Field(default=None, max_length=80)


class EndpointReplayMissed(WireModel):
    """``POST /v1/endpoints/{id}/replay-missed``: deliver the events from ``since`` to ``until`` (now) that the endpoint hears and that
    never became deliveries, since it was disabled or too many waited; a page at a time.

    - ``cursor``: of the answer before, as long as that has one
    """

    model_config = ConfigDict(extra="forbid")

    since: Time
    until: Time | None = None
    cursor: str | None = Field(default=None, max_length=80)


class Replayed(WireModel):
    """What a call of replay has done: how many go out again, and where the next call goes on."""

    replayed: int
    cursor: str | None = None


class Endpoint(WireModel):
    """An endpoint, without its secret.

    - ``disabled_because``: ``gone`` (it has answered 410) or ``failing`` (for days), where the server has disabled it
    - ``failing_since``: since when no delivery has succeeded
    - ``rests_until``: until when it has asked to be left alone
    - ``missed``: events that were left out since too many waited for it, however many of them were replayed since
    - ``pending``: deliveries that wait, where one endpoint is shown
    """

    id: str
    url: str
    topics: list[str]
    filter: JsonObject | None = None
    name: str | None = None
    description: str | None = None
    enabled: bool
    disabled_because: str | None = None
    failing_since: Time | None = None
    rests_until: Time | None = None
    missed: int = 0
    pending: int | None = None
    old_secret_until: Time | None = None
    version: int
    created_at: Time
    created_by: str
    updated_at: Time
    updated_by: str


class MadeEndpoint(Endpoint):
    """A new endpoint, or one with a new secret: ``secret`` is shown this once."""

    secret: str


class DeliveryAttempt(WireModel):
    """One post: when, for how long, and what was answered; ``message`` says what went wrong."""

    number: int
    at: Time
    duration_ms: int
    delivered: bool
    status: int | None = None
    message: str | None = None
    answer: str | None = None


class EndpointDelivery(WireModel):
    """An event on its way to an endpoint, or there. ``id`` is the ``webhook-id`` of each of its posts.

    - ``position``: of the event in the log; a test has none
    - ``status``: ``pending``, ``delivered``, ``failed`` (given up) or ``disabled`` (with its endpoint)
    - ``body``, ``attempts``: where one delivery is shown
    """

    id: str
    endpoint_id: str
    topic: str
    position: str | None = None
    status: str
    attempt: int
    created_at: Time
    next_attempt_at: Time | None = None
    ended_at: Time | None = None
    last: DeliveryAttempt | None = None
    body: JsonObject | None = None
    attempts: list[DeliveryAttempt] | None = None
