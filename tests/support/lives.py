"""Random lives of jobs: a store with its only writer, what the sessions believe, and all commands in random order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from stage import ADMIN, OTHER, SPACE, START_MS

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionCreate
from listener_sdk.protocol.filters import Filter, compile_filter
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobCreate, JobEnd, JobSplit, JobUpdate
from listener_sdk.protocol.lifecycle import Status
from listener_sdk.protocol.outcomes import Outcome
from listener_sdk.protocol.progress import Progress
from server.commands import grants, jobs, leases, outcomes, parts, rest, run_modes, sessions
from server.commands.leases import Held, Leases
from server.core.deadlines import Limits
from server.core.definitions import new_definition
from server.core.dispatch import Dispatch
from server.core.effects import Granted
from server.core.fleets import Taker, Wish
from server.store import definitions
from server.store import jobs as sql
from server.store.database import Connection
from server.store.transaction import Facts, Transaction

NAMES = ("workbook:export", "workbook:import", "report:send")
LARGEST_CREDIT = 3
DEFINITION = 1
OF_A_DEFINITION = {
    "jobType": "export",
    "definition": "nightly",
    "modes": {"asked": "delta", "onPartial": "keep"},
    "startedBy": {"kind": "api"},
}
"""What a job says that a definition has started whose type has both modes."""
SESSIONS = (f"{ADMIN.key_id}/one", f"{ADMIN.key_id}/two", f"{OTHER.key_id}/one")


@dataclass
class World:
    """A store, its only writer, and what the sessions believe."""

    connection: Connection
    now: int = START_MS
    facts: Facts = field(default_factory=lambda: Facts("us_acc_test", {1: SPACE}, Limits()))
    dispatch: Dispatch = field(default_factory=Dispatch)
    jobs: list[int] = field(default_factory=list)
    leases: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Holder and fence of every lease on the stream that was given, the lost ones included."""
    deleted: set[int] = field(default_factory=set)
    fences: Counter[int] = field(default_factory=Counter)
    more: bool = False

    def __post_init__(self) -> None:
        body = {"jobDefinitionCode": "nightly", "jobType": "export"}
        row = new_definition(
            DEFINITION, 1, DefinitionCreate.model_validate(body), START_MS, ADMIN.key_id, enabled=True
        )
        self.connection.begin()
        definitions.insert(self.connection, row)
        self.connection.commit()

    def settle(self) -> None:
        """The batches that follow while nothing else happens."""
        for _ in range(100):
            if not self.more:
                return
            self.batch([])
        raise AssertionError("the grants never end")

    def reload(self) -> None:
        """What the writer does after a batch that failed."""
        self.dispatch.load(sql.held(self.connection), sql.queues(self.connection))
        self.more = True

    def batch(self, items: list[tuple[Any, Any]]) -> None:
        """What the writer does with a batch; ``more`` then says that another must follow, whatever is in it."""
        tx = Transaction(self.connection, self.now, self.facts, self.dispatch, lambda: 0.5)
        self.connection.begin()
        tx.preload([job_id for command, item in items for job_id in command.jobs(item)])
        for command, item in items:
            self._run(tx, command, item)
        self.more = grants.grant(tx)
        tx.finish()
        self.connection.commit()
        for effect in tx.effects:
            if isinstance(effect, Granted) and effect.row.holder == effect.holder:
                self.leases[effect.row.id] = (effect.holder, effect.row.fence)

    def _run(self, tx: Transaction, command: Any, item: Any) -> None:
        # What the batch has leased before it is told its run mode with the first that asks.
        if command is parts.SPLIT:
            run_modes.settle(tx)
        before = self._seen(tx, command, item)
        lease = getattr(item, "lease", None)
        row = tx.job(lease.job_id) if lease is not None else None
        stale = row is not None and (row.holder, row.fence) != (lease.holder, lease.fence)
        try:
            command.run(tx, item)
        except Refusal:
            assert self._seen(tx, command, item) == before, "a refusal changes nothing"
            return
        assert not stale or self._seen(tx, command, item) == before, "a lost lease changes nothing"
        created = (event.job_id for event in tx._events if event.topic == "job:created")
        self.jobs += [job_id for job_id in created if job_id is not None and job_id not in self.jobs]
        if command is jobs.DELETE:
            self.deleted.add(item.job_id)

    @staticmethod
    def _seen(tx: Transaction, command: Any, item: Any) -> tuple[Any, ...]:
        """The jobs that a command is about, and all that the batch says and does so far.

        When a job is due is reckoned as it is written, which a refusal may bring about.
        """
        rows = [tx.job(job_id) for job_id in command.jobs(item)]
        copies = [row and replace(row, due_at=None) for row in rows]
        return copies, len(tx._events), len(tx.effects), dict(tx.dispatch.held)


# ---- what may be done


def creation(draw: Callable[[Any], Any], world: World) -> tuple[Any, Any]:
    kind, operation = draw(st.sampled_from(NAMES)).split(":")
    ahead = draw(st.sampled_from((None, None, -5, 40)))
    named = [encode("jb", job_id) for job_id in world.jobs]
    body = JobCreate(
        type=kind,
        operation=operation,
        trigger=draw(st.sampled_from(("immediate", "immediate", "manual"))),
        priority=draw(st.integers(-1, 1)),
        unique_key=draw(st.sampled_from((None, None, "k1", "k2"))),
        scheduled_at=None if ahead is None else (START_MS + ahead * 1000) / 1000,
        max_attempts=draw(st.integers(1, 3)),
        queue_timeout_s=draw(st.sampled_from((None, 60))),
        run_timeout_s=draw(st.sampled_from((20, 3600))),
        metadata={"team": draw(st.sampled_from(("red", "blue")))},
        parent_id=draw(st.sampled_from((None, None, None, *named[-3:]))),
        predecessor_ids=draw(some_of(named)),
    )
    if draw(st.booleans()):
        return jobs.CREATE, jobs.CreateJob(ADMIN, body)
    return jobs.CREATE, jobs.CreateJob(ADMIN, body, said=OF_A_DEFINITION, definition_id=DEFINITION)


