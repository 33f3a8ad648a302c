"""``client.files``: upload, list, download and remove files."""

import asyncio
import mimetypes
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from yarl import URL

from ._channel import Source
from ._download import download
from ._given import check_names
from ._http import Http
from ._text import clean
from .pages import Page, page_of
from .protocol.jobs import File

CHUNK: Final = 256 * 1024


class Files:
    """Calls of ``/v1/files``; every one raises ApiError when refused and ConnectionFailed without a server."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def upload(
        self,
        source: Source,
        *,
        name: str | None = None,
        content_type: str | None = None,
        job_id: str | None = None,
    ) -> File:
        """Store a file.

        - ``source``: a path, bytes, or an async iterator of bytes; a file is never held in memory as a whole
        - ``name``: how people see it; needed unless ``source`` is a path, which has one
        - ``content_type``: guessed from the name if it is left out
        - ``job_id``: the job that it belongs to

        OSError when the path cannot be read, ValueError without a name.
        """
        title = clean(name or _own_name(source), 255)
        kind = content_type or mimetypes.guess_type(title)[0] or "application/octet-stream"
        query = {"name": title, "job_id": job_id}
        if isinstance(source, str | Path):
            with await asyncio.to_thread(Path(source).open, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                headers = {"Content-Type": kind, "Content-Length": str(size)}
                return await self._sent(_chunks(file), headers, query)
        return await self._sent(source, {"Content-Type": kind}, query)

    async def get(self, file_id: str) -> File:
        """A file's facts; its ``url`` is a link made now."""
        return await self._http.record(File, "GET", f"/v1/files/{quote(file_id, safe='')}")

    async def list(self, **filters: Any) -> Page[File]:
        """One page, newest first.

        - ``filters``: ``job_id``, ``page_size`` (100; at most 1,000), ``cursor``
        """
        check_names("list", filters, ("job_id", "page_size", "cursor"))
        return page_of(File, await self._http.get("/v1/files", filters))

    async def delete(self, file_id: str) -> None:
        """Remove a file and its bytes."""
        await self._http.call("DELETE", f"/v1/files/{quote(file_id, safe='')}")

    async def download(self, file: str | File, to: Path | str) -> Path:
        """Write a file to disk; the path it has then.

        - ``file``: a `File`, its id, or a signed link
        - ``to``: the path to write it to, replacing what stands there; or a folder, in which it gets its own name

        The path appears once all bytes are there. A download that is cut goes on where it was, for as long as some more comes
        within a minute.
        """
        url, with_key = self._address(file.id if isinstance(file, File) else file)
        return await download(self._http, url, Path(to), with_key=with_key)

    def _address(self, wanted: str) -> tuple[URL, bool]:
        if wanted.startswith(("http://", "https://")):
            return URL(wanted), False
        if wanted.startswith("/"):
            return self._http.url(wanted), False
        return self._http.url(f"/v1/files/{quote(wanted, safe='')}/content"), True

    async def _sent(self, data: Any, headers: dict[str, str], query: dict[str, Any]) -> File:
        answer = await self._http.send("/v1/files", data, headers, query)
        return File.model_validate(answer["data"])


def _own_name(source: Source) -> str:
    if isinstance(source, str | Path):
        return Path(source).name
    raise ValueError("bytes and chunks need a name: attach(data, name='report.csv')")


async def _chunks(file: Any) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk
