"""What import-linter cannot say: relative imports, the purity of the protocol by list, names, and who may print."""

import ast
import sys

import pytest

pytestmark = pytest.mark.xdist_group("imports")
"""Every module is read once, not by each worker."""

PURE = frozenset({
    "annotated_types", "base64", "binascii", "collections", "dataclasses", "datetime", "difflib", "enum", "functools", "hashlib", "heapq", "hmac", "itertools", "json", "math", "operator",
    "pydantic", "pydantic_core", "re", "string", "typing", "urllib",
})  # fmt: skip
"""All that the protocol imports from outside of itself; of ``urllib`` what reads and writes addresses."""

FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "base"}

PRINTERS = {"server/app.py", "server/__main__.py", "server/virtual/__main__.py"}
"""The one line when the server is ready, the one when it cannot start, and what simulations tell. The command line writes by click and rich."""


def outside(tree):
    """The absolute imports of a module, by their first name."""
    for node in tree:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


@pytest.fixture(scope="module")
def trees(python_files):
    """All nodes of each module, the module itself first."""
    return {name.as_posix(): tuple(ast.walk(ast.parse(path.read_bytes()))) for name, path in python_files}


def test_inside_the_server_imports_are_relative(trees):
    """A user's own module may be called server, and the tests load this one under another name."""
    found = [name for name, tree in trees.items() if name.startswith("server/") and "server" in outside(tree)]
    assert found == [], "\n".join(found)


def test_inside_the_sdk_imports_are_relative(trees):
    """Scripts that are shipped to users, such as the demo, import it as users do."""
    found = [
        name
        for name, tree in trees.items()
        if name.startswith("listener_sdk/") and "/demo/" not in name and "listener_sdk" in outside(tree)
    ]
    assert found == [], "\n".join(found)


def test_the_protocol_imports_only_itself_and_what_is_pure(trees):
    found = {
        name: sorted(set(outside(tree)) - PURE)
        for name, tree in trees.items()
        if name.startswith("listener_sdk/protocol/") and set(outside(tree)) - PURE
    }
    assert found == {}


def test_the_protocol_does_not_look_above_itself(trees):
    found = [
        name
        for name, tree in trees.items()
        if name.startswith("listener_sdk/protocol/")
        for node in tree
        if isinstance(node, ast.ImportFrom) and node.level > 1
    ]
    assert found == [], "\n".join(found)


def test_no_module_has_a_name_that_says_nothing(trees):
    found = [
        name for name in trees if FORBIDDEN_NAMES & set(name.removesuffix(".py").replace("_", "/").split("/"))
    ]
    assert found == [], "\n".join(found)


def test_no_class_or_function_has_a_name_that_says_nothing(trees):
    named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        f"{name}:{node.lineno}: {node.name}"
        for name, tree in trees.items()
        for node in tree
        if isinstance(node, named)
        and node.name.lower().endswith(("manager", "helper", "helpers", "util", "utils"))
    ]
    assert found == [], "\n".join(found)


def test_packages_do_not_print(trees):
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if name.startswith(("listener_sdk/", "server/")) and name not in PRINTERS
        for node in tree
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == [], "\n".join(found)


def test_every_module_says_what_it_owns(trees):
    found = [
        name
        for name, tree in trees.items()
        if name.startswith(("listener_sdk/", "server/")) and not name.endswith("/_version.py")
        if not ast.get_docstring(tree[0])
    ]
    assert found == [], "\n".join(found)


def test_what_is_pure_is_there_to_be_imported():
    third_party = {"annotated_types", "pydantic", "pydantic_core"}
    assert sys.stdlib_module_names >= PURE - third_party