def on_lease(draw: Callable[[Any], Any], world: World) -> tuple[Any, Any]:
    """An act of a session, with the lease that it was given or, seldom, another."""
    job_id = draw(st.sampled_from(sorted(world.leases, reverse=True)))
    holder, fence = world.leases[job_id]
    if draw(st.integers(0, 9)) == 9:
        fence = max(0, fence + draw(st.sampled_from((1, -1))))
        holder = draw(st.sampled_from(SESSIONS))
    held = Held(holder, 1, job_id, fence)
    several = Leases(holder, 1, ((job_id, fence),))
    percent = draw(st.integers(0, 100))
    return draw(
        st.sampled_from(
            (
                (leases.ACK, leases.AckLease(held, "begun")),
                (
                    leases.TICK,
                    leases.TickLease(
                        held, Progress(percent=percent), eta_given=False, points=((world.now, percent),)
                    ),
                ),
                (leases.RENEW, several),
                (leases.RELEASE, several),
                (outcomes.COMPLETE, outcomes.CompleteLease(held, Outcome(message="done"), None, {"n": 1})),
                (outcomes.COMPLETE, outcomes.CompleteLease(held)),
                (outcomes.COMPLETE, outcomes.CompleteLease(held, watermark=str(percent % 4))),
                (outcomes.FAIL, outcomes.FailLease(held, "broken")),
                (outcomes.FAIL, outcomes.FailLease(held, "broken for good", retry=False)),
                (sessions.HELLO, several),
            )
        )
    )


def some_of(named: list[str]) -> Any:
    """Mostly nobody, else one or two jobs, the younger ones more often."""
    few = st.lists(st.sampled_from(named[-5:]), min_size=1, max_size=2) if named else st.none()
    return st.one_of(st.none(), st.none(), few)


def over_rest(draw: Callable[[Any], Any], job_id: int, world: World) -> tuple[Any, Any]:
    actor = draw(st.sampled_from((ADMIN, ADMIN, ADMIN, OTHER)))
    status = draw(st.sampled_from((None, *Status)))
    others = draw(some_of([encode("jb", other) for other in world.jobs]))
    return draw(
        st.sampled_from(
            (
                (jobs.EXECUTE, jobs.JobAct(actor, job_id)),
                (jobs.CANCEL, jobs.CancelJob(actor, job_id, "enough")),
                (jobs.RETRY, jobs.JobAct(actor, job_id)),
                (jobs.ACK_OUTCOME, jobs.JobAct(actor, job_id)),
                (jobs.DELETE, jobs.JobAct(actor, job_id)),
                (rest.ACK, rest.AckJob(actor, job_id, JobAck(progress=30, info="a third"))),
                (rest.COMPLETE, rest.EndJob(actor, job_id, JobEnd(outcome=Outcome(message="done")))),
                (rest.COMPLETE, rest.EndJob(actor, job_id, JobEnd(watermark="r"))),
                (rest.FAIL, rest.EndJob(actor, job_id, JobEnd(info="broken"))),
                (rest.UPDATE, jobs.UpdateJob(actor, job_id, JobUpdate(status=status, info="changed"))),
                (rest.UPDATE, jobs.UpdateJob(actor, job_id, JobUpdate(progress=60, config={"a": 1}))),
                (rest.UPDATE, jobs.UpdateJob(actor, job_id, JobUpdate(priority=draw(st.integers(-1, 1))))),
                (rest.UPDATE, jobs.UpdateJob(actor, job_id, JobUpdate(predecessor_ids=others or []))),
                (parts.SPLIT, parts.SplitJob(actor, job_id, JobSplit(parts=2, run_in_parallel=True))),
                (parts.SPLIT, parts.SplitJob(actor, job_id, JobSplit(parts=[{"a": 1}, {}, {"b": 2}]))),
                (parts.SPLIT, parts.SplitJob(actor, job_id, JobSplit(parts=draw(st.integers(1, 3))))),
            )
        )
    )


def of_session(draw: Callable[[Any], Any]) -> tuple[Any, Any]:
    holder = draw(st.sampled_from(SESSIONS))
    if draw(st.booleans()):
        return sessions.LEAVE, sessions.Leave(holder, draw(st.integers(1, 2)))
    credit = draw(st.integers(0, LARGEST_CREDIT))
    return sessions.LISTEN, Taker(holder, draw(st.integers(1, 2)), 1, credit, draw(st.sampled_from(WISHES)))


def of_team(team: str) -> Filter:
    return compile_filter({"payload.metadata.team": team})


WISHES = (
    (Wish("workbook:*"),),
    (Wish("report:send"), Wish("workbook:import")),
    (Wish("*:*", of_team("red")),),
    (Wish("workbook:*", of_team("blue")), Wish("workbook:import", of_team("red"))),
)


@st.composite
def acts(draw: Callable[[Any], Any], world: World) -> list[tuple[Any, Any]]:
    """One batch: up to six commands on what there is."""
    found = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(
            st.sampled_from(("create", "lease", "lease", "lease", "lease", "rest", "rest", "session"))
        )
        if kind == "create" or not world.jobs:
            found.append(creation(draw, world))
        elif kind == "session":
            found.append(of_session(draw))
        elif kind == "lease" and world.leases:
            found.append(on_lease(draw, world))
        else:
            found.append(over_rest(draw, draw(st.sampled_from(world.jobs[::-1])), world))
    return found
