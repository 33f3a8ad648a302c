"""Jobs that wait for other jobs: what may be named, and what the end of a job means for those that wait for it."""

from collections.abc import Sequence
from typing import Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.lifecycle import Status

from ..core.actors import Space
from ..core.jobs import JobRow
from ..core.predecessors import path_to
from ..store import predecessors as sql
from ..store.transaction import Transaction
from . import moves

MOST_EDGES: Final = 10_000
"""How far a circle is searched for."""
NOT_BEGUN: Final = frozenset({Status.CREATED, Status.PLANNING, Status.SCHEDULED, Status.WAITING})
_SHOWN: Final = 10


def check(
    tx: Transaction, space: Space, named: Sequence[str], parent_id: int | None, job_id: int | None = None
) -> list[int]:
    """The jobs that may be waited for; Refusal ``not_found``, or ``cycle`` when they wait for the job or those above it.

    A job above may wait for its children, so a child that waits for it might wait for ever.
    """
    if not named:
        return []
    numbers = list(dict.fromkeys(moves.job_number(text, "predecessorIds") for text in named))
    tx.preload(numbers)
    for number in numbers:
        moves.found(tx, space, number, "predecessorIds")
    targets = {job_id} if job_id is not None else set()
    if parent_id is not None:
        tx.flush()
        targets |= set(sql.ancestors(tx.connection, parent_id, MOST_EDGES))
    if targets:
        _refuse_circle(tx, numbers, targets)
    return numbers


def _refuse_circle(tx: Transaction, numbers: list[int], targets: set[int]) -> None:
    edges = sql.open_edges(tx.connection, numbers, MOST_EDGES + 1)
    way = path_to(targets, numbers, edges)
    if way is not None:
        names = [encode("jb", number) for number in way]
        told = " waits for ".join([*names[:_SHOWN], *(["..."] if len(names) > _SHOWN else [])])
        raise Refusal(
            "cycle",
            f"The jobs would wait for each other for ever: {told}, which is this job or stands above it.",
            key="predecessorIds",
            jobs=names[:_SHOWN],
        )
    if len(edges) > MOST_EDGES:
        raise Refusal(
            "limit",
            f"More than {MOST_EDGES} jobs and their predecessors stand before these: name fewer, or later ones.",
            key="predecessorIds",
        )


def may_replace(
    tx: Transaction, row: JobRow, space: Space, named: Sequence[str] | None, status: Status | None
) -> list[int] | None:
    """The jobs that a stored one may wait for instead, None when none are named; a ``status`` cannot be set with them."""
    if named is None:
        return None
    if status is not None:
        raise Refusal(
            "invalid",
            "predecessorIds and status cannot be changed together: send two calls.",
            key="predecessorIds",
        )
    if row.status not in NOT_BEGUN:
        raise Refusal(
            "illegal_move",
            f"The job is {row.status}: its predecessors can be changed until it is ready.",
            key="predecessorIds",
            status=row.status,
        )
    return check(tx, space, named, row.parent_id, row.id)


def follow(tx: Transaction, row: JobRow, numbers: Sequence[int]) -> None:
    """Let a job that follows nobody wait for these, which were checked. It is yet to be set out."""
    spec = row.described()
    spec.pop("predecessorIds", None)
    if numbers:
        spec["predecessorIds"] = [encode("jb", number) for number in numbers]
        others = [other for number in numbers if (other := tx.job(number)) is not None]
        sql.insert(tx.connection, row.id, ((other.id, other.status != Status.COMPLETE) for other in others))
        for other in others:
            if not (other.ended or other.followed):
                other.followed = 1
                tx.changed(other)
    row.spec = orjson.dumps(spec).decode()
    tx.changed(row)


def replace(tx: Transaction, row: JobRow, numbers: Sequence[int]) -> None:
    """Let the job wait for exactly these, which were checked. It is yet to be set out anew."""
    sql.remove(tx.connection, row.id)
    follow(tx, row, numbers)


def open_of(tx: Transaction, row: JobRow) -> tuple[list[int], list[int]]:
    """The predecessors that are not complete; and of these, the ones that never will be."""
    if "predecessorIds" not in row.described():
        return [], []
    numbers = sql.open_of(tx.connection, row.id)
    tx.preload(numbers)
    lost = [number for number in numbers if (other := tx.job(number)) is None or other.ended]
    return numbers, lost


def waiting(tx: Transaction, row: JobRow) -> list[JobRow]:
    """The jobs that wait for this one, which has ended: those that need not wait any longer, or cannot."""
    # Kept first: another server may be about to end the other job that they wait for, and looks when this one is done.
    tx.preload(sql.followers(tx.connection, row.id))
    ids = sql.followers(tx.connection, row.id)
    if row.status == Status.COMPLETE:
        sql.close(tx.connection, row.id)
        others = sql.still_waiting(tx.connection, ids)
        ids = [job_id for job_id in ids if job_id not in others]
    tx.preload(ids)
    found = (tx.job(job_id) for job_id in ids)
    return [follower for follower in found if follower is not None and follower.status == Status.WAITING]


def lost_message(tx: Transaction, job_id: int) -> str:
    """Why a job that waits for this one cannot begin."""
    row = tx.job(job_id)
    ended = f"is {row.status}" if row is not None else "was deleted"
    return f"Job {encode('jb', job_id)}, which must complete before this one, {ended}."
