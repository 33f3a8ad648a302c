"""Whom TLS trusts is read with the first connection that asks: most commands call a server without it.

The server has the same of its own (``server/__main__.py``): all that both share is the protocol, which imports nothing.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LateContext(ssl.SSLContext):
    """Reads whom it trusts with its first connection."""

    def wrap_bio(self, *of_connection: Any, **more: Any) -> ssl.SSLObject:
        """A connection of this context, which from now on is an ordinary one."""
        self.__class__ = ssl.SSLContext  # type: ignore[assignment]  # a context knows no other way to change what it does
        self.load_default_certs()
        return self.wrap_bio(*of_connection, **more)


@contextmanager
def authorities_later() -> Iterator[None]:
    """What is imported within makes its TLS contexts without reading the system's certificates: each does so when it is first used.

    aiohttp makes two of them as it is imported, a seventh of what a short command takes.
    """

    def wait(self: ssl.SSLContext) -> None:
        self.__class__ = LateContext

    ssl.SSLContext.set_default_verify_paths = wait  # type: ignore[method-assign]  # hides what it inherits
    try:
        yield
    finally:
        del ssl.SSLContext.set_default_verify_paths  # what it inherits is there again
