"""Runs as readers see them: on the wire, and as rows of a table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.progress import whole
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .actors import Space
from .cells import cell
from .definitions import KIND as DEFINITION
from .files import FileRow, file_wire
from .jobs import JobRow
from .missed import Missed
from .runs import FAILED, RETRY, SLOT_ID, Place, mode_of, result_of
from .schedules import KIND as SCHEDULE
from .views import FileLink, with_links

MOST_FILES: Final = 20
"""Files that a run shows."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run: a job with the ``reason`` of its failure and its first files, or a due time that was missed.

    Of that ``code`` is the definition's, and ``job_type`` what its jobs are, as far as it is there.
    """

    place: Place
    job: JobRow | None = None
    missed: Missed | None = None
    reason: str | None = None
    files: Sequence[FileRow] = ()
    file_count: int = 0
    code: str | None = None
    job_type: str | None = None


_ZERO: Final[Mapping[str, Any]] = {}


def run_wire(run: RunRow) -> dict[str, Any]:
    """The run as JSON object, as lists show it."""
    return _job_wire(run, run.job) if run.job is not None else _missed_wire(run, run.missed)


def whole_run_wire(run: RunRow, space: Space, link: FileLink) -> dict[str, Any]:
    """The same with what is shown of one run alone: parameters, the outcome, and links to its files."""
    found = run_wire(run)
    if run.job is None:
        return found
    if run.files:
        found["files"] = [_file(row) | _link(row, space, link) for row in run.files]
    beside = {
        "params": run.job.described().get("input"),
        "outcome": with_links(orjson.loads(run.job.outcome), link, space.link_template)
        if run.job.outcome
        else None,
    }
    return {**found, **{name: value for name, value in beside.items() if value is not None}}


def _job_wire(run: RunRow, row: JobRow) -> dict[str, Any]:
    described = row.described()
    outcome = orjson.loads(row.outcome) if row.outcome else _ZERO
    result = result_of(row)
    started = described.get("startedBy", {})
    found: dict[str, Any] = {
        "id": encode("jb", row.id),
        "jobId": encode("jb", row.id),
        "definition": described.get("definition"),
        "definitionId": None if row.definition_id is None else encode(DEFINITION, row.definition_id),
        "definitionVersion": described.get("definitionVersion"),
        "jobType": described.get("jobType"),
        "label": described.get("label"),
        "trigger": _trigger(row, started),
        "mode": mode_of(row),
        "result": result,
        "status": row.status,
        "dueAt": started.get("dueTime"),
        "createdAt": to_wire(row.created_at),
        "scheduledAt": to_wire_or_none(row.scheduled_at),
        "startedAt": to_wire_or_none(row.started_at),
        "finishedAt": to_wire_or_none(row.finished_at),
        "attempts": row.attempt,
        "maxAttempts": row.max_attempts,
        "heading": outcome.get("heading"),
        "message": outcome.get("message") or row.info,
        "counts": outcome.get("counts"),
        "error": {"code": _code(run.reason), "message": row.info} if result == FAILED else None,
        "rerunOf": _rerun_of(row, started),
        "progress": None if row.ended else whole(row.progress),
        "fileCount": run.file_count,
        "files": [_file(one) for one in run.files],
    }
    return {name: value for name, value in found.items() if value is not None}


def _code(reason: str | None) -> str:
    """``run time-out`` in the letters of a code."""
    return FAILED if reason is None else reason.replace("-", "").replace(" ", "_")


def _trigger(row: JobRow, started: Mapping[str, Any]) -> dict[str, Any]:
    if row.rerun_of is None and SLOT_ID not in started:
        return {"kind": "api", **started}
    # What has started the first of them is a fact of this one too, under another name: who has run it again comes first.
    by = "memberId" if decode("mem", row.created_by) is not None else "keyId"
    first = {name: value for name, value in started.items() if name != SLOT_ID}
    return {"kind": RETRY, by: row.created_by, **({"first": first} if first else {})}


def _rerun_of(row: JobRow, started: Mapping[str, Any]) -> str | None:
    if row.rerun_of is not None:
        return encode("jb", row.rerun_of)
    named = started.get(SLOT_ID)
    return named if isinstance(named, str) else None


def _file(row: FileRow) -> dict[str, Any]:
    return {
        "id": encode("fl", row.id),
        "name": row.name,
        "size": row.size,
        "contentType": row.content_type,
    }


def _link(row: FileRow, space: Space, link: FileLink) -> dict[str, Any]:
    shown = file_wire(row, space, link)
    return {name: shown[name] for name in ("url", "urlExpiresAt") if name in shown}


def _missed_wire(run: RunRow, missed: Missed | None) -> dict[str, Any]:
    assert missed is not None, "a run is a job or a due time"
    message = missed.message
    named = {} if missed.name is None else {"name": missed.name}
    found: dict[str, Any] = {
        "id": missed.public_id,
        "definition": run.code,
        "definitionId": None if missed.definition_id is None else encode(DEFINITION, missed.definition_id),
        "jobType": run.job_type,
        "trigger": {"kind": "schedule", "scheduleId": encode(SCHEDULE, missed.schedule_id), **named},
        "result": missed.result,
        "dueAt": to_wire(missed.due_at),
        "untilAt": to_wire_or_none(missed.until_at),
        "createdAt": to_wire(missed.at),
        "finishedAt": to_wire(missed.at),
        "attempts": 0,
        "message": message,
        "error": {"code": missed.reason or FAILED, "message": message} if missed.result == FAILED else None,
        "reason": missed.reason,
        "count": missed.times,
        "rerunId": None if missed.job_id is None else encode("jb", missed.job_id),
        "fileCount": 0,
        "files": [],
    }
    return {name: value for name, value in found.items() if value is not None}


COLUMNS: Final = (
    "id", "definition", "jobType", "result", "mode", "trigger", "by", "schedule", "dueAt", "createdAt", "startedAt", "finishedAt",
    "attempts", "total", "ok", "failed", "skipped", "heading", "message", "errorCode", "errorMessage", "files", "rerunOf", "reason", "count",
)  # fmt: skip
"""The names in a table of runs, in the order of an export."""
_BY: Final = ("memberId", "keyId", "scheduleId", "eventId", "hookId", "actionId")


def run_cells(run: RunRow) -> list[str]:
    """The run as cells of a table."""
    wire = run_wire(run)
    trigger, counts = wire["trigger"], wire.get("counts") or {}
    by = next((trigger[name] for name in _BY if name in trigger), None)
    error = wire.get("error") or {}
    more = run.file_count - len(run.files)
    names = [file["name"] for file in wire["files"]] + ([f"and {more} more"] if more > 0 else [])
    own: dict[str, Any] = {
        "trigger": trigger["kind"],
        "by": by,
        "schedule": trigger.get("name") if "scheduleId" in trigger else None,
        **{name: counts.get(name) for name in ("total", "ok", "failed", "skipped")},
        "errorCode": error.get("code"),
        "errorMessage": error.get("message"),
        "files": "; ".join(names),
    }
    return [cell({**wire, **own}.get(name)) for name in COLUMNS]
