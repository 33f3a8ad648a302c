"""The description of the stream, of server-sent events and of every topic, in AsyncAPI 3.0."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel

from listener_sdk.protocol import frames
from listener_sdk.protocol.codes import CLOSES
from listener_sdk.protocol.events import SERVER_TOPICS, Event
from listener_sdk.protocol.payloads import PAYLOADS, EventAbout

from ..core.roles import FRAMES
from .messages import SENT
from .schemas import Schema, described, markdown, without_discriminators

VERSION: Final = "3.0.0"
ADDRESS: Final = "http://127.0.0.1:8420"
"""Where a server is that nobody has set up otherwise."""
STREAM: Final = "stream"
SSE: Final = "events"
LOG: Final = "log"
ABOUT: Final = (
    "What Tickwire says and hears beside the calls of /openapi.json: the frames of its websocket, server-sent events, and the events of its "
    "log, topic by topic."
)
_ANSWERED: Final = {"hello": ("welcome", "error"), "subscribe": ("subscribed", "error")}
"""By which frames requests are answered that have answers of their own."""
_UNANSWERED: Final = frozenset({"tick", "renew"})
_SECURITY: Final[Schema] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token for browsers."},
    "session": {"type": "httpApiKey", "in": "cookie", "name": "tickwire_session"},
}


def asyncapi(version: str) -> Schema:
    """The whole description; ``version`` is the server's."""
    tree, schemas = described({"messages": _messages(), "ok": frames.Ok})
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Tickwire",
            "version": version,
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": servers(ADDRESS),
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": without_discriminators(tree["messages"]),
            "schemas": without_discriminators(schemas),
            "securitySchemes": _SECURITY,
        },
    }


def servers(address: str) -> Schema:
    """Where a server of this address is called: with TLS where its address says so."""
    at = urlsplit(address)
    tls = "s" if at.scheme == "https" else ""
    return {STREAM: _server(at, f"ws{tls}"), SSE: _server(at, f"http{tls}")}


def _server(at: SplitResult, protocol: str) -> Schema:
    schemes = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY]
    found = {"host": at.netloc, "protocol": protocol, "security": schemes}
    return {**found, "pathname": at.path} if at.path else found


def kind(frame: type[BaseModel]) -> str:
    """The ``type`` of a frame."""
    found = frame.model_fields["type"].default
    assert isinstance(found, str)
    return found


def topic_key(topic: str) -> str:
    """The name of a topic's message: keys have no colons."""
    return f"topic.{topic.replace(':', '.')}"


def _from_server() -> list[str]:
    return [kind(frame) for frame in frames.SERVER_FRAMES]


def _from_client() -> list[str]:
    return [kind(frame) for frame in frames.CLIENT_FRAMES]


# ---- messages


def _messages() -> Schema:
    both = (*frames.CLIENT_FRAMES, *frames.SERVER_FRAMES)
    found = {kind(frame): _message(kind(frame), frame.__doc__, frame) for frame in both}
    found |= {f"sse.{name}": _message(name, said, model) for name, (model, said) in SENT.items()}
    found |= {topic_key(topic): _message(topic, said, _event(topic)) for topic, said in SERVER_TOPICS.items()}
    return found


def _message(name: str, said: str | None, payload: Any) -> Schema:
    return {"name": name, "title": name, "summary": markdown(said or ""), "payload": payload}


def _event(topic: str) -> Schema:
    properties = {"topic": {"const": topic}, "payload": PAYLOADS[topic], "context": EventAbout}
    return {"allOf": [Event, {"type": "object", "properties": properties}]}


# ---- channels and operations


def _channels() -> Schema:
    closes = "\n".join(
        f"- {one.code} `{one.name}`: {one.meaning} The client should {'reconnect' if one.reconnect else 'stop'}."
        for one in CLOSES.values()
    )
    return {
        STREAM: {
            "address": "/v1/stream",
            "title": "The websocket",
            "description": f"{markdown(frames.__doc__ or '')}\n\nIt is closed with one of these codes:\n\n{closes}",
            "servers": [{"$ref": f"#/servers/{STREAM}"}],
            "messages": _named((*_from_client(), *_from_server())),
        },
        SSE: {
            "address": "/v1/events/stream",
            "title": "Server-sent events",
            "description": "A subscription as one answer without end. Last-Event-ID resumes. Parameters: see /openapi.json.",
            "servers": [{"$ref": f"#/servers/{SSE}"}],
            "messages": _named(f"sse.{name}" for name in SENT),
        },
        LOG: {
            "address": None,
            "title": "Topics",
            "description": "Events as `events` frames, server-sent events, posts to endpoints and GET /v1/events carry them. Clients publish "
            "others, with payloads of their own.",
            "messages": _named(map(topic_key, SERVER_TOPICS)),
        },
    }


def _named(names: Iterable[str]) -> Schema:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _operations() -> Schema:
    heard = {f"take_{name}": _taken(name) for name in _from_client()}
    sent = {f"send_{name}": _operation("send", STREAM, [name]) for name in _from_server()}
    rest = {
        "send_server_sent_events": _operation("send", SSE, [f"sse.{name}" for name in SENT]),
        "send_topics": _operation("send", LOG, map(topic_key, SERVER_TOPICS)),
    }
    return {**heard, **sent, **rest}


def _taken(name: str) -> Schema:
    found = {
        **_operation("receive", STREAM, [name]),
        "description": f"Takes the permission `{FRAMES[name]}`.",
    }
    if name not in _UNANSWERED:
        answers = _ANSWERED.get(name, ("ok", "error"))
        found["reply"] = {"channel": {"$ref": f"#/channels/{STREAM}"}, "messages": _within(STREAM, answers)}
    return found


def _operation(action: str, channel: str, names: Iterable[str]) -> Schema:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": _within(channel, names),
    }


def _within(channel: str, names: Iterable[str]) -> list[Schema]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]
