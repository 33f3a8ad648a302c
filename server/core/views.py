"""Rows as readers see them: the wire form of jobs and events."""

from collections.abc import Callable
from typing import Any

import orjson

from listener_sdk.protocol.ids import encode, environment_id, space_id
from listener_sdk.protocol.progress import whole
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .actors import Space
from .jobs import JobRow
from .parts import Split
from .places import place

FileLink = Callable[[str], tuple[str, int]]
"""Makes a download link of a file id: the absolute URL and when it expires (ms)."""


def job_wire(
    row: JobRow, space: Space, link: FileLink | None = None, split: Split | None = None
) -> dict[str, Any]:
    """The job as JSON object; what is unknown is left out. With ``link``, the outcome's files get fresh links.

    With ``split``, what became of its parts.
    """
    kind, _, operation = row.name.partition(":")
    outcome = orjson.loads(row.outcome) if row.outcome else None
    found = {
        "id": encode("jb", row.id),
        "type": kind,
        "operation": operation,
        "job": row.name,
        "status": row.status,
        "source": row.source,
        "createdAt": to_wire(row.created_at),
        "updatedAt": to_wire(row.updated_at),
        "createdBy": row.created_by,
        "environmentId": environment_id(space.code),
        "spaceId": space_id(space.code),
        "fileId": row.file_id,
        "parentId": encode("jb", row.parent_id) if row.parent_id else None,
        "part": row.part,
        "parts": row.parts,
        "partCounts": split.counts() if split else None,
        "rerunOf": encode("jb", row.rerun_of) if row.rerun_of else None,
        "info": row.info,
        "progress": whole(row.progress),
        "done": row.done,
        "total": row.total,
        "scheduledAt": to_wire_or_none(row.scheduled_at),
        "readyAt": to_wire_or_none(row.ready_at),
        "startedAt": to_wire_or_none(row.started_at),
        "finishedAt": to_wire_or_none(row.finished_at),
        "estimatedCompletionAt": None if row.ended or row.stalled_at else to_wire_or_none(row.eta_at),
        "stalledSince": to_wire_or_none(row.stalled_at),
        "outcomeAcknowledgedAt": to_wire_or_none(row.acknowledged_at),
        "cancelRequestedAt": to_wire_or_none(row.cancel_requested_at),
        "leaseExpiresAt": to_wire_or_none(row.lease_expires_at),
        "priority": row.priority,
        "uniqueKey": row.unique_key,
        "attempt": row.attempt,
        "maxAttempts": row.max_attempts,
        "fence": row.fence,
        "runTimeoutS": row.run_timeout_ms / 1000,
        "queueTimeoutS": row.queue_timeout_ms / 1000 if row.queue_timeout_ms else None,
        "totalTimeoutS": row.total_timeout_ms / 1000,
        "outcome": with_links(outcome, link, space.link_template) if outcome and link else outcome,
        "result": orjson.loads(row.result) if row.result else None,
        **row.described(),
    }
    return {name: value for name, value in found.items() if value is not None}


def with_links(outcome: dict[str, Any], link: FileLink, template: str | None = None) -> dict[str, Any]:
    """The outcome with a fresh link on each hosted file that its next action and its error files name.

    With the ``template`` of a space, what its next action opens there gets its address.
    """
    found = dict(outcome)
    action = outcome.get("next")
    if isinstance(action, dict):
        found["next"] = _action_with_links(action, link, template)
    if outcome.get("errorFiles"):
        found["errorFiles"] = _linked(outcome["errorFiles"], link)
    return found


def _action_with_links(action: dict[str, Any], link: FileLink, template: str | None) -> dict[str, Any]:
    if action.get("type") == "download" and action.get("fileId"):
        return {**action, "url": link(action["fileId"])[0]}
    if action.get("type") == "files":
        return {**action, "files": _linked(action["files"], link)}
    address = place(action, template)
    return action if address is None else {**action, "url": address}


def _linked(files: list[dict[str, Any]], link: FileLink) -> list[dict[str, Any]]:
    return [{**file, "url": link(file["fileId"])[0]} for file in files]


def event_head(epoch: str, seq: int, at: int) -> str:
    """The start of an event's JSON text: what is known only when its place in the log is."""
    return f'{{"id":"{encode("ev", seq)}","position":"{epoch}:{seq}","createdAt":"{to_wire(at)}",'


def event_text(epoch: str, seq: int, at: int, body: str) -> str:
    """The whole JSON text of a stored event; ``body`` is a JSON object that is not empty."""
    return event_head(epoch, seq, at) + body[1:]
