"""Jobs over REST, as Flatfile's clients know them, and what Tickwire shows besides."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import orjson
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import LONGEST_TAG, JobAck, JobCancel, JobCreate, JobEnd, JobUpdate, is_tag
from listener_sdk.protocol.lifecycle import Status
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from ..commands import jobs, moves, rest
from ..core.jobs import JobRow
from ..core.parts import Split
from ..core.reach import Reach
from ..core.refusals import missing
from ..core.views import job_wire, with_links
from ..store import curves, job_pages
from ..store import jobs as sql
from ..store import parts as parts_sql
from ..store.command import Command, Replayed
from ..store.database import Reader, Row
from ..store.job_pages import JobFilter
from ..store.log import Head
from ..store.log import head as log_head
from ..store.pages import Page
from .answers import data, data_text, success
from .call import Call, NoBody, named_in_address
from .paging import Paging, cursor, cursor_after, dated, listed, page_size, position, read_paging
from .queries import Query

PAGE_SIZE: Final = 20
LOG_PAGE_SIZE: Final = 100


async def index(call: Call) -> web.Response:
    """The list of jobs, newest first."""
    paging = read_paging(call.query, "jb", PAGE_SIZE)
    wanted = _filter(call.query, call.actor.reach)
    page, splits = await call.node.read(lambda reader: _page(reader, call, wanted, paging))
    if not page.rows:
        call.across(named_in_address(call.request))
    beside: dict[str, Any] = {} if page.total is None else {"pagination": paging.pagination(page.total)}
    following = cursor_after("jb", page.last) if page.more and page.last is not None else None
    rows = [job_wire(row, call.actor.space, call.link, splits.get(row.id)) for row in page.rows]
    return listed(rows, page.as_of, following, **beside)


def _page(
    reader: Reader, call: Call, wanted: JobFilter, paging: Paging
) -> tuple[Page[JobRow], dict[int, Split]]:
    """The page, of a parent that is there."""
    if wanted.parent_id is not None and not call.sees_job(reader, wanted.parent_id):
        raise missing("job", encode("jb", wanted.parent_id), "parentId")
    quick = call.query.truth("quick")
    whole = paging.number is not None and not quick
    looked_at = job_pages.MOST_LOOKED_AT if quick else None
    found = job_pages.page(
        reader, call.actor.space.id, wanted, paging.window, count=whole, looked_at=looked_at
    )
    return found, _splits(reader, found.rows)


def _splits(reader: Reader, rows: Iterable[JobRow]) -> dict[int, Split]:
    ids = [row.id for row in rows if row.parts is not None]
    return {split.job_id: split for split in parts_sql.load_many(reader, ids)} if ids else {}


def _filter(query: Query, within: Reach | None) -> JobFilter:
    """What the address asks for."""
    parent = query.text("parentId")
    statuses = query.texts("status")
    for status in statuses:
        if status not in set(Status):
            raise Refusal("invalid", f"status takes {', '.join(Status)}, separated by commas.", key="status")
    return JobFilter(
        statuses=statuses,
        type=query.text("type"),
        operation=query.text("operation"),
        name=query.text("job"),
        tag=_tag(query),
        definition=query.text("definition"),
        source=query.text("source") or query.text("workbookId"),
        file_id=query.text("fileId"),
        parent_id=moves.job_number(parent, "parentId") if parent is not None else None,
        top_level=query.truth("excludeChildJobs"),
        created_after=query.time("createdAfter"),
        created_before=query.time("createdBefore"),
        text=query.text("q"),
        ascending=query.choice("sortDirection", ("asc", "desc"), "desc") == "asc",
        within=within,
    )


def _tag(query: Query) -> str | None:
    tag = query.text("tag")
    if tag is not None and not is_tag(tag):
        what = f"tag takes one tag: 1 to {LONGEST_TAG} printable characters but comma, * and ?."
        raise Refusal("invalid", what, key="tag")
    return tag


async def create(call: Call) -> web.Response:
    """Store a job. Without ``trigger`` it waits for execute, as Flatfile's do."""
    return await act(
        call, JobCreate, jobs.CREATE, lambda body: jobs.CreateJob(call.actor, body, trigger="manual")
    )


async def show(call: Call) -> web.Response:
    """One job, and the position of the log that this shows."""

    def read(reader: Reader, job_id: int) -> tuple[JobRow, Split | None, Head] | None:
        row = sql.load(reader, call.actor.space.id, job_id)
        return None if row is None else (row, _splits(reader, [row]).get(row.id), log_head(reader))

    row, split, head = await _read(call, read)
    shown = job_wire(row, call.actor.space, call.link, split)
    return data(shown, asOf=position(head))


async def update(call: Call) -> web.Response:
    """Change fields; a status is the move of that name."""
    job_id = call.number("jb", "job")
    body = await call.body(JobUpdate)
    row = await call.node.submit(rest.UPDATE, jobs.UpdateJob(call.actor, job_id, body))
    assert isinstance(row, JobRow)
    return data(job_wire(row, call.actor.space, call.link))


