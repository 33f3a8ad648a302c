"""The description of every route, in OpenAPI 3.1."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from listener_sdk.protocol.codes import ERRORS

from ..core.roles import PERMISSIONS, roles_with
from .answers import Reason, Refused
from .calls import CALLS
from .parameters import ANYWHERE, path_parameter, query_parameter
from .schemas import Schema, described, reference
from .shapes import JSON, Content, Shape

VERSION: Final = "3.1.0"
HERE: Final = "/"
"""Where the description was read, which its reader knows best: of TLS that a proxy speaks the server hears nothing."""
ABOUT: Final = (
    'Tickwire keeps jobs and one log of events. Answers are `{"data": ...}` where the schema of a route does not '
    'say otherwise, as of job definitions and `_execute`; refusals `{"errors": [{"code", "message", "key"?}]}`. '
    "Times are ISO-8601 in UTC. The stream and the events stand in /asyncapi.json."
)  # fmt: skip
_ALL: Final = ("bad_request", "key_in_address", "url_too_long", "headers_too_large", "rate_limited", "internal", "unavailable", "disk_full")  # fmt: skip
"""What any call may be refused for."""
_KEYED: Final = ("unauthorized", "forbidden", "csrf", "not_found", "invalid", "bad_cursor")
_SENT: Final = ("bad_json", "invalid", "too_large", "unsupported_encoding")
_CHANGED: Final = ("conflict", "space_archived")
_ONCE: Final = ("idempotency_mismatch",)
_SENDING: Final = frozenset({"POST", "PUT", "PATCH"})
_SAFE: Final = frozenset({"GET"})
_OPEN: Final = frozenset({"public"})
_WORDS: Final = {200: "It went well.", 101: "The websocket is open.", 202: "It was kept.", 206: "A part.", 304: "It is as it was."}  # fmt: skip
_CONSCIA: Final = "/vue/_api"

_HEADERS: Final[Schema] = {
    "Space": {
        "name": "X-Customer-Code",
        "in": "header",
        "description": "The code of the space in which a key of the whole store acts; else its own.",
        "schema": {"type": "string", "maxLength": 80},
    },
    "Once": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A call that is sent again under it is answered as the first time, and done once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
    },
}
_SECURITY: Final[Schema] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token for browsers."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tickwire_session",
        "description": "Of somebody who has logged in.",
    },
    "page": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "With a session's cookie, for what may change something: csrfToken of GET /v1/sessions/current.",
    },
}


class Routed(Protocol):
    """A row of the table of routes."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def handler(self) -> Callable[..., Any]: ...
    @property
    def summary(self) -> str: ...
    @property
    def auth(self) -> str: ...
    @property
    def permission(self) -> str: ...


Taken = Mapping[str, tuple[str, ...]]
"""The parameters of lists that are checked, by path."""


def openapi(routes: Iterable[Routed], taken: Taken, version: str) -> Schema:
    """The whole description; ``version`` is the server's."""
    paths: Schema = {}
    refusals: Schema = {}
    tags: dict[str, bool] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, taken, refusals)
        tags[_tag(route)] = tags.get(_tag(route), False) or _is_served(route)
    tree, schemas = described({"paths": paths, "responses": refusals, "refused": Refused})
    return {
        "openapi": VERSION,
        "info": {"title": "Tickwire", "version": version, "description": ABOUT, "license": _LICENSE},
        "servers": servers(HERE),
        "tags": [{"name": name} for name in sorted(tags, key=tags.__getitem__, reverse=True)],
        "paths": tree["paths"],
        "components": {
            "schemas": schemas,
            "responses": dict(sorted(tree["responses"].items())),
            "parameters": {**_HEADERS, **{name: query_parameter("", name) for name in ANYWHERE}},
            "securitySchemes": _SECURITY,
        },
    }


def servers(address: str) -> list[Schema]:
    """Where a server of this address is called."""
    return [{"url": address}]


_LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def name_of(route: Routed) -> str:
    """The function that answers, with its module: its row in `CALLS`."""
    return f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}"


def _operation(route: Routed, taken: Taken, refusals: Schema) -> Schema:
    shape = CALLS[name_of(route)]
    found: Schema = {
        "operationId": _id(route),
        "tags": [_tag(route)],
        "summary": route.summary.removesuffix("."),
        "description": _needs(route),
        "parameters": [*_parameters(route, shape, taken)],
        "responses": _responses(route, shape, refusals),
        "security": _security(route),
        "x-permission": route.auth,
    }
    if shape.takes is not None:
        found["requestBody"] = {"required": shape.needs_body, "content": _content(shape.takes)}
    return {name: one for name, one in found.items() if one or name == "security"}


