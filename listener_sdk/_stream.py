"""One websocket around one session: connects, reconnects with full jitter, renews leases, and joins frames into messages."""

import asyncio
import logging
import os
import random
import secrets
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)

from ._granted import read
from ._leases import Again, LeaseKey
from ._messages import LARGEST_MESSAGE, encode
from ._patience import backoff_s
from ._refusals import Answer, refusal
from ._session import Answered, Call, ListenRefused, Refused, Session, Trouble, Welcomed
from ._version import __version__
from .errors import ApiError, ConnectionFailed, NotTickwire
from .protocol.codes import CLOSES_BY_CODE, ERRORS, may_reconnect
from .protocol.events import EventCreate
from .protocol.frames import (
    Create,
    Error,
    Publish,
    Secrets,
)
from .protocol.jobs import Job, JobCreate
from .protocol.secrets import MOST_FETCHED
from .settings import Connection

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""The server's messages are bounded by its own send queue; this only keeps a wrong peer from filling the memory."""
FLUSH_EVERY_S: Final = 0.05
AGAIN_AFTER_S: Final = 1.0
ANSWER_WITHIN_S: Final = 10.0
LONGEST_S: Final = 30.0
SETTLED_AFTER_S: Final = 5.0
PATIENCE_S: Final = 60.0
"""How long a request is sent again that the server could not take."""
LONGEST_PAUSE_S: Final = 5.0

log = logging.getLogger("tickwire")
_socket_log = logging.getLogger("tickwire.socket")
# At level debug the library would write down each message, secrets among them, and the key.
_socket_log.setLevel(logging.INFO)


