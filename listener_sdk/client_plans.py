"""``client.plans``: the execution plans of jobs that map the fields of a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ._given import body, check_names, names_of
from ._http import Http
from .protocol.jobs import Job
from .protocol.plans import Edge, Plan, PlanPatch, PlanPut, UnmappedDestination, UnmappedSource


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job and its plan."""

    job: Job
    """The job as it is now."""
    plan: Plan
    """Its plan; three empty lists while it has none."""


class Plans:
    """Calls of ``/v1/jobs/{id}/plan``; every one raises ApiError when refused and ConnectionFailed without a server.

    An edge is ``{"sourceField": field, "destinationField": field}`` and a field ``{"type": "string", "key": "name"}``: dicts in the
    wire's names, or `Edge` and its like.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def get(self, job_id: str) -> PlannedJob:
        """A job's plan."""
        return _planned(await self._http.get(_path(job_id)))

    async def put(
        self,
        job_id: str,
        file_id: str,
        field_mapping: Sequence[Edge | dict[str, Any]],
        unmapped_source_fields: Sequence[UnmappedSource | dict[str, Any]] = (),
        unmapped_destination_fields: Sequence[UnmappedDestination | dict[str, Any]] = (),
        *,
        program_id: str | None = None,
    ) -> PlannedJob:
        """Give a job that has not begun its whole plan.

        A created job (``trigger="manual"``) is in planning then, until `Jobs.execute`; any other stays where it is, for a job of the
        trigger ``immediate`` does not wait for its plan. A handler reads it: ``(await job.client.plans.get(job.id)).plan``.

        - ``file_id``: the file whose fields are mapped: the job's own, if it has one
        - ``field_mapping``: which field of the file goes to which field of the destination
        - ``unmapped_source_fields``: ``{"sourceField": field}`` for those that go nowhere
        - ``unmapped_destination_fields``: ``{"destinationField": field}`` for those that get nothing
        """
        sent = body(
            PlanPut,
            {
                "file_id": file_id,
                "job_id": job_id,
                "field_mapping": field_mapping,
                "unmapped_source_fields": unmapped_source_fields,
                "unmapped_destination_fields": unmapped_destination_fields,
                "program_id": program_id,
            },
        )
        return await self._sent("PUT", job_id, sent)

    async def patch(self, job_id: str, file_id: str, **fields: Any) -> PlannedJob:
        """Replace parts of a plan.

        - ``fields``: those of `put`; what is left out stays as it is
        """
        check_names("patch", fields, names_of(PlanPatch, "file_id", "job_id"))
        return await self._sent(
            "PATCH", job_id, body(PlanPatch, {**fields, "file_id": file_id, "job_id": job_id})
        )

    async def _sent(self, method: str, job_id: str, plan: PlanPut | PlanPatch) -> PlannedJob:
        sent = plan.model_dump_json(exclude_none=True).encode()
        return _planned(await self._http.call(method, _path(job_id), sent))


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}/plan"


def _planned(answer: Any) -> PlannedJob:
    data = answer["data"]
    return PlannedJob(Job.model_validate(data["job"]), Plan.model_validate(data["plan"]))
