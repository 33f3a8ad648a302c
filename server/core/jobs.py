"""A job inside the server: one row, and the facts that follow from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from json import JSONDecoder
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.lifecycle import Status, is_final

_TAGGED: Final = '{"tags":'
"""How descriptions with tags begin."""
_value_at: Final = JSONDecoder().raw_decode
_HEADED: Final = ('{"jobType":', _TAGGED)
_MODES: Final = ',"modes":'
_OF_ORIGIN: Final = (("modes", _MODES), ("run_mode", ',"runMode":'), ("started_by", ',"startedBy":'))
"""In the order in which they stand."""
_HEAD: Final = re.compile(
    r'[{,]("jobType":"[^"\\]*(?:\\.[^"\\]*)*"(?:,"definition":"[^"\\]*(?:\\.[^"\\]*)*")?)'
)
_BEHIND_ORIGIN: Final = ',"definitionVersion":'
"""What follows an origin. Within a text its quotes would be escaped."""
_LONGEST_SHARED: Final = 2048
"""Characters of a description within which an origin is looked for that others share."""


@dataclass(slots=True)
class JobRow:
    """One row of table ``job``, its fields in the table's order. Times are milliseconds, ``spec``, ``outcome``, ``result`` JSON text.

    ``part`` is the number of a part of its parent, ``parts`` how many parts a split job has, ``followed`` whether other jobs
    wait for this one. ``stalls_at`` is when a job that is held over REST counts as stalled unless it moves, ``stalled_at`` since when
    it has not moved. ``holder`` is ``<key>/<session>`` of a lease on the stream, ``<key>`` of a lease taken over REST.
    """

    id: int
    space_id: int
    name: str
    status: str
    source: str
    parent_id: int | None
    part: int | None
    parts: int | None
    followed: int
    rerun_of: int | None
    file_id: str | None
    priority: int
    unique_key: str | None
    spec: str
    created_by: str
    created_at: int
    updated_at: int
    scheduled_at: int | None
    ready_at: int | None
    granted_at: int | None
    started_at: int | None
    attempt_started_at: int | None
    finished_at: int | None
    acknowledged_at: int | None
    cancel_requested_at: int | None
    info: str | None
    progress: float | None
    done: float | None
    total: float | None
    eta_at: int | None
    eta_given: int
    outcome: str | None
    result: str | None
    attempt: int
    max_attempts: int
    fence: int
    holder: str | None
    lease_expires_at: int | None
    run_timeout_ms: int
    queue_timeout_ms: int | None
    total_timeout_ms: int
    due_at: int | None
    stalls_at: int | None = None
    stalled_at: int | None = None
    definition_id: int | None = None

    @property
    def key(self) -> tuple[int, str]:
        """What queues are told apart by: the space and the job's name."""
        return self.space_id, self.name

    @property
    def ended(self) -> bool:
        """Whether the job has reached a final status."""
        return is_final(self.status)

    @property
    def on_stream(self) -> bool:
        """Whether a session of the stream holds it, rather than a key over REST."""
        return self.holder is not None and "/" in self.holder

    @property
    def part_number(self) -> int | None:
        """Which part of its parent this is a run of. ``part`` is set only in the run that counts for the parent: a run that gave its
        place to a rerun, and a rerun that was made after the parent's end, have the number in their description.
        """
        if self.part is not None or self.parent_id is None or '"part":' not in self.spec:
            return self.part
        return self.described().get("part")

    @property
    def tags(self) -> list[str]:
        """They stand first in the description: most jobs have none, which must cost nothing however long it is."""
        return _value_at(self.spec, len(_TAGGED))[0] if self.spec.startswith(_TAGGED) else []

    @property
    def head(self) -> MappingProxyType[str, Any]:
        """The job type and definition that it was made of, which stand first in the description, or behind the tags.

        Most jobs have none, which must cost nothing.
        """
        shared = self._shared()
        if shared is not None:
            return shared.head
        found = _HEAD.match(self.spec, _behind_tags(self.spec))
        return _NOTHING if found is None else _head(found[1])

    @property
    def run_modes(self) -> Mapping[str, Any] | None:
        """What its definition said of run modes when it was made, behind its `head`; None of a job that knows none, or no longer asks."""
        shared = self._shared()
        if shared is not None:
            return shared.origin.modes
        found = _HEAD.match(self.spec, _behind_tags(self.spec))
        if found is None or not self.spec.startswith(_MODES, found.end()):
            return None
        modes: Mapping[str, Any] = _value_at(self.spec, found.end() + len(_MODES))[0]
        return modes

    @property
    def origin(self) -> "Origin":
        """What stands behind the `head` of a definition's job, read by one look however long the description is."""
        shared = self._shared()
        if shared is not None:
            return shared.origin
        found = _HEAD.match(self.spec, _behind_tags(self.spec))
        return Origin() if found is None else _origin_at(self.spec, found.end())

    @property
    def told_mode(self) -> str | None:
        """The run mode that its description names, once it is settled."""
        origin = self.origin
        return origin.run_mode if origin.modes is None else self.described().get("runMode")

    def _shared(self) -> "MadeOf | None":
        """What jobs say alike that were made of one definition, by one key or schedule; None where that cannot be told apart."""
        if not self.spec.startswith(_HEADED):
            return _OF_NOTHING
        return _within_short(self.spec) if len(self.spec) <= _LONGEST_SHARED else _within(self.spec)

    def described(self) -> dict[str, Any]:
        """The creation fields that have no column of their own."""
        return orjson.loads(self.spec)  # type: ignore[no-any-return]  # the column holds a JSON object

    def held_by(self, key_id: str) -> bool:
        """Whether this key, on the stream or over REST, holds the lease."""
        return self.holder is not None and self.holder.partition("/")[0] == key_id


