"""Posts to the webhook of a chat or of any other program, as far as the guard of outbound calls lets them go."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal

from ..core.foreign_texts import line, seen
from ..outbound.addresses import Guard, Network
from ..outbound.call import CallRequest, call
from ..outbound.failures import Failure
from ..outbound.pauses import AGAIN
from ..outbound.requests import Outbound
from .undelivered import Undelivered

TIMEOUT_S: Final = 15.0
CONNECT_S: Final = 5.0
"""Of these, for the name and the connection."""
LARGEST_ANSWER: Final = 4_096
_CODE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
"""An answer that says what is wrong by one word, as Slack's do: ``channel_is_archived``."""
LONGEST_CODE: Final = 40
LARGEST_POST: Final = 2 * 1024 * 1024
_AGAIN: Final = frozenset({408, 425, *AGAIN})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said to a post: ``text`` is the beginning of it."""

    status: int
    text: str
    retry_after_s: float | None


def outbound(allowed: Iterable[Network]) -> Outbound:
    """What posts go out by: to public addresses, and to these networks."""
    return Outbound(Guard(tuple(allowed)), connect_s=CONNECT_S)


async def send(
    url: str,
    raw: bytes,
    outbound: Outbound,
    now_s: Callable[[], float],
    headers: dict[str, str],
    hide: Callable[[str], str] = str,
) -> Answer:
    """Post JSON text once, within `TIMEOUT_S`; whatever is answered is an answer, a redirect too. Undelivered where nothing is.

    ``hide`` keeps secrets out of what Undelivered quotes.
    """
    try:
        request = CallRequest(
            url=url,
            method="POST",
            headers={"Content-Type": "application/json", **headers},
            body=raw.decode(),
            timeout_s=TIMEOUT_S,
            max_response_bytes=LARGEST_ANSWER,
        )
        answer = await call(request, outbound, now_s, follow=False, largest=LARGEST_POST, hide=hide)
    except Refusal as refusal:
        # What is wrong with an address is said by libraries, which quote any piece of it.
        why = hide(refusal.message) if refusal.code == "invalid" else refusal.message
        raise Undelivered(why, retry=refusal.error.retry) from None
    except Failure as failure:
        raise Undelivered(failure.message, retry=failure.retry, retry_after_s=failure.retry_after_s) from None
    except ValueError:
        raise Undelivered(
            "The address is too long, or has characters that no address has.", retry=False
        ) from None
    return Answer(answer.status, _text(answer.body), answer.retry_after_s)


def _text(body: Any) -> str:
    """What was answered, as people may read it; JSON as it is written."""
    text = body if isinstance(body, str) else "" if body is None else orjson.dumps(body).decode()
    return seen(text)


async def post(
    url: str,
    body: dict[str, Any],
    outbound: Outbound,
    now_s: Callable[[], float],
    headers: dict[str, str] | None = None,
    secrets: Collection[str] = (),
    hide: Callable[[str], str] = str,
) -> None:
    """Post JSON. Undelivered unless the answer is one of success; an address that leads elsewhere is none.

    Where the address has ``secrets`` the answer is not quoted, beyond a word that is no part of one: it may repeat any piece of them.
    ``hide`` keeps what must not be seen out of what is quoted, and leaves the words around it alone.
    """
    answer = await send(url, encoded(body), outbound, now_s, headers or {}, hide)
    if not 200 <= answer.status < 300:
        raise Undelivered(
            refusal_of(answer, secrets, hide),
            retry=answer.status in _AGAIN,
            retry_after_s=answer.retry_after_s,
        )


def refusal_of(answer: Answer, secrets: Collection[str] = (), hide: Callable[[str], str] = str) -> str:
    """What people read of an answer that is none of success."""
    said = line(answer.text)
    why = f": {hide(said)}" if said and (not secrets or _is_code(said, secrets)) else ""
    moved = " Give the address to which it redirects." if 300 <= answer.status < 400 else ""
    return f"It was answered {answer.status}{why}.{moved}"


def _is_code(said: str, secrets: Collection[str]) -> bool:
    is_word = len(said) <= LONGEST_CODE and _CODE.fullmatch(said) is not None
    return is_word and not any(said in secret.lower() for secret in secrets)


def encoded(body: dict[str, Any]) -> bytes:
    """The bytes that are posted."""
    return orjson.dumps(body)
