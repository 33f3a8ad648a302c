"""What the built-in jobs do."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.ids import LARGEST, encode
from listener_sdk.protocol.outcomes import NextDownload, Outcome

from ..commands.built_in import CallParams, DownloadParams, NoopParams, PublishParams
from ..commands.files import CREATE_FILE, DELETE_FILE, CreateFile, DeleteFile
from ..core.actors import SYSTEM
from ..core.call_results import kept
from ..core.files import FileRow
from ..outbound.call import CallResult, call
from ..outbound.download import Download
from ..outbound.failures import Failure
from ..store import files as files_sql
from .own_work import Done, Work

LONGEST_EXCERPT: Final = 4_000
MOST_LEFT: Final = 100
NOOP_TICK_S: Final = 0.5
ANY_TYPE: Final = "application/octet-stream"
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")


class FailedCall(Failure):
    """The other server's answer is none of success. ``detail`` is the beginning of it, for the job's log."""

    def __init__(self, message: str, detail: str, *, retry: bool, retry_after_s: float | None) -> None:
        super().__init__("bad_answer", message, retry=retry, retry_after_s=retry_after_s)
        self.detail = detail


async def call_webservice(work: Work, params: CallParams) -> Done:
    """Call a URL once; an answer of 2xx is the job's result."""
    answer = await call(params, work.tools.outbound(), work.tools.now_s)
    result = kept(answer.as_wire(), work.redaction)
    host = urlsplit(answer.url).hostname or "The server"
    said = f"{host} answers {answer.status}{_phrase(answer.status)}"
    if 200 <= answer.status < 300:
        cut = " The answer was too large to be kept whole." if result["truncated"] else ""
        return Done(
            result, Outcome(message=f"{work.redaction.text(said)}, after {answer.elapsed_ms} ms.{cut}")
        )
    detail = f"{params.method} {result['url']} was answered {answer.status}: {str(result['body'])[:LONGEST_EXCERPT]}"
    raise FailedCall(
        f"{said}{_advice(answer)}", detail, retry=answer.retry, retry_after_s=answer.retry_after_s
    )


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _advice(answer: CallResult) -> str:
    if answer.retry_after_s is not None:
        return f", and asks to be left alone for {answer.retry_after_s:.0f} s."
    if answer.retry:
        return "."
    return ": the same call would get the same answer. Mend the parameters, then run the job again; its log has the answer."


async def download_file(work: Work, params: DownloadParams) -> Done:
    """Keep what a URL gives as a file of the space, which the outcome offers."""
    await _remove_left(work)
    tools = work.tools
    download = Download(
        params, tools.outbound(), tools.now_s, max_bytes=tools.largest_file, on_progress=work.tick
    )
    async with aclosing(download.chunks()) as chunks:
        blob = await tools.blobs.write(chunks, tools.largest_file)
    name = _shown(params.file_name or download.name or "download", work)
    kind = _type(work.redaction.text(download.content_type or ANY_TYPE))
    item = CreateFile(work.actor, name, blob.size, kind, blob.name, work.job_number)
    row = await _stored(work, item)

    async def undo() -> None:
        await _remove(work, row)

    file_id = encode("fl", row.id)
    result = {"fileId": file_id, "name": row.name, "size": row.size, "sha256": blob.sha256}
    offer = NextDownload(type="download", file_id=file_id, file_name=row.name)
    outcome = Outcome(heading="File downloaded", message=f"{row.name}, {row.size} bytes.", next=offer)
    return Done(result, outcome, undo)


async def _stored(work: Work, item: CreateFile) -> FileRow:
    """The row. It is made whole even when the run is stopped now; then it is removed again, with its bytes."""
    making = asyncio.ensure_future(work.tools.submit(CREATE_FILE, item))
    try:
        row: FileRow = await asyncio.shield(making)
    except asyncio.CancelledError:
        made = await asyncio.gather(making, return_exceptions=True)
        if isinstance(made[0], FileRow):
            await _remove(work, made[0])
        else:
            await work.tools.blobs.remove(item.blob)
        raise
    except BaseException:
        await work.tools.blobs.remove(item.blob)
        raise
    return row


async def _remove_left(work: Work) -> None:
    """A server that was killed may have left a file of this job just before the end."""
    if work.fence == 1:
        return
    space, job = work.actor.space.id, work.job_number
    rows = await work.tools.read(lambda reader: files_sql.page(reader, space, job, LARGEST, MOST_LEFT))
    for row in rows:
        if row.created_by == SYSTEM:
            await _remove(work, row)


async def _remove(work: Work, row: FileRow) -> None:
    await work.tools.blobs.remove(await work.tools.submit(DELETE_FILE, DeleteFile(work.actor, row.id)))


def _shown(name: str, work: Work) -> str:
    """The name without secrets; what stands for them is no sign that file systems take."""
    found = work.redaction.text(name)
    return found if found == name else found.replace("*", "_")


def _type(text: str) -> str:
    return text if _TYPE.fullmatch(text) else ANY_TYPE


async def publish_event(work: Work, params: PublishParams) -> Done:
    """Publish an event once, however often the job is begun. It names the job, so that what it starts is known to come from there."""
    cause = work.job.get("startedBy")
    before = cause.get("eventId") if isinstance(cause, dict) else None
    own = {"job_id": work.job["id"], "preceding_event_id": params.context.preceding_event_id or before}
    event = params.model_copy(update={"context": params.context.model_copy(update=own)})
    stored = await work.session.ask(f.Publish(event=event, idempotency_key=f"job {work.job['id']}"))
    result = {"eventId": stored["id"], "position": stored["position"], "topic": params.topic}
    return Done(result, Outcome(message=f"{params.topic} was published."))


async def noop(work: Work, params: NoopParams) -> Done:
    """Wait, and give back what was given."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while (left := params.seconds - (loop.time() - begun)) > 0:
        work.tick(params.seconds - left, params.seconds)
        await asyncio.sleep(min(left, NOOP_TICK_S))
    return Done({"echo": params.echo})


WORKS: Final[Mapping[str, Callable[[Work, Any], Awaitable[Done]]]] = {
    "callWebserviceEndpoint": call_webservice,
    "downloadDataFile": download_file,
    "publishEvent": publish_event,
    "noop": noop,
}
"""By the code of the job type."""
