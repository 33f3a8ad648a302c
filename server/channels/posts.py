"""Posts to the webhook of a chat or of any other program, as far as the guard of outbound calls lets them go."""

import base64
import hmac
import re
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal

from ..outbound.call import CallRequest, call
from ..outbound.failures import Failure
from ..outbound.requests import Outbound
from .undelivered import Undelivered

TIMEOUT_S: Final = 15.0
LARGEST_ANSWER: Final = 4_096
_CODE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
"""An answer that says what is wrong by one word, as Slack's do: ``channel_is_archived``."""
LONGEST_CODE: Final = 40
_AGAIN: Final = frozenset({408, 425, 429})
_SIGNED: Final = "whsec_"


async def post(
    url: str,
    body: dict[str, Any],
    outbound: Outbound,
    now_s: Callable[[], float],
    headers: dict[str, str] | None = None,
    secrets: Collection[str] = (),
) -> None:
    """Post JSON. Undelivered unless the answer is one of success; an address that leads elsewhere is none.

    Where the address has ``secrets`` the answer is not quoted, beyond a word that is no part of one: it may repeat any piece of them.
    """
    try:
        request = CallRequest(
            url=url,
            method="POST",
            headers={"Content-Type": "application/json", **(headers or {})},
            body=encoded(body).decode(),
            timeout_s=TIMEOUT_S,
            max_response_bytes=LARGEST_ANSWER,
        )
        answer = await call(request, outbound, now_s, follow=False)
    except Refusal as refusal:
        raise Undelivered(refusal.message, retry=refusal.error.retry) from None
    except Failure as failure:
        raise Undelivered(failure.message, retry=failure.retry, retry_after_s=failure.retry_after_s) from None
    except ValueError:
        raise Undelivered(
            "The address is too long, or has characters that no address has.", retry=False
        ) from None
    if not 200 <= answer.status < 300:
        said = " ".join(str(answer.body or "").split())
        why = f": {said}" if said and (not secrets or _is_code(said, secrets)) else ""
        moved = " Give the address to which it redirects." if 300 <= answer.status < 400 else ""
        raise Undelivered(
            f"It was answered {answer.status}{why}.{moved}",
            retry=answer.retry or answer.status in _AGAIN,
            retry_after_s=answer.retry_after_s,
        )


def _is_code(said: str, secrets: Collection[str]) -> bool:
    is_word = len(said) <= LONGEST_CODE and _CODE.fullmatch(said) is not None
    return is_word and not any(said in secret.lower() for secret in secrets)


def encoded(body: dict[str, Any]) -> bytes:
    """The bytes that are posted."""
    return orjson.dumps(body)


def signed(delivery: str, at_s: int, raw: bytes, secret: str | None) -> dict[str, str]:
    """The headers of Standard Webhooks, signed where there is a secret: its bytes in base64 behind ``whsec_``, or any other text."""
    headers = {"webhook-id": delivery, "webhook-timestamp": str(at_s)}
    if secret is not None:
        digest = hmac.new(
            _key(secret), b".".join([delivery.encode(), str(at_s).encode(), raw]), sha256
        ).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def _key(secret: str) -> bytes:
    try:
        return (
            base64.b64decode(secret.removeprefix(_SIGNED), validate=True)
            if secret.startswith(_SIGNED)
            else secret.encode()
        )
    except ValueError:
        return secret.encode()
