"""Answers beside what is said of them: whatever a test gets from a server must be described, to the last field."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from listener_sdk._version import __version__
from server.describe.openapi import openapi
from server.web.parameters import TAKEN
from server.web.routes import ROUTES

UNDESCRIBED = {"no_route", "method_not_allowed"}
"""What is said of paths and methods that there are not."""
BY_AIOHTTP = 417
"""An Expect header that nobody sends is refused before the call is looked at."""
STEPS = {"properties": "", "anyOf": "", "allOf": "", "oneOf": "", "items": "Item"}
"""What keywords of JSON Schema add to the names that generators make."""
OPEN = {"BulkError"}
"""Models that hold what others say, which may be more."""


@cache
def whole() -> Any:
    """The description of all routes."""
    return openapi(ROUTES, TAKEN, __version__)


def parts(tree: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All objects of a description, under the names that generators of code make of their places: `Job` + `result` is JobResult."""
    if isinstance(tree, list):
        for one in tree:
            yield from parts(one, name)
    elif isinstance(tree, dict):
        yield name, tree
        for word, one in tree.items():
            yield from parts(one, name + STEPS.get(word, word[:1].upper() + word[1:]))


@cache
def _strict() -> Any:
    """The components, with which a field that is not described is a fault."""
    found = json.loads(json.dumps(whole()["components"]))
    for name, schema in found["schemas"].items():
        if name not in OPEN:
            _close(schema)
    return found


def _close(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for one in schema.values():
            _close(one)
    elif isinstance(schema, list):
        for one in schema:
            _close(one)


@cache
def _routes() -> list[tuple[str, Any, Any]]:
    paths = whole()["paths"]
    return [
        (route.method, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))), paths[route.path][route.method.lower()])
        for route in ROUTES
    ]  # fmt: skip


def operation(method: str, path: str) -> Any:
    """The description of a call; None of what is no call."""
    bare = path.partition("?")[0].partition("#")[0]
    return next((said for name, form, said in _routes() if name == method and form.fullmatch(bare)), None)


def _response(said: Any, status: int) -> Any:
    found = said["responses"].get(str(status))
    if found is not None and "$ref" in found:
        return whole()["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found


@cache
def _validator(name: str, status: int, kind: str) -> Draft202012Validator:
    said = next(one for _, _, one in _routes() if one["operationId"] == name)
    schema = json.loads(json.dumps(_response(said, status)["content"][kind]["schema"]))
    if 200 <= status < 300:
        _close(schema)
    return Draft202012Validator({**schema, "components": {"schemas": _needed(schema)}}, validate_formats=True)


def _needed(schema: Any) -> dict[str, Any]:
    """The schemas to which this one refers, and they: a validator holds all that it is given, and there are hundreds."""
    schemas, found, asked = _strict()["schemas"], {}, _references(schema)
    while asked:
        name = asked.pop()
        if name not in found:
            found[name] = schemas[name]
            asked |= _references(schemas[name])
    return found


def _references(schema: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema)))


def _json(raw: bytes) -> Any:
    """None of what is no JSON: a file may call itself so, or be sent in part."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def check_answer(method: str, path: str, status: int, content_type: str, raw: bytes) -> None:
    """Fail unless this answer to a call is one of those that are described."""
    said = operation(method, path)
    if said is None or not raw or status == BY_AIOHTTP:
        return
    body = _json(raw) if content_type == "application/json" else None
    if isinstance(body, dict) and {one.get("code") for one in body.get("errors", ())} & UNDESCRIBED:
        return
    response = _response(said, status)
    assert response is not None, f"{method} {path}: {status} is not described: {raw[:500]!r}"
    kinds = response.get("content", {})
    kind = content_type if content_type in kinds else "*/*"
    assert kind in kinds, f"{method} {path}: {status} {content_type} is not described"
    if body is not None and kind == "application/json":
        wrong = [
            f"{one.instance_path}: {one.message}"
            for one in _validator(said["operationId"], status, kind).iter_errors(body)
        ]
        assert not wrong, f"{method} {path}: {status}: {wrong[:5]} in {raw[:1000]!r}"
