"""Parameters: each that the code reads is described."""

import ast
from pathlib import Path

import pytest

from server.describe.calls import CALLS
from server.describe.openapi import name_of
from server.describe.parameters import ANYWHERE, QUERY, path_parameter, query_parameter
from server.web import routes
from server.web.parameters import TAKEN
from server.web.routes import ROUTES

READERS = {"text", "texts", "choice", "integer", "truth", "time"}


def read_in(path):
    """What a module reads of addresses, as far as it is written there."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS
        )
        if (
            called
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.args[0].value


def test_every_name_that_is_read_or_checked_is_described():
    folder = Path(routes.__file__).parent
    read = {name for path in folder.glob("*.py") if path.name != "queries.py" for name in read_in(path)}
    assert {"since", "pageSize"} <= read
    assert read | {name for names in TAKEN.values() for name in names} <= set(QUERY)


def test_every_name_that_a_call_takes_is_described():
    for shape in CALLS.values():
        assert set(shape.query) <= set(QUERY)
    assert set(ANYWHERE) <= set(QUERY)


def test_lists_are_checked_or_described():
    """A list that takes the next page says so."""
    for route in ROUTES:
        shape = CALLS[name_of(route)]
        if shape.answers.get(200, {}).get("application/json", {}) and "pageSize" in shape.query:
            assert "cursor" in shape.query, route


def test_a_name_may_mean_something_else_in_one_place():
    assert query_parameter("/v1/jobs", "status")["schema"]["type"] == "array"
    assert query_parameter("/v1/jobs", "status")["explode"] is False
    assert query_parameter("/v1/hooks/{id}/deliveries", "status")["schema"]["type"] == "string"


def test_unknown_names_fail():
    with pytest.raises(KeyError):
        query_parameter("/v1/jobs", "colour")
    with pytest.raises(KeyError):
        path_parameter("colour")


def test_parts_of_a_path_are_needed():
    assert path_parameter("id")["required"] is True
    assert path_parameter("version")["schema"]["type"] == "integer"
