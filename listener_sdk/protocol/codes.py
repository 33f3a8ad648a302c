"""Error codes and websocket close codes: one table each, so that every refusal has a stable name.

An error travels as ``{"errors": [{"key"?, "message", "code"}]}`` over HTTP and as an ``error`` frame on the
stream. ``retry`` says whether the same call may succeed later without being changed.

Close codes lie in ranges (after the custom of Centrifugo): 4000-4399 and 1001, 1006, 1012 mean *reconnect*,
4400-4999, 1008 and 1009 mean *stop: mend the client first*.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One kind of refusal: its wire name, HTTP status, whether a retry can help, and what it means."""

    code: str
    status: int
    retry: bool
    meaning: str


_ROWS: Final = (
    ErrorCode("bad_request", 400, False, "The request does not have the form that the route takes."),
    ErrorCode(
        "key_in_address", 400, False, "A key or token stood in the address, where logs and proxies keep it."
    ),
    ErrorCode("bad_json", 400, False, "The body is not JSON that any store can keep."),
    ErrorCode("invalid", 400, False, "A field is missing, of the wrong type or outside its limits."),
    ErrorCode("bad_topic", 400, False, "A topic is not of the form domain:operation."),
    ErrorCode("reserved_topic", 400, False, "Only the server publishes in this domain."),
    ErrorCode("bad_filter", 400, False, "A filter or topic pattern is malformed or too large."),
    ErrorCode("bad_cursor", 400, False, "A position is not of the form epoch:sequence."),
    ErrorCode("unauthorized", 401, False, "No key was sent, or it is not valid here."),
    ErrorCode("bad_signature", 401, False, "A call of a hook does not prove from whom it comes."),
    ErrorCode("forbidden", 403, False, "The key may not do this."),
    ErrorCode(
        "blocked_address",
        403,
        False,
        "The address is not public, and TICKWIRE_ALLOW_ADDRESSES names no network with it: nothing was sent.",
    ),
    ErrorCode(
        "csrf", 403, False, "A call with a cookie comes from another page, or without its X-CSRF-Token."
    ),
    ErrorCode("link_invalid", 403, False, "A signed link was altered or is for another file."),
    ErrorCode("not_found", 404, False, "There is no such thing in this space."),
    ErrorCode("no_route", 404, False, "The server has no such path."),
    ErrorCode("not_supported", 404, False, "A part of Flatfile's API that Tickwire does not serve."),
    ErrorCode("method_not_allowed", 405, False, "The path exists, but not with this method."),
    ErrorCode("illegal_move", 409, False, "The job's present status does not allow this."),
    ErrorCode(
        "stale_lease", 409, False, "The lease was lost: another attempt holds the job, or it has ended."
    ),
    ErrorCode("lease_held", 409, False, "Another key or listener holds the job."),
    ErrorCode("no_lease", 409, False, "The key holds no lease of this job: acknowledge it first."),
    ErrorCode("already_split", 409, False, "The job was split before, into other parts."),
    ErrorCode("no_plan", 409, False, "The job is in planning: its plan is not whole yet."),
    ErrorCode("wrong_plan", 409, False, "The plan names another job or file than the one it was sent to."),
    ErrorCode("already_retried", 409, False, "A rerun of the job has not ended yet."),
    ErrorCode("cycle", 409, False, "The jobs would wait for each other for ever."),
    ErrorCode("in_use", 409, False, "Something else needs the thing: it cannot be removed."),
    ErrorCode(
        "disabled", 409, False, "The definition or hook is disabled: it starts nothing until it is enabled."
    ),
    ErrorCode("duplicate_job", 409, False, "An unfinished job has the same uniqueKey."),
    ErrorCode("space_archived", 409, False, "The space is archived: nothing new begins in it."),
    ErrorCode("secret_locked", 409, False, "The server has not the master key that opens the secret."),
    ErrorCode("conflict", 409, False, "The thing was changed or removed meanwhile."),
    ErrorCode("link_expired", 410, False, "A signed link is past its time: read the outcome or file again."),
    ErrorCode("subscription_taken", 409, False, "Another session follows the durable subscription now."),
    ErrorCode("cursor_too_old", 410, False, "Events after this position have been removed by retention."),
    ErrorCode("epoch_changed", 410, False, "The log was replaced (restored) since this position was given."),
    ErrorCode("cursor_ahead", 410, False, "The position lies after the end of the log."),
    ErrorCode("length_required", 411, False, "An upload needs a length or chunked encoding."),
    ErrorCode(
        "precondition_failed",
        412,
        False,
        "The file is not the one that If-Match or If-Unmodified-Since names.",
    ),
    ErrorCode("too_large", 413, False, "The body or one of its parts is over its limit."),
    ErrorCode("url_too_long", 414, False, "The address is over its limit."),
    ErrorCode("unsupported_encoding", 415, False, "Compressed request bodies are not taken."),
    ErrorCode("unsupported_media_type", 415, False, "The body is of a kind that is not taken here."),
    ErrorCode("bad_range", 416, False, "The file has no bytes in the range that was asked for."),
    ErrorCode("bad_timing", 422, False, "A timing cannot be read, names no zone, or is never due."),
    ErrorCode("idempotency_mismatch", 422, False, "The Idempotency-Key was used before with another body."),
    ErrorCode("rate_limited", 429, True, "Too many calls: wait as long as Retry-After says."),
    ErrorCode("queue_full", 429, True, "Too many jobs wait in this space."),
    ErrorCode("limit", 409, False, "A bound on how many of these may exist was reached."),
    ErrorCode("headers_too_large", 431, False, "The request's headers are over their limit."),
    ErrorCode("internal", 500, True, "The server failed; the reason stands in its log."),
    ErrorCode("bad_answer", 502, False, "The server that was called gave an answer that is of no use."),
    ErrorCode(
        "unreachable", 502, True, "The server that was called could not be connected to, or broke off."
    ),
    ErrorCode("timed_out", 504, True, "The server that was called did not answer in time."),
    ErrorCode("unavailable", 503, True, "The server is starting, stopping, or cannot reach its store."),
    ErrorCode("disk_full", 507, True, "The store's disk is full: nothing was written."),
    ErrorCode("unknown_frame", 400, False, "The stream has no frame of this type."),
    ErrorCode("hello_first", 400, False, "The first frame must be hello."),
    ErrorCode("bad_version", 400, False, "Client and server share no version of the stream's protocol."),
)

