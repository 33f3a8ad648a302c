"""Why a server cannot be reached, in plain words, and what to do: made from what libraries say."""

import re
from typing import Final

from ..protocol.codes import CLOSES_BY_CODE
from ..settings import is_loopback
from .output import spelled

NO_TLS: Final = "it does not speak TLS"

_WORDS: Final = (
    (r"wrong.version.number|record.layer.failure|packet length too long", NO_TLS),
    (r"connect call failed|connection refused|actively refused", "connection refused"),
    (
        r"name or service not known|nodename nor servname|getaddrinfo failed|no address associated|name resolution",
        "there is no host of this name",
    ),
    (r"no route to host|network is unreachable|host is unreachable", "the network does not lead there"),
    (r"time(d )?.?out", "no answer in time"),
    (
        r"no close frame|connection reset|server disconnected|connection (was )?lost|broken pipe",
        "the connection broke",
    ),
    (r"valid http response|bad status line|expected http/", "it does not answer as a web server does"),
)
_CLOSES: Final = {
    1001: "the server has stopped",
    1012: "the server stops or restarts",
    4004: "what its key may do was changed",
}


def in_words(reason: str) -> str:
    """The reason in words for people; what is not known stays as it is."""
    if closed := re.match(r"(?:received|sent) (\d{4}) ", reason):
        return _closed(int(closed[1]))
    for pattern, words in _WORDS:
        if re.search(pattern, reason, re.IGNORECASE):
            return words
    return reason


def _closed(code: int) -> str:
    known = CLOSES_BY_CODE.get(code)
    meaning = known.meaning.rstrip(".") if known else f"it was closed with code {code}"
    return _CLOSES.get(code, meaning)


def way_out(url: str, words: str) -> str:
    """What a person can do about it, as a sentence."""
    if words == NO_TLS:
        return f"Write the address as {url.replace('https:', 'http:', 1)}."
    if is_loopback(url):
        return f"Start the server with '{spelled('server')}', or set TICKWIRE_URL."
    return "Check TICKWIRE_URL (or --url) and the network."
