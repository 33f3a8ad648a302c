"""A hook inside the server: one row, how it changes, and what readers see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.hooks import TARGETS, HookCreate, check_said
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.signatures import Way, way_of
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .definitions import Recipe

KIND: Final = "hk"
PATH: Final = "/v1/hooks/"
LARGEST_BODY: Final = 32 * 1024
"""Bytes of all that a hook says."""
HEADER_OF_CALLERS: Final = "idempotency-key"
"""By it programs that sign nothing tell a call that is sent again."""
_REPLAY_BY: Final = {
    "standard": "id",
    "stripe": "id",
    "slack": "body",
    "github": "body",
    "hmac": "body",
    "bearer": "header",
    "none": "header",
}
_BESIDE: Final = ("name", "enabled", "secret")
_WAY: Final = {
    "toleranceS": "tolerance_s",
    "header": "header",
    "prefix": "prefix",
    "encoding": "encoding",
    "algorithm": "algorithm",
    "signed": "signed",
    "timestampHeader": "timestamp_header",
    "idHeader": "id_header",
}


@dataclass(frozen=True, slots=True)
class HookRow:
    """One row of table ``hook``, its fields in the table's order; times are milliseconds.

    ``door`` is the last part of its address, which nobody guesses. ``body`` is the JSON object of what else it says.
    """

    id: int
    space_id: int
    door: str
    name: str
    enabled: int
    version: int
    body: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @property
    def public_id(self) -> str:
        """The id that readers know."""
        return encode(KIND, self.id)

    @property
    def said(self) -> "Said":
        """What the body says."""
        return _read(self.body)


@dataclass(frozen=True)
class Said:
    """What a hook says, as on the wire; nothing in it is to be changed."""

    facts: Mapping[str, Any]
    way: Way
    recipe: Recipe
    """Its parameters as those of a definition that has no others."""

    @property
    def kind(self) -> str:
        """How calls prove from whom they come."""
        return self.way.kind

    @property
    def params(self) -> dict[str, Any] | None:
        """Templates; None where it has none."""
        return self.facts.get("params")

    @property
    def replay_by(self) -> str:
        """What tells a call that is sent again."""
        return str(self.facts.get("replayBy") or _REPLAY_BY[self.kind])

    @property
    def replay_header(self) -> str:
        """The header that does, where one does."""
        return str(self.facts.get("replayHeader") or HEADER_OF_CALLERS)

    @property
    def target(self) -> tuple[str, str]:
        """What it starts: ``definition``, ``jobType`` or ``event``, and which."""
        return next((name, str(self.facts[name])) for name in TARGETS if name in self.facts)


@lru_cache(maxsize=512)
def _read(body: str) -> Said:
    facts: dict[str, Any] = orjson.loads(body)
    verification = facts["verification"]
    way = way_of(verification["kind"], {_WAY[n]: v for n, v in verification.items() if n != "kind"})
    recipe = Recipe({"params": facts.get("params") or {}, "triggers": [], "modes": {}}, is_template=True)
    return Said(facts, way, recipe)


def new_hook(space_id: int, body: HookCreate, door: str, now: int, actor: str) -> HookRow:
    """The row of a new hook, which has no id yet."""
    said = body.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={*_BESIDE})
    return HookRow(0, space_id, door, body.name, int(body.enabled), 1, _text(said), now, actor, now, actor)


def changed_hook(row: HookRow, sent: Mapping[str, Any], now: int, actor: str) -> HookRow:
    """The hook with what was sent, as on the wire, null where something goes; the same object where nothing differs. Refusals."""
    before = row.said.facts
    said = {**before, **{name: value for name, value in sent.items() if name not in _BESIDE}}
    if any(sent.get(name) is not None for name in TARGETS):
        said |= {name: None for name in TARGETS if sent.get(name) is None}
    said = {name: value for name, value in said.items() if value is not None}
    _check(before, said)
    name = row.name if sent.get("name") is None else sent["name"]
    enabled = row.enabled if sent.get("enabled") is None else int(sent["enabled"])
    after = replace(row, name=name, enabled=enabled, body=_text(said))
    if after == row:
        return row
    return replace(after, version=row.version + 1, updated_at=now, updated_by=actor)


def _check(before: Mapping[str, Any], said: dict[str, Any]) -> None:
    if "verification" not in said:
        raise Refusal("invalid", "verification: a hook has one; kind none is one too.", key="verification")
    kind = before["verification"]["kind"]
    if said["verification"]["kind"] != kind:
        raise Refusal(
            "conflict",
            f"verification: the kind of a hook stays, and this one is of kind {kind}: make another hook with the new kind, and delete this "
            "one.",
            key="verification.kind",
        )
    try:
        check_said(said)
    except ValueError as error:
        raise Refusal("invalid", f"{error}.") from None


def _text(said: Mapping[str, Any]) -> str:
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    if len(text) > LARGEST_BODY:
        raise Refusal("too_large", f"A hook says at most {LARGEST_BODY // 1024} KiB of JSON.", key="params")
    return text.decode()


def renewed(row: HookRow, now: int, actor: str, door: str | None = None) -> HookRow:
    """The hook after a change of its secret, with another address where one is given."""
    return replace(
        row,
        door=row.door if door is None else door,
        version=row.version + 1,
        updated_at=now,
        updated_by=actor,
    )


def hook_wire(row: HookRow, base_url: str | None, old_secret_until: int | None = None) -> dict[str, Any]:
    """The hook as JSON object; its address for those who are given a ``base_url``, since it may be all that a caller must know."""
    said = row.said
    shown = {
        "id": row.public_id,
        "name": row.name,
        "enabled": bool(row.enabled),
        "path": None if base_url is None else f"{PATH}{row.door}",
        "url": None if base_url is None else f"{base_url}{PATH}{row.door}",
        "accepts": "auto",
        "waitS": 0,
        **said.facts,
        "replayBy": said.replay_by,
        "replayHeader": said.replay_header if said.replay_by == "header" else None,
        "oldSecretUntil": to_wire_or_none(old_secret_until),
        "version": row.version,
        "createdAt": to_wire(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": to_wire(row.updated_at),
        "updatedBy": row.updated_by,
    }
    return {name: value for name, value in shown.items() if value is not None}


def hook_facts(row: HookRow) -> dict[str, Any]:
    """What the audit keeps of it: not its address, which is a secret of hooks that have no other."""
    return {"name": row.name, "enabled": bool(row.enabled), **row.said.facts, "version": row.version}