class Origin(NamedTuple):
    """How a definition's job has come to be: what was said of run modes that are yet ``modes`` to settle, the mode that was
    asked for where nothing is to be settled, and what has started it.
    """

    modes: Mapping[str, Any] | None = None
    run_mode: str | None = None
    started_by: Mapping[str, Any] = MappingProxyType({})


def retagged(described: dict[str, Any], tags: list[str]) -> dict[str, Any]:
    """A description with other tags, in the place where `JobRow.tags` looks for them."""
    others = {name: value for name, value in described.items() if name != "tags"}
    return {"tags": tags, **others} if tags else others


_NOTHING: Final[MappingProxyType[str, Any]] = MappingProxyType({})


class MadeOf(NamedTuple):
    """The `JobRow.head` and `JobRow.origin` of a job."""

    head: MappingProxyType[str, Any] = _NOTHING
    origin: Origin = Origin()


_OF_NOTHING: Final = MadeOf()


def _within(text: str) -> MadeOf | None:
    end = text.find(_BEHIND_ORIGIN, 0, _LONGEST_SHARED)
    return None if end < 0 else _made_of(text[:end])


# A job's life asks for it ten times, and the jobs of one definition say the same.
_within_short: Final = lru_cache(maxsize=512)(_within)


@lru_cache(maxsize=256)
def _made_of(text: str) -> MadeOf:
    found = _HEAD.match(text, _behind_tags(text))
    return _OF_NOTHING if found is None else MadeOf(_head(found[1]), _origin_at(text, found.end()))


@lru_cache(maxsize=1024)
def _head(text: str) -> MappingProxyType[str, Any]:
    return MappingProxyType(orjson.loads(f"{{{text}}}"))


def _behind_tags(text: str) -> int:
    return _value_at(text, len(_TAGGED))[1] if text.startswith(_TAGGED) else 0


def _origin_at(text: str, at: int) -> Origin:
    told: dict[str, Any] = {}
    for name, start in _OF_ORIGIN:
        if text.startswith(start, at):
            told[name], at = _value_at(text, at + len(start))
    return Origin(**told)


_OF_A_LIFE: Final[dict[str, Any]] = dict.fromkeys((
    "parts", "scheduled_at", "ready_at", "granted_at", "started_at", "attempt_started_at", "finished_at",
    "acknowledged_at", "cancel_requested_at", "info", "progress", "done", "total", "eta_at", "outcome", "result",
    "holder", "lease_expires_at", "due_at", "stalls_at", "stalled_at",
))  # fmt: skip


def alike(row: JobRow, now: int, **changes: Any) -> JobRow:
    """A new job that is described as this one, with nothing of its life. It has no id yet."""
    new: dict[str, Any] = {
        **_OF_A_LIFE,
        "id": 0,
        "status": Status.CREATED.value,
        "followed": 0,
        "created_at": now,
        "updated_at": now,
        "eta_given": 0,
        "attempt": 0,
        "fence": 0,
    }
    return replace(row, **{**new, **changes})


COLUMNS: Final = tuple(JobRow.__dataclass_fields__)
"""Column names in the order of the fields."""
