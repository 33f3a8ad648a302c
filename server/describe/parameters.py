"""What parameters in an address mean: each name once, but for those that mean something else in one place."""

from typing import Any, Final

from listener_sdk.protocol import hooks, ids, runs
from listener_sdk.protocol.lifecycle import Status

Schema = dict[str, Any]

ANYWHERE: Final = ("environmentId", "spaceId")
"""Any call may name its space so."""
LONGEST: Final = 512
_TEXT: Final[Schema] = {"type": "string", "maxLength": LONGEST}
_TRUTH: Final[Schema] = {"type": "boolean"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_POSITION: Final[Schema] = {"type": "string", "maxLength": 64, "examples": ["now", "oldest"]}
_EXPORT: Final[Schema] = {"type": "string", "enum": ["csv", "jsonl"], "default": "csv"}


def _several(*words: str) -> Schema:
    items: Schema = {"type": "string", "enum": [*words]} if words else dict(_TEXT)
    return {"type": "array", "items": items, "maxItems": 32}


def _id(kind: str) -> Schema:
    return {"type": "string", "examples": [ids.encode(kind, 1)]}


QUERY: Final[dict[str, tuple[Schema, str]]] = {
    "environmentId": (_TEXT, "The space, which must be the one in which the key acts."),
    "spaceId": (_TEXT, "The same."),
    "pageSize": ({"type": "integer", "minimum": 1, "maximum": 1_000}, "How many at most."),
    "pageNumber": ({"type": "integer", "minimum": 1, "maximum": 10**9}, "Which page, from 1; not with cursor."),
    "cursor": (_TEXT, "What an earlier page gave."),
    "after": (_POSITION, "The position behind which it begins."),
    "topic": (_several(), "These topics."),
    "topics": (_several(), "Topics that match one of these patterns, such as job:*."),
    "domain": (_TEXT, "The domain: what stands before the colon."),
    "filter": ({"type": "string", "maxLength": 4_096}, 'A filter as JSON, such as {"job":"import:*"}.'),
    "progress": (_TRUTH, "Whether live ticks of running jobs are told too."),
    "since": (_TIME, "From then on."),
    "until": (_TIME, "Before then."),
    "includeAcknowledged": (_TRUTH, "Whether events are listed that were acknowledged."),
    "status": (_several(*Status), "Jobs with one of these statuses."),
    "type": (_TEXT, "The first part of the job's name."),
    "operation": (_TEXT, "The second part of the job's name."),
    "job": (_TEXT, "The job's name, type:operation."),
    "tag": ({"type": "string", "maxLength": 64}, "Jobs that have this tag."),
    "definition": (_TEXT, "The code of a job definition."),
    "source": (_TEXT, "What the job works on."),
    "workbookId": (_TEXT, "Flatfile's word for source."),
    "fileId": (_TEXT, "The file that the job works on."),
    "parentId": (_id("jb"), "The parts of this job."),
    "excludeChildJobs": (_TRUTH, "Whether parts are left out."),
    "createdAfter": (_TIME, "Made after that."),
    "createdBefore": (_TIME, "Made before that."),
    "quick": (
        _TRUTH,
        "Whether it is not counted how many there are, and only the next 100,000 jobs are looked at (25,000 for a text): a page may have few or none although its cursor leads to more.",
    ),
    "sortDirection": ({"type": "string", "enum": ["asc", "desc"], "default": "desc"}, "By when they were made."),
    "partial": (_TRUTH, "Whether good jobs are made where others of the call are refused."),
    "view": ({"type": "string", "enum": ["brief", "full"], "default": "brief"}, "Whether whole jobs are shown."),
    "q": (_TEXT, "A part of the code, name or label."),
    "online": (_TRUTH, "Whether somebody serves it now."),
    "jobType": (_TEXT, "The code of a job type."),
    "enabled": (_TRUTH, "Whether it is switched on."),
    "target": (_TEXT, "What it is for."),
    "health": ({"type": "string", "enum": [*runs.HEALTHS]}, "Whether its last run has failed."),
    "owner": (_id("mem"), "The member who owns it."),
    "dueUntil": (_TIME, "Show too when it is due up to then, 100 times at most."),
    "schedule": (_id("sch"), "Started by this schedule."),
    "result": (_several(*runs.RESULTS), "What became of it."),
    "mode": (_several(*runs.MODES), "Full or delta runs."),
    "trigger": (_several(*runs.TRIGGERS), "What has started it."),
    "format": (_EXPORT, "Of the file."),
    "targetId": (_TEXT, "On what it stands."),
    "jobId": (_id("jb"), "Of this job."),
    "name": ({"type": "string", "maxLength": 255}, "The file's name."),
    "expires": (_TEXT, "Of a signed link."),
    "signature": (_TEXT, "Of a signed link."),
    "space": (_TEXT, "Of a signed link."),
    "actorId": ({"type": "string", "maxLength": 128}, "Secrets of this actor, and those of nobody."),
    "role": (_TEXT, "Members of this role."),
    "active": (_TRUTH, "Whether they may log in."),
    "email": (_TEXT, "Who has this address."),
    "member": (_id("mem"), "Whose inbox; a member's own without it."),
    "unread": (_TRUTH, "Whether those that were read are left out."),
    "check": (_TRUTH, "Whether the mail server is called."),
    "actor": (_TEXT, "Who has done it."),
    "action": (_TEXT, "What was done, such as key:created, or key:*."),
    "hours": ({"type": "integer", "minimum": 1, "maximum": 168, "default": 24}, "The last hours."),
    "deletedSpace": (_TEXT, "The code of a space that was deleted."),
}  # fmt: skip
"""By name: its schema, and what it says."""

ELSEWHERE: Final[dict[str, tuple[Schema, str]]] = {
    "/v1/jobs q": (
        _TEXT,
        "The job's id, or a text in its name, label, input, tags, what it says of itself or came to.",
    ),
    "/v1/jobs/{id}/log after": (_TEXT, "What an earlier page gave as cursor."),
    "/v1/events sortDirection": (
        {"type": "string", "enum": ["asc", "desc"], "default": "asc"},
        "desc: the newest first.",
    ),
    "/v1/hooks/{id}/deliveries status": ({"type": "string", "enum": [*hooks.STATUSES]}, "What became of it."),
    "/v1/endpoints/{id}/deliveries status": (
        {"type": "string", "enum": ["pending", "delivered", "failed", "disabled"]},
        "How it stands.",
    ),
    "/v1/events/stream name": ({"type": "string", "maxLength": 64}, "The durable subscription to follow."),
    "/v1/audit target": (_TEXT, "To what it was done: an id."),
    "/v1/audit/export target": (_TEXT, "To what it was done: an id."),
}
"""By path and name: where a name means something else."""

PATH: Final = {
    "id": "An id, as an earlier answer gave it.",
    "code": "A code, or an id.",
    "name": "A name.",
    "version": "The number of a version.",
}


def query_parameter(path: str, name: str) -> Schema:
    """The description of a parameter of a path."""
    schema, meaning = ELSEWHERE.get(f"{path} {name}") or QUERY[name]
    found = {"name": name, "in": "query", "description": meaning, "schema": schema}
    return {**found, "style": "form", "explode": False} if schema.get("type") == "array" else found


def path_parameter(name: str) -> Schema:
    """The description of a part of a path."""
    schema = {"type": "integer", "minimum": 1} if name == "version" else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": PATH[name], "schema": schema}
