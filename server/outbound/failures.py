"""What goes wrong on the other side of a call."""

from listener_sdk.protocol.codes import ERRORS


class Failure(Exception):  # noqa: N818 - it is an outcome of the call; the fault is the other server's
    """The other server gave no answer, or none that is of use. What it did meanwhile is not known.

    ``code`` is a key of `ERRORS`; ``retry`` says whether the same call may succeed later, ``retry_after_s`` how long the other
    server asks to wait.
    """

    def __init__(
        self, code: str, message: str, *, retry: bool | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry = ERRORS[code].retry if retry is None else retry
        self.retry_after_s = retry_after_s
