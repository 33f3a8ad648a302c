"""Calls about many jobs: how they are written, and repeated until all is done."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import orjson

from ._channel import plain_input
from ._http import Http
from .protocol.bulk import MOST_JOBS, BulkAct, BulkCancel, BulkDone, BulkMember, JobsFilter
from .protocol.jobs import JobCreate

BulkMembers = list[BulkMember]
_ACTS: Final[dict[str, type[BulkAct]]] = {"cancel": BulkCancel, "retry": BulkAct}


async def create(
    http: Http, jobs: Iterable[JobCreate | Mapping[str, Any]], *, partial: bool, idempotency_key: str | None
) -> BulkMembers:
    """One transaction; ValueError for more jobs than it takes."""
    bodies = [_body(job, index) for index, job in enumerate(jobs)]
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


def _body(job: JobCreate | Mapping[str, Any], index: int) -> dict[str, Any]:
    if isinstance(job, JobCreate):
        return job.model_dump(mode="json", exclude_none=True)
    facts = dict(job)
    if not isinstance(facts.get("name"), str):
        what = f"job {index} has no name: write {{'name': 'workbook:export', 'input': {{...}}}}"
        raise ValueError(what)  # noqa: TRY004 - a value of the data
    kind, _, operation = str(facts.pop("name")).partition(":")
    body = JobCreate(type=kind, operation=operation, input=plain_input(facts.pop("input", None)), **facts)
    return body.model_dump(mode="json", exclude_none=True)


async def act(
    http: Http,
    name: Literal["cancel", "retry"],
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
    fields["filter"] = JobsFilter(**filters) if filters else None
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
    body = _ACTS[name](**fields).model_dump_json(exclude_none=True).encode()
    return BulkDone.model_validate((await http.call("POST", f"/v1/jobs/bulk/{name}", body))["data"])


def _joined(one: BulkDone, other: BulkDone) -> BulkDone:
    return BulkDone(
        matched=one.matched + other.matched,
        done=one.done + other.done,
        skipped=[*one.skipped, *other.skipped],
        more=other.more,
    )
