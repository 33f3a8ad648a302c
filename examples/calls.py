"""Calls of other servers with a key, which goes to the address that was given and nowhere else."""

import urllib.request
from datetime import timedelta
from email.message import Message
from typing import Any, Final

LONGEST_WAIT_S: Final = 3600
USUAL_WAIT_S: Final = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


OPENER: Final = urllib.request.build_opener(_NoRedirect)


def is_busy(status: int) -> bool:
    """Whether the same call may be answered better later."""
    return status == 429 or status >= 500


def wait_of(headers: Message) -> timedelta:
    """How long a busy server asks to wait."""
    told = headers.get("Retry-After", "")
    return timedelta(seconds=min(int(told), LONGEST_WAIT_S) if told.isdigit() else USUAL_WAIT_S)
