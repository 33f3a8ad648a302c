"""Many jobs by one call, in one transaction: create them, cancel them, run them again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk.protocol.bulk import MEMBER
from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, encode, space_id
from listener_sdk.protocol.jobs import JobCreate

from ..core.actors import Actor
from ..core.bulk import Follows
from ..core.jobs import JobRow
from ..core.refusals import Refusals
from ..store import bulk as sql
from ..store import jobs as jobs_sql
from ..store.command import Command
from ..store.job_pages import JobFilter
from ..store.transaction import Transaction
from . import jobs, moves
from .changes import note
from .jobs import Birth
from .reruns import Reruns


@dataclass(frozen=True, slots=True)
class CreateJobs:
    """``members`` are bodies, or why one is none; ``order`` has each of them behind those of the call that it ``follows``.

    ``behind`` names the stored jobs that a follower waits for, itself or by way of others of the call.
    """

    actor: Actor
    members: Sequence[JobCreate | Refusal]
    order: Sequence[int]
    follows: Follows = field(default_factory=dict)
    behind: Mapping[int, set[str]] = field(default_factory=dict)
    partial: bool = False


def create(tx: Transaction, item: CreateJobs) -> list[JobRow | Refusal]:
    """Store the jobs: all of them, or, when ``partial``, the good ones. Each job or its refusal, in the order of the call.

    Refusals, of every bad member, when not ``partial``; ``queue_full`` when there is no room for all.
    """
    drafts = [_draft(tx, item, index) for index in range(len(item.members))]
    _refuse_twins(tx, item.actor.space.id, drafts)
    if item.partial:
        _refuse_followers(item, drafts)
    else:
        _refuse_all(drafts)
    _admit(tx, item, drafts)
    _number(tx, item, drafts)
    births = [birth for birth in (drafts[index] for index in item.order) if isinstance(birth, Birth)]
    for birth in births:
        jobs.store(tx, birth)
    for birth in births:
        jobs.set_out(tx, birth)
    return [draft.row if isinstance(draft, Birth) else draft for draft in drafts]


_Draft = Birth | Refusal


def _draft(tx: Transaction, item: CreateJobs, index: int) -> _Draft:
    body = item.members[index]
    if isinstance(body, Refusal):
        return body
    if index in item.follows:
        # Its predecessors are set when all have ids. A child must not wait for its parent, by way of members either.
        strange = [name for name in body.predecessor_ids or () if not name.startswith(MEMBER)]
        named = strange if body.parent_id is None else sorted(item.behind[index])
        body = body.model_copy(update={"predecessor_ids": named})
    try:
        return jobs.draft(tx, jobs.CreateJob(item.actor, body))
    except Refusal as refusal:
        return refusal


def _refuse_twins(tx: Transaction, space_id: int, drafts: list[_Draft]) -> None:
    """A unique key may stand once in the call, and on no unfinished job."""
    first: dict[str, int] = {}
    for index, draft in enumerate(drafts):
        key = draft.row.unique_key if isinstance(draft, Birth) else None
        if key is not None and first.setdefault(key, index) != index:
            drafts[index] = _twin(f"Job {MEMBER}{first[key]} of this call", "use another key")
    if not first:
        return
    tx.flush()
    for key, other in sql.unfinished_with_keys(tx.connection, space_id, list(first)).items():
        drafts[first[key]] = _taken(other)


def _taken(other: int) -> Refusal:
    job = encode("jb", other)
    return _twin(f"Job {job}", "wait for it, or use another key", job=job)


def _twin(who: str, advice: str, **details: str) -> Refusal:
    what = f"{who} has this uniqueKey and has not ended: {advice}."
    return Refusal("duplicate_job", what, key="uniqueKey", **details)


def _refuse_followers(item: CreateJobs, drafts: list[_Draft]) -> None:
    """Who waits for a job that is not made would wait for ever."""
    for index in item.order:
        bad = [other for other in item.follows.get(index, ()) if isinstance(drafts[other], Refusal)]
        if bad and isinstance(drafts[index], Birth):
            what = f"It follows {MEMBER}{bad[0]}, which was refused."
            drafts[index] = Refusal("not_found", what, key="predecessorIds")


def _refuse_all(drafts: list[_Draft]) -> None:
    bad = [_placed(draft, index) for index, draft in enumerate(drafts) if isinstance(draft, Refusal)]
    if bad:
        raise Refusals(bad)


def _placed(refusal: Refusal, index: int) -> Refusal:
    what = f"jobs[{index}]: {refusal.message}"
    details = {**refusal.details, "index": index}
    return Refusal(refusal.code, what, key=refusal.key, named=refusal.named, **details)


def _admit(tx: Transaction, item: CreateJobs, drafts: list[_Draft]) -> None:
    """Take room in the queue. Where there is too little, those at the end of the order go without: nobody follows them."""
    space_id, bound = item.actor.space.id, tx.facts.bound
    wanted = [index for index in item.order if isinstance(drafts[index], Birth)]

    def count() -> int:
        return jobs_sql.count_ready(tx.connection, space_id)

    if not item.partial:
        bound.admit(space_id, tx.now, count, len(wanted))
        return
    for index in wanted[bound.admit_some(space_id, tx.now, count, len(wanted)) :]:
        drafts[index] = bound.full()


def _number(tx: Transaction, item: CreateJobs, drafts: list[_Draft]) -> None:
    """Give the jobs their ids, in the order of the call, and put them in the place of what members call each other."""
    births = [draft for draft in drafts if isinstance(draft, Birth)]
    numbers = tx.next_ids("job", len(births)) if births else ()
    for birth, number in zip(births, numbers, strict=True):
        birth.row.id = number
    ids = {f"{MEMBER}{index}": draft.row.id for index, draft in enumerate(drafts) if isinstance(draft, Birth)}
    for index in item.follows:
        follower, body = drafts[index], item.members[index]
        if isinstance(follower, Birth) and isinstance(body, JobCreate):
            names = dict.fromkeys(body.predecessor_ids or ())
            follower.predecessors = [ids[name] if name in ids else moves.job_number(name) for name in names]


def _named(item: CreateJobs) -> Iterable[int]:
    """The stored jobs that members name."""
    for body in item.members:
        if isinstance(body, JobCreate):
            for name in (body.parent_id, *(body.predecessor_ids or ())):
                number = decode("jb", name) if name is not None else None
                if number is not None:
                    yield number


# ---- acts on many


@dataclass(frozen=True, slots=True)
class ActOnJobs:
    """``ids`` are to be acted on; with ``wanted``, those of which the filter is still true. ``more`` says that others are left,
    and ``asked`` what the audit tells of the call.
    """

    actor: Actor
    ids: Sequence[int]
    wanted: JobFilter | None = None
    more: bool = False
    info: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """How many jobs were looked at and acted on, and why others were left as they are."""

    matched: int
    done: int = 0
    skipped: list[tuple[int, Refusal]] = field(default_factory=list)
    more: bool = False


def cancel(tx: Transaction, item: ActOnJobs) -> Tally:
    """Cancel the jobs, as each would be by itself."""
    ids = _chosen(tx, item, "cancel")
    unfinished = {job_id for job_id in ids if (row := tx.job(job_id)) is not None and not row.ended}

    def act(job_id: int) -> None:
        row = tx.job(job_id)
        # The end of a parent ends its parts: what this call has ended already is as it should be.
        if row is None or not row.ended or job_id not in unfinished:
            jobs.stop(tx, jobs.CancelJob(item.actor, job_id, item.info))

    return _noted(tx, "jobs:canceled", item, _each(tx, item, ids, act))


def acknowledge(tx: Transaction, item: ActOnJobs) -> Tally:
    """Note of ended jobs that a person has seen what they came to."""
    ids = _chosen(tx, item, "acknowledge")

    def act(job_id: int) -> None:
        jobs.ack_outcome(tx, jobs.JobAct(item.actor, job_id))

    return _each(tx, item, ids, act)


def retry(tx: Transaction, item: ActOnJobs) -> Tally:
    """Run the jobs again, each as a new one, predecessors first; not those with a rerun that has not ended, nor the parts of such.

    ``queue_full`` when there is room for none.
    """
    ids = _chosen(tx, item, "retry")
    reruns = Reruns(tx, ids)
    keys = {
        row.unique_key for job_id in ids if (row := tx.job(job_id)) is not None and row.unique_key is not None
    }
    taken = sql.unfinished_with_keys(tx.connection, item.actor.space.id, sorted(keys))
    order = reruns.in_order(tx, ids)
    done = _each(tx, item, order, lambda job_id: _retry(tx, item, job_id, reruns, taken))
    return _noted(tx, "jobs:retried", item, done)


def _retry(tx: Transaction, item: ActOnJobs, job_id: int, reruns: Reruns, taken: dict[str, int]) -> None:
    old = jobs.ended(tx, jobs.JobAct(item.actor, job_id))
    reruns.refuse_double(tx, old)
    if old.unique_key in taken:
        raise _taken(taken[old.unique_key])
    row = jobs.run_again(tx, old, item.actor, reruns)
    if row.unique_key is not None:
        taken[row.unique_key] = row.id


def _chosen(tx: Transaction, item: ActOnJobs, act: sql.Act) -> list[int]:
    tx.flush()
    if item.wanted is None:
        return list(item.ids)
    ids = sql.still(tx.connection, item.actor.space.id, item.wanted, act, item.ids)
    tx.preload(ids)
    return ids


def _each(tx: Transaction, item: ActOnJobs, ids: Sequence[int], act: Callable[[int], None]) -> Tally:
    tally = Tally(len(ids), more=item.more)
    for job_id in ids:
        try:
            moves.check_reach(tx, item.actor, (job_id,))
            act(job_id)
        except Refusal as refusal:
            if refusal.code == "queue_full" and not tally.done:
                raise
            tally.skipped.append((job_id, refusal))
            tally.more = tally.more or (refusal.code == "queue_full" and item.wanted is not None)
        else:
            tally.done += 1
    return tally


def _noted(tx: Transaction, action: str, item: ActOnJobs, tally: Tally) -> Tally:
    """One line in the audit for all that the call has changed; the events of the jobs tell which they are."""
    if tally.done:
        counts = {"matched": tally.matched, "done": tally.done, "skipped": len(tally.skipped)}
        target = space_id(item.actor.space.code)
        note(tx, item.actor, action, target, after={**item.asked, **counts})
    return tally


def _ids(item: ActOnJobs) -> Sequence[int]:
    return item.ids


CREATE: Final = Command("create_bulk", create, _named)
CANCEL: Final = Command("cancel_bulk", cancel, _ids)
RETRY: Final = Command("retry_bulk", retry, _ids)
ACKNOWLEDGE: Final = Command("acknowledge_bulk", acknowledge, _ids)