def _id(route: Routed) -> str:
    """The same function may answer at two paths, and one for several that are not served."""
    name = name_of(route).rstrip("_").replace(".", "_")
    if not _is_served(route):
        return "not_served_" + re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}")
    return f"conscia_{name.removeprefix('conscia_')}" if route.path.startswith(_CONSCIA) else name


def _is_served(route: Routed) -> bool:
    """The table of routes itself answers for what is not."""
    return not name_of(route).startswith("routes.")


def _tag(route: Routed) -> str:
    """The noun that the path begins with."""
    words = [word for word in route.path.split("/") if word not in {"", "v1", "vue", "_api"}]
    return f"Conscia: {words[0]}" if route.path.startswith(_CONSCIA) else words[0]


def _needs(route: Routed) -> str:
    """Who may call it, in words."""
    if route.auth in _OPEN:
        return "No key is needed."
    if route.auth in PERMISSIONS:
        roles = roles_with(route.permission)
        who = f"the role {' or '.join(roles)}" if roles else "an administrator's key of the whole store"
        return f"Takes {who}: it is to {PERMISSIONS[route.permission]}."
    return {
        "signed": "Takes a key or session that sees it, or a signed link.",
        "stream": "Takes a key or session with the upgrade, or a key or ticket in the first frame.",
        "described": "Takes any key or session, or none where TICKWIRE_PUBLIC_DOCS says so.",
    }[route.auth]


def _security(route: Routed) -> list[Schema]:
    """Any one of these; an empty one is nothing at all."""
    if route.auth in _OPEN:
        return []
    session: Schema = {"session": []} if route.method in _SAFE else {"session": [], "page": []}
    keyed: list[Schema] = [{"bearer": []}, session]
    return keyed if route.auth in PERMISSIONS else [*keyed, {}]


def _parameters(route: Routed, shape: Shape, taken: Taken) -> Iterator[Schema]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield path_parameter(name)
    ours = route.path.removeprefix(_CONSCIA)
    listed = taken.get(ours, ()) if route.method in _SAFE else ()
    for name in dict.fromkeys((*listed, *shape.query)):
        yield query_parameter(ours, name)
    if route.auth in _OPEN:
        return
    named = [*(name for name in ANYWHERE if name not in shape.query), "Space"]
    if route.method == "POST" and shape.repeats:
        named.append("Once")
    for name in named:
        yield {"$ref": f"#/components/parameters/{name}"}


def _responses(route: Routed, shape: Shape, refusals: Schema) -> Schema:
    found: Schema = {
        str(status): {"description": _WORDS.get(status, "It does not."), **_body(content)}
        for status, content in shape.answers.items()
    }
    for status, codes in _refused(route, shape).items():
        if str(status) not in found:
            name = ".".join([str(status), *codes])
            refusals.setdefault(name, _refusal(codes))
            found[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(found.items()))


def _body(content: Content) -> Schema:
    return {"content": _content(content)} if content else {}


def _content(content: Content) -> Schema:
    return {kind: {"schema": schema} for kind, schema in content.items()}


def _refused(route: Routed, shape: Shape) -> dict[int, list[str]]:
    """The codes of what may be refused, by their statuses."""
    found: dict[int, list[str]] = {}
    for code in sorted({*_codes(route, shape)}):
        found.setdefault(ERRORS[code].status, []).append(code)
    return found


def _codes(route: Routed, shape: Shape) -> Iterator[str]:
    yield from _ALL
    yield from shape.refuses
    if route.auth not in _OPEN:
        yield from _KEYED
    if route.method in _SENDING:
        yield from _SENT
    if route.method not in _SAFE:
        yield from _CHANGED
    if route.method == "POST" and shape.repeats:
        yield from _ONCE


def _refusal(codes: list[str]) -> Schema:
    """An answer of which one reason at least has one of these codes, and others may stand beside it."""
    said = "\n".join(f"- `{code}`: {ERRORS[code].meaning}" for code in codes)
    decisive = {"required": ["code"], "properties": {"code": {"enum": codes}}}
    errors = {"type": "array", "items": Reason, "contains": decisive}
    # Beside the reference, as generators make a class of each `allOf`: of 2,000 refusals.
    schema = {**reference(Refused.__name__), "properties": {"errors": errors}}
    return {"description": said, "content": {JSON: {"schema": schema}}}
