"""Calls about many jobs: how they are written, and repeated until all is done."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel

from ._given import body, body_text, check_names, check_zones, meant, names_of
from ._http import Http, camel
from ._text import check_json
from .protocol.bulk import MOST_JOBS, BulkAct, BulkCancel, BulkDone, BulkMember, JobsFilter
from .protocol.jobs import JobCreate
from .protocol.times import from_datetime, to_wire

BulkMembers = list[BulkMember]
_ACTS: Final[dict[str, type[BulkAct]]] = {"cancel": BulkCancel, "retry": BulkAct, "acknowledge": BulkAct}


async def create(
    http: Http, jobs: Iterable[JobCreate | Mapping[str, Any]], *, partial: bool, idempotency_key: str | None
) -> BulkMembers:
    """One transaction; ValueError for more jobs than it takes, and for what is no job."""
    bodies = [_member(job, index) for index, job in enumerate(jobs)]
    if not bodies:
        return []
    if len(bodies) > MOST_JOBS:
        raise ValueError(
            f"create_many takes at most {MOST_JOBS:,} jobs, which are stored together, not {len(bodies):,}: "
            "call it for some after the other"
        )
    sent = orjson.dumps({"jobs": bodies})
    query = {"partial": True} if partial else None
    answer = await http.call("POST", "/v1/jobs/bulk", sent, query=query, idempotency_key=idempotency_key)
    return [BulkMember.model_validate(one) for one in answer["data"]["jobs"]]


def _member(job: JobCreate | Mapping[str, Any], index: int) -> dict[str, Any]:
    if isinstance(job, JobCreate):
        check_zones({name: getattr(job, name) for name in job.model_fields_set}, f"jobs[{index}].")
        return job.model_dump(mode="json", exclude_none=True)
    facts = dict(job)
    name = facts.pop("name", None)
    if not isinstance(name, str):
        what = f"job {index} has no name: write {{'name': 'workbook:export', 'input': {{...}}}}"
        raise ValueError(what)  # noqa: TRY004 - a value of the data
    return _body(name, facts, index)


def _body(name: str, facts: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The body as the server takes it, which judges it among the others; ValueError for what is the program's mistake."""
    allowed = names_of(JobCreate, "type", "operation")
    for field in facts:
        if field not in allowed:
            raise ValueError(f"job {index} has no field {field!r}: {meant(str(field), allowed)}")
    check_zones(facts, f"jobs[{index}].")
    kind, _, operation = name.partition(":")
    told = {camel(field): _plain(value) for field, value in facts.items() if value is not None}
    for field, value in told.items():
        check_json(value, f"jobs[{index}].{field}")
    return {"type": kind, "operation": operation, **told}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_wire(from_datetime(value))
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value


async def act(
    http: Http,
    name: Literal["cancel", "retry", "acknowledge"],
    *,
    ids: Iterable[str] | None,
    filters: Mapping[str, Any],
    limit: int | None,
    **fields: Any,
) -> BulkDone:
    """The act on all jobs that are meant, in as many calls as it takes."""
    if ids is not None:
        if filters or fields.get("all"):
            raise ValueError("give ids, or filters, or all=True: not several of them")
        return await _on_ids(http, name, [*dict.fromkeys(ids)][:limit], fields)
    check_names(f"{name}_many", filters, names_of(JobsFilter))
    fields["filter"] = body(JobsFilter, filters) if filters else None
    # What is counted now is all that is done: a rerun that fails meanwhile is not run again by the same call.
    whole = await _call(http, name, {**fields, "dry_run": True})
    most = whole.matched if limit is None else min(limit, whole.matched)
    if fields.get("dry_run"):
        return BulkDone(matched=most, done=0, more=most < whole.matched)
    return await _until(http, name, fields, most)


async def _on_ids(http: Http, name: str, ids: list[str], fields: dict[str, Any]) -> BulkDone:
    found = BulkDone(matched=0, done=0)
    for at in range(0, len(ids), MOST_JOBS):
        found = _joined(found, await _call(http, name, {**fields, "ids": ids[at : at + MOST_JOBS]}))
    return found


async def _until(http: Http, name: str, fields: dict[str, Any], left: int) -> BulkDone:
    found = BulkDone(matched=0, done=0)
    while left > 0:
        some = await _call(http, name, {**fields, "limit": min(left, MOST_JOBS)})
        found = _joined(found, some)
        left -= some.matched
        # Jobs that are skipped are met again: when nothing else is left, that is all.
        if not (some.more and some.done):
            break
    return found


async def _call(http: Http, name: str, fields: dict[str, Any]) -> BulkDone:
    return await http.record(BulkDone, "POST", f"/v1/jobs/bulk/{name}", body_text(_ACTS[name], fields))


def _joined(one: BulkDone, other: BulkDone) -> BulkDone:
    return BulkDone(
        matched=one.matched + other.matched,
        done=one.done + other.done,
        skipped=[*one.skipped, *other.skipped],
        more=other.more,
    )
