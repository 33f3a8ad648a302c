"""What a call of a hook brings: its body read as what it is, its headers without secrets, and what tells it from others. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import compile_filter
from listener_sdk.protocol.hooks import Accepts

from .hooks import HookRow, Said
from .json_door import JsonLimits, read_json

LARGEST_CALL: Final = 5 * 1024 * 1024
MOST_KEYS: Final = 100_000
MOST_VALUES: Final = 250_000
MOST_FIELDS: Final = 1_000
MOST_HEADERS: Final = 64
LONGEST_VALUE: Final = 1_024
LARGEST_HEAD: Final = 8 * 1024
"""Bytes of all headers and parameters that are kept of a call."""
REDACTED: Final = "***"
_SECRET: Final = re.compile(r"auth|cookie|signature|secret|token|api-?_?key|passw|credential|session|jwt", re.IGNORECASE)  # fmt: skip
_IN_FORMS: Final = frozenset({"github", "slack"})
"""Senders that put JSON into the one field ``payload`` of a form."""


@dataclass(frozen=True, slots=True)
class Came:
    """A call as it is kept: the body as text, ``headers`` by small letters, without secrets."""

    content_type: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    text: str

    def stored(self) -> str:
        """All but the body, as JSON text."""
        return orjson.dumps(
            {"contentType": self.content_type, "headers": self.headers, "query": self.query}
        ).decode()

    @staticmethod
    def of(stored: str, text: str) -> "Came":
        """What `stored` made, and the body."""
        found = orjson.loads(stored)
        return Came(found["contentType"], found["headers"], found["query"], text)


def came(row: HookRow, content_type: str, headers: Iterable[tuple[str, str]], query: Iterable[tuple[str, str]], raw: bytes) -> Came:  # fmt: skip
    """What is kept of a call. Refusal ``bad_request`` for a body that is no text."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Refusal("bad_request", "The body must be text in UTF-8.", key="body") from None
    if "\0" in text:
        raise Refusal("bad_request", "The body holds the character NUL, which no store keeps.", key="body")
    own = row.said.way.header
    return Came(_clean(content_type)[:LONGEST_VALUE], _kept(headers, own), _kept(query), text)


def _kept(pairs: Iterable[tuple[str, str]], own: str = "") -> dict[str, str]:
    """Names in small letters with their values, those that may be secrets without; what is too much is left out."""
    found: dict[str, str] = {}
    left = LARGEST_HEAD
    for name, value in pairs:
        key = name.lower().replace("\0", "")
        shown = REDACTED if key == own or _SECRET.search(key) else _clean(value)[:LONGEST_VALUE]
        left -= len(key.encode()) + len(shown.encode())
        if left < 0 or len(found) >= MOST_HEADERS:
            break
        found.setdefault(key, shown)
    return found


def _clean(text: str) -> str:
    """Text that every store keeps: bytes that are no UTF-8 and NUL are marked."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


# ---- the body


def read_call(said: Said, call: Came) -> Any:
    """The body as value. Refusal ``unsupported_media_type``, ``bad_json`` or ``bad_request``."""
    form = _form(said.facts.get("accepts", "auto"), call)
    if form == "text":
        return call.text
    if form == "json":
        return _json(call.text)
    fields = _fields(call.text)
    payload = fields.get("payload")
    if said.kind in _IN_FORMS and isinstance(payload, str) and payload[:1] in "{[":
        return _json(payload)
    return fields


def _form(accepts: Accepts, call: Came) -> str:
    if accepts != "auto":
        return accepts
    kind = call.content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return "json"
    if kind == "application/x-www-form-urlencoded":
        # What curl says of any body unless it is told otherwise.
        return "json" if call.text.lstrip()[:1] in {"{", "["} else "form"
    if kind.startswith("text/"):
        return "text"
    raise Refusal(
        "unsupported_media_type",
        f"A hook takes application/json, application/x-www-form-urlencoded and text/*, not {kind[:64] or 'a body of no Content-Type'!r}. "
        "Other types it takes where its accepts says what the body is: json, form or text.",
        key="Content-Type",
    )


def _json(text: str) -> Any:
    return read_json(text.encode(), JsonLimits(size=LARGEST_CALL, keys=MOST_KEYS, values=MOST_VALUES))


def _fields(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refusal(
            "bad_request", f"The body is no form of at most {MOST_FIELDS} fields in UTF-8.", key="body"
        ) from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise Refusal(
                "bad_request", "The form holds the character NUL, which no store keeps.", key="body"
            )
        before = found.get(name)
        found[name] = (
            value if name not in found else [*(before if isinstance(before, list) else [before]), value]
        )
    return found


# ---- what is known of it


def hook_of(row: HookRow, call: Came, body: Any, at: str) -> dict[str, Any]:
    """What templates and the filter read as ``hook``."""
    return {
        "id": row.public_id,
        "name": row.name,
        "receivedAt": at,
        "contentType": call.content_type,
        "headers": dict(call.headers),
        "query": dict(call.query),
        "body": body,
    }


def passes(said: Said, hook: Mapping[str, Any]) -> bool:
    """Whether the filter lets it start something."""
    conditions = said.facts.get("filter")
    if not conditions:
        return True
    return compile_filter(conditions)({name: hook[name] for name in ("body", "headers", "query")})


def says_hello(said: Said, hook: Mapping[str, Any]) -> str | None:
    """The answer that a sender expects who only tries the address: Slack wants its challenge back, GitHub nothing."""
    body = hook["body"]
    if said.kind == "slack" and isinstance(body, dict) and body.get("type") == "url_verification":
        challenge = body.get("challenge")
        return challenge if isinstance(challenge, str) and len(challenge) <= LONGEST_VALUE else ""
    return "" if said.kind == "github" and hook["headers"].get("x-github-event") == "ping" else None


def replay_key(said: Said, signed_id: str | None, headers: Mapping[str, str], raw: bytes, body: Any) -> str | None:  # fmt: skip
    """What tells a call that is sent again, as a hash; None where nothing does. ``headers`` are all of the call."""
    by, found = said.replay_by, None
    if by == "id":
        found = signed_id
        if said.kind == "stripe":
            named = body.get("id") if isinstance(body, dict) else None
            found = named if isinstance(named, str) else None
    elif by == "header":
        found = headers.get(said.replay_header)
        if not found:
            return None
    if by == "none":
        return None
    digest = (
        sha256(raw).digest()
        if found is None
        else sha256(b"\0" + found.encode("utf-8", "surrogatepass")).digest()
    )
    return digest[:20].hex()
