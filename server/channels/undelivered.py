"""What goes wrong on the way."""


class Undelivered(Exception):  # noqa: N818 - it is an outcome of the attempt; the fault is the other side's
    """The message was not taken. ``retry`` says whether another attempt may help, ``retry_after_s`` when the other side asks for it."""

    def __init__(self, message: str, *, retry: bool, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry = retry
        self.retry_after_s = retry_after_s
