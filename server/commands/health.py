"""How the ends of runs turn the health of their definitions, by one look for all of a batch.

A run that was complete in part turns nothing, as it moves no watermark: what failed before it may fail still.
"""

from functools import partial
from typing import Any, Final

from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.times import to_wire

from ..core.actors import SYSTEM
from ..core.health import Health
from ..store import health as sql
from ..store.runs import Ended
from ..store.transaction import NewEvent, Transaction
from .changes import context_of

FAILING: Final = "definition:failing"
RECOVERED: Final = "definition:recovered"


def turn(tx: Transaction, end: Ended) -> None:
    """A run says how its definition is; of a due time that has failed there is no job."""
    if tx.runs.end(end):
        tx.at_end(partial(follow, tx))


def follow(tx: Transaction) -> None:
    """Turn what the ends of this batch turn, one after the other, and say so."""
    ends = tx.runs.taken()
    before = _kept(tx, ends)
    if not before:
        return
    now = dict(before)
    for end in ends:
        health = now.get(end.definition_id)
        if health is None:
            continue
        if end.is_success:
            now[end.definition_id] = _succeeded(tx, health, end)
        else:
            now[end.definition_id] = _failed(tx, health, end)
    _write(tx, before, now)


def _kept(tx: Transaction, ends: list[Ended]) -> dict[int, Health]:
    """What is known of those that may turn: a success of a healthy definition has no row, and needs none."""
    failed = {end.definition_id for end in ends if not end.is_success}
    asked = failed | ({end.definition_id for end in ends} - tx.runs.well)
    found = sql.keep_many(tx.connection, asked) if asked else {}
    missing = failed - found.keys()
    return {**found, **sql.begin(tx.connection, missing)} if missing else found


def _failed(tx: Transaction, health: Health, end: Ended) -> Health:
    after = health.failed(tx.now, None if end.job is None else end.job.id)
    if not health.failing:
        message = end.message if end.job is None else end.job.info
        told = {} if message is None else {"message": message}
        _say(tx, FAILING, end, {"since": to_wire(after.since), **told})
    return after


def _succeeded(tx: Transaction, health: Health, end: Ended) -> Health:
    if not health.failing:
        return health
    _say(tx, RECOVERED, end, {"since": to_wire(health.since), "failures": health.failures})
    return Health(health.id, health.space_id, 0, 0, 0, None)


def _write(tx: Transaction, before: dict[int, Health], now: dict[int, Health]) -> None:
    well = [number for number, health in now.items() if not health.failing]
    if well:
        sql.delete(tx.connection, well)
    changed = [health for number, health in now.items() if health.failing and health != before[number]]
    if changed:
        sql.save(tx.connection, changed)


def _say(tx: Transaction, topic: str, end: Ended, facts: dict[str, Any]) -> None:
    about = {} if end.job is None else {"jobId": encode("jb", end.job.id)}
    context = {**context_of(tx, tx.space(end.space_id), SYSTEM), **about}
    payload = {**(end.head if end.job is None else end.job.head), **about, **facts}
    body = {"topic": topic, "domain": "definition", "context": context, "payload": payload}
    tx.append(NewEvent(end.space_id, topic, None, terminal=False, body=body))
