"""What the SDK raises, and what handlers raise to steer their job.

::

    TickwireError
    ├── SettingsError          no key, or an address that is none
    ├── RegistrationError      a handler cannot be taken as it is written (names file and line)
    ├── ConnectionFailed       no server answers
    │   └── NotTickwire        another server answers there
    ├── ApiError               the server refused (status, code, message)
    │   ├── InvalidError       a call was not sent: no server would take it (errors, each with the key of its field)
    │   └── CursorError        a subscription cannot go on where it stood (code, oldest, head)
    ├── JobFailed              a job that was waited for ended without success (job)
    ├── Fatal                  raised by a handler: the job fails for good
    └── Retry                  raised by a handler: the attempt fails, another follows at a time
    BaseException
    └── Canceled               the job was asked to stop
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from .protocol.codes import ERRORS

if TYPE_CHECKING:
    from .protocol.jobs import Job

LONGEST_DELAY: Final = timedelta(days=366)
MOST_TOLD: Final = 10
"""Errors of one answer that its text tells."""
LONGEST_TOLD: Final = 4_096
"""Characters of them."""


class TickwireError(Exception):
    """The root of the SDK's errors."""


class SettingsError(TickwireError):
    """A setting is missing or malformed; the message says how to give it."""


class RegistrationError(TickwireError):
    """A handler cannot be taken as it is written; the message starts with its file and line."""


class ConnectionFailed(TickwireError):  # noqa: N818 - says what happened
    """No server answers at ``url``, and ``reason`` says why. With ``unreached`` nothing was sent: the same call can be made again."""

    _text = "Cannot reach {url}: {reason}. Start the server with 'tickwire server', or set TICKWIRE_URL."

    def __init__(self, url: str, reason: str, *, unreached: bool = False) -> None:
        super().__init__(self._text.format(url=url, reason=reason))
        self.url = url
        self.reason = reason
        self.unreached = unreached


class NotTickwire(ConnectionFailed):
    """What answers at ``url`` is another server: the address is wrong."""

    _text = "This is not a Tickwire server (got {reason} from {url}): check TICKWIRE_URL."


class ApiError(TickwireError):
    """The server refused a call: HTTP ``status``, stable ``code``, readable ``message``, all ``errors`` as sent.

    Programs compare ``code``; people read ``message``, that of the first, which may change. As text it tells the first ten.
    """

    def __init__(
        self, status: int, code: str, message: str, errors: list[dict[str, Any]] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors if errors is not None else [{"code": code, "message": message}]
        super().__init__(_all_told(message, self.errors))

    @classmethod
    def of_code(cls, code: str, message: str, **details: Any) -> Self:
        """The refusal of this code, with the HTTP status that belongs to it."""
        known = ERRORS.get(code)
        told = {name: value for name, value in details.items() if value is not None}
        return cls(
            known.status if known else 400, code, message, [{"code": code, "message": message, **told}]
        )

    @property
    def may_retry(self) -> bool:
        """Whether the same call can succeed later."""
        known = ERRORS.get(self.code)
        return known.retry if known else self.status in {429, 502, 503, 504}


class InvalidError(ApiError, ValueError):
    """A call was not sent, since no server would take it: ``errors`` names each field by its ``key``, in the words of the server.

    Status and code are those of the server's refusal: 400 and ``invalid``.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(400, "invalid", " ".join(str(error["message"]) for error in errors[:3]), errors)


class CursorError(ApiError):
    """The log no longer holds, or never held, what follows a position; it reaches from ``oldest`` to ``head``.

    Follow it after ``oldest``, or read a list anew and follow it after the list's ``as_of``.
    """

    def __init__(
        self, code: str, message: str, *, oldest: str | None = None, head: str | None = None
    ) -> None:
        super().__init__(410, code, message)
        self.oldest = oldest
        self.head = head


class JobFailed(TickwireError):  # noqa: N818 - says what happened
    """A job that was waited for failed or was canceled: ``job`` is the job as it ended."""

    def __init__(self, job: "Job") -> None:
        said = (job.outcome or {}).get("message") or job.info
        super().__init__(f"The job {job.job} ({job.id}) ended {job.status}" + (f": {said}" if said else "."))
        self.job = job


class Fatal(TickwireError):  # noqa: N818 - handlers raise it as a verdict
    """Raised by a handler: the job fails with this message for the person, and no attempt follows, whatever attempts are left."""


class Retry(TickwireError):  # noqa: N818 - handlers raise it as a verdict
    """Raised by a handler: this attempt fails, and another follows while the job has attempts left (5 in all by default).

    - ``after``: how long to wait, in seconds or as a timedelta: 0 to 366 days
    - ``at``: when the next attempt may start, instead: a time with a zone

    Without either the server's back-off decides. The last attempt that ends so fails the job, with ``message`` for the person.
    ValueError for times out of range or both at once, TypeError for what is no time.
    """

    def __init__(
        self, message: str, *, after: float | timedelta | None = None, at: datetime | None = None
    ) -> None:
        super().__init__(message)
        if after is not None and at is not None:
            raise ValueError("Retry takes after= or at=, not both")
        self.after = None if after is None else _delay(after)
        self.at = None if at is None else _moment(at)


class Canceled(BaseException):
    """Raised by the verbs of a job that was asked to stop: clean up and let it pass.

    No ``Exception``, so that an ``except Exception`` around one row of the work does not swallow it.
    """


def _all_told(message: str, errors: list[dict[str, Any]]) -> str:
    """The messages of several errors, each once; of one error its own."""
    if len(errors) < 2:
        return message
    told = list(
        dict.fromkeys(str(one["message"]) for one in errors if isinstance(one, dict) and "message" in one)
    )
    more = f" And {len(told) - MOST_TOLD} more." if len(told) > MOST_TOLD else ""
    text = " ".join(told[:MOST_TOLD])
    return (text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…") + more


def _delay(after: object) -> timedelta:
    if isinstance(after, bool) or not isinstance(after, int | float | timedelta):
        raise TypeError(f"Retry(after=...) takes seconds or a timedelta, not {after!r:.80}")
    seconds = after.total_seconds() if isinstance(after, timedelta) else after
    if not 0 <= seconds <= LONGEST_DELAY.total_seconds():
        raise ValueError(f"Retry(after=...) takes 0 s to {LONGEST_DELAY.days} days, not {after!r:.80}")
    return timedelta(seconds=seconds)


def _moment(at: object) -> datetime:
    if not isinstance(at, datetime):
        raise TypeError(
            f"Retry(at=...) takes a datetime, not {at!r:.80}; after= takes seconds or a timedelta"
        )
    if at.tzinfo is None:
        raise ValueError(
            "Retry(at=...) takes a time with a zone, such as datetime.now(UTC) has one: moment.astimezone() adds that of this machine"
        )
    if not 1970 < at.year < 9999:
        raise ValueError(f"Retry(at=...) takes a time of our days, not {at}")
    return at
