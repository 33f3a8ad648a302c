"""``python -m server``: read the settings, run the server, say in one line why it cannot start."""

import asyncio
import contextlib
import gc
import os
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .machine import share_arena
from .settings import Settings, read_settings
from .store.database import StartError

CANNOT_START = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the server is stopped; the process's exit code."""
    try:
        run(read_settings(sys.argv[1:] if argv is None else argv, os.environ))
    except StartError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the one message of a server that has no log yet
        return CANNOT_START
    return 0


def run(settings: Settings) -> None:
    """Serve on the fastest loop that is installed. StartError when the server cannot start."""
    share_arena()
    # structlog takes up rich where it finds it, for tracebacks in colors that no server draws: 3 MiB, and a tenth of the start.
    with hidden("rich"), authorities_later(), unsearched():
        from .app import serve  # noqa: PLC0415 - --help and a wrong flag must not wait for the whole server's import

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings))


@contextlib.contextmanager
def hidden(package: str) -> Iterator[None]:
    """What is imported within finds that this package is not installed."""
    seen = sys.modules.get(package)
    sys.modules[package] = None  # type: ignore[assignment]  # how Python is told so
    try:
        yield
    finally:
        del sys.modules[package]
        if seen is not None:
            sys.modules[package] = seen


class LateContext(ssl.SSLContext):
    """Reads whom it trusts with its first connection."""

    def wrap_bio(self, *of_connection: Any, **more: Any) -> ssl.SSLObject:
        """A connection of this context, which from now on is an ordinary one."""
        self.__class__ = ssl.SSLContext  # type: ignore[assignment]  # a context knows no other way to change what it does
        self.load_default_certs()
        return self.wrap_bio(*of_connection, **more)


@contextlib.contextmanager
def authorities_later() -> Iterator[None]:
    """What is imported within makes its TLS contexts without reading the system's certificates: each does so when it is first used.

    aiohttp makes two of them, 2.5 MiB, and most servers call nobody.
    """

    def wait(self: ssl.SSLContext) -> None:
        self.__class__ = LateContext

    ssl.SSLContext.set_default_verify_paths = wait  # type: ignore[method-assign]  # hides what it inherits
    try:
        yield
    finally:
        del ssl.SSLContext.set_default_verify_paths  # what it inherits is there again


@contextlib.contextmanager
def unsearched() -> Iterator[None]:
    """What is imported within is not searched for garbage: nearly all of it stays, and the searches are a quarter of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _loop_factory() -> Callable[[], Any] | None:
    try:
        import uvloop  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
