"""Markdown of Python names: their signatures as they are written, their docstrings, and their documented attributes."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final

from listener_sdk.protocol import jobs

LONGEST: Final = 100
"""Characters of a signature that still stand on one line."""

_ALIASES: Final = {
    "Attempts": "list[Attempt]",
    "_bulk.BulkMembers": "list[BulkMember]",
    "Function": "Callable[..., Any]",
    "JsonObject": "dict[str, Any]",
    "LogLines": "list[LogLine]",
    "ProgressPoints": "list[ProgressPoint]",
    "RawJobs": "list[RawJob]",
    "Source": "Path | str | bytes | AsyncIterable[bytes]",
}
_ITERATED: Final = re.compile(r"(Async)?(?:Iterator|Generator)\[.*\]")
_AWAITED: Final = re.compile(r"Coroutine\[Any, Any, (.*)\]")
_DECORATOR: Final = "Callable[[Registered], Registered]"


def function(written: str, found: Callable[..., Any], heading: str) -> str:
    """A function under the name by which it is called."""
    return f"{heading} `{written}`\n\n{signature(written, found)}\n\n{text(found.__doc__)}".rstrip()


def signature(written: str, *found: Callable[..., Any]) -> str:
    """How functions are called, as a block of Python; several get their own names after ``written``."""
    several = [written + (one.__name__ if len(found) > 1 else "") for one in found]
    calls = [_called(name, one) for name, one in zip(several, found, strict=True)]
    return "\n".join(["```python", *calls, "```"])


def text(docstring: str | None) -> str:
    """A docstring as Markdown: its literals as code, its indented blocks as Python."""
    whole = inspect.cleandoc(docstring or "").replace("``", "`")
    return re.sub(r"::\n\n((?:    .*\n?|\n)+)", _block, whole).rstrip()


def attributes(prefix: str, kind: type) -> str:
    """The attributes and properties of a class that have a docstring, as a list."""
    told = [(name, annotation, doc) for name, annotation, doc in _documented(kind) if doc]
    return "\n".join(f"- `{prefix}{name}`: `{annotation}`. {doc}" for name, annotation, doc in told)


def methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions that a class defines itself."""
    for name, found in vars(kind).items():
        plain = found.__func__ if isinstance(found, classmethod) else found
        ours = inspect.isfunction(plain) and plain.__module__ == kind.__module__
        if ours and not name.startswith("_"):
            yield name, plain


# ---- signatures


def _node(found: Any) -> ast.stmt:
    return ast.parse(textwrap.dedent(inspect.getsource(found))).body[0]


def _around(
    node: ast.FunctionDef | ast.AsyncFunctionDef, found: Callable[..., Any]
) -> tuple[str, str | None]:
    """What stands before the call, and what comes of it."""
    result = _shown(node.returns, found)
    if node.name == "__init__":
        return "", None
    if result == _DECORATOR:
        return "@", None
    if iterated := _ITERATED.fullmatch(result):
        return f"{'async ' if iterated[1] else ''}for item in ", None
    if awaited := _AWAITED.fullmatch(result):
        return "await ", awaited[1]
    return ("await " if isinstance(node, ast.AsyncFunctionDef) else ""), result


def _called(written: str, found: Callable[..., Any]) -> str:
    node = _node(found)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    before, result = _around(node, found)
    name, arguments = before + written, _arguments(node, found)
    after = f" -> {result}" if result is not None else ""
    after = ": ..." if " in " in before else after
    whole = f"{name}({', '.join(arguments)}){after}"
    if len(whole) <= LONGEST:
        return whole
    return f"{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){after}"


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef, found: Callable[..., Any]) -> list[str]:
    given = node.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(plain) - len(given.defaults)), *given.defaults]
    told = [_argument(*pair, found) for pair in zip(plain, defaults, strict=True)]
    told = told[1:] if plain and plain[0].arg in {"self", "cls"} else told
    if given.vararg:
        told.append("*" + _argument(given.vararg, None, found))
    elif given.kwonlyargs:
        told.append("*")
    told += [_argument(*pair, found) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return [*told, "**" + _argument(given.kwarg, None, found)] if given.kwarg else told


def _argument(argument: ast.arg, default: ast.expr | None, found: Callable[..., Any]) -> str:
    kind = _shown(argument.annotation, found)
    if default is None:
        return f"{argument.arg}: {kind}"
    value = ast.unparse(default).replace("'", '"')
    return f"{argument.arg}: {kind} = {found.__globals__[value] if value.isupper() else value}"


def _shown(annotation: ast.expr | None, found: Any) -> str:
    """A type as users know it: without quotes and the module of the wire's models, and with what aliases stand for."""
    written = "None" if annotation is None else ast.unparse(annotation)
    names = getattr(found, "__globals__", {})

    def known(match: re.Match[str]) -> str:
        name = match[0].removeprefix("wire.")
        return "RawJob" if names.get(name) is jobs.Job else _ALIASES.get(name, name)

    plain = written.replace("'", '"' if "Literal" in written else "")
    names_known = re.sub(r"[A-Za-z_][\w.]*\w", known, plain)
    return re.sub(r"\b(\w+) \| \1\b", r"\1", names_known)


# ---- docstrings


def _block(match: re.Match[str]) -> str:
    return f":\n\n```python\n{textwrap.dedent(match[1]).strip()}\n```\n\n"


def _documented(kind: type) -> Iterator[tuple[str, str, str]]:
    for one in reversed(kind.__mro__):
        if one.__module__.startswith("listener_sdk"):
            node = _node(one)
            assert isinstance(node, ast.ClassDef)
            for field, doc in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield field.target.id, _shown(field.annotation, None), _said(doc)
            yield from _properties(one)


def _said(doc: ast.stmt | None) -> str:
    found = isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant) and doc.value.value
    return " ".join(str(found).replace("``", "`").split()) if found else ""


def _properties(kind: type) -> Iterator[tuple[str, str, str]]:
    for name, found in vars(kind).items():
        if isinstance(found, property) and found.fget is not None and not name.startswith("_"):
            node = _node(found.fget)
            assert isinstance(node, ast.FunctionDef)
            yield name, _shown(node.returns, found.fget), " ".join(text(found.__doc__).split())
