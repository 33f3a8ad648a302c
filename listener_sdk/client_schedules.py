"""``client.schedules``: when definitions run by themselves."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from ._given import body, body_text, changes_text, check_names, names_of
from ._http import Http
from .client_jobs import Jobs
from .pages import Page, page_of
from .protocol.jobs import Job
from .protocol.schedules import (
    HandedOver,
    HandOver,
    HandOverAll,
    Schedule,
    ScheduleCreate,
    ScheduleOfDefinition,
    ScheduleUpdate,
)
from .protocol.timings import PREVIEWED, Preview, PreviewAsked, Timing

FILTERS: Final = ("definition", "enabled", "owner", "page_size", "cursor")

LOCAL: Final = ("once", "start", "end")
"""Fields that may be a time without a zone, which is that of the timing then."""


class Schedules:
    """Calls of ``/v1/schedules``. Making and changing takes a key that may have jobs run at set times: an operator's, or above."""

    def __init__(self, http: Http, jobs: Jobs) -> None:
        self._http = http
        self._jobs = jobs

    async def preview(
        self,
        cron: str | None = None,
        *,
        time_zone: str,
        after: datetime | str | None = None,
        count: int = PREVIEWED,
        neighbours: bool = False,
        **fields: Any,
    ) -> Preview:
        """What a timing means: in words, and its next times, with what clock changes do to them. Nothing is made.

        ApiError ``bad_timing`` for an expression that cannot be read or is never due, and for an unknown zone.

        - ``cron``: an expression, or of ``fields`` one of ``repeat`` (``{"every": 2, "unit": "weeks", "start": "2026-01-05T09:00"}``) and
          ``once`` (``"2026-12-24T09:00"``)
        - ``time_zone``: a name such as ``Europe/Paris``
        - ``after``: the times after this one (of the time zone, unless it has an offset); else after now
        - ``count``: how many, 100 at most
        - ``neighbours``: say too which schedules of the space run in the minute of the first time, and which minute is free
        - ``fields``: ``dialect`` (``unix`` or ``quartz``), ``gap`` (``next-valid`` or ``skip``), ``fold`` (``first`` or ``both``), ``start``, ``end``
        """
        check_names("preview", fields, names_of(Timing, "cron", "time_zone"))
        asked = {**_written(fields), "cron": cron, "time_zone": time_zone, "count": count}
        asked["from"] = after.isoformat() if isinstance(after, datetime) else after
        sent = body_text(PreviewAsked, {**asked, "neighbours": neighbours or None})
        return await self._http.record(Preview, "POST", "/v1/schedules/preview", sent)

    async def create(
        self, definition: str, cron: str | None = None, *, idempotency_key: str | None = None, **fields: Any
    ) -> Schedule:
        """Let a definition run by itself. ApiError ``bad_timing`` or ``invalid``, whose ``errors`` name all that is wrong, each by its field.

        - ``definition``: its code, or its id
        - ``cron``: such as ``"0 9 * * 1-5"``; or in its place ``repeat={"every": 2, "unit": "weeks", "start": ...}`` or ``once="2026-12-24T09:00"``
        - ``idempotency_key``: with one the call can be repeated safely for a day
        - ``fields``: ``time_zone`` (the space's, unless given), ``dialect``, ``gap``, ``fold``, ``start``, ``end``, ``name``, ``enabled``,
          ``late``, ``overlap``, ``jitter_s``, ``pause_after``, ``mode``, ``params``, ``notifications``, ``fallback_owner``
        """
        check_names("create", fields, names_of(ScheduleCreate, "cron"))
        made = body(ScheduleOfDefinition, {**_written(fields), "definition": definition, "cron": cron})
        sent = made.model_dump_json(exclude_none=True, exclude_unset=True).encode()
        return await self._http.record(
            Schedule, "POST", "/v1/schedules", sent, idempotency_key=idempotency_key
        )

    async def list(self, **filters: Any) -> Page[Schedule]:
        """One page of the schedules, in the order of their making.

        - ``filters``: ``definition`` (code or id), ``enabled``, ``owner``, ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, FILTERS)
        return page_of(Schedule, await self._http.get("/v1/schedules", filters))

    async def get(self, schedule_id: str) -> Schedule:
        """One schedule, with its next due time."""
        return await self._http.record(Schedule, "GET", _path(schedule_id))

    async def update(self, schedule_id: str, **changes: Any) -> Schedule:
        """Change a schedule, which is the caller's then; what is not named stays, None takes a field away.

        - ``changes``: fields as of `create`; another ``cron``, ``repeat`` or ``once`` takes the place of what was there
        """
        sent = changes_text(ScheduleUpdate, _written(changes))
        return await self._http.record(Schedule, "PATCH", _path(schedule_id), sent)

    async def enable(self, schedule_id: str) -> Schedule:
        """Switch it on: its next due time lies ahead, and nothing is made up for."""
        return await self.update(schedule_id, enabled=True)

    async def disable(self, schedule_id: str) -> Schedule:
        """Switch it off; its job, if one runs, goes on."""
        return await self.update(schedule_id, enabled=False)

    async def delete(self, schedule_id: str) -> None:
        """Remove a schedule; its jobs go on."""
        await self._http.call("DELETE", _path(schedule_id))

    async def run(self, schedule_id: str, *, idempotency_key: str | None = None) -> Job:
        """Make a job as the schedule does, now; its due times stay as they are."""
        answer = await self._http.call(
            "POST", f"{_path(schedule_id)}/run", b"{}", idempotency_key=idempotency_key
        )
        return await self._jobs.get(answer["data"]["jobId"])

    async def hand_over(
        self, schedule_id: str, owner: str | None = None, *, replace_recipient: bool = False
    ) -> HandedOver:
        """Give a schedule to another owner: the caller, a member by id (administrators may), or its fallback owner where none is named.

        - ``replace_recipient``: the new owner takes the place of the former one among those whom the rules of the schedule tell, and those
          of its definition where the caller may define jobs; also when it was handed over before
        """
        sent = body_text(HandOver, {"owner": owner, "replace_recipient": replace_recipient})
        return await self._http.record(HandedOver, "POST", f"{_path(schedule_id)}/owner", sent)

    async def hand_over_all(
        self, former: str, owner: str | None = None, *, replace_recipient: bool = False
    ) -> HandedOver:
        """The same of all schedules of a former owner, or of none."""
        given = {"former": former, "owner": owner, "replace_recipient": replace_recipient}
        return await self._http.record(
            HandedOver, "POST", "/v1/schedules/hand-over", body_text(HandOverAll, given)
        )


def _written(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if name in LOCAL and isinstance(value, date) else value
        for name, value in fields.items()
    }


def _path(schedule_id: str) -> str:
    return f"/v1/schedules/{quote(schedule_id, safe='')}"
