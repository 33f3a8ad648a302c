"""What people do with the watermark of a definition: set it, so that the next delta run reads from there, or reset it."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal

from ..core.actors import Actor
from ..core.definitions import DefinitionRow
from ..core.watermarks import DELTA, Watermark, put, reset
from ..store import definitions as definitions_sql
from ..store import watermarks as sql
from ..store.command import Command, always
from ..store.database import Reader
from ..store.transaction import Transaction
from . import definitions
from .changes import tell
from .run_modes import MOVED
from .standing import by

RESET: Final = "definition:watermark-reset"


@dataclass(frozen=True, slots=True)
class SetWatermark:
    """``name`` is the definition's code or id."""

    actor: Actor
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ResetWatermark:
    """``name`` is the definition's code or id."""

    actor: Actor
    name: str


def read(reader: Reader, actor: Actor, name: str) -> Watermark:
    """The watermark of a definition; Refusal ``not_found``."""
    row, _ = definitions.find(reader, actor, name)
    return sql.load_many(reader, (row.id,)).get(row.id) or Watermark(row.id, row.space_id)


def set_to(tx: Transaction, item: SetWatermark) -> Watermark:
    """The next delta run reads from this value on; runs that go on move it no more. Refusals ``not_found``, ``invalid``."""
    row, job_type = definitions.find(tx.connection, item.actor, item.name)
    if DELTA not in job_type.modes:
        raise Refusal(
            "invalid",
            f"The job type {job_type.code} of this definition has no mode delta, so that no run would read the watermark.",
            key="value",
        )
    before = _kept(tx, row)
    if before.value == item.value:
        return before
    after = put(before, item.value, tx.now)
    facts = {"from": before.value, "to": after.value}
    return _change(tx, item.actor, row, (before, after), MOVED, facts)


def reset_to_none(tx: Transaction, item: ResetWatermark) -> Watermark:
    """The next run is as the first; runs that go on move nothing. Where that is so already, nothing is said. Refusal ``not_found``."""
    row, _ = definitions.find(tx.connection, item.actor, item.name)
    before = _kept(tx, row)
    tx.flush()
    if before.is_first and definitions_sql.unfinished_job(tx.connection, row.id) is None:
        return before
    return _change(tx, item.actor, row, (before, reset(before, tx.now)), RESET, {"from": before.value})


def _kept(tx: Transaction, row: DefinitionRow) -> Watermark:
    mark = sql.keep(tx.connection, row.id)
    assert mark is not None, "who removes definitions waits for the turn"
    return mark


def _change(
    tx: Transaction,
    actor: Actor,
    row: DefinitionRow,
    marks: tuple[Watermark, Watermark],
    topic: str,
    facts: dict[str, Any],
) -> Watermark:
    before, after = marks
    sql.replace(tx.connection, after, before.version)
    payload = {"definition": row.code, "jobType": row.type_code, **facts, "version": after.version}
    tell(
        tx,
        actor,
        topic,
        row.public_id,
        {name: value for name, value in payload.items() if value is not None},
        before={"watermark": before.value},
        after={"watermark": after.value},
    )
    return after


SET_WATERMARK: Final[Command[SetWatermark, Watermark]] = Command(
    "set_watermark", set_to, guard=by("define"), turn=always
)
RESET_WATERMARK: Final[Command[ResetWatermark, Watermark]] = Command(
    "reset_watermark", reset_to_none, guard=by("define"), turn=always
)
