"""A file from the world outside as a stream of chunks, gone on with where it broke off: what the job type ``downloadDataFile`` does."""

import asyncio
import hashlib
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from pydantic import ConfigDict, Field

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.model import WireModel

from .failures import Failure
from .file_names import file_name
from .headers import Headers
from .pauses import AGAIN, pause_s
from .redirects import Request
from .requests import Outbound
from .targets import LONGEST_URL, read_target

CHUNK: Final = 256 * 1024
TRIES: Final = 5
"""Requests in a row that bring nothing, before a download that had begun is given up."""
LONGEST_PAUSE_S: Final = 30.0
_OURS: Final = frozenset({"range", "if-range", "accept-encoding"})
Progress = Callable[[int, int | None], None]


async def _jittered(failures: int) -> None:
    await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 2.0**failures)))  # noqa: S311 - jitter is no secret


class DownloadRequest(WireModel):
    """What to fetch; checksums are hexadecimal, ``idle_s`` is the longest wait for the next bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        min_length=1, max_length=LONGEST_URL, description="The address of the file, http or https."
    )
    headers: Headers = Field(default_factory=dict, description="Headers to send, each once.")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{64}$", description="What the file's SHA-256 must be, in hexadecimal."
    )
    md5: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{32}$", description="What the file's MD5 must be, in hexadecimal."
    )
    idle_s: float = Field(
        60, gt=0, le=3_600, allow_inf_nan=False, description="Seconds to wait for the next bytes."
    )


class _ChangedError(Failure):
    """The file is another one than at the beginning."""

    def __init__(self) -> None:
        # A new attempt of the job begins anew; this one has given out bytes of the old file.
        super().__init__("bad_answer", "The file was changed while it was fetched.", retry=True)


class Download:
    """One download of ``max_bytes`` at most, by `chunks`. Refusal ``invalid`` for a URL that cannot be called.

    ``on_progress(done, total)`` hears of each chunk; ``total`` is None while it is not known. ``now_s`` is seconds since 1970,
    ``pause(failures)`` waits before the next try.
    """

    def __init__(
        self,
        wanted: DownloadRequest,
        outbound: Outbound,
        now_s: Callable[[], float],
        *,
        max_bytes: int,
        on_progress: Progress | None = None,
        pause: Callable[[int], Awaitable[None]] = _jittered,
    ) -> None:
        self._wanted = wanted
        self._url = read_target(wanted.url)
        self._max_bytes = max_bytes
        self._outbound = outbound
        self._now_s = now_s
        self._on_progress = on_progress
        self._pause = pause
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if wanted.md5 else None
        self._validator: str | None = None
        self.done = 0
        self.total: int | None = None
        self.name: str | None = None
        """Known from the first chunk on, as are ``content_type`` and ``total``."""
        self.content_type: str | None = None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes, once each and in order; read them to the end: only then is the checksum compared.

        A connection that breaks is gone on with by Range and If-Range. A server that cannot sends the file again from its start;
        what is there already is compared by its hash and not given out twice.

        Refusal ``blocked_address``; ``too_large`` as soon as it is known. Failure when the file cannot be had, or is another than
        the one that the checksum names or that it began as.
        """
        failures = 0
        while True:
            had = self.done
            try:
                async with aclosing(self._rest()) as rest:
                    async for chunk in rest:
                        yield chunk
                break
            except _ChangedError:
                raise
            except Failure as failure:
                failures = 1 if self.done > had else failures + 1
                if not self.done or not failure.retry or failures >= TRIES:
                    raise
            await self._pause(failures)
        self._check_sums()

    async def _rest(self) -> AsyncGenerator[bytes, None]:
        async with self._asked() as response:
            if response.status == 416 and self._is_all(response):
                return
            self._check_status(response)
            skip = self._start(response)
            async with aclosing(_after(response.content, skip, self._sha256.digest())) as rest:
                async for chunk in rest:
                    self._count(chunk)
                    yield chunk
            if self.total is not None and self.done < self.total:
                raise Failure("unreachable", f"The file ended after {self.done} of {self.total} bytes.")

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[aiohttp.ClientResponse]:
        own = {name: value for name, value in self._wanted.headers.items() if name.lower() not in _OURS}
        # Another coding has other bytes: a part of it would not fit to what is there.
        headers = {**own, "Accept-Encoding": "identity"}
        if self.done and self._validator:
            headers |= {"Range": f"bytes={self.done}-", "If-Range": self._validator}
        request = Request(url=self._url, headers=headers)
        async with self._outbound.send(request, idle_s=self._wanted.idle_s) as response:
            yield response

    @property
    def _resumes(self) -> bool:
        return self.done > 0 and self._validator is not None

    def _is_all(self, response: aiohttp.ClientResponse) -> bool:
        """Whether the server has no further bytes because all of them are there."""
        return self._resumes and response.headers.get("Content-Range", "").strip() == f"bytes */{self.done}"

    def _check_status(self, response: aiohttp.ClientResponse) -> None:
        if response.status == 200 or (response.status == 206 and self._resumes):
            return
        again = response.status in AGAIN
        found = response.headers
        wait_s = pause_s(found.get("Retry-After"), found.get("Date"), self._now_s()) if again else None
        raise Failure(
            "bad_answer",
            f"{response.url.host} answers {response.status} in place of the file.",
            retry=again,
            retry_after_s=wait_s,
        )

    def _start(self, response: aiohttp.ClientResponse) -> int:
        """Take in the head; how many bytes of this body are there already."""
        total = self._total_of(response)
        if self.done and self.total is not None and total is not None and total != self.total:
            raise _ChangedError
        self.total = total if total is not None else self.total
        if self.total is not None and self.total > self._max_bytes:
            raise self._too_large()
        if response.status == 206:
            return 0
        self._validator = _validator(response.headers)
        if not self.done:
            self.name = file_name(response.headers.get("Content-Disposition"), response.url)
            self.content_type = response.content_type
        return self.done

    def _total_of(self, response: aiohttp.ClientResponse) -> int | None:
        if response.status != 206:
            return response.content_length
        found = re.fullmatch(
            r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", response.headers.get("Content-Range", "")
        )
        if not found or int(found[1]) != self.done:
            raise Failure("bad_answer", "The server sends another part of the file than it was asked for.")
        return None if found[3] == "*" else int(found[3])

    def _count(self, chunk: bytes) -> None:
        if self.done + len(chunk) > self._max_bytes:
            raise self._too_large()
        self._sha256.update(chunk)
        if self._md5:
            self._md5.update(chunk)
        self.done += len(chunk)
        if self._on_progress:
            self._on_progress(self.done, self.total)

    def _too_large(self) -> Refusal:
        return Refusal("too_large", f"The file is over its limit of {self._max_bytes} bytes.", key="url")

    def _check_sums(self) -> None:
        sums = (("sha256", self._wanted.sha256, self._sha256), ("md5", self._wanted.md5, self._md5))
        for name, wanted, found in sums:
            if wanted is not None and found is not None and found.hexdigest() != wanted.lower():
                raise Failure(
                    "bad_answer", f"The file's {name} is {found.hexdigest()}, not {wanted.lower()}."
                )


async def _after(content: aiohttp.StreamReader, skip: int, digest: bytes) -> AsyncGenerator[bytes, None]:
    """The chunks that follow the first ``skip`` bytes. Failure when those are others than the ones that ``digest`` was made of."""
    seen = hashlib.sha256()
    async for chunk in content.iter_chunked(CHUNK):
        known, new = chunk[:skip], chunk[skip:]
        if skip:
            seen.update(known)
            skip -= len(known)
            if not skip and seen.digest() != digest:
                raise _ChangedError
        if new:
            yield new
    if skip:
        raise _ChangedError


def _validator(headers: Mapping[str, str]) -> str | None:
    """What names these very bytes in If-Range: a strong ETag, or a time of change that lies a second or more before the answer."""
    tag = headers.get("ETag")
    if tag:
        return tag if tag.startswith('"') else None
    changed, now = headers.get("Last-Modified"), headers.get("Date")
    try:
        age = parsedate_to_datetime(now or "") - parsedate_to_datetime(changed or "")
    except (ValueError, TypeError):
        return None
    return changed if age >= timedelta(seconds=1) else None