async def delete(call: Call) -> web.Response:
    """Remove a job."""
    await call.node.submit(jobs.DELETE, jobs.JobAct(call.actor, call.number("jb", "job")))
    return success()


async def execute(call: Call) -> web.Response:
    """Make a job ready now. Flatfile's clients expect no job in the answer."""
    job_id = call.number("jb", "job")
    done = '{"success":true}'
    text = await call.answer(NoBody, jobs.EXECUTE, lambda _: jobs.JobAct(call.actor, job_id), lambda _: done)
    return data_text(text)


async def ack(call: Call) -> web.Response:
    """Begin a job, or report its progress."""
    job_id = call.number("jb", "job")
    return await act(call, JobAck, rest.ACK, lambda body: rest.AckJob(call.actor, job_id, body))


async def complete(call: Call) -> web.Response:
    """End a job well."""
    job_id = call.number("jb", "job")
    return await act(call, JobEnd, rest.COMPLETE, lambda body: rest.EndJob(call.actor, job_id, body))


async def fail(call: Call) -> web.Response:
    """End a job without success."""
    job_id = call.number("jb", "job")
    return await act(call, JobEnd, rest.FAIL, lambda body: rest.EndJob(call.actor, job_id, body))


async def cancel(call: Call) -> web.Response:
    """Cancel a job."""
    job_id = call.number("jb", "job")
    return await act(call, JobCancel, jobs.CANCEL, lambda body: jobs.CancelJob(call.actor, job_id, body.info))


async def retry(call: Call) -> web.Response:
    """Run an ended job again, as a new one."""
    job_id = call.number("jb", "job")
    return await act(call, NoBody, jobs.RETRY, lambda _: jobs.JobAct(call.actor, job_id))


async def ack_outcome(call: Call) -> web.Response:
    """Note that a person has seen the outcome."""
    job_id = call.number("jb", "job")
    return await act(call, NoBody, jobs.ACK_OUTCOME, lambda _: jobs.JobAct(call.actor, job_id))


async def log(call: Call) -> web.Response:
    """What handlers wrote to the job's log, oldest first; the cursor of a page with lines leads to later ones."""
    after = cursor(call.query, "ll", "after") or 0
    size = page_size(call.query, LOG_PAGE_SIZE)
    lines, as_of = await _read_list(
        call, lambda reader, job_id: job_pages.log_lines(reader, job_id, after, size)
    )
    following = cursor_after("ll", lines[-1][0]) if lines else None
    return listed([_line(line) for line in lines], as_of, following)


async def attempts(call: Call) -> web.Response:
    """Attempts that ended without an outcome."""
    rows, as_of = await _read_list(call, job_pages.attempts)
    return listed([_attempt(row) for row in rows], as_of)


async def progress(call: Call) -> web.Response:
    """The thinned curve of the job's progress."""
    points = await _read(
        call, lambda reader, job_id: curves.load(reader, job_id) if _exists(reader, call, job_id) else None
    )
    return data({"points": [{"at": to_wire(at), "percent": percent} for at, percent in points]})


async def act(call: Call, model: type[WireModel], command: Command[Any, JobRow], item: Any) -> web.Response:
    """Run a command and show its job. Links are made now: a stored answer must not hold old ones."""
    space = call.actor.space
    result = await call.submit(model, command, item, lambda row: orjson.dumps(job_wire(row, space)).decode())
    if not isinstance(result, Replayed):
        return data(job_wire(result, space, call.link))
    job = orjson.loads(result.answer)
    if isinstance(job.get("outcome"), dict):
        job["outcome"] = with_links(job["outcome"], call.link, space.link_template)
    return data(job)


async def _read(call: Call, query: Any) -> Any:
    """What a query finds about the job in the path; Refusal ``not_found`` when that is None."""
    job_id = call.number("jb", "job")
    found = await call.node.read(lambda reader: query(reader, job_id))
    if found is None:
        raise call.missing("job")
    return found


def _exists(reader: Reader, call: Call, job_id: int) -> bool:
    return sql.exists(reader, call.actor.space.id, job_id)


async def _read_list(call: Call, query: Callable[[Reader, int], list[Row]]) -> tuple[list[Row], str]:
    """What stands in a list of the job in the path, and the position of the log that it shows."""
    job_id = call.number("jb", "job")

    def read(reader: Reader) -> list[Row]:
        if not _exists(reader, call, job_id):
            raise call.missing("job")
        return query(reader, job_id)

    return await dated(call, read)


def _line(row: Row) -> dict[str, Any]:
    _, attempt, at, level, message, fields = row
    line = {"at": to_wire(at), "attempt": attempt, "level": level, "message": message}
    return line if fields is None else {**line, "fields": orjson.loads(fields)}


def _attempt(row: Row) -> dict[str, Any]:
    attempt, fence, reason, message, started_at, ended_at = row
    return {
        "attempt": attempt,
        "fence": fence,
        "reason": reason,
        "message": message,
        "startedAt": to_wire_or_none(started_at),
        "endedAt": to_wire(ended_at),
    }
