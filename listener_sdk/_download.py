"""Downloads: one file to disk, going on where it was cut."""

import asyncio
import random
import re
import secrets
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote

import aiohttp
from yarl import URL

from ._http import Http
from ._patience import backoff_s
from .errors import ApiError, ConnectionFailed, NotTickwire

CHUNK: Final = 256 * 1024
PATIENCE_S: Final = 60.0
"""How long a download that was cut is asked for again before it is given up."""
LONGEST_PAUSE_S: Final = 5.0


async def download(http: Http, url: URL, to: Path, *, with_key: bool) -> Path:
    """Write a file to ``to``, or under its own name into the folder ``to``; the path it has then.

    Nothing is left behind unless all bytes have come. ApiError when the server refuses, ConnectionFailed when it does not answer,
    or not again for a minute after a cut.
    """
    found = _Download(http, url, to, with_key=with_key)
    try:
        await found.fetch()
        return await asyncio.to_thread(found.keep)
    finally:
        await asyncio.to_thread(found.discard)


class _Download:
    """``got`` bytes are there, of the file that ``tag`` names: only with a tag can they be gone on with."""

    def __init__(self, http: Http, url: URL, to: Path, *, with_key: bool) -> None:
        self._http = http
        self._url = url
        self._to = to
        self._with_key = with_key
        self._part: Path | None = None
        self._file: IO[bytes] | None = None
        self._got = 0
        self._tag: str | None = None

    async def fetch(self) -> None:
        """Ask until all bytes are there."""
        loop = asyncio.get_running_loop()
        failures, give_up_at = 0, loop.time() + PATIENCE_S
        while True:
            had = self._got
            try:
                return await self._ask()
            except (ApiError, ConnectionFailed) as error:
                if self._got > had:
                    failures, give_up_at = 0, loop.time() + PATIENCE_S
                if not self._may_go_on(error) or loop.time() >= give_up_at:
                    raise
            failures += 1
            chance = random.random()  # noqa: S311 - jitter is no secret
            await asyncio.sleep(backoff_s(failures, LONGEST_PAUSE_S, chance))

    def keep(self) -> Path:
        """Give the bytes their name."""
        assert self._file is not None
        assert self._part is not None
        self._file.close()
        self._part.replace(self._to)
        return self._to

    def discard(self) -> None:
        """Leave nothing behind but what was kept."""
        if self._file is not None:
            self._file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    async def _ask(self) -> None:
        rest = {"Range": f"bytes={self._got}-", "If-Range": self._tag} if self._tag and self._got else {}
        # Another coding has other bytes: a part of it would not fit to what is there.
        headers = {"Accept-Encoding": "identity", **rest}
        async with self._http.request("GET", self._url, headers=headers, with_key=self._with_key) as response:
            file = await asyncio.to_thread(self._opened, response)
            async for chunk in response.content.iter_chunked(CHUNK):
                await asyncio.to_thread(file.write, chunk)
                self._got += len(chunk)

    def _opened(self, response: aiohttp.ClientResponse) -> IO[bytes]:
        """The file, ready for the bytes of this answer. A whole one takes the place of what is there: the file is another by now."""
        if self._file is None:
            self._to = self._to / _name_of(response) if self._to.is_dir() else self._to
            self._part = self._to.with_name(f".{self._to.name}.{secrets.token_hex(4)}.part")
            self._file = self._part.open("wb")
        if response.status != 206:
            self._file.seek(0)
            self._file.truncate()
            self._got, self._tag = 0, _strong(response.headers.get("ETag"))
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {self._got}-"):
            raise NotTickwire(str(response.url.with_query(None)), "another part of the file")
        return self._file

    def _may_go_on(self, error: ApiError | ConnectionFailed) -> bool:
        again = error.may_retry if isinstance(error, ApiError) else not isinstance(error, NotTickwire)
        return again and self._tag is not None


def _strong(tag: str | None) -> str | None:
    """A tag that promises the same bytes; a weak one does not."""
    return tag if tag and tag.startswith('"') else None


def _name_of(response: aiohttp.ClientResponse) -> str:
    """The name that the server gives, as a mere name: no path can be smuggled in by it."""
    given = response.content_disposition.filename if response.content_disposition else None
    name = unquote(given or response.url.name).replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[\x00-\x1f]", "_", name).strip(". ")[:200] or "download"
