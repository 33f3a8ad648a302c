"""Requests to the world outside: one session whose sockets reach permitted addresses only.

A name is resolved for each connection, and what came out is checked where it is used: the resolver leaves out what may not be
reached, the socket is made only for an address that may, and its peer is looked at before the request is written. An answer of the
name server that changes between two look-ups changes nothing.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection

from listener_sdk._version import __version__
from listener_sdk.protocol.codes import Refusal

from ..core.foreign_texts import line
from .addresses import Guard, blocked
from .failures import Failure
from .redirects import MOST_REDIRECTS, Request, redirected, without_userinfo

CONNECT_S: Final = 10.0
"""For the name and the connection together."""
HEAD_BYTES: Final = 64 * 1024
MOST_HEADERS: Final = 128
LONGEST_HEADER: Final = 16 * 1024
_LOOKUPS: Final = 8
"""Names that are resolved at once: one that is answered slowly must not keep the server's other threads busy."""


class BlockedAddressError(OSError):
    """What the guard says within aiohttp, which passes the errors of sockets through and sums up others."""


class BrokenOffError(aiohttp.ClientError):
    """The connection broke before the head of an answer had come."""


class Outbound:
    """Sends requests; made within the running loop, closed at its end.

    Proxies of the environment, cookies and netrc are not used, and no connection is kept for a second request: what one job's call
    did to a connection is not seen by another's.
    """

    def __init__(
        self, guard: Guard, *, resolver: AbstractResolver | None = None, connect_s: float = CONNECT_S
    ) -> None:
        self.connect_s = connect_s
        self._resolver = resolver or NameResolver()
        self._session = aiohttp.ClientSession(
            connector=GuardedConnector(guard, GuardedResolver(guard, self._resolver)),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"Tickwire/{__version__}", "Accept-Encoding": "identity"},
            auto_decompress=False,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
            middlewares=(_once,),
        )

    @asynccontextmanager
    async def send(
        self,
        request: Request,
        *,
        total_s: float | None = None,
        idle_s: float | None = None,
        follow: bool = True,
        hide: Callable[[str], str] = str,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The last answer, after up to five redirects, its body still to be read (as it was sent: nothing is decompressed).

        - ``total_s``: for all of it, the reading of the body too
        - ``idle_s``: the longest wait for the next bytes
        - ``follow``: whether redirects are followed
        - ``hide``: keeps secrets out of what errors quote, and leaves their own words alone

        Refusal ``blocked_address`` when an address may not be reached, and nothing is sent there. Failure when the other server
        cannot be reached, breaks off, or answers what is no HTTP or too large a head; within the block too.
        """
        with _told(request, hide):
            async with asyncio.timeout(total_s):
                async with self._answered(without_userinfo(request), idle_s, follow=follow) as response:
                    yield response

    async def close(self) -> None:
        """End all connections."""
        await self._session.close()
        await self._resolver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def _answered(
        self, request: Request, idle_s: float | None, *, follow: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._ask(request, idle_s)
            try:
                _check_head(response)
                location = response.headers.get("Location") if follow else None
                following = redirected(request, response.status, location)
                if following is None:
                    yield response
                    return
            finally:
                # Not release(): that would read on, and the body of who is not listened to any more may be endless.
                response.close()
            request = following
        raise Failure("bad_answer", f"The server redirects more than {MOST_REDIRECTS} times.")

    async def _ask(self, request: Request, idle_s: float | None) -> aiohttp.ClientResponse:
        return await self._session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.body,
            # Without a body there is nothing whose type could be named.
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=self.connect_s, sock_connect=self.connect_s, sock_read=idle_s
            ),
        )


class GuardedConnector(aiohttp.TCPConnector):
    """Makes sockets for permitted addresses only, and looks at their peer before anything is written."""

    def __init__(self, guard: Guard, resolver: AbstractResolver) -> None:
        super().__init__(
            resolver=resolver,
            use_dns_cache=False,
            force_close=True,
            limit=0,
            socket_factory=self._socket,
        )
        self._guard = guard

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list["aiohttp.tracing.Trace"],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        peer = connection.transport and connection.transport.get_extra_info("peername")
        if not peer or not self._guard.permits(peer[0], peer[1]):
            connection.close()
            raise aiohttp.ClientConnectorError(req.connection_key, BlockedAddressError())
        return connection

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self._guard.permits(str(address[0]), int(address[1])):
            raise BlockedAddressError
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """Leaves out of what a name resolves to what may not be reached."""

    def __init__(self, guard: Guard, names: AbstractResolver) -> None:
        self._guard = guard
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        permitted = [one for one in found if self._guard.permits(one["host"], one["port"])]
        if not permitted:
            raise BlockedAddressError
        return permitted

    async def close(self) -> None:
        await self._names.close()


class NameResolver(AbstractResolver):
    """Asks the operating system, in threads of its own; ``localhost`` and names that end so are this machine, whom nobody is asked for."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port, family)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
    if f".{host.lower()}".removesuffix(".").endswith(".localhost"):
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    return [(int(kind), str(address[0])) for kind, _, _, _, address in infos]


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a request again, as it does with some methods when a connection breaks: the job decides on that."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise BrokenOffError(str(error)) from error


def _check_head(response: aiohttp.ClientResponse) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
    if size > HEAD_BYTES:
        raise Failure(
            "bad_answer", f"The head of the answer has {size} bytes; {HEAD_BYTES} are taken.", retry=False
        )


@contextmanager
def _told(request: Request, hide: Callable[[str], str]) -> Iterator[None]:
    """Errors of aiohttp as refusals and failures. What they say names the host that was called, and no other."""
    host = hide(request.url.host or "")
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise Failure(
            "unreachable",
            f"The certificate of {hide(error.host)} is not valid: {hide(line(str(error.certificate_error)))}.",
            retry=False,
        ) from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, BlockedAddressError):
            raise blocked(hide(error.host), error.port or 0) from None
        raise Failure("unreachable", f"{hide(error.host)} cannot be reached: {_reason(error)}.") from error
    except aiohttp.ConnectionTimeoutError as error:
        raise Failure("timed_out", f"{host} did not take a connection in time.") from error
    except TimeoutError as error:
        raise Failure("timed_out", f"{host} did not answer in time.") from error
    except aiohttp.InvalidURL as error:
        raise Refusal("invalid", "url cannot be called.", key="url") from error
    except (aiohttp.ClientResponseError, aiohttp.http.HttpProcessingError) as error:
        raise Failure(
            "bad_answer",
            f"{host} answers what is no HTTP, or too much of it: {_quoted(error.message, hide)}.",
        ) from error
    except aiohttp.ClientError as error:
        raise Failure(
            "unreachable", f"{host} broke off: {_quoted(str(error), hide) or type(error).__name__}."
        ) from error


def _reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name does not resolve"
    # The error's own text names the address, which the caller may know by its name only.
    return os.strerror(error.os_error.errno) if error.os_error.errno else "the connection fails"


def _quoted(text: str, hide: Callable[[str], str]) -> str:
    """What aiohttp quotes of an answer goes over several lines, and may be long. Secrets go first, for a cut leaves pieces of them."""
    return hide(line(text))[:200].rstrip(".^ ")
