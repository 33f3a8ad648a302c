"""What must hold of every run, whatever befalls it: a history and the jobs at its end in, broken promises out.

The numbers are those of the promises; each check is a function of its own. What nobody knows (a call that was not answered) may have
happened or not, and breaks no promise either way.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import orjson

from listener_sdk.protocol.filters import compile_topics
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.lifecycle import NEXT, TERMINAL_TOPIC, Status, is_final

from ..core.deadlines import Due
from ..core.jobs import JobRow
from ..store.log import Stored
from .history import OK, End, Given, History

TERMINAL: Final = frozenset(TERMINAL_TOPIC.values())
_FAILED: Final = "job:attempt-failed"
_LOST: Final = frozenset({Due.LEASE.value, Due.UNACKED.value})
_FREE: Final = frozenset({_FAILED, "job:ready", "job:waiting"})
"""What stands in the log between two grants of a job."""
_SLACK_S: Final = 0.5
_STEPS: Final = {(before, after) for (before, _), after in NEXT.items()} | {(s, s) for s in Status}
_TRAIL: Final = 12


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, of which job, and the events of that job."""

    promise: str
    what: str
    trail: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n    ".join((f"{self.promise}: {self.what}", *self.trail[-_TRAIL:]))


@dataclass
class Case:
    """What is judged."""

    history: History
    jobs: list[JobRow]
    by_job: dict[int, list[Stored]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = defaultdict(list)
        for one in self.history.log:
            if one.job_id is not None:
                found[one.job_id].append(one)
        self.by_job = dict(found)

    @cached_property
    def deleted(self) -> set[int]:
        """Jobs that somebody has removed."""
        return {one.job_id for one in self.history.log if one.topic == "job:deleted" and one.job_id}

    def broken(self, promise: str, what: str, job_id: int | None = None) -> Violation:
        """A violation, with the trail of its job."""
        events = self.by_job.get(job_id, []) if job_id is not None else []
        name = "" if job_id is None else f"{encode('jb', job_id)} "
        return Violation(promise, name + what, tuple(_line(one) for one in events))


def violations(history: History, jobs: list[JobRow]) -> list[Violation]:
    """All promises that were broken."""
    case = Case(history, jobs)
    return [found for check in CHECKS for found in check(case)]


def no_job_is_lost(case: Case) -> Iterator[Violation]:
    """Each job of which a client was told exists, and has ended, unless it waits for something that it states."""
    known = {row.id: row for row in case.jobs}
    for key, ask in case.history.asks.items():
        number = None if ask.job is None else decode("jb", ask.job)
        if number is not None and number not in known and number not in case.deleted:
            yield case.broken("I1", f"was made ({key}), and does not exist", number)
    for row in case.jobs:
        if row.status in {Status.READY, Status.EXECUTING}:
            yield case.broken("I1", f"is {row.status} after all was quiet", row.id)


def no_job_comes_of_itself(case: Case) -> Iterator[Violation]:
    """Each job has been created once in the log; each idempotency key has made one."""
    made = Counter(one.job_id for one in case.history.log if one.topic == "job:created")
    for row in case.jobs:
        if made[row.id] != 1:
            yield case.broken("I2", f"was created {made[row.id]} times", row.id)
    told = Counter(ask.job for ask in case.history.asks.values() if ask.job is not None)
    for job, count in told.items():
        if count > 1:
            yield case.broken("I11", f"was the answer to {count} keys", decode("jb", job))


def jobs_end_once(case: Case) -> Iterator[Violation]:
    """A job that has ended has exactly one terminal event, of its status; one that has not has none."""
    for row in case.jobs:
        ends = [one.topic for one in case.by_job.get(row.id, ()) if one.topic in TERMINAL]
        wanted = [TERMINAL_TOPIC[Status(row.status)]] if is_final(row.status) else []
        if ends != wanted:
            yield case.broken("I3", f"is {row.status}, and its terminal events are {ends}", row.id)


def fences_rise(case: Case) -> Iterator[Violation]:
    """Each grant of a job has a higher fence than those before it, and listeners hear of no others."""
    newest: dict[int, int] = {}
    given = set()
    for grant in case.history.grants:
        if grant.fence <= newest.get(grant.job_id, 0):
            what = f"fence {grant.fence} was given to {grant.session} after {newest[grant.job_id]}"
            yield case.broken("I4", what, grant.job_id)
        newest[grant.job_id] = grant.fence
        given.add((grant.session, grant.job_id, grant.fence))
    for one in sorted(case.history.heard - given):
        yield case.broken("I4", f"{one[0]} was told of fence {one[2]}, which it was not given", one[1])


def attempts_end_once(case: Case) -> Iterator[Violation]:
    """What listeners said of an attempt was taken once, from who held it, and stands in the log."""
    held = {(grant.job_id, grant.fence): grant.session for grant in case.history.grants}
    taken: dict[tuple[int, int], End] = {}
    for end in case.history.ends:
        if end.answer != OK or end.kind == "release":
            continue
        lease = end.job_id, end.fence
        before = taken.setdefault(lease, end)
        if before.kind != end.kind:
            yield case.broken("I4", f"fence {end.fence}: {before.kind} and {end.kind} were taken", end.job_id)
        if held.get(lease) != end.session:
            what = f"fence {end.fence} is {held.get(lease)}'s, and {end.kind} of {end.session} was taken"
            yield case.broken("I4", what, end.job_id)
    for end in taken.values():
        yield from _stands(case, end)


def _stands(case: Case, end: End) -> Iterator[Violation]:
    events = case.by_job.get(end.job_id, ())
    failed = [
        found for one in events if one.topic == _FAILED and (found := payload(one))["attempt"] == end.attempt
    ]
    lost = [one["reason"] for one in failed if one["reason"] in _LOST]
    topics = {one.topic for one in events}
    if lost:
        yield case.broken(
            "I4", f"attempt {end.attempt} was lost ({lost[0]}), and its {end.kind} was taken", end.job_id
        )
    if end.kind == "complete" and "job:completed" not in topics:
        yield case.broken(
            "I3", f"attempt {end.attempt}: its completion was taken, and is not in the log", end.job_id
        )
    if end.kind == "fail" and not failed and "job:failed" not in topics and "job:canceled" not in topics:
        yield case.broken(
            "I3", f"attempt {end.attempt}: its failure was taken, and is not in the log", end.job_id
        )


def grants_do_not_overlap(case: Case) -> Iterator[Violation]:
    """No grant after the end of a job, nor before the attempt of the last grant was over."""
    before: dict[int, Given] = {}
    for grant in case.history.grants:
        between = [one for one in case.by_job.get(grant.job_id, ()) if one.seq <= grant.log_seq]
        if any(one.topic in TERMINAL for one in between):
            yield case.broken("I5", f"fence {grant.fence} was given after its end", grant.job_id)
        last = before.get(grant.job_id)
        if last is not None and not any(one.topic in _FREE and one.seq > last.log_seq for one in between):
            what = f"fence {grant.fence} was given to {grant.session} while {last.session} had {last.fence}"
            yield case.broken("I5", what, grant.job_id)
        before[grant.job_id] = grant


def leases_last(case: Case) -> Iterator[Violation]:
    """A lease is not lost before its time has passed since it was renewed."""
    for lost in case.history.lost:
        lasted_s = None if lost.renewed_s is None else lost.at_s - lost.renewed_s
        if lasted_s is not None and lasted_s < case.history.lease_s - _SLACK_S:
            what = f"fence {lost.fence} was lost {lasted_s:.1f} s after it was renewed"
            yield case.broken("I5", what, lost.job_id)


def attempts_are_bounded(case: Case) -> Iterator[Violation]:
    """No more attempts than the job has, and each but the first after one that has failed."""
    for row in case.jobs:
        if row.attempt > row.max_attempts:
            yield case.broken("I6", f"has had {row.attempt} attempts of {row.max_attempts}", row.id)
        failed = [one for one in case.by_job.get(row.id, ()) if one.topic == "job:attempt-failed"]
        if row.attempt > 1 and len(failed) < row.attempt - 1:
            yield case.broken("I6", f"is at attempt {row.attempt}, and {len(failed)} have failed", row.id)


def jobs_live_by_the_table(case: Case) -> Iterator[Violation]:
    """Each event's status follows on the one before; progress does not go back within an attempt."""
    for job_id, events in case.by_job.items():
        told = [payload(one) for one in events if one.topic.startswith("job:")]
        steps = pairwise([Status.CREATED, *(Status(one["status"]) for one in told if "status" in one)])
        for before, after in steps:
            if (before, after) not in _STEPS:
                yield case.broken("I7", f"went from {before} to {after}", job_id)


def the_log_is_dense(case: Case) -> Iterator[Violation]:
    """Numbers rise by one; the last is the log's."""
    for before, after in pairwise(case.history.log):
        if after.seq != before.seq + 1:
            yield case.broken("I8", f"{after.seq} {after.topic} follows on {before.seq} {before.topic}")


def subscribers_hear_all(case: Case) -> Iterator[Violation]:
    """Each has heard every event of its topics, in order, once."""
    for name, followed in case.history.followed.items():
        globs = compile_topics([*followed.topics])
        wanted = [one.seq for one in case.history.log if one.seq > followed.after and globs(one.topic)]
        if followed.gaps:
            yield case.broken("I9", f"{name}: {followed.gaps[0]}")
        if followed.heard != wanted:
            missed = sorted(set(wanted) - set(followed.heard))[:5]
            twice = [seq for seq, count in Counter(followed.heard).items() if count > 1][:5]
            yield case.broken(
                "I9",
                f"{name} heard {len(followed.heard)} of {len(wanted)} events; missed {missed}, twice {twice}",
            )


def state_follows_from_the_log(case: Case) -> Iterator[Violation]:
    """The last status that the log tells of a job is that of its row, and the log tells of no job that is not there."""
    known = {row.id: row for row in case.jobs}
    for job_id, events in case.by_job.items():
        told = [found["status"] for one in events if "status" in (found := payload(one))]
        row = known.get(job_id)
        if row is None:
            if job_id not in case.deleted and not is_final(told[-1]):
                yield case.broken("I14", f"is {told[-1]} in the log, and does not exist", job_id)
        elif told and told[-1] != row.status:
            yield case.broken("I14", f"is {row.status}, and {told[-1]} in the log", job_id)


CHECKS: Final[tuple[Callable[[Case], Iterable[Violation]], ...]] = (
    no_job_is_lost,
    no_job_comes_of_itself,
    jobs_end_once,
    fences_rise,
    attempts_end_once,
    grants_do_not_overlap,
    leases_last,
    attempts_are_bounded,
    jobs_live_by_the_table,
    the_log_is_dense,
    subscribers_hear_all,
    state_follows_from_the_log,
)


def payload(one: Stored) -> dict[str, Any]:
    """What the event says."""
    found: dict[str, Any] = orjson.loads(one.body).get("payload", {})
    return found


def _line(one: Stored) -> str:
    said = {
        key: value
        for key, value in payload(one).items()
        if key in {"status", "attempt", "reason", "progress"}
    }
    return f"{one.at} {one.seq} {one.topic} {said}"