class Stream:
    """See the module. ``deliver`` hears every call of the session that the stream does not settle itself.

    While what ``deliver`` gives is awaited no further message is read: a slow subscriber slows its own socket only.
    """

    def __init__(
        self,
        connection: Connection,
        deliver: Callable[[Call], Awaitable[None] | None],
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.session = Session(secrets.token_urlsafe(16), f"tickwire-python/{__version__}", _host())
        self._connection = connection
        self._deliver = deliver
        self._chance = chance
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._keys = count(1)
        self._flush_timer: asyncio.TimerHandle | None = None
        self._listen_timer: asyncio.TimerHandle | None = None
        self._told_of_listen = False
        self._over = asyncio.Event()
        self._flushed_at = 0.0
        self._lease_s = LONGEST_S
        self._failures = 0
        self._welcomed = False
        self._last_error: Error | None = None

    # ---- what others ask of it

    def wake(self) -> None:
        """Send what the session has to say, joined with everything said until the loop turns."""
        self._wake.set()

    def flush_soon(self) -> None:
        """Send waiting ticks and lines: at once, or 50 ms after the last time."""
        if self._flush_timer is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._flushed_at + FLUSH_EVERY_S)
            self._flush_timer = loop.call_at(due, self._flush)

    async def create(self, job: JobCreate, idempotency_key: str | None = None) -> Job:
        """Create a job; it is stored when this returns. Waits through reconnects, and a minute for a server that cannot take it now.

        ApiError when it is refused, ConnectionFailed when the stream ends.
        """
        key = idempotency_key or self._new_key()
        return Job.model_validate(await self._request(Create(job=job, idempotency_key=key)))

    async def publish(self, event: EventCreate, idempotency_key: str | None = None) -> Any:
        """Publish an event; its id and position once it is stored. Waits and raises as `create` does."""
        key = idempotency_key or self._new_key()
        return await self._request(Publish(event=event, idempotency_key=key))

    async def secrets(self, lease: LeaseKey, names: Sequence[str]) -> dict[str, str]:
        """The values of secrets for the handler of a lease. Waits and raises as `create` does."""
        found: dict[str, str] = {}
        for at in range(0, len(names), MOST_FETCHED):
            part = [*names[at : at + MOST_FETCHED]]
            answer = await self._request(Secrets(job=lease.job, fence=lease.fence, names=part))
            found |= answer["values"]
        return found

    async def confirm(self, sub: str) -> None:
        """What was acked last on a durable subscription is stored when this returns. Waits through reconnects; raises as `create` does."""
        await self._answered(self.session.confirm(sub))

    def _new_key(self) -> str:
        return f"{self.session.name}-{next(self._keys)}"

    async def settled(self) -> None:
        """Wait until the session holds no lease and no unanswered ending."""
        while self.session.held:
            self._settled.clear()
            await self._settled.wait()

    # ---- the life of the connection

    async def run(self) -> None:
        """Keep the session connected until cancelled; ApiError when the server refuses it for good, NotTickwire for another server."""
        try:
            while True:
                reason = await self._connected()
                if self._failures == 0:
                    log.warning("cannot reach %s (%s), trying again", self._connection.url, reason)
                self._failures += 1
                longest_s = min(LONGEST_S, self._lease_s / 3) if self.session.held else LONGEST_S
                await asyncio.sleep(backoff_s(self._failures, longest_s, self._chance()))
        finally:
            self._end_requests()

    async def _connected(self) -> str:
        """One connection from its start to its end; why it ended."""
        try:
            async with self._socket() as socket:
                return await self._talk(socket)
        except InvalidStatus as refused:
            return self._refused_upgrade(refused)
        except InvalidMessage as error:
            return self._no_upgrade(error)
        except orjson.JSONDecodeError as error:
            return f"it sent what is no JSON: {error}"
        # Closed: it broke before the upgrade was asked for.
        except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
            return str(error) or type(error).__name__
        except InvalidURI as error:
            raise ConnectionFailed(self._connection.url, str(error)) from error

    def _socket(self) -> connect:
        return connect(
            self._connection.stream_url,
            additional_headers=self._connection.headers,
            compression=None,
            max_size=LARGEST_ANSWER,
            ping_interval=20,
            ping_timeout=10,
            proxy=None,
            close_timeout=1,
            logger=_socket_log,
        )

    async def _talk(self, socket: ClientConnection) -> str:
        self._last_error = None
        tasks: list[asyncio.Task[None]] = []
        started = asyncio.get_running_loop().time()
        try:
            await socket.send(self.session.hello().model_dump_json(exclude_none=True))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                refusal = await self._greeting(socket)
            if refusal is not None:
                return refusal
            tasks = [self._beside(socket, self._send_all(socket)), self._beside(socket, self._renew_all())]
            # Only this loop reads and it is never cancelled for a broken connection: what the session has
            # taken in is always delivered.
            while True:
                await self._take_message(await socket.recv(decode=False))
        except ConnectionClosed as closed:
            return self._reason(closed)
        finally:
            self._disconnected(started)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _greeting(self, socket: ClientConnection) -> str | None:
        """Wait for welcome; why the server cannot welcome now, when it says so."""
        while not self.session.ready:
            await self._take_message(await socket.recv(decode=False))
            if self._last_error is not None and may_pass(self._last_error):
                return self._last_error.message
        return None

    def _disconnected(self, started: float) -> None:
        self.session.disconnected()
        if asyncio.get_running_loop().time() - started > SETTLED_AFTER_S:
            self._failures = 0

    def _beside(self, socket: ClientConnection, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                if not isinstance(error, ConnectionClosed):
                    log.error("the stream failed and connects again", exc_info=error)
                socket.transport.abort()

        task = asyncio.create_task(work)
        task.add_done_callback(ended)
        return task

    async def _send_all(self, socket: ClientConnection) -> None:
        while True:
            self._wake.clear()
            for message in encode(self.session.take()):
                await socket.send(message)
            await self._wake.wait()

    async def _renew_all(self) -> None:
        while True:
            self.session.renew()
            self.wake()
            await asyncio.sleep(self._lease_s / 3)

    # ---- what the server says

    async def _take_message(self, message: bytes) -> None:
        frames = orjson.loads(message)
        for raw in frames if isinstance(frames, list) else [frames]:
            for call in self._calls(raw):
                waiting = self._settle(call)
                if waiting is not None:
                    await waiting
        if not self.session.held:
            self._settled.set()
        if self.session.speaks:
            self.wake()

    def _calls(self, raw: Any) -> list[Call]:
        try:
            frame = read(raw)
        except ValueError as error:
            kind = raw.get("type") if isinstance(raw, dict) else raw
            log.warning("a frame of the server cannot be read (type %.40r): %.500s", kind, error)
            return []
        return self.session.receive(frame)

    def _settle(self, call: Call) -> Awaitable[None] | None:
        match call:
            case Welcomed():
                self._welcomed = True
                self._told_of_listen = False
                self._lease_s = call.lease_s
                log.info("connected to %s", self._connection.url)
            case Answered():
                self._answer(call.request, lambda waiting: waiting.set_result(call.data))
            case Refused():
                self._answer(call.request, lambda waiting: waiting.set_exception(api_error(call.error)))
            case ListenRefused():
                self._listen_refused(call.error)
            case Trouble():
                self._trouble(call.error)
            case Again():
                asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._again, call.what)
            case _:
                return self._deliver(call)
        return None

    def _again(self, what: LeaseKey | str | int) -> None:
        self.session.again(what)
        self.wake()

    def _listen_refused(self, error: Error) -> None:
        if not may_pass(error) or error.id is None:
            raise api_error(error)
        if not self._told_of_listen:
            self._told_of_listen = True
            log.warning("what this listener offers is not taken yet (%s), trying again", error.message)
        if self._listen_timer is not None:
            self._listen_timer.cancel()
        loop = asyncio.get_running_loop()
        self._listen_timer = loop.call_later(AGAIN_AFTER_S, self._again, error.id)

    def _trouble(self, error: Error) -> None:
        self._last_error = error
        # A greeting that is refused for now is the reason of the reconnection, and told as such.
        if self.session.ready or not may_pass(error):
            log.warning("the server refused a frame: %s (%s)", error.message, error.code)

    def _flush(self) -> None:
        self._flush_timer = None
        self._flushed_at = asyncio.get_running_loop().time()
        self.session.flush()
        self.wake()

    # ---- requests

    async def _request(self, frame: Create | Publish | Secrets) -> Any:
        if len(frame.model_dump_json(exclude_none=True).encode()) > LARGEST_MESSAGE - 1024:
            raise ApiError.of_code("too_large", "The job or event is over the stream's limit of 1 MiB.")
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + PATIENCE_S
        failures = 0
        while True:
            try:
                return await self._ask(frame)
            except ApiError as error:
                if not error.may_retry or loop.time() >= give_up_at:
                    raise
            failures += 1
            await self._pause(backoff_s(failures, LONGEST_PAUSE_S, self._chance()))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    async def _ask(self, frame: Create | Publish | Secrets) -> Any:
        if self._over.is_set():
            raise self._closed()
        return await self._answered(self.session.request(frame))

    async def _answered(self, number: int) -> Any:
        if self._over.is_set():
            raise self._closed()
        self._answers[number] = asyncio.get_running_loop().create_future()
        self.wake()
        try:
            return await self._answers[number]
        finally:
            self._answers.pop(number, None)

    def _answer(self, request: int, settle: Callable[[asyncio.Future[Any]], None]) -> None:
        waiting = self._answers.get(request)
        if waiting is not None and not waiting.done():
            settle(waiting)

    def _end_requests(self) -> None:
        self._over.set()
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(self._closed())

    def _closed(self) -> ConnectionFailed:
        return ConnectionFailed(self._connection.url, "the stream was closed")

    def _no_upgrade(self, error: InvalidMessage) -> str:
        if self._welcomed or isinstance(error.__cause__, EOFError):
            return str(error)
        raise NotTickwire(f"{self._connection.url}/v1/stream", "no websocket") from error

    def _refused_upgrade(self, refused: InvalidStatus) -> str:
        response = refused.response
        url = f"{self._connection.url}/v1/stream"
        error = refusal(Answer(response.status_code, response.headers, bytes(response.body or b""), url))
        # What answered before is the right server: it is a proxy that speaks while the server restarts.
        wrong_address = isinstance(error, NotTickwire) and not self._welcomed
        if wrong_address or (isinstance(error, ApiError) and not error.may_retry):
            raise error from refused
        return str(error)

    def _reason(self, closed: ConnectionClosed) -> str:
        code = closed.rcvd.code if closed.rcvd is not None else None
        if may_reconnect(code):
            return str(closed)
        known = CLOSES_BY_CODE.get(code) if code is not None else None
        meaning = self._last_error.message if self._last_error else known.meaning if known else str(closed)
        raise ApiError.of_code(
            known.name if known else "unauthorized", f"The server closed the stream: {meaning}"
        )


def may_pass(error: Error) -> bool:
    """Whether the server may take later what it refuses now."""
    known = ERRORS.get(error.code)
    return known is not None and known.retry


def api_error(error: Error) -> ApiError:
    """The refusal of a frame, as an exception."""
    details = error.model_dump(exclude={"id", "type", "code", "message"}, exclude_none=True)
    return ApiError.of_code(error.code, error.message, **details)


def _host() -> str:
    """The machine and the process, as people tell listeners apart."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}"
