"""What an answer over HTTP that is no success means: the server's own refusal, a proxy's, or that it is no Tickwire server."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final, NamedTuple

import orjson

from .errors import ApiError, NotTickwire

_OF_PROXIES: Final = frozenset({413, 429, 502, 503, 504})
"""What a proxy before the server answers in words of its own."""


class Answer(NamedTuple):
    """What came back from ``url``."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def refusal(answer: Answer) -> ApiError | NotTickwire:
    """The server's own words where the body has the known form, else a proxy's status, else that another server answers."""
    status = answer.status
    try:
        errors = orjson.loads(answer.body)["errors"]
        return ApiError(
            status, str(errors[0].get("code", f"http_{status}")), str(errors[0]["message"]), errors
        )
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        if status not in _OF_PROXIES:
            return not_tickwire(answer)
        said = f"{status} {HTTPStatus(status).phrase}"
        return ApiError(status, f"http_{status}", f"The server, or a proxy before it, answered {said}.")


def not_tickwire(answer: Answer) -> NotTickwire:
    """The error that says what kind of thing came instead; its content is not shown."""
    return NotTickwire(answer.url.partition("?")[0], _kind(answer))


def _kind(answer: Answer) -> str:
    target = answer.headers.get("Location")
    if target:
        return f"a redirect to {_shown(target)}"
    with suppress(orjson.JSONDecodeError):
        orjson.loads(answer.body)
        return "other JSON"
    return _shown(answer.headers.get("Content-Type", "").partition(";")[0]) or "nothing"


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:100]
