"""Files over REST: streamed in, streamed out, fetched by key or by signed link."""

import asyncio
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import LARGEST, decode

from ..commands.files import CREATE_FILE, DELETE_FILE, CreateFile, DeleteFile
from ..core.files import FileRow, file_wire
from ..store import files as sql
from ..store.command import Replayed
from .answers import data, success
from .bodies import body_hash, in_time, timely
from .call import Call
from .downloads import Stored, download
from .idempotency import once
from .links import links
from .paging import cursor, dated, listed, page_of, page_size
from .runner import know
from .uploads import incoming

PAGE_SIZE: Final = 100
_MISSING: Final = {
    False: "The bytes of this file are gone from the server's disk.",
    True: "The bytes of this file are not in this server's data directory: servers that share a database need one "
    "--data-dir on a disk that they share.",
}
"""By whether other servers may have them."""
_log = structlog.get_logger("tickwire.files")


async def index(call: Call) -> web.Response:
    """Files, newest first, of one job or of all."""
    size = page_size(call.query, PAGE_SIZE)
    before = cursor(call.query, "fl")
    job_id = await _job_id(call)
    space_id = call.actor.space.id
    found, as_of = await dated(
        call,
        lambda reader: sql.page(
            reader, space_id, job_id, LARGEST if before is None else before, size + 1, call.actor.reach
        ),
    )
    rows, following = page_of(found, size, "fl")
    return listed([file_wire(row, call.actor.space, call.link) for row in rows], as_of, following)


async def create(call: Call) -> web.Response:
    """Store a file: the raw body, or the one file of a form. The bytes are durable before the answer."""
    settings = call.node.settings
    job_id = await _job_id(call)
    async with timely(settings.body_timeout_s):
        upload = await incoming(call.request, call.query, settings.max_upload_bytes)
    blob = await call.blobs.write(in_time(upload.chunks, settings.body_timeout_s), settings.max_upload_bytes)
    item = CreateFile(call.actor, upload.name, blob.size, upload.content_type, blob.name, job_id)
    parts = (blob.sha256, upload.name, upload.content_type, str(job_id))
    digest = body_hash(*(part.encode() for part in parts))
    try:
        promise = once(call.request, call.actor, digest, lambda row: str(row.id))
        result = await call.node.submit(CREATE_FILE, item, promise)
    except Refusal:
        # After any other error the row may be there: then unneeded bytes are better than missing ones.
        await call.blobs.remove(blob.name)
        raise
    row = await _load(call, int(result.answer)) if isinstance(result, Replayed) else result
    if row.blob != blob.name:
        await call.blobs.remove(blob.name)
    return data(file_wire(row, call.actor.space, call.link))


async def show(call: Call) -> web.Response:
    """One file's facts, with a fresh link."""
    row = await _load(call, call.number("fl", "file"))
    return data(file_wire(row, call.actor.space, call.link))


async def delete(call: Call) -> web.Response:
    """Remove a file and its bytes."""
    blob = await call.node.submit(DELETE_FILE, DeleteFile(call.actor, call.number("fl", "file")))
    assert isinstance(blob, str)
    await call.blobs.remove(blob)
    return success()


async def content(call: Call) -> web.Response:
    """The bytes, whole or in part, for a key of the space or for whoever holds a link that was signed for this file."""
    row = await (_load(call, call.number("fl", "file")) if call.key is not None else _signed(call))
    path = call.blobs.path(row.blob)
    if not await asyncio.to_thread(path.is_file):
        _log.error("bytes_missing", file=row.id, blob=row.blob)
        raise Refusal("not_found", _MISSING[call.node.database.shared], key="id")
    return download(
        call.request,
        Stored(path, row.size, f"{row.id:x}-{row.created_at:x}", row.created_at // 1000),
        {
            "Content-Type": row.content_type,
            "Content-Disposition": disposition(row.name),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
        },
    )


async def flatfile_content(call: Call) -> web.Response:
    """The same, for Flatfile's clients."""
    return await content(call)


def disposition(name: str) -> str:
    """The header that saves the file under its name (RFC 6266), in ASCII for clients that know no better."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _job_id(call: Call) -> int | None:
    """The job that the address names; of an upload, before its bytes are taken."""
    text = call.query.text("jobId")
    return None if text is None else await call.seen_job(text, "jobId")


async def _load(call: Call, file_id: int) -> FileRow:
    row = await call.node.read(lambda reader: sql.load(reader, file_id))
    if row is None or row.space_id != call.actor.space.id:
        raise call.missing("file")
    return row


async def _signed(call: Call) -> FileRow:
    """The file of a signed link. A link that is whole and in time says so when its file is gone."""
    expires, signature = call.query.text("expires"), call.query.text("signature")
    space = call.query.text("space") or ""
    if expires is None or signature is None:
        raise Refusal("unauthorized", "Send a key, or use a signed link: read the file for one.")
    text = call.request.match_info["id"]
    file_id = decode("fl", text)
    # Before the store is asked: anybody may send this.
    space_id = links(call.node, call.request).check(space, text, expires, signature, call.node.clock())
    know(call.request)
    row = await call.node.read(lambda reader: sql.load(reader, file_id)) if file_id is not None else None
    if row is None or row.space_id != space_id:
        raise Refusal("not_found", "The file of this link was removed.", key="id")
    return row
