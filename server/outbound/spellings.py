"""How a secret that stands in an address may come back: as the address is sent and shown, and as other servers repeat it."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, unquote, unquote_plus

from yarl import URL

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.redaction import SHORTEST_LINE

from .file_names import LONGEST_NAME, UNNAMED, file_name
from .targets import read_target

MOST_PIECES: Final = 16
"""Steps of a path, and values of a query, that are kept out by themselves: the longest."""
_ADDRESS: Final = re.compile(
    r"(?:[^:/?#]*:)?(?://(?:(?P<login>[^/?#]*)@)?(?P<host>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
)


def spellings(address: str, places: Iterable[tuple[int, int]]) -> set[str]:
    """What must not be seen of an address in which secrets stand at these places, beside the secrets as they are.

    A secret that is no more than a part of the path or the host hides just that; one that holds an address hides all of it.
    """
    parts = _ADDRESS.match(address)
    assert parts is not None, "every text matches"
    sent, found = _sent(address), set[str]()
    for place in places:
        login, host, path, query = (
            _within(parts, name, place) for name in ("login", "host", "path", "query")
        )
        if login:
            found |= {_basic(parts["login"]), *map(unquote, login.split(":"))}
        if host:
            found |= {host.lower(), *_of_host(sent)}
        if path:
            found |= {*_of_path(path, sent)}
        if query:
            found |= {*_of_query(query)}
        if sent is not None and host and path:
            found |= {str(sent), str(sent.with_query(None)), sent.raw_path_qs, sent.path_qs}
    return found - {UNNAMED}


def spelled_value(secret: str) -> str:
    """How a secret stands in the query that it is joined to."""
    return URL("http://x/").with_query([("x", secret)]).raw_query_string[2:]


def _sent(address: str) -> URL | None:
    """The address as it is called; None for one that is not."""
    try:
        return read_target(address).with_user(None)
    except Refusal:
        return None


def _within(parts: re.Match[str], name: str, place: tuple[int, int]) -> str:
    """What of this part stands at the place."""
    first, end = max(parts.start(name), place[0]), min(parts.end(name), place[1])
    return parts.string[first:end] if parts[name] else ""


def _basic(login: str) -> str:
    """The header that a name and a password become."""
    name, _, password = login.partition(":")
    return b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()


def _of_host(sent: URL | None) -> Iterator[str]:
    if sent is not None:
        yield from (sent.raw_host or "", sent.host or "", sent.authority, str(sent.origin()))


def _of_path(piece: str, sent: URL | None) -> Iterator[str]:
    alone = URL(f"http://x/{piece}")
    yield from (alone.raw_path[1:], unquote(piece), file_name(None, alone))
    if sent is None:
        return
    if len(sent.name.encode()) > LONGEST_NAME:
        yield file_name(None, sent)
    if "/" in piece:
        # A redirect may lead to a neighbour.
        above = sent.raw_path.rpartition("/")[0]
        yield from (sent.raw_path, sent.path, f"{above}/", f"{unquote(above)}/")
        for step in _longest(alone.raw_path.split("/")):
            yield from (step, unquote(step))


def _of_query(piece: str) -> Iterator[str]:
    alone = URL(f"http://x/?{piece}")
    # Search parameters that join a query spell all of it anew.
    anew = alone.with_query(alone.query)
    yield from (alone.raw_query_string, anew.raw_query_string, unquote_plus(piece))
    if "=" in piece or "&" in piece:
        for value in _longest(value for _, value in parse_qsl(piece)):
            yield from (value, spelled_value(value))


def _longest(pieces: Iterable[str]) -> list[str]:
    """Those that are long enough to be told from a usual word."""
    return sorted((one for one in pieces if len(one) >= SHORTEST_LINE), key=len)[-MOST_PIECES:]