ERRORS: Final = {row.code: row for row in _ROWS}


@dataclass(frozen=True, slots=True)
class CloseCode:
    """Why a websocket was closed, and whether the client should reconnect."""

    code: int
    name: str
    reconnect: bool
    meaning: str


_CLOSES: Final = (
    CloseCode(1001, "going_away", True, "The server process ends."),
    CloseCode(1008, "policy", False, "Three malformed messages in a row."),
    CloseCode(1009, "too_large", False, "A message was over 1 MiB."),
    CloseCode(1012, "restart", True, "The server drains; leases are kept, reconnect."),
    CloseCode(4001, "slow_reader", True, "The client read too slowly; resume from the last position."),
    CloseCode(4003, "hello_timeout", True, "No hello frame came in time."),
    CloseCode(
        4004, "changed", True, "What the key or member may do was changed; leases are kept, reconnect."
    ),
    CloseCode(4400, "bad_version", False, "No common version of the protocol."),
    CloseCode(4401, "unauthorized", False, "The key is not valid, or was revoked."),
    CloseCode(4402, "session_taken", False, "The same session connected again elsewhere."),
    CloseCode(4429, "too_many", False, "The key has too many open sockets, or a token sends too much."),
)

CLOSES: Final = {row.name: row for row in _CLOSES}
CLOSES_BY_CODE: Final = {row.code: row for row in _CLOSES}


def may_reconnect(close_code: int | None) -> bool:
    """Whether a client should connect again after its socket closed with this code (None: it broke)."""
    known = CLOSES_BY_CODE.get(close_code) if close_code is not None else None
    return known.reconnect if known else close_code is None or not 4400 <= close_code < 5000


class Refusal(Exception):  # noqa: N818 - a refusal is an answer; only some callers raise it
    """What was asked cannot be done; nothing was changed.

    ``code`` is a key of `ERRORS`; ``message`` says what was wrong, what is allowed and how to mend it;
    ``key`` names the field or operation; ``details`` holds facts for programs, such as the present status. ``named`` is the
    id that the refusal is about, for the server's own use: it is not told.
    """

    def __init__(
        self, code: str, message: str, *, key: str | None = None, named: str | None = None, **details: Any
    ) -> None:
        super().__init__(message)
        self.error = ERRORS[code]
        self.code = code
        self.message = message
        self.key = key
        self.named = named
        self.details = details

    def as_wire(self) -> dict[str, Any]:
        """The members of ``errors`` over HTTP, and the body of an ``error`` frame."""
        key = {"key": self.key} if self.key else {}
        return {**key, "message": self.message, "code": self.code, **self.details}
