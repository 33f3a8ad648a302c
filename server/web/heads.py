"""The head of a call, from its first line to its last header: bounded in size and alphabet before anything else reads it."""

import re
from itertools import chain
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD

from listener_sdk.protocol.codes import Refusal

LARGEST_HEAD: Final = 32 * 1024
END: Final = b"\r\n\r\n"
PLAIN: Final = ("Expect", "Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key")
"""Headers that the HTTP server below compares or repeats as ASCII."""
ONCE: Final = ("Authorization", "X-Customer-Code")
"""Headers that decide who calls, and where: of two, a proxy might have looked at the other."""
IN_NO_ADDRESS: Final = frozenset({
    "key", "apikey", "api_key", "api-key", "token", "access_token", "accesstoken", "auth", "authorization", "bearer",
    "secret",
})  # fmt: skip
"""Parameters, in small letters, by which keys are sent elsewhere."""
_KEY: Final = re.compile(r"tw(?:[clt]?_[0-9a-z]{10}_|s_[0-9A-Za-z_-]{1,300}\.)[0-9a-f]{64}")
"""Keys, tokens, and what lets browsers in, wherever they stand."""
_DOORS: Final = "/v1/hooks/"
_DOOR: Final = re.compile(rf"(?<=^{_DOORS})(?!us_hk_)[^/]+")
"""The address of a hook, which may be all that its callers must know."""


def check_plain(request: web.BaseRequest) -> None:
    """Refusal ``bad_request`` when a header that must be ASCII is not, or one that stands for one thing comes twice."""
    for name in PLAIN:
        if not request.headers.get(name, "").isascii():
            raise Refusal("bad_request", f"{name} takes ASCII only.", key=name)
    for name in ONCE:
        if len(request.headers.getall(name, ())) > 1:
            raise Refusal("bad_request", f"{name} came several times: send it once.", key=name)


def check_address(request: web.BaseRequest) -> None:
    """Refusal ``key_in_address`` when a key or token seems to stand in the address: it is read nowhere, and not repeated."""
    named = "?" in request.raw_path and not IN_NO_ADDRESS.isdisjoint(map(str.lower, request.query))
    if named or _holds_key(request):
        raise Refusal(
            "key_in_address",
            "A key or token stood in the address, where logs and proxies keep it: rotate it, and send it as "
            "'Authorization: Bearer <key>', or on the stream in the first frame.",
            key="Authorization",
        )


def check_names(request: web.BaseRequest) -> None:
    """Refusal ``not_found`` for a path with NUL in it: JSON with one is refused as well, and PostgreSQL would read a text as far as that."""
    if "%00" in request.raw_path and "\0" in request.path:
        raise Refusal("not_found", "Nothing has a name with the character NUL in it.")


def _holds_key(request: web.BaseRequest) -> bool:
    raw = request.raw_path
    if _KEY.search(raw):
        return True
    return "%" in raw and any(map(_KEY.search, (request.path, *request.query, *request.query.values())))


def shown_path(request: web.BaseRequest) -> str:
    """The path for the log, without what looks like a key or token, or opens a hook."""
    return without_door(_KEY.sub("***", request.path))


def without_door(path: str) -> str:
    """The same of a path in which no key stands."""
    return _DOOR.sub("***", path) if path.startswith(_DOORS) else path


class StoppedError(HttpProcessingError):
    """No more is read of this connection, for the reason that ``refusal`` gives."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(message=refusal.message)
        self.refusal = refusal


class HeadParser:
    """A parser of aiohttp that takes in no more than a head's worth of bytes without making a call or body of them.

    So bounded are heads that never end, and what may follow a body in chunks. ``feed_data`` raises StoppedError, once;
    after that the connection is deaf. ``waiting`` is how many bytes have come of what is not whole yet.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._body = EMPTY_PAYLOAD
        self._refusal: Refusal | None = None
        self._deaf = False
        self._edge = b""
        self._lately = 0
        self.waiting = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    @property
    def in_head(self) -> bool:
        """Whether what comes next belongs to a head, and not to a body."""
        return self._body.is_eof()

    def end(self) -> None:
        """No head follows: give back the parser, which keeps the last one as long as it lives."""
        self._parser = None

    def stop(self, refusal: Refusal) -> None:
        """Let the next ``feed_data`` raise StoppedError."""
        self._refusal = refusal

    def feed_data(self, data: bytes) -> Any:
        """As aiohttp's, within the bound."""
        found: Any = ((), False, b"")
        if self._refusal is None:
            found = self._feed(data)
        if self._refusal is not None and not self._deaf:
            self._deaf = True
            raise StoppedError(self._refusal)
        return found

    def _feed(self, data: bytes) -> Any:
        taken, in_head = self._body.total_bytes, self.in_head
        found = self._parser.feed_data(data)
        calls, upgraded, _ = found
        if not data and not calls:
            # aiohttp asks after each piece of a body whether there is more.
            return found
        if calls:
            self._body = calls[-1][1]
            whole = upgraded or self._body is not EMPTY_PAYLOAD
            self.waiting = 0 if whole else _behind(self._edge + data)
        elif self._body.total_bytes != taken or self.in_head is not in_head:
            self.waiting = 0
        else:
            self.waiting += len(data)
        self._edge = (self._edge + data[-len(END) :])[-len(END) :]
        # A head is no larger than what has come since the one before: only where that is much are heads measured.
        self._lately += len(data)
        if self._lately > LARGEST_HEAD and (
            self.waiting > LARGEST_HEAD or any(_size(call) > LARGEST_HEAD for call, _ in calls)
        ):
            self.stop(Refusal("headers_too_large", f"The headers take at most {LARGEST_HEAD} bytes in all."))
        if not self.waiting:
            self._lately = len(data)
        return found


def _behind(data: bytes) -> int:
    """How many bytes stand behind the last end of a head."""
    return len(data.rpartition(END)[2])


def _size(call: Any) -> int:
    """Bytes of a head, but for its first line, which has a bound of its own; four stand around each name and value."""
    return sum(map(len, chain.from_iterable(call.raw_headers))) + 4 * len(call.raw_headers)
