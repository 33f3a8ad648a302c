"""SQL of the wall between spaces: whose is what a call has named."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from listener_sdk.protocol.ids import decode, environment_id, space_code, space_id

from ..core.missed import MISSED, read_missed_id
from .database import Reader


class _Rows(NamedTuple):
    """Where the things of a kind are: ``numbered`` by the integer in their ids, else by the ids themselves."""

    table: str
    column: str
    numbered: bool = True


KINDS: Final = {
    "jb": _Rows("job", "id"),
    "ev": _Rows("event", "seq"),
    "fl": _Rows("file", "id"),
    "key": _Rows("api_key", "id", numbered=False),
    "sec": _Rows("secret", "id"),
    "mem": _Rows("member", "id"),
    "def": _Rows("definition", "id"),
    "ac": _Rows("action", "id"),
    "sch": _Rows("schedule", "id"),
    "nt": _Rows("notification", "id"),
    "hk": _Rows("hook", "id"),
    "hd": _Rows("hook_delivery", "id"),
    "ep": _Rows("endpoint", "id"),
    "msg": _Rows("endpoint_message", "id"),
    "lsn": _Rows("listener", "id"),
}
"""Every kind of id that a route or frame takes, but those of spaces, which are made of their codes."""
_AT_ONCE: Final = 100


def _slots(reader: Reader, own: int, names: Iterable[str]) -> list[tuple[str, int]]:
    """Due times of another space, which are named together with their schedule."""
    found = []
    for name in names:
        number = read_missed_id(name)
        if number is None:
            continue
        rows = reader.rows(
            "SELECT one.space_id FROM slot one JOIN space s ON s.id = one.space_id "
            "WHERE s.deleted_at IS NULL AND one.schedule_id = :schedule AND one.due_at = :due",
            schedule=number[0],
            due=number[1],
        )
        found += [(name, row[0]) for row in rows if row[0] != own]
    return found


def elsewhere(reader: Reader, own: int, names: Iterable[str]) -> list[tuple[str, int]]:
    """Those of these names that mean something of another space, and which; a space that is being removed has nothing."""
    chosen = list(dict.fromkeys(names))
    found: list[tuple[str, int]] = []
    for kind, rows in KINDS.items():
        ids = {
            _key(rows, number, name): name for name in chosen if (number := decode(kind, name)) is not None
        }
        found += [(ids[key], space) for key, space in _owners(reader, rows, list(ids)) if space != own]
    slots = [name for name in chosen if name.startswith(f"us_{MISSED}_")][:_AT_ONCE]
    return found + _slots(reader, own, slots) + _spaces(reader, own, chosen)


def _key(rows: _Rows, number: int, name: str) -> int | str:
    return number if rows.numbered else name


def _owners(reader: Reader, rows: _Rows, keys: list[int | str]) -> list[tuple[int | str, int]]:
    found: list[tuple[int | str, int]] = []
    for first in range(0, len(keys), _AT_ONCE):
        some = {f"k{place}": key for place, key in enumerate(keys[first : first + _AT_ONCE])}
        found += [
            (row[0], row[1])
            for row in reader.rows(
                f"SELECT one.{rows.column}, one.space_id FROM {rows.table} one JOIN space s ON s.id = one.space_id "  # noqa: S608 - names stand above
                f"WHERE s.deleted_at IS NULL AND one.{rows.column} IN ({', '.join(f':{name}' for name in some)})",
                **some,
            )
        ]
    return found


def _spaces(reader: Reader, own: int, names: list[str]) -> list[tuple[str, int]]:
    codes: dict[str, list[str]] = {}
    for name in names:
        if name in _ids_of(space_code(name)):
            codes.setdefault(space_code(name), []).append(name)
    found = []
    for code, named in list(codes.items())[:_AT_ONCE]:
        rows = reader.rows("SELECT id FROM space WHERE code = :code AND deleted_at IS NULL", code=code)
        found += [(name, row[0]) for row in rows if row[0] != own for name in named]
    return found


def _ids_of(code: str) -> set[str]:
    return {space_id(code), environment_id(code)}
