"""``client.definitions``: job types with their parameters, kept under a code and launched again and again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from ._channel import plain_input
from ._given import body, body_text, check_names, names_of
from ._http import Http
from .client_jobs import Jobs
from .pages import Page, page_of
from .protocol.definitions import (
    Definition,
    DefinitionCreate,
    DefinitionDryRun,
    DefinitionExecute,
    DefinitionUpdate,
    DefinitionVersion,
    DryRun,
    TemplateDryRun,
)
from .protocol.jobs import Job
from .protocol.watermarks import Watermark, WatermarkWrite
from .watermark import watermark_text

FILTERS: Final = ("job_type", "enabled", "target", "health", "q", "page_size", "cursor")


class Definitions:
    """Calls of ``/v1/job-definitions``. Making and changing takes a developer's or administrator's key, launching an operator's.

    A definition is named by its code, or by its id.
    """

    def __init__(self, http: Http, jobs: Jobs) -> None:
        self._http = http
        self._jobs = jobs

    async def create(
        self,
        code: str,
        job_type: str,
        params: Any = None,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Definition:
        """Make a definition. ApiError ``invalid``, whose ``errors`` name all that is wrong with the parameters, each by its path.

        - ``code``: letters, digits, ``.``, ``-``, ``_`` and ``:``; never changes
        - ``job_type``: the code of the job type
        - ``params``: a dict or a pydantic model; texts may be templates, such as ``"{{ event.payload.id }}"``
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: ``enabled`` (False unless said), ``name``, ``description``, ``target``, ``schedule`` (``{"cron": "0 9 * * *"}``),
          ``options``, ``triggers``, ``modes``, ``notifications``
        """
        check_names("create", fields, names_of(DefinitionCreate, "job_definition_code", "job_type", "params"))
        own = {"jobDefinitionCode": code, "jobType": job_type, "params": plain_input(params) or {}}
        made = body(DefinitionCreate, {**fields, **own}).model_dump_json(exclude_unset=True)
        return await self._definition("POST", "", made, idempotency_key)

    async def list(self, **filters: Any) -> Page[Definition]:
        """One page of the definitions, in the order of their making.

        - ``filters``: ``job_type``, ``enabled``, ``target``, ``health`` (``ok`` or ``failed``), ``q`` (in code or name), ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Definition, await self._http.get("/v1/job-definitions", filters))

    async def get(self, code: str) -> Definition:
        """One definition; ApiError ``not_found`` that names near ones."""
        return await self._definition("GET", _path(code))

    async def update(self, code: str, **changes: Any) -> Definition:
        """Change a definition; what is not named stays, and so do jobs that were made.

        - ``changes``: fields as of `create`, each as a whole: ``params`` are all parameters then
        """
        check_names("update", changes, names_of(DefinitionUpdate, "job_definition_code"))
        if "params" in changes:
            changes["params"] = plain_input(changes["params"])
        sent = body(DefinitionUpdate, changes).model_dump_json(exclude_unset=True)
        return await self._definition("PATCH", _path(code), sent)

    async def enable(self, code: str) -> Definition:
        """Let it be launched, and its triggers start jobs."""
        return await self.update(code, enabled=True)

    async def disable(self, code: str) -> Definition:
        """Let nothing start jobs of it; those that run go on."""
        return await self.update(code, enabled=False)

    async def delete(self, code: str) -> None:
        """Remove a definition; ApiError ``in_use`` while a job of it has not ended."""
        await self._http.call("DELETE", f"/v1/job-definitions{_path(code)}")

    async def execute(
        self,
        code: str,
        params: Any = None,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Job:
        """Make a job of the definition. ApiError ``disabled`` when it is, ``invalid`` where a template does not resolve.

        - ``params``: each in the place of the definition's parameter of this name, as it stands: it is no template
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: ``mode`` (``full`` or ``delta``), ``context`` (what templates read: ``{"event": {...}}``), ``label``, ``priority``,
          ``scheduled_at``, ``source``, ``subject``, ``file_id``, ``metadata``, ``tags``
        """
        check_names("execute", fields, names_of(DefinitionExecute, "params"))
        sent = body_text(DefinitionExecute, {**fields, "params": plain_input(params) or {}})
        path = f"/v1/job-definitions{_path(code)}/_execute"
        answer = await self._http.call("POST", path, sent, idempotency_key=idempotency_key)
        return await self._jobs.get(answer["jobId"])

    async def versions(self, code: str, **filters: Any) -> Page[DefinitionVersion]:
        """What the definition was, the newest version first.

        - ``filters``: ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("versions", filters, ("page_size", "cursor"))
        answer = await self._http.get(f"/v1/job-definitions{_path(code)}/versions", filters)
        return page_of(DefinitionVersion, answer)

    async def version(self, code: str, number: int) -> DefinitionVersion:
        """One version."""
        return await self._http.record(
            DefinitionVersion, "GET", f"/v1/job-definitions{_path(code)}/versions/{number}"
        )

    async def watermark(self, code: str) -> Watermark:
        """How far the runs of a definition have come: from its ``value`` on the next delta run reads."""
        return await self._http.record(Watermark, "GET", f"/v1/job-definitions{_path(code)}/watermark")

    async def set_watermark(self, code: str, to: str | datetime | int) -> Watermark:
        """Say from where on the next delta run reads. Runs that go on now do not move it any more.

        - ``to``: a text of at most 256 characters, an integer, or a time with a zone; kept as a text, as ``job.watermark.advance`` does
        """
        sent = body_text(WatermarkWrite, {"value": watermark_text(to)})
        path = f"/v1/job-definitions{_path(code)}/watermark"
        return await self._http.record(Watermark, "PUT", path, sent)

    async def reset_watermark(self, code: str) -> None:
        """Let the next run be as the first: full, from the start date of the definition. Runs that go on now do not move it any more."""
        await self._http.call("DELETE", f"/v1/job-definitions{_path(code)}/watermark")

    async def dry_run(
        self,
        code: str | None = None,
        params: Any = None,
        *,
        job_type: str | None = None,
        event: Mapping[str, Any] | None = None,
        hook: Mapping[str, Any] | None = None,
        due_time: datetime | None = None,
        trigger: int | None = None,
    ) -> DryRun:
        """What the parameters of a job would be: each template with what it gives, or with what is wrong with it. Nothing is made.

        - ``code``: the definition; ``params`` join its own, as in `execute`
        - without it, ``params`` are tried that are not kept yet, and checked against ``job_type`` where that is given
        - ``event``, ``hook``, ``due_time``: what templates read in the place of what would have started the job
        - with ``code`` and ``event`` the answer's ``triggers`` say what each event trigger makes of it, or that of the number ``trigger``
        """
        facts = {"event": event, "hook": hook, "due_time": due_time}
        context = {name: value for name, value in facts.items() if value is not None}
        given: dict[str, Any] = {"params": plain_input(params) or {}, "context": context}
        given |= {} if trigger is None else {"trigger": trigger}
        if code is not None:
            sent, path = body_text(DefinitionDryRun, given), f"{_path(code)}/_dry-run"
        else:
            sent, path = body_text(TemplateDryRun, {**given, "job_type": job_type}), "/_dry-run"
        return await self._http.record(DryRun, "POST", f"/v1/job-definitions{path}", sent)

    async def _definition(
        self, method: str, path: str, sent: str | None = None, idempotency_key: str | None = None
    ) -> Definition:
        told = None if sent is None else f'{{"jobDefinition":{sent}}}'.encode()
        answer = await self._http.call(
            method, f"/v1/job-definitions{path}", told, idempotency_key=idempotency_key
        )
        return Definition.model_validate(answer["jobDefinition"])


def _path(code: str) -> str:
    return f"/{quote(code, safe='')}"
