"""The door of callers that do not reach all of their space: restricted keys, and tokens.

What an id in the path names is looked at here, once for all routes. A job's name never changes, so what a key reaches stays within its
reach; tags may change, but tokens only read.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode

from ..core.files import FileRow
from ..core.jobs import JobRow
from ..core.later import later
from ..core.reach import Reach
from ..store import event_pages, files
from ..store import jobs as jobs_sql
from ..store.database import Reader
from .call import Call

if TYPE_CHECKING:
    from ..store import actions
else:
    actions = later("..store.actions", __package__)

OF_A_JOB: Final = frozenset({
    "GET /v1/jobs/{id}",
    "GET /v1/jobs/{id}/log",
    "GET /v1/jobs/{id}/attempts",
    "GET /v1/jobs/{id}/progress",
    "GET /v1/events",
    "GET /v1/events/stream",
    "GET /v1/whoami",
})  # fmt: skip
"""What a token of one job opens."""
OF_A_TAG: Final = OF_A_JOB | {"GET /v1/jobs"}
"""What a token of a tag or definition opens."""
OF_A_SPACE: Final = OF_A_TAG | {
    "GET /v1/jobs/{id}/plan",
    "GET /v1/events/{id}",
    "GET /v1/files",
    "GET /v1/files/{id}",
    "GET /v1/files/{id}/content",
    "GET /v1/files/{id}/download",
}
"""What a token of a whole space opens."""

Guard = Callable[[Call], Awaitable[None]]
Sees = Callable[[Reader, Reach, int, int], bool]


class Guarded(Protocol):
    """What is to be known of a route."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...


def guard_of(route: Guarded) -> Guard:
    """What refuses calls of a route that lie beyond the caller's reach: ``forbidden``, or ``not_found`` for an id."""
    name = f"{route.method} {route.path}"
    named = next((found for start, found in _NAMED.items() if route.path.startswith(start)), None)

    async def guard(call: Call) -> None:
        if call.actor.is_token:
            _check_token(call.actor.reach, name)
        reach = call.actor.reach
        if reach is not None and named is not None:
            kind, what, sees = named
            number = decode(kind, call.request.match_info["id"])
            space_id = call.actor.space.id
            if number is not None and not await call.node.read(
                lambda reader: sees(reader, reach, space_id, number)
            ):
                raise call.missing(what)

    return guard


def _check_token(reach: Reach | None, name: str) -> None:
    opens = _opened(reach)
    if name not in opens:
        raise Refusal(
            "forbidden",
            f"This token opens the stream and {', '.join(sorted(opens))}, nothing else: use a key.",
        )


def _opened(reach: Reach | None) -> frozenset[str]:
    if reach is None or not reach.of_a_token:
        return OF_A_SPACE
    return OF_A_JOB if reach.job_id is not None else OF_A_TAG


def _sees_job(reader: Reader, reach: Reach, space_id: int, number: int) -> bool:
    row = jobs_sql.load(reader, space_id, number)
    return row is not None and reach.sees(row)


def _sees_event(reader: Reader, reach: Reach, space_id: int, number: int) -> bool:
    event = event_pages.load(reader, space_id, number)
    return event is not None and reach.hears(orjson.loads(event.body))


def _sees_file(reader: Reader, reach: Reach, space_id: int, number: int) -> bool:
    row = files.load(reader, number)
    return row is not None and row.space_id == space_id and sees_file(reader, reach, row)


def _sees_action(reader: Reader, reach: Reach, space_id: int, number: int) -> bool:
    row = actions.load(reader, space_id, number)
    return row is not None and reach.names(row.name)


def sees_file(reader: Reader, reach: Reach, row: FileRow) -> bool:
    """Files of jobs that are within reach, and those of no job: what is uploaded for a job stands beside it."""
    if row.job_id is None:
        return not reach.of_a_token
    job: JobRow | None = jobs_sql.load(reader, row.space_id, row.job_id)
    return job is not None and reach.sees(job)


_NAMED: Final[dict[str, tuple[str, str, Sees]]] = {
    "/v1/jobs/{id}": ("jb", "job", _sees_job),
    "/vue/_api/v1/jobs/{id}": ("jb", "job", _sees_job),
    "/v1/runs/{id}": ("jb", "run", _sees_job),
    "/v1/events/{id}": ("ev", "event", _sees_event),
    "/v1/files/{id}": ("fl", "file", _sees_file),
    "/v1/actions/{id}": ("ac", "action", _sees_action),
}
"""By the start of a path: the kind of id in it, what that names, and whether it is within reach."""
