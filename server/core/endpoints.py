"""An endpoint inside the server: one row, how it changes, what readers see of it, and which events it hears. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import Filter, compile_filter, compile_topics
from listener_sdk.protocol.globs import Globs
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire, to_wire_or_none

if TYPE_CHECKING:
    # Every server reads which endpoints there are; few take new ones.
    from listener_sdk.protocol.endpoints import EndpointCreate

KIND: Final = "ep"
LARGEST_BODY: Final = 32 * 1024
GONE: Final = "gone"
FAILING: Final = "failing"
WHY: Final = {
    GONE: "It has answered 410: it wants no more events.",
    FAILING: "No delivery has succeeded for five days.",
}
"""What people read of why the server has disabled it."""
TEST: Final = "endpoint:test"
_IN_BODY: Final = ("topics", "filter", "description")


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One row of table ``endpoint``, its fields in the table's order; times are milliseconds.

    - ``body``: the JSON object of `_IN_BODY`
    - ``heard_after``: the place in the log behind which it hears events
    - ``disabled_because``: why the server has disabled it
    - ``failing_since``: since when no delivery has succeeded; ``failing_told``: whether that was told
    - ``missed``: events that were left out since too many waited, ``missed_told_at``: when that was told last
    """

    id: int
    space_id: int
    name: str | None
    url: str
    enabled: int
    version: int
    body: str
    heard_after: int
    disabled_because: str | None
    failing_since: int | None
    failing_told: int
    rests_until: int | None
    missed: int
    missed_told_at: int | None
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def public_id(self) -> str:
        """The id that readers know."""
        return encode(KIND, self.id)

    @property
    def said(self) -> Mapping[str, Any]:
        """What the body says; not to be changed."""
        return _read(self.body)


@lru_cache(maxsize=512)
def _read(text: str) -> Mapping[str, Any]:
    found: dict[str, Any] = orjson.loads(text)
    return found


def new_endpoint(space_id: int, body: "EndpointCreate", now: int, actor: str) -> EndpointRow:
    """The endpoint that a body describes, without a number yet. Refusal ``bad_filter`` or ``too_large``."""
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    return EndpointRow(
        id=0,
        space_id=space_id,
        name=body.name,
        url=body.url,
        enabled=int(body.enabled),
        version=1,
        body=_body(given),
        heard_after=0,
        disabled_because=None,
        failing_since=None,
        failing_told=0,
        rests_until=None,
        missed=0,
        missed_told_at=None,
        created_at=now,
        created_by=actor,
        updated_at=now,
        updated_by=actor,
    )


def changed_endpoint(row: EndpointRow, sent: Mapping[str, Any], now: int, actor: str) -> EndpointRow:
    """The endpoint with the fields that were sent; the same where nothing changes. Refusal ``invalid``, or as for a new one."""
    for name in ("url", "topics", "enabled"):
        if name in sent and sent[name] is None:
            raise Refusal("invalid", f"{name} cannot be null: leave it out to keep it.", key=name)
    facts = {**row.said, **{name: sent[name] for name in _IN_BODY if name in sent}}
    text = _body({name: value for name, value in facts.items() if value is not None})
    beside = {name: sent[name] for name in ("name", "url") if name in sent}
    after = replace(row, **beside, body=text, enabled=int(sent.get("enabled", row.enabled)))
    if after == row:
        return row
    if after.enabled or after.url != row.url:
        after = replace(after, disabled_because=None)
    if after.enabled > row.enabled or after.url != row.url:
        # What was seen of it before says nothing about what it is now.
        after = replace(after, failing_since=None, failing_told=0, rests_until=None)
    return replace(after, version=row.version + 1, updated_at=now, updated_by=actor)


def _body(facts: Mapping[str, Any]) -> str:
    compile_topics(facts["topics"])
    compile_filter(facts.get("filter"))
    text = orjson.dumps({name: facts[name] for name in _IN_BODY if name in facts})
    if len(text) > LARGEST_BODY:
        raise Refusal("too_large", f"An endpoint takes at most {LARGEST_BODY // 1024} KiB.")
    return text.decode()


