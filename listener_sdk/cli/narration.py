"""What the SDK logs while a command runs, for the person at the terminal: each change once, in plain words, with the way out."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from .reasons import in_words, way_out

LOGGER: Final = "tickwire"
SILENT: Final = logging.CRITICAL + 1


class Narration(logging.Filter):
    """Rewrites what the streams of one command log about their connections, and leaves out what was said already.

    ``connected`` is called instead of the first line that says so; lines below ``level`` are heard and not printed.
    """

    def __init__(self, connected: Callable[[], None] | None = None, level: int = logging.NOTSET) -> None:
        super().__init__()
        self._connected = connected
        self._level = level
        self._ever = False
        self._up: bool | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        return self._is_news(record) and record.levelno >= self._level

    def _is_news(self, record: logging.LogRecord) -> bool:
        text = str(record.msg)
        if text.startswith("connected to ") and isinstance(record.args, tuple):
            return self._rises(record)
        if text.startswith("cannot reach ") and isinstance(record.args, tuple) and len(record.args) == 2:
            return self._falls(record, *map(str, record.args))
        return True

    def _rises(self, record: logging.LogRecord) -> bool:
        first, news = not self._ever, self._up is not True
        self._ever = self._up = True
        if first and self._connected is not None:
            self._connected()
            return False
        record.msg = record.msg if first else f"{record.msg} again"
        return news

    def _falls(self, record: logging.LogRecord, url: str, reason: str) -> bool:
        news = self._up is not False
        self._up = False
        words = in_words(reason).removesuffix(".")
        what = f"lost the connection to {url}" if self._ever else f"cannot reach {url}"
        hint = "" if self._ever else f" {way_out(url, words)}"
        record.msg, record.args = f"{what}: {words}. Trying again.{hint}", ()
        return news


@contextmanager
def narrated(connected: Callable[[], None] | None = None) -> Iterator[None]:
    """Within this context the SDK's log lines about the connection are narrated.

    ``connected`` is called even where a script's own settings keep the SDK from logging.
    """
    logger = logging.getLogger(LOGGER)
    wanted = SILENT if logger.disabled else logger.getEffectiveLevel()
    before = logger.level, logger.disabled
    narration = Narration(connected, wanted)
    logger.addFilter(narration)
    logger.setLevel(min(logging.INFO, wanted))
    logger.disabled = False
    try:
        yield
    finally:
        logger.removeFilter(narration)
        logger.setLevel(before[0])
        logger.disabled = before[1]
