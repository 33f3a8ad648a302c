"""What the SDK raises, and what handlers raise to steer their job.

::

    TickwireError
    ├── SettingsError          no key, or an address that is none
    ├── RegistrationError      a handler cannot be taken as it is written (names file and line)
    ├── ConnectionFailed       no server answers
    ├── ApiError               the server refused (status, code, message)
    │   └── CursorError        a subscription cannot go on where it stood (code, oldest, head)
    ├── Fatal                  raised by a handler: the job fails for good
    └── Retry                  raised by a handler: the attempt fails, another follows at a time
    BaseException
    └── Canceled               the job was asked to stop
"""

from datetime import datetime, timedelta
from typing import Any, Final, Self

from .protocol.codes import ERRORS

LONGEST_DELAY: Final = timedelta(days=366)


class TickwireError(Exception):
    """The root of the SDK's errors."""


class SettingsError(TickwireError):
    """A setting is missing or malformed; the message says how to give it."""


class RegistrationError(TickwireError):
    """A handler cannot be taken as it is written; the message starts with its file and line."""


class ConnectionFailed(TickwireError):  # noqa: N818 - says what happened
    """No server answers at ``url``. With ``unreached`` nothing was sent: the same call can be made again."""

    def __init__(self, url: str, reason: str, *, unreached: bool = False) -> None:
        super().__init__(
            f"Cannot reach {url}: {reason}. Start the server with 'tickwire server', or set TICKWIRE_URL."
        )
        self.url = url
        self.reason = reason
        self.unreached = unreached


class ApiError(TickwireError):
    """The server refused a call: HTTP ``status``, stable ``code``, readable ``message``, all ``errors`` as sent."""

    def __init__(
        self, status: int, code: str, message: str, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors if errors is not None else [{"code": code, "message": message}]

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


class CursorError(ApiError):
    """The log no longer holds, or never held, what follows the position: choose ``oldest`` or read a list anew."""

    def __init__(
        self, code: str, message: str, *, oldest: str | None = None, head: str | None = None
    ) -> None:
        super().__init__(410, code, message)
        self.oldest = oldest
        self.head = head


class Fatal(TickwireError):  # noqa: N818 - handlers raise it as a verdict
    """Raised by a handler: the job fails with this message, and no attempt follows."""


class Retry(TickwireError):  # noqa: N818 - handlers raise it as a verdict
    """Raised by a handler: this attempt fails; the next starts ``after`` a while or ``at`` a time.

    Without either the server's back-off decides. The job fails once its attempts are used up.
    """

    def __init__(self, message: str, *, after: timedelta | None = None, at: datetime | None = None) -> None:
        super().__init__(message)
        if after is not None and at is not None:
            raise ValueError("Retry takes after= or at=, not both")
        if after is not None and not timedelta(0) <= after <= LONGEST_DELAY:
            raise ValueError(f"Retry(after=...) takes 0 to {LONGEST_DELAY.days} days, not {after}")
        if at is not None and not 1970 < at.year < 9999:
            raise ValueError(f"Retry(at=...) takes a time of our days, not {at}")
        self.after = after
        self.at = at


class Canceled(BaseException):
    """The job was asked to stop.

    No ``Exception``, so that an ``except Exception`` around one row of the work does not swallow it.
    """