def endpoint_wire(
    row: EndpointRow, old_secret_until: int | None = None, pending: int | None = None
) -> dict[str, Any]:
    """The endpoint as JSON object."""
    found = {
        "id": row.public_id,
        "name": row.name,
        "url": row.url,
        **row.said,
        "enabled": bool(row.enabled),
        "disabledBecause": row.disabled_because,
        "failingSince": to_wire_or_none(row.failing_since),
        "restsUntil": to_wire_or_none(row.rests_until),
        "missed": row.missed,
        "pending": pending,
        "oldSecretUntil": to_wire_or_none(old_secret_until),
        "version": row.version,
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "updatedBy": row.updated_by,
    }
    return {name: value for name, value in found.items() if value is not None}


def endpoint_facts(row: EndpointRow) -> dict[str, Any]:
    """What the audit keeps of it."""
    return {
        "name": row.name,
        "url": row.url,
        "enabled": bool(row.enabled),
        **dict.fromkeys(_IN_BODY),
        **row.said,
        "version": row.version,
    }


# ---- which events it hears


@dataclass(frozen=True, slots=True)
class Watch:
    """What an enabled endpoint hears of its space."""

    endpoint_id: int
    after: int
    topics: Globs
    filter: Filter | None

    def hears(self, event: Mapping[str, Any]) -> bool:
        """Whether an event of one of its topics is for it. It is not told of itself: a failure would bring forth the next."""
        if event["domain"] == "endpoint" and event["payload"].get("endpointId") == encode(
            KIND, self.endpoint_id
        ):
            return False
        return self.filter is None or self.filter(event)


def watch(row: EndpointRow, newest: int | None = None) -> Watch:
    """The watch of an endpoint, which begins behind the ``newest`` event of the log at the latest."""
    said = row.said
    test = compile_filter(said["filter"]) if said.get("filter") else None
    after = row.heard_after if newest is None else min(row.heard_after, newest)
    return Watch(row.id, after, compile_topics(said["topics"]), test)


class Watches:
    """The watches of all spaces, found by topic."""

    MOST_KEPT: Final = 4_096

    def __init__(self) -> None:
        self._of_space: dict[int, dict[int, Watch]] = {}
        self._by_topic: dict[tuple[int, str], tuple[Watch, ...]] = {}

    def clear(self) -> None:
        """There are none."""
        self._of_space.clear()
        self._by_topic.clear()

    def put(self, space_id: int, one: Watch) -> None:
        """Know a watch, in the place of what was known of its endpoint."""
        self._of_space.setdefault(space_id, {})[one.endpoint_id] = one
        self._by_topic.clear()

    def drop(self, space_id: int, endpoint_id: int | None = None) -> None:
        """Forget an endpoint, or all of a space."""
        known = self._of_space.get(space_id, {})
        known.clear() if endpoint_id is None else known.pop(endpoint_id, None)
        if not known:
            self._of_space.pop(space_id, None)
        self._by_topic.clear()

    def of(self, space_id: int, topic: str) -> tuple[Watch, ...]:
        """Those whose topics have this one."""
        if space_id not in self._of_space:
            return ()
        key = (space_id, topic)
        found = self._by_topic.get(key)
        if found is None:
            if len(self._by_topic) >= self.MOST_KEPT:
                self._by_topic.clear()
            found = tuple(one for one in self._of_space[space_id].values() if one.topics(topic))
            self._by_topic[key] = found
        return found

    @property
    def first_after(self) -> int | None:
        """The place behind which the first of them begins; None where there is none."""
        return min((one.after for known in self._of_space.values() for one in known.values()), default=None)

    def begun_by(self, place: int) -> list[int]:
        """The spaces in which one had begun by then."""
        return [
            space
            for space, known in self._of_space.items()
            if any(one.after < place for one in known.values())
        ]
