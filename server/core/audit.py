"""The audit: which acts it has lines of beside the changes that are events, what a line tells, and how it looks outside. Pure."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from .cells import cell

ACTIONS: Final = {
    "job:executed": "A job was made ready by hand.",
    "job:updated": "Priority, config, metadata or status of a job were changed.",
    "job:planned": "The execution plan of a job was set.",
    "job:canceled": "A job was canceled, or its listener was asked to stop.",
    "job:retried": "A job was run again, as a new one.",
    "job:deleted": "A job was removed.",
    "jobs:canceled": "Many jobs were canceled by one call.",
    "jobs:retried": "Many jobs were run again by one call.",
    "event:acknowledged": "An event was taken off the default list, by another than a listener's key.",
    "file:deleted": "A file was removed.",
    "hook:replayed": "What came to a hook was replayed.",
    "endpoint:tested": "A test was posted to an endpoint.",
    "endpoint:replayed": "Deliveries to an endpoint were made once more.",
    "login-link:created": "A link that logs in once was made.",
    "session:begun": "Somebody logged in.",
    "session:ended": "Somebody logged out, or was logged out everywhere.",
    "access:refused": "A call named what belongs to another space.",
    "access:forbidden": "A call asked for what the role of its key may not do.",
}
"""What lines tell besides; every other action is the topic of the event that told the change."""

LARGEST_FIELD: Final = 2_000
"""Bytes of one field as JSON: of a larger one the line tells the size."""
COLUMNS: Final = ("id", "at", "actor", "address", "action", "target", "before", "after")
"""The names in a line, in the order of an export."""

Fields = Mapping[str, Any]


class Line(NamedTuple):
    """One line as it is stored; ``before`` and ``after`` are JSON objects as text."""

    id: int
    space_id: int
    at: int
    actor: str
    address: str | None
    action: str
    target: str
    before: str | None
    after: str | None


def line_wire(line: Line) -> dict[str, Any]:
    """The line as JSON object."""
    return {
        "id": encode("au", line.id),
        "at": to_wire(line.at),
        "actor": line.actor,
        "address": line.address,
        "action": line.action,
        "target": line.target,
        "before": None if line.before is None else orjson.Fragment(line.before),
        "after": None if line.after is None else orjson.Fragment(line.after),
    }


def line_cells(line: Line) -> list[str]:
    """The line as cells of a table."""
    texts = (
        encode("au", line.id),
        to_wire(line.at),
        line.actor,
        line.address,
        line.action,
        line.target,
        line.before,
        line.after,
    )
    return [cell(text) for text in texts]


def fields_text(fields: Fields | None) -> str | None:
    """Fields as a line keeps them."""
    return None if fields is None else orjson.dumps({k: _bounded(v) for k, v in fields.items()}).decode()


def differing(
    before: Fields, after: Fields, but: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they were and as they are, ``but`` for some."""
    names = [name for name in after if name not in but and before.get(name) != after[name]]
    return {name: before[name] for name in names if name in before}, {name: after[name] for name in names}


def _bounded(value: Any) -> Any:
    size = len(orjson.dumps(value))
    return value if size <= LARGEST_FIELD else {"bytes": size}
