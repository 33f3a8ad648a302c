"""Globs over texts of segments (``workbook:*``) as SQL conditions that SQLite and PostgreSQL share."""

import re
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal

LONGEST: Final = 192
_WILD: Final = re.compile(r"[*?]")
_SPECIAL: Final = re.compile(r"[%_\\]")


def condition(column: str, pattern: str, name: str, params: dict[str, Any]) -> str:
    """A condition on ``column`` that uses parameters called after ``name``, which it adds to ``params``.

    ``*`` and ``?`` stay within a segment; ``**`` stands alone, or once, as first or last segment, without other
    wildcards. Refusal ``bad_filter`` else.
    """
    if not 1 <= len(pattern) <= LONGEST:
        raise Refusal("bad_filter", f"A pattern has 1 to {LONGEST} characters.", key=name)
    if pattern == "**":
        return "1 = 1"
    if not _WILD.search(pattern):
        params[name] = pattern
        return f"{column} = :{name}"
    if "**" in pattern:
        return _open_ended(column, pattern, name, params)
    params |= {name: _like(pattern), f"{name}_colons": pattern.count(":")}
    # As many colons as the pattern has: then no % matched one, and each * has stayed within its segment.
    colons = f"length({column}) - length(replace({column}, ':', '')) = :{name}_colons"
    return " AND ".join(
        [f"{column} LIKE :{name} ESCAPE '\\'", colons, *_cases(column, pattern, name, params)]
    )


def _cases(column: str, pattern: str, name: str, params: dict[str, Any]) -> list[str]:
    """Every literal part must stand there letter for letter: SQLite's LIKE takes a and A for the same."""
    found = []
    for i, part in enumerate(part for part in _WILD.split(pattern) if part):
        params[f"{name}_part{i}"] = part
        found.append(f"replace({column}, :{name}_part{i}, '') <> {column}")
    return found


def _open_ended(column: str, pattern: str, name: str, params: dict[str, Any]) -> str:
    start, end = pattern.removesuffix("**"), pattern.removeprefix("**")
    if start.endswith(":") and not _WILD.search(start):
        params |= {f"{name}_start": start, f"{name}_start_length": len(start)}
        return f"substr({column}, 1, CAST(:{name}_start_length AS INTEGER)) = :{name}_start"
    if end.startswith(":") and not _WILD.search(end):
        params |= {f"{name}_end": end, f"{name}_end_length": len(end)}
        return f"substr({column}, length({column}) - CAST(:{name}_end_length AS INTEGER) + 1) = :{name}_end"
    raise Refusal(
        "bad_filter", "** stands alone, or as first or last segment without other wildcards.", key=name
    )


def literally(text: str) -> str:
    """The text as LIKE takes it, with a backslash as ESCAPE."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _like(pattern: str) -> str:
    return literally(pattern).replace("*", "%").replace("?", "_")
