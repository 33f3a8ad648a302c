"""The run mode of a definition's job: settled when it is leased, and the watermark moved with its success. See docs/run-modes.md."""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.jobs import JobRow
from ..core.later import later
from ..core.watermarks import SETTLED, Verdict, Watermark, after_success, settled
from ..store import watermarks as sql
from ..store.transaction import NewEvent, Transaction
from . import moves
from .changes import context_of

if TYPE_CHECKING:
    from . import run_ends
else:
    run_ends = later(".run_ends", __package__)

MOVED: Final = "definition:watermark-moved"


def settle(tx: Transaction) -> None:
    """Tell the jobs that this batch has leased in which mode they run, and from where on they read.

    Other jobs cost nothing; for all of a batch there is one query. A job that was split goes by what its parts went by.
    """
    leased, tx.unsettled = tx.unsettled, []
    if not leased:
        return
    tx.preload(row.parent_id for row in leased if row.definition_id is None and row.parent_id is not None)
    chains = [_up(tx, row) for row in leased]
    heads = {chain[-1].id: chain[-1] for chain in chains}
    marks = sql.load_many(tx.connection, {row.definition_id or 0 for row in heads.values()})
    for row in heads.values():
        _settle(tx, row, marks)
    for chain in chains:
        _hand_down(tx, chain)


def _up(tx: Transaction, row: JobRow) -> list[JobRow]:
    """A job, and where it is a part that was made before its job began, that job, and so on up to the definition's."""
    chain = [row]
    while row.definition_id is None and row.parent_id is not None and (parent := tx.job(row.parent_id)):
        chain.append(row := parent)
    return chain


def _settle(tx: Transaction, row: JobRow, marks: dict[int, Watermark]) -> None:
    modes, described = row.run_modes, row.described()
    if modes is None or (row.parts is not None and "watermark" in described):
        return
    mark = marks.get(row.definition_id or 0)
    _describe(tx, row, {**described, **settled(modes, mark).wire()})
    run_ends.settled(tx, row)


def _hand_down(tx: Transaction, chain: list[JobRow]) -> None:
    for parent, part in zip(reversed(chain), reversed(chain[:-1]), strict=False):
        known = parent.described()
        given: dict[str, Any] = {name: known[name] for name in SETTLED if name in known}
        _describe(tx, part, of_part({**part.described(), **given}))


def _describe(tx: Transaction, row: JobRow, described: dict[str, Any]) -> None:
    row.spec = orjson.dumps(described).decode()
    tx.changed(row)


def of_part(described: dict[str, Any]) -> dict[str, Any]:
    """The description of a part, which asks no more where its job knows its mode."""
    return {
        name: value for name, value in described.items() if name != "modes" or "watermark" not in described
    }


def of_rerun(described: dict[str, Any]) -> dict[str, Any]:
    """The description of a rerun, which goes by the watermark as it is when it is leased."""
    if "modes" not in described:
        return described
    return {name: value for name, value in described.items() if name not in SETTLED}


# ---- the end


def check_moves(row: JobRow, to: str | None) -> None:
    """Refusal ``invalid`` unless this job may say how far it has come."""
    if to is None or _has_watermark(row):
        return
    why = (
        "it is a part: return how far it came, and let the job that was split say so"
        if row.part_number is not None
        else "it is no job of a definition whose job type has the mode delta"
    )
    raise Refusal("invalid", f"watermark: this job moves none: {why}. Leave watermark out.", key="watermark")


def _has_watermark(row: JobRow) -> bool:
    return row.definition_id is not None and row.run_modes is not None


def told(row: JobRow) -> str | None:
    """What a job that was complete said of the watermark."""
    if not _has_watermark(row):
        return None
    to: str | None = (row.described().get("watermark") or {}).get("to")
    return to


def succeed(tx: Transaction, row: JobRow, actor: str, to: str | None, *, is_partial: bool) -> dict[str, Any]:
    """Note the success of a definition's job, and move its watermark; what the end of the job tells of that.

    A run does not move what was moved or reset since it began: the job's log says so.
    """
    modes = None if row.definition_id is None else row.run_modes
    if row.definition_id is None or modes is None:
        return {}
    settle(tx)
    kept = is_partial and modes.get("onPartial") != "advance"
    move = _move(tx, row, row.definition_id, to, is_kept=kept)
    return {} if to is None else _told(tx, row, actor, to, move)


class _Move(NamedTuple):
    """What the end of a run has made of the watermark; there is none where the definition was removed."""

    before: Watermark | None
    after: Watermark | None
    verdict: Verdict


def _move(tx: Transaction, row: JobRow, definition_id: int, to: str | None, *, is_kept: bool) -> _Move:
    began_with = row.described()["watermark"]["version"]
    before = sql.keep(tx.connection, definition_id)
    if before is None:
        return _Move(None, None, Verdict.CHANGED)
    after, verdict = after_success(before, began_with, to, tx.now, row.id, is_kept=is_kept)
    if after != before and not sql.replace(tx.connection, after, before.version):
        verdict = Verdict.CHANGED
    return _Move(before, after, verdict)


def _told(tx: Transaction, row: JobRow, actor: str, to: str, move: _Move) -> dict[str, Any]:
    described, is_moved = row.described(), move.verdict is Verdict.MOVED
    _describe(tx, row, {**described, "watermark": {**described["watermark"], "to": to, "moved": is_moved}})
    stood = None if move.before is None else move.before.value
    shown: dict[str, Any] = {"from": stood, "to": to, "moved": is_moved}
    if not is_moved:
        shown["reason"] = move.verdict.value
        _explain(tx, row, to, stood, move.verdict)
    elif move.after is not None and move.after.value != stood:
        _say(tx, row, actor, {"from": stood, "to": to, "version": move.after.version})
    return {"watermark": shown}


def _explain(tx: Transaction, row: JobRow, to: str, stood: str | None, verdict: Verdict) -> None:
    level = "info" if verdict is Verdict.PARTIAL else "warning"
    reads = f"The next delta run reads from {stood or 'where this one did'}."
    moves.write_log(tx, row, level, f"The watermark was not moved to {to}: {_WHY[verdict]} {reads}")


_WHY: Final = {
    Verdict.CHANGED: "it was moved, set or reset since this run began, or its definition was removed.",
    Verdict.PARTIAL: "the run was complete only in part, and the definition keeps the watermark then (modes.onPartial).",
}


def _say(tx: Transaction, row: JobRow, actor: str, facts: dict[str, Any]) -> None:
    job = encode("jb", row.id)
    payload = {**row.head, **facts, "jobId": job}
    context = {**context_of(tx, tx.space(row.space_id), actor), "jobId": job}
    body = {"topic": MOVED, "domain": "definition", "context": context, "payload": payload}
    tx.append(NewEvent(row.space_id, MOVED, None, terminal=False, body=body))
