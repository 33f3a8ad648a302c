"""``client.job_types``: what can be done in the space, and jobs made of it with checked parameters."""

from typing import Any, Final
from urllib.parse import quote

from ._channel import plain_input
from ._given import body_text, check_names, names_of
from ._http import Http
from .client_jobs import Jobs
from .pages import Page, page_of
from .protocol.job_types import JobTypeExecute, JobTypeView
from .protocol.jobs import Job

FILTERS: Final = ("online", "domain", "q", "page_size", "cursor")


class JobTypes:
    """Calls of ``/v1/job-types``. Listeners declare types by `Listener.job`; some are built into the server."""

    def __init__(self, http: Http, jobs: Jobs) -> None:
        self._http = http
        self._jobs = jobs

    async def list(self, **filters: Any) -> Page[JobTypeView]:
        """One page of the job types, those that are built in first.

        - ``filters``: ``online`` (whether somebody serves them), ``domain``, ``q`` (in code, name or label), ``page_size`` (100; at most
          1,000), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(JobTypeView, await self._http.get("/v1/job-types", filters))

    async def get(self, code: str) -> JobTypeView:
        """One job type; ApiError ``not_found`` that names near ones."""
        return JobTypeView.model_validate((await self._http.get(_path(code)))["data"])

    async def execute(
        self,
        code: str,
        params: Any = None,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Job:
        """Make a job of the type. ApiError ``invalid`` whose ``errors`` name all that is wrong with the parameters, each by its path.

        - ``params``: a dict or a pydantic model
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: ``mode`` (one of the type's), ``label``, ``priority``, ``source``, ``subject``, ``file_id``, ``metadata``,
          ``tags``, ``scheduled_at``
        """
        check_names("execute", fields, names_of(JobTypeExecute, "params"))
        sent = body_text(JobTypeExecute, {**fields, "params": plain_input(params) or {}})
        path = f"{_path(code)}/_execute"
        answer = await self._http.call("POST", path, sent, idempotency_key=idempotency_key)
        return await self._jobs.get(answer["jobId"])

    async def delete(self, code: str) -> None:
        """Remove a job type; ApiError ``in_use`` while somebody serves it or needs it."""
        await self._http.call("DELETE", _path(code))


def _path(code: str) -> str:
    return f"/v1/job-types/{quote(code, safe='')}"
