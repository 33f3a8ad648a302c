"""Secrets are compared by one function, in constant time: by construction, since nothing else compares them."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import server
from server.security.equal import equal

SECRETS = {"secret", "secret_hash", "old_hash", "stored", "signature", "given", "token", "stamp", "hash_", "fingerprint"}  # fmt: skip
MODULES = [
    module.name
    for module in pkgutil.walk_packages(server.__path__, "server.")
    if module.name.startswith("server.security.") or module.name in {"server.web.auth", "server.core.keys"}
]
PACKAGE = Path(server.__file__).parent


@pytest.mark.parametrize(
    ("given", "right", "same"),
    [("a", "a", True), ("a", "b", False), ("", "", True), ("", "a", False), ("é", "é", True), ("\ud800", "a", False)],
)  # fmt: skip
def test_texts_of_any_kind_are_compared(given, right, same):
    assert equal(given, right) is same


@pytest.mark.parametrize("name", MODULES)
def test_no_secret_is_compared_in_another_way(name):
    source = Path(importlib.import_module(name).__file__).read_text(encoding="utf-8")
    compared = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(how, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for how in node.ops)
    ]
    sides = [side for node in compared for side in (node.left, *node.comparators)]
    named = {getattr(side, "id", None) or getattr(side, "attr", None) for side in sides}
    allowed = {"fingerprint"} if name == "server.web.auth" else set()
    assert not (named & SECRETS) - allowed


def test_there_is_one_such_function():
    places = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "compare_digest" in path.read_text(encoding="utf-8")
    ]
    assert places == ["security/equal.py"]
