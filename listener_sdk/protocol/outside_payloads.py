"""What events tell of all by which others hear of a space: notifications, endpoints, hooks, durable subscriptions."""

from typing import Literal

from .jobs import JsonObject
from .model import WireModel
from .times import Time

# ---- notifications


class NotificationCreated(WireModel):
    """Whose inbox, and the heading."""

    notification_id: str
    member_id: str
    title: str


class NotificationRead(WireModel):
    """One, or how many (``count``), all or up to one."""

    member_id: str
    notification_id: str | None = None
    count: int | None = None
    up_to: str | None = None


class AboutMessage(WireModel):
    """A message about runs: by which rule, how they ended, and how many. Addresses are masked."""

    channel: str
    recipients: list[str]
    delivery_id: str
    definition: str | None = None
    rule: JsonObject | None = None
    result: str
    runs: int
    attempts: int | None = None
    message: str | None = None
    next_attempt_at: Time | None = None


# ---- endpoints


class AboutEndpoint(WireModel):
    """An endpoint. ``enabled`` is told of a new one, ``changed`` of one that was changed."""

    endpoint_id: str
    name: str | None = None
    version: int
    enabled: bool | None = None
    changed: list[str] | None = None


class EndpointDisabled(AboutEndpoint):
    """Why the server has done it; nothing where somebody has."""

    reason: Literal["gone", "failing"] | None = None
    message: str | None = None
    failing_since: Time | None = None
    disabled_at: Time | None = None


class EndpointRotated(AboutEndpoint):
    """Until when the old secret signs too."""

    old_secret_until: Time | None = None


class EndpointFailing(AboutEndpoint):
    """Since when, and the newest of its failures."""

    failing_since: Time
    delivery_id: str
    topic: str
    message: str | None = None
    status: int | None = None


class EndpointRecovered(AboutEndpoint):
    """Since when it had failed."""

    failing_since: Time


class EndpointDeliveryFailed(AboutEndpoint):
    """The delivery, of what event, and its last failure."""

    delivery_id: str
    topic: str
    message: str | None = None
    status: int | None = None
    attempts: int


class EndpointOverflowed(AboutEndpoint):
    """How many events were left out so far."""

    missed: int
    message: str


class EndpointTested(WireModel):
    """What is posted."""

    endpoint_id: str
    message: str


class EndpointEventsMissed(WireModel):
    """Between which places in the log."""

    after: int
    before: int


# ---- hooks


class AboutHook(WireModel):
    """A hook. ``changed`` is told of one that was changed."""

    hook_id: str
    name: str
    version: int
    changed: list[str] | None = None


class HookRotated(AboutHook):
    """Until when the old secret is valid, and whether the address is another."""

    address: bool
    old_secret_until: Time | None = None


class HookRejected(WireModel):
    """Why the newest call was refused, and how many were since the last such event."""

    hook_id: str
    name: str
    reason: str
    count: int


class HookFailed(WireModel):
    """What was kept, and what did not resolve or fit; ``reason`` is the code of an error."""

    hook_id: str
    delivery_id: str
    name: str
    reason: str
    message: str
    problems: list[JsonObject]


# ---- durable subscriptions


class SubscriptionCreated(WireModel):
    """What it follows, from where on."""

    name: str
    topics: list[str]
    filter: JsonObject | None = None
    position: str


class SubscriptionTaken(WireModel):
    """``fence`` rises with each session that follows it."""

    name: str
    fence: int


class SubscriptionBehind(WireModel):
    """Where it stands, and how many events come after that."""

    name: str
    position: str
    behind: int | None = None
