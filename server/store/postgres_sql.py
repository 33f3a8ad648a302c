"""Our SQL in PostgreSQL's words: numbered parameters, lists as arrays, lock clauses, and many rows in one JSON parameter."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

_UNTYPED: Final = 0
_BIGINT: Final = 20
_TEXT: Final = 25
_DOUBLE: Final = 701
_WORDS: Final = re.compile(
    r"""(?P<kept>'[^']*'|"[^"]*"|::)|(?P<negated>\bNOT\s+)?\bIN\s+(?P<kind>LIST|TEXTS)\(:(?P<list>\w+)\)|:(?P<name>[A-Za-z_]\w*)"""
    r"""|\bFOR_(?P<lock>CLAIM|CHANGE|USE)\b"""
)
_KINDS: Final = {"LIST": "bigint", "TEXTS": "text"}
_LOCKS: Final = {"CLAIM": "FOR UPDATE SKIP LOCKED", "CHANGE": "FOR UPDATE", "USE": "FOR KEY SHARE"}


class Statement(NamedTuple):
    """What is sent: SQL with $1, $2 ..., the types of its parameters, and their texts."""

    sql: bytes
    oids: tuple[int, ...] = ()
    values: Sequence[bytes | None] = ()


class _Plan(NamedTuple):
    sql: bytes
    names: tuple[str, ...]
    lists: frozenset[str]


def statement(sql: str, params: Mapping[str, Any]) -> Statement:
    """A statement of ours with its parameters. Integers are always bigint, so that one prepared statement serves all."""
    plan = translate(sql)
    oids: list[int] = []
    values: list[bytes | None] = []
    for name in plan.names:
        value = params[name]
        if name in plan.lists:
            oids.append(_UNTYPED)
            values.append(b"{%s}" % b",".join(map(_element, value)))
        else:
            oid, text = _parameter(value)
            oids.append(oid)
            values.append(text)
    return Statement(plan.sql, tuple(oids), values)


def _element(value: int | str) -> bytes:
    """One of an array, as PostgreSQL writes arrays (its manual, 8.15.6)."""
    if isinstance(value, int):
        return b"%d" % value
    return b'"%s"' % _text(value.replace("\\", "\\\\").replace('"', '\\"'))


def _parameter(value: Any) -> tuple[int, bytes | None]:
    if value is None:
        return _UNTYPED, None
    if isinstance(value, str):
        return _TEXT, _text(value)
    if isinstance(value, int):
        return _BIGINT, b"%d" % value
    return _DOUBLE, repr(float(value)).encode()


def _text(value: str) -> bytes:
    if "\0" in value:
        # The client's library would send what stands before it, which may be another thing's name.
        raise ValueError("PostgreSQL knows no text with the character NUL.")
    return value.encode()


@lru_cache(maxsize=1024)
def translate(sql: str) -> _Plan:
    """Our words in PostgreSQL's own; texts in quotes stay as they are."""
    names: list[str] = []
    lists: set[str] = set()

    def place(name: str) -> str:
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    def word(found: re.Match[str]) -> str:
        if found["kept"]:
            return found["kept"]
        if found["lock"]:
            return _LOCKS[found["lock"]]
        if found["list"]:
            lists.add(found["list"])
            return f"{'<> ALL' if found['negated'] else '= ANY'}({place(found['list'])}::{_KINDS[found['kind']]}[])"
        return place(found["name"])

    text = _WORDS.sub(word, sql)
    return _Plan(text.encode(), tuple(names), frozenset(lists))


def insert(
    table: str, columns: Sequence[str], types: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> Statement:
    """Insert rows, values in the order of columns."""
    sql = _insert(table, tuple(columns), tuple(types[name] for name in columns))
    return Statement(sql, (_UNTYPED,), (_json(rows, len(columns)),))


def update(
    table: str, columns: Sequence[str], types: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> Statement:
    """Set columns by id: each row holds the values in the order of columns, then the id."""
    sql = _update(table, tuple(columns), tuple(types[name] for name in columns))
    return Statement(sql, (_UNTYPED,), (_json(rows, len(columns) + 1),))


def append_log(columns: Sequence[str], types: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Statement:
    """Take as many numbers as there are events and insert the events with them, in one statement; the first number."""
    sql = _append(tuple(columns), tuple(types[name] for name in columns))
    numbered = ((*row, place) for place, row in enumerate(rows, 1))
    return Statement(sql, (_BIGINT, _UNTYPED), (b"%d" % len(rows), _json(numbered, len(columns) + 1)))


def _json(rows: Iterable[Sequence[Any]], width: int) -> bytes:
    """Rows as objects with numbers for names; what is null is left out, and most columns of a job are."""
    names = _names(width)
    return orjson.dumps([
        {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows
    ])  # fmt: skip


@lru_cache(maxsize=64)
def _names(width: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(width))


def _table(parameter: str, types: Sequence[str]) -> str:
    typed = ", ".join(f'"{number}" {type_}' for number, type_ in enumerate(types))
    return f"json_to_recordset({parameter}::json) AS r({typed})"


def _values(columns: Sequence[str]) -> str:
    return ", ".join(f'r."{number}"' for number in range(len(columns)))


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...], types: tuple[str, ...]) -> bytes:
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {_values(columns)} FROM {_table('$1', types)}"  # noqa: S608 - names come from our own code
    ).encode()


@lru_cache(maxsize=64)
def _update(table: str, columns: tuple[str, ...], types: tuple[str, ...]) -> bytes:
    changes = ", ".join(f'{name} = r."{number}"' for number, name in enumerate(columns))
    rows = _table("$1", (*types, "bigint"))
    return f'UPDATE {table} AS t SET {changes} FROM {rows} WHERE t.id = r."{len(columns)}"'.encode()  # noqa: S608 - names come from our own code


@lru_cache(maxsize=4)
def _append(columns: tuple[str, ...], types: tuple[str, ...]) -> bytes:
    place = f'r."{len(columns)}"'
    return (
        "WITH head AS (UPDATE log_head SET seq = seq + $1 WHERE id = 1 RETURNING seq - $1 AS before), "  # noqa: S608 - names come from our own code
        f"put AS (INSERT INTO event (seq, {', '.join(columns)}) SELECT head.before + {place}, {_values(columns)} "
        f"FROM head CROSS JOIN {_table('$2', (*types, 'bigint'))}) SELECT before + 1 FROM head"
    ).encode()
