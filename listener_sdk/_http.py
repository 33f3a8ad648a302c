"""REST calls: one aiohttp session, JSON in and out, and refusals as exceptions."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Final, TypeVar

import aiohttp
import orjson
from multidict import CIMultiDict
from yarl import URL

from ._given import without_zone
from ._refusals import Answer, not_tickwire, refusal
from ._version import __version__
from .errors import ConnectionFailed, NotTickwire
from .protocol.model import WireModel
from .protocol.times import from_datetime, to_wire
from .settings import Connection

M = TypeVar("M", bound=WireModel)
_CALL: Final = aiohttp.ClientTimeout(total=60, sock_connect=10)
_TRANSFER: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
_ANSWERS: Final = frozenset({"data", "jobId", "jobDefinition"})
_FAILURES: Final = (
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
    TimeoutError,
)


class Http:
    """Calls of one server with one key. ApiError when it refuses, ConnectionFailed when none answers (NotTickwire: another one)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._own = connection.headers
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON body of a GET."""
        return await self.call("GET", path, query=query)

    async def record(
        self,
        model: type[M],
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> M:
        """The record that a call answers."""
        answer = await self.call(method, path, body, idempotency_key=idempotency_key)
        return model.model_validate(answer["data"])

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        mark: str | None = None,
    ) -> Any:
        """Send JSON (or nothing), and read the JSON that comes back.

        - ``mark``: a field by which a bare answer is known: of the object, or of each in a list
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key is not None else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = self.url(path)
        if query:
            url = url.with_query(query_of(query))
        try:
            # Not through ``request``: an answer that is read to its end needs no closing, which saves some 10 us of 90.
            response = await self._ask(method, url, headers, body, _CALL)
            answer = await response.read()
        except _FAILURES as error:
            raise self._failure(error) from error
        if response.status >= 300:
            raise refusal(_of(response, answer))
        return _json(answer, response, mark)

    async def send(self, path: str, data: Any, headers: dict[str, str], query: Mapping[str, Any]) -> Any:
        """Send a body of any length."""
        url = self.url(path).with_query(query_of(query))
        async with self.request("POST", url, headers=headers, data=data) as response:
            return _json(await response.read(), response)

    def url(self, path: str) -> URL:
        """The address of a path; each segment is escaped already."""
        return _url(f"{self._connection.url}{path}")

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: URL,
        *,
        headers: dict[str, str] | None = None,
        data: Any = None,
        with_key: bool = True,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One exchange of any length; the answer is a success."""
        try:
            async with await self._ask(
                method, url, headers or {}, data, _TRANSFER, with_key=with_key
            ) as response:
                if response.status >= 300:
                    raise refusal(_of(response, await response.read()))
                yield response
        except _FAILURES as error:
            raise self._failure(error) from error

    async def _ask(
        self,
        method: str,
        url: URL,
        headers: dict[str, str],
        data: Any,
        patience: aiohttp.ClientTimeout,
        *,
        with_key: bool = True,
    ) -> aiohttp.ClientResponse:
        """The key goes to this server alone: redirects are not followed."""
        asked = CIMultiDict(headers)
        if with_key:
            asked.update(self._own)
        return await self._opened().request(
            method,
            url,
            headers=asked,
            data=data,
            skip_auto_headers=None if data is not None else ("Content-Type",),
            timeout=patience,
            allow_redirects=False,
        )

    def _failure(self, error: Exception) -> ConnectionFailed:
        if isinstance(error, aiohttp.ClientResponseError):
            return NotTickwire(self._connection.url, "no HTTP")
        unreached = isinstance(error, aiohttp.ClientConnectorError)
        return ConnectionFailed(self._connection.url, _reason(error), unreached=unreached)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"User-Agent": f"tickwire-python/{__version__}"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
            )
        return self._session


# Once asked, an address knows its parts.
@lru_cache(maxsize=256)
def _url(text: str) -> URL:
    return URL(text, encoded=True)


def query_of(filters: Mapping[str, Any]) -> dict[str, str]:
    """Filters as they stand in an address: camelCase names, true and false, times in UTC; None is left out. InvalidError for times without zone."""
    return {camel(name): _text(name, value) for name, value in filters.items() if value is not None}


def camel(name: str) -> str:
    """``page_size`` as ``pageSize``."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _json(body: bytes, response: aiohttp.ClientResponse, mark: str | None = None) -> Any:
    """The answer; every one of a Tickwire server has the ``mark``, or is an object with ``data`` or as Conscia's clients know it."""
    with suppress(orjson.JSONDecodeError):
        answer = orjson.loads(body)
        if _is_known(answer, mark):
            return answer
    raise not_tickwire(_of(response, body))


def _is_known(answer: Any, mark: str | None) -> bool:
    if mark is None:
        return isinstance(answer, dict) and not _ANSWERS.isdisjoint(answer)
    found = answer if isinstance(answer, list) else [answer]
    return all(isinstance(one, dict) and mark in one for one in found)


def _of(response: aiohttp.ClientResponse, body: bytes) -> Answer:
    return Answer(response.status, response.headers, body, str(response.url))


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise without_zone(name)
        return to_wire(from_datetime(value))
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(_text(name, one) for one in value)
    return str(value.value) if isinstance(value, Enum) else str(value)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return error.os_error.strerror.lower()
    return str(error) or type(error).__name__
