"""What an event about a job says: context and payload as Flatfile's listeners expect them, and ours."""

from functools import lru_cache
from typing import Any, Final

import orjson

from listener_sdk.protocol.ids import encode, environment_id, space_id
from listener_sdk.protocol.progress import whole
from listener_sdk.protocol.times import to_wire

from .actors import Space
from .jobs import JobRow

LARGEST_INPUT: Final = 32 * 1024
"""Characters of the job's description up to which created and ready events carry its input: the log is read by many."""

WITH_INPUT: Final = frozenset({"job:created", "job:ready"})
WITH_INPUT_FIELDS: Final = ("input", "metadata", "mode", "trigger", "subject")
_SAID: Final = ('{"startedBy":', '{"jobType":', '{"tags":')
"""How descriptions begin in which the server says who has started the job. Most do not, which must cost nothing."""
_OF_AN_ACTION: Final = '"actionId":"us_ac_'
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
    payload = {**_named(row.name), "status": row.status, "isPart": row.part_number is not None}
    if row.parent_id is not None:
        payload["parentId"] = encode("jb", row.parent_id)
    if row.info is not None:
        payload["info"] = row.info
    if tags := row.tags:
        payload["tags"] = tags
    if head := row.head:
        # Of a copy dicts take the items much faster than of the view.
        payload.update(head.copy())
    if topic in WITH_INPUT and len(row.spec) <= LARGEST_INPUT:
        payload.update(_described(row.spec))
    payload.update(extra)
    context = {**_placed(space.code, account_id), "jobId": encode("jb", row.id), "actorId": actor}
    resource = _RESOURCES.get(row.source[:6])
    if resource:
        context[resource] = row.source
    if row.file_id:
        context["fileId"] = row.file_id
    if topic in WITH_INPUT and row.spec.startswith(_SAID) and _OF_AN_ACTION in row.spec:
        context |= _pressed(row)
    return {"topic": topic, "domain": "job", "context": context, "payload": payload}


def _pressed(row: JobRow) -> dict[str, Any]:
    """The action that the job was made by, if it was: clients may have written the text that was seen."""
    started = row.described().get("startedBy", {})
    return {"actionId": started["actionId"], "actionName": row.name} if "actionId" in started else {}


# What many events have in common is made once: an event is made four times in the life of every job.


@lru_cache(maxsize=1024)
def _named(name: str) -> dict[str, Any]:
    kind, _, operation = name.partition(":")
    return {"domain": kind, "operation": operation, "job": name}


@lru_cache(maxsize=1024)
def _placed(code: str, account_id: str) -> dict[str, Any]:
    return {"accountId": account_id, "environmentId": environment_id(code), "spaceId": space_id(code)}


@lru_cache(maxsize=64)
def _described(spec: str) -> dict[str, Any]:
    """Of the job's description what created and ready events tell."""
    found = orjson.loads(spec)
    return {name: found[name] for name in WITH_INPUT_FIELDS if found.get(name) is not None}


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
