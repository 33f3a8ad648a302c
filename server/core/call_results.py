"""What a job keeps of an answer that a call has brought: without secrets, and within what a result may hold."""

from base64 import b64decode, b64encode
from typing import Any, Final

import orjson

from listener_sdk.protocol.redaction import Redaction

from .sizes import LARGEST

_TOLD: Final = frozenset({"url", "headers", "body"})
"""What the other server has said, and where. A secret may be a word of the rest, such as ``text``."""


def kept(result: dict[str, Any], redaction: Redaction, limit: int = LARGEST["result"]) -> dict[str, Any]:
    """The result of a call without what must not be seen. A body for which there is no room is cut, and ``truncated`` says so."""
    found = _redacted(result, redaction) if redaction else result
    if found["truncated"] and found["bodyForm"] == "text":
        found = {**found, "body": redaction.cut(found["body"])}
    return found if _size(found) <= limit else _cut(found, limit)


def _redacted(result: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
    found = _without_binary(result, redaction)
    return {name: redaction.json(value) if name in _TOLD else value for name, value in found.items()}


def _without_binary(result: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
    if result["bodyForm"] != "base64":
        return result
    return {**result, "body": b64encode(redaction.raw(b64decode(result["body"]))).decode()}


def _cut(result: dict[str, Any], limit: int) -> dict[str, Any]:
    """A part of a JSON document is no JSON: it becomes text."""
    is_json = result["bodyForm"] == "json"
    text = orjson.dumps(result["body"]).decode() if is_json else result["body"]
    rest = {**result, "body": "", "bodyForm": "text" if is_json else result["bodyForm"], "truncated": True}
    room = max(0, limit - _size(rest))
    return {**rest, "body": text[: room // 4 * 4] if rest["bodyForm"] == "base64" else _longest(text, room)}


def _longest(text: str, room: int) -> str:
    """The beginning of a text that takes so many bytes as JSON, where one sign takes one to six."""
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        if _size(text[:middle]) - 2 <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def _size(value: Any) -> int:
    return len(orjson.dumps(value))
