"""What an event about a job says: context and payload as Flatfile's listeners expect them, and ours."""

from typing import Any, Final

from listener_sdk.protocol.ids import encode, environment_id, space_id
from listener_sdk.protocol.progress import whole
from listener_sdk.protocol.times import to_wire

from .actors import Space
from .jobs import JobRow

LARGEST_INPUT: Final = 32 * 1024
"""Characters of the job's description up to which created and ready events carry its input: the log is read by many."""

WITH_INPUT: Final = frozenset({"job:created", "job:ready"})
_RESOURCES: Final = {
    "us_wb_": "workbookId",
    "us_sh_": "sheetId",
    "us_dc_": "documentId",
    "us_fl_": "fileId",
}


def job_event(
    topic: str, row: JobRow, space: Space, account_id: str, actor: str, extra: dict[str, Any]
) -> dict[str, Any]:
    """The event's JSON object without id, position and time; ``extra`` joins the payload."""
    kind, _, operation = row.name.partition(":")
    payload: dict[str, Any] = {
        "domain": kind,
        "operation": operation,
        "job": row.name,
        "status": row.status,
        "isPart": row.part is not None,
    }
    if row.parent_id is not None:
        payload["parentId"] = encode("jb", row.parent_id)
    if row.info is not None:
        payload["info"] = row.info
    if topic in WITH_INPUT:
        _describe(payload, row)
    payload.update(extra)
    return {
        "topic": topic,
        "domain": "job",
        "context": _context(row, space, account_id, actor),
        "payload": payload,
    }


def _describe(payload: dict[str, Any], row: JobRow) -> None:
    if len(row.spec) > LARGEST_INPUT:
        return
    spec = row.described()
    for name in ("input", "metadata", "mode", "trigger", "subject"):
        if spec.get(name) is not None:
            payload[name] = spec[name]


def _context(row: JobRow, space: Space, account_id: str, actor: str) -> dict[str, Any]:
    context = {
        "accountId": account_id,
        "environmentId": environment_id(space.code),
        "spaceId": space_id(space.code),
        "jobId": encode("jb", row.id),
        "actorId": actor,
    }
    resource = _RESOURCES.get(row.source[:6])
    if resource:
        context[resource] = row.source
    if row.file_id:
        context["fileId"] = row.file_id
    return context


def progress_facts(row: JobRow) -> dict[str, Any]:
    """What ``job:updated`` says of the progress; of a job that stalls it says since when, and promises nothing."""
    promised = row.eta_at if row.stalled_at is None else None
    facts = {
        "progress": whole(row.progress),
        "done": row.done,
        "total": row.total,
        "estimatedCompletionAt": to_wire(promised) if promised is not None else None,
        "stalledSince": to_wire(row.stalled_at) if row.stalled_at is not None else None,
    }
    return {name: value for name, value in facts.items() if value is not None}
