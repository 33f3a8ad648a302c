"""Pieces of Markdown that the pages of docs/reference are made of."""

import inspect
from collections.abc import Iterable, Sequence

Row = Sequence[object]


def page(title: str, *blocks: str) -> str:
    """A whole page."""
    return (
        "\n\n".join(
            [
                f"# {title}",
                "<!-- Made by docs/generate.py (make docs): edit the code, not this page. -->",
                *blocks,
            ]
        )
        + "\n"
    )


def prose(docstring: str | None) -> str:
    """A module's docstring without its first sentence."""
    return inspect.cleandoc(docstring or "").partition("\n\n")[2].replace("``", "`")


def table(head: Sequence[str], rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(cell, one)) + " |" for one in lines)


def cell(value: object) -> str:
    """The text on one line; outside code, an angle bracket is no tag."""
    parts = " ".join(str(value).replace("|", "\\|").split()).split("`")
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(parts))


def code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def line(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
