"""Who gets which job, in which order, within which credit; no job is forgotten while somebody waits for it."""

import asyncio
from collections import Counter
from random import Random

import pytest
from situations import act
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.filters import compile_filter
from listener_sdk.protocol.ids import decode, encode
from listener_sdk.protocol.times import to_wire
from server.commands import grants, jobs, leases, outcomes, sessions
from server.commands.leases import Held, Leases
from server.core import waiting
from server.core.fleets import Taker, Wish


def numbers(listener):
    """The jobs of all grants so far, in order; they are taken off the list."""
    frames = listener.seen("grants")
    listener.frames = [frame for frame in listener.frames if frame["type"] != "grants"]
    return [decode("jb", grant["job"]["id"]) for frame in frames for grant in frame["jobs"]]


async def granted(stage, listener):
    await stage.idle()
    return numbers(listener)


async def backlog(stage, count, name="workbook:export", **fields):
    return [job.id for job in await asyncio.gather(*(stage.create(name, **fields) for _ in range(count)))]


def lease(job_id, fence=1):
    return {"job": encode("jb", job_id), "fence": fence}


# ---- the ways to a listener


async def test_a_job_that_is_awaited_is_inserted_leased(stage, monkeypatch):
    listener = await stage.listener()
    connection = stage.node.writer._connection
    updated = []
    monkeypatch.setattr(connection, "update_many", lambda table, *_: updated.append(table))
    job = await stage.create(input={"rows": 3}, label="Export")
    assert updated == [], "its row was written once"
    row = await stage.row(job)
    assert (row.status, row.holder, row.fence, row.attempt) == ("ready", f"{ADMIN.key_id}/session-one", 1, 1)
    assert (row.granted_at, row.lease_expires_at) == (stage.clock(), stage.clock() + 30_000)
    grant = await listener.grant()
    assert (grant["fence"], grant["attempt"]) == (1, 1)
    assert (grant["job"]["input"], grant["job"]["label"]) == ({"rows": 3}, "Export")
    assert grant["job"]["leaseExpiresAt"] == to_wire(row.lease_expires_at)
    assert await stage.topics(job.id) == ["job:created", "job:ready"]


async def test_waiting_jobs_are_taken_by_priority_then_by_age(stage):
    for priority in (0, 5, -3, 5, 0):
        await stage.create(priority=priority)
    listener = await stage.listener()
    assert await granted(stage, listener) == [2, 4, 1, 5, 3]


async def test_jobs_of_one_commit_come_in_one_frame_by_priority(stage):
    listener = await stage.listener()
    await asyncio.gather(*(stage.create(priority=priority) for priority in (0, 9, 4)))
    (frame,) = listener.seen("grants")
    assert [decode("jb", grant["job"]["id"]) for grant in frame["jobs"]] == [2, 3, 1]


async def test_a_new_job_does_not_overtake_those_that_wait(stage):
    listener = await stage.listener(credit=1)
    first, second = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    complete = listener.ask(type="complete", **lease(first))
    await asyncio.gather(complete, stage.create(), stage.create(priority=-1))
    assert await granted(stage, listener) == [second]


async def test_a_new_job_of_higher_priority_goes_first(stage):
    listener = await stage.listener(credit=1)
    first, _ = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    _, urgent = await asyncio.gather(listener.ask(type="complete", **lease(first)), stage.create(priority=9))
    assert await granted(stage, listener) == [urgent.id]


async def test_what_becomes_ready_later_is_taken_too(stage):
    listener = await stage.listener()
    manual = await stage.create(trigger="manual")
    scheduled = await stage.create(scheduledAt=to_wire(stage.clock() + 5_000))
    assert await granted(stage, listener) == []
    await stage.do(*act("execute", manual))
    assert await granted(stage, listener) == [manual.id]
    stage.clock.forward(5)
    await stage.look()
    assert await granted(stage, listener) == [scheduled.id]


async def test_a_large_backlog_is_granted_up_to_the_credit(stage):
    ids = await backlog(stage, 1300)
    listener = await stage.listener(credit=1000)
    other = await stage.listener(credit=250, session="session-two")
    assert await granted(stage, listener) == ids[:1000]
    assert await granted(stage, other) == ids[1000:1250]


# ---- credit


async def test_credit_is_never_exceeded(stage):
    listener = await stage.listener(credit=2)
    ids = await backlog(stage, 5)
    assert await granted(stage, listener) == ids[:2]
    for done, following in zip(ids, [*ids[2:], None, None], strict=True):
        await listener.ask(type="ack", **lease(done))
        assert await granted(stage, listener) == [], "to begin is no reason for more"
        await listener.ask(type="complete", **lease(done))
        assert await granted(stage, listener) == ([following] if following else [])


async def completed(stage, listener, job):
    await listener.ask(type="complete", **lease(job))


async def failed(stage, listener, job):
    await listener.ask(type="fail", message="x", **lease(job))


async def failed_for_good(stage, listener, job):
    await listener.ask(type="fail", message="x", retry=False, **lease(job))


async def canceled(stage, listener, job):
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job))


async def deleted(stage, listener, job):
    await stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job))


async def canceled_after_the_grace(stage, listener, job):
    await listener.ask(type="ack", **lease(job))
    await canceled(stage, listener, job)
    listener.say(type="renew", leases=[lease(job)])
    stage.clock.forward(30)
    await stage.look()


async def lost(stage, listener, job):
    stage.clock.forward(10)
    await stage.look()
    listener.say(type="renew", leases=[lease(job)])


@pytest.mark.parametrize(
    "end", [completed, failed, failed_for_good, canceled, deleted, canceled_after_the_grace, lost]
)
async def test_every_end_of_a_lease_restores_its_credit(stage, end):
    listener = await stage.listener(credit=1)
    first, second = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    await end(stage, listener, first)
    assert await granted(stage, listener) == [second]


async def test_a_release_restores_credit_and_the_job_is_the_first_to_be_taken_again(stage):
    listener = await stage.listener(credit=1)
    first, second = await backlog(stage, 2)
    assert await granted(stage, listener) == [first]
    await listener.ask(type="release", leases=[lease(first)])
    assert await granted(stage, listener) == [first]
    await listener.ask(type="complete", **lease(first, 2))
    assert await granted(stage, listener) == [second]


async def test_credit_zero_drains(stage):
    listener = await stage.listener(credit=3)
    ids = await backlog(stage, 4)
    assert await granted(stage, listener) == ids[:3]
    await listener.listen("**", credit=0)
    await listener.ask(type="complete", **lease(ids[0]))
    await stage.create()
    assert await granted(stage, listener) == []
    await listener.listen("**", credit=3)
    assert await granted(stage, listener) == [ids[3]]


async def test_less_credit_than_leases_waits_until_there_is_room(stage):
    listener = await stage.listener(credit=3)
    ids = await backlog(stage, 5)
    assert await granted(stage, listener) == ids[:3]
    await listener.listen("**", credit=2)
    await listener.ask(type="complete", **lease(ids[0]))
    assert await granted(stage, listener) == []
    await listener.ask(type="complete", **lease(ids[1]))
    assert await granted(stage, listener) == [ids[3]]


async def test_leases_of_before_a_restart_count(stage):
    await stage.listener(credit=2)
    ids = await backlog(stage, 4)
    await stage.restart()
    listener = stage.connect()
    await listener.hello("session-one", [lease(ids[0]), lease(ids[1])])
    await listener.listen("**", credit=3)
    assert await granted(stage, listener) == [ids[2]]


# ---- who


async def test_sessions_take_turns(stage):
    listeners = [await stage.listener(session=f"session-{n}") for n in range(3)]
    for _ in range(6):
        await stage.create()
    for listener in listeners:
        assert len(await granted(stage, listener)) == 2


async def test_one_without_room_is_passed_over(stage):
    full = await stage.listener(session="session-one", credit=1)
    free = await stage.listener(session="session-two", credit=5)
    ids = await backlog(stage, 4)
    assert len(await granted(stage, full)) == 1
    assert len(await granted(stage, free)) == 3
    assert ids[-1] == 4


async def test_names_are_globs_and_others_jobs_wait(stage):
    books = await stage.listener("workbook:*")
    maps = await stage.listener("file:map", "space:*", session="session-two")
    for name in ("workbook:export", "file:map", "file:extract", "space:configure", "workbook:a:b"):
        await stage.create(name)
    assert await granted(stage, books) == [1]
    assert await granted(stage, maps) == [2, 4]
    last = await stage.listener("**", session="session-three")
    assert await granted(stage, last) == [3, 5]


async def test_priority_and_age_count_over_all_names(stage):
    given = [("a:x", 0), ("b:y", 5), ("c:z", 0), ("a:x", 5), ("b:y", 0), ("c:z", 9)]
    for name, priority in given:
        await stage.create(name, priority=priority)
    listener = await stage.listener(credit=1)
    order = []
    for _ in given:
        (job,) = await granted(stage, listener)
        order.append(job)
        await listener.ask(type="complete", **lease(job))
    assert order == [6, 2, 4, 1, 3, 5]


async def test_listening_anew_replaces_what_was_taken(stage):
    listener = await stage.listener("workbook:*")
    await listener.listen("file:*")
    await stage.create("workbook:export")
    await stage.create("file:map")
    assert await granted(stage, listener) == [2]
    await listener.listen()
    await stage.create("file:map")
    assert await granted(stage, listener) == []


async def test_jobs_of_another_space_are_never_seen(stage):
    await stage.create(actor=STRANGER)
    listener = await stage.listener()
    strange = await stage.listener(actor=STRANGER)
    await stage.create(actor=STRANGER)
    assert await granted(stage, listener) == []
    assert await granted(stage, strange) == [1, 2]


async def test_sessions_of_all_keys_of_a_space_take_turns(stage):
    first = await stage.listener(actor=ADMIN)
    second = await stage.listener(actor=OTHER)
    await backlog(stage, 4)
    assert len(await granted(stage, first)) == len(await granted(stage, second)) == 2


async def test_a_job_that_a_key_acknowledged_is_not_granted(stage):
    job = await stage.create()
    await stage.do(*act("ack", job))
    listener = await stage.listener()
    assert await granted(stage, listener) == []


async def test_a_listener_that_let_a_lease_run_out_gets_the_next_job_when_it_has_spoken(stage):
    listener = await stage.listener()
    first = await stage.create()
    assert await granted(stage, listener) == [first.id]
    stage.clock.forward(10)
    await stage.look()
    second = await stage.create()
    assert await granted(stage, listener) == []
    listener.say(type="renew", leases=[])
    assert await granted(stage, listener) == [second.id]


async def test_a_draining_server_grants_nothing(stage):
    listener = await stage.listener()
    await stage.node.drain()
    job = await stage.create()
    assert await granted(stage, listener) == []
    await stage.restart()
    assert await granted(stage, await stage.listener()) == [job.id]


async def test_a_grant_whose_session_has_left_is_given_back_with_its_attempt(stage):
    listener = await stage.listener()
    made = asyncio.create_task(stage.create())
    stage.node.hub.peers.pop(listener.peer.holder)
    job = await made
    taker = await stage.listener(session="session-two")
    await stage.do(sessions.LEAVE, sessions.Leave(listener.peer.holder, listener.peer.number))
    await stage.idle()
    grant = await taker.grant()
    assert (decode("jb", grant["job"]["id"]), grant["attempt"]) == (job.id, 1)
    assert grant["fence"] >= 2
    assert not await stage.events("job:attempt-failed")


# ---- filters


async def listen(listener, condition, credit=10):
    await listener.listen("workbook:*", credit=credit, filter=condition)


async def test_only_jobs_that_pass_the_filter_are_taken(stage):
    for team in ("a", "b", "a"):
        await stage.create(metadata={"team": team})
    listener = stage.connect()
    await listener.hello()
    await listen(listener, {"payload.metadata.team": "a"})
    assert await granted(stage, listener) == [1, 3]
    other = stage.connect()
    await other.hello("session-two")
    await listen(other, {"payload.metadata.team": ["b", "c"]})
    assert await granted(stage, other) == [2]
    for team in ("c", "a", "d"):
        await stage.create(metadata={"team": team})
    assert await granted(stage, listener) == [5]
    assert await granted(stage, other) == [4]


async def test_a_filter_sees_input_context_and_names(stage):
    job = await stage.create(source="us_wb_7", input={"rows": 3})
    listener = stage.connect()
    await listener.hello()
    condition = {
        "workbookId": "us_wb_7",
        "payload.input.rows": 3,
        "job": "workbook:export",
        "jobId": encode("jb", job.id),
    }
    await listen(listener, condition)
    assert await granted(stage, listener) == [job.id]


async def test_a_job_that_passes_is_found_behind_more_than_a_page_of_others(stage):
    await backlog(stage, 2 * grants.PAGE + 10, metadata={"team": "b"})
    wanted = await stage.create(metadata={"team": "a"})
    listener = stage.connect()
    await listener.hello()
    await listen(listener, {"team": "a"})
    assert await granted(stage, listener) == [wanted.id]
    second = await stage.create(metadata={"team": "a"})
    assert await granted(stage, listener) == [second.id]


class Search:
    """A backlog of which some sessions look through pages of five, one page a commit."""

    def __init__(self, stage):
        self.stage = stage
        self.listeners = {}

    async def session(self, team):
        listener = stage_listener = self.stage.connect()
        await listener.hello(f"session-{team}")
        self.listeners[team] = stage_listener
        return listener

    def taker(self, team, credit=10):
        peer = self.listeners[team].peer
        wish = Wish("workbook:*", compile_filter({"team": team}))
        return Taker(peer.holder, peer.number, ADMIN.space.id, credit, (wish,))

    async def begin(self, team, meanwhile, credit=10):
        """Let a session listen; ``meanwhile`` posts into the commit after the first page."""
        done = lambda _result, error: meanwhile() if error is None else pytest.fail(str(error))  # noqa: E731 - a callback
        self.stage.node.writer.post(sessions.LISTEN, self.taker(team, credit), done)
        await self.stage.idle()

    def post(self, command, item):
        self.stage.node.writer.post(command, item, lambda _result, error: error and pytest.fail(str(error)))


@pytest.fixture
async def search(stage, monkeypatch):
    monkeypatch.setattr(grants, "PAGE", 5)
    found = Search(stage)
    for team in "abc":
        await found.session(team)
    return found


async def create_item(stage, team, priority=0):
    made = await stage.create(trigger="manual", metadata={"team": team}, priority=priority)
    return jobs.EXECUTE, jobs.JobAct(ADMIN, made.id)


async def test_a_job_that_comes_during_a_search_before_its_place_is_not_forgotten(search, stage):
    await backlog(stage, 22, metadata={"team": "x"})
    command, item = await create_item(stage, "a", priority=50)
    await search.begin("a", lambda: search.post(command, item))
    assert numbers(search.listeners["a"]) == [item.job_id]


async def test_a_job_that_comes_during_a_search_after_its_place_is_not_forgotten(search, stage):
    await backlog(stage, 22, metadata={"team": "x"})
    command, item = await create_item(stage, "a", priority=-50)
    await search.begin("a", lambda: search.post(command, item))
    assert numbers(search.listeners["a"]) == [item.job_id]


async def test_a_session_that_gets_room_during_a_search_finds_what_was_passed_over(search, stage):
    first, second = await backlog(stage, 2, metadata={"team": "a"})
    await backlog(stage, 22, metadata={"team": "x"})
    await stage.do(sessions.LISTEN, search.taker("b"))
    await stage.idle()
    held = Held(search.listeners["a"].peer.holder, ADMIN.space.id, first, 1)
    complete = outcomes.CompleteLease(held)
    await search.begin("a", lambda: search.post(outcomes.COMPLETE, complete), credit=1)
    assert numbers(search.listeners["a"]) == [first, second]


async def test_a_session_that_joins_during_a_search_finds_what_was_passed_over(search, stage):
    (wanted,) = await backlog(stage, 1, metadata={"team": "c"})
    await backlog(stage, 22, metadata={"team": "x"})
    await search.begin("a", lambda: search.post(sessions.LISTEN, search.taker("c")))
    assert numbers(search.listeners["c"]) == [wanted]
    assert numbers(search.listeners["a"]) == []


async def test_a_job_given_back_during_a_search_is_not_forgotten(search, stage):
    (wanted,) = await backlog(stage, 1, metadata={"team": "b"})
    await stage.do(sessions.LISTEN, search.taker("b"))
    assert await granted(stage, search.listeners["b"]) == [wanted]
    other = await search.session("b")
    other.peer.gone()
    await backlog(stage, 22, metadata={"team": "x"})
    release = Leases(search.listeners["b"].peer.holder, ADMIN.space.id, ((wanted, 1),))
    await search.session("b")
    await stage.idle()
    numbers(search.listeners["b"])
    await stage.do(sessions.LISTEN, search.taker("b"))
    await search.begin("a", lambda: search.post(leases.RELEASE, release))
    assert numbers(search.listeners["b"]) == [wanted]


async def test_a_search_ends(search, stage):
    await backlog(stage, 12, metadata={"team": "x"})
    await search.begin("a", lambda: None)
    assert not stage.node.dispatch.look


async def test_a_job_that_does_not_pass_is_looked_at_once_however_often_room_comes_back(stage, looked_at):
    await backlog(stage, 60, metadata={"team": "x"})
    wanted = await backlog(stage, 30, metadata={"team": "a"})
    listener = stage.connect()
    await listener.hello()
    await listen(listener, {"team": "a"}, credit=1)
    for job in wanted:
        assert await granted(stage, listener) == [job]
        await listener.ask(type="complete", **lease(job))
    assert await granted(stage, listener) == []
    assert max(looked_at.values()) <= 2, "the search asks, and so does the turn"
    assert len(looked_at) == 90


async def test_sessions_with_the_same_filter_look_at_a_job_once_together(stage, looked_at):
    await backlog(stage, 40, metadata={"team": "x"})
    for number in range(5):
        listener = stage.connect()
        await listener.hello(f"session-{number}")
        await listen(listener, {"team": "a"})
        assert await granted(stage, listener) == []
    assert sum(looked_at.values()) == 40


async def test_a_retry_behind_a_search_has_nothing_else_looked_at_again(stage, looked_at):
    (wanted,) = await backlog(stage, 1, metadata={"team": "a"})
    await backlog(stage, 40, metadata={"team": "x"})
    listener = stage.connect()
    await listener.hello()
    await listen(listener, {"team": "a"})
    assert await granted(stage, listener) == [wanted]
    looked_at.clear()
    await listener.ask(type="release", leases=[lease(wanted)])
    assert await granted(stage, listener) == [wanted]
    assert set(looked_at) == {wanted}


async def test_a_job_that_waits_no_more_behind_a_search_is_passed_over(stage):
    first, second = await backlog(stage, 2, metadata={"team": "a"})
    listener = stage.connect()
    await listener.hello()
    await listen(listener, {"team": "a"}, credit=2)
    assert await granted(stage, listener) == [first, second]
    await listen(listener, {"team": "a"}, credit=1)
    await listener.ask(type="release", leases=[lease(first)])
    await deleted(stage, listener, first)
    third = await stage.create(metadata={"team": "a"})
    await listener.ask(type="complete", **lease(second))
    assert await granted(stage, listener) == [third.id]


async def test_a_long_search_does_not_hold_up_other_sessions(search, stage):
    await backlog(stage, 40, metadata={"team": "x"})
    (other,) = await backlog(stage, 1, name="report:send")
    listener = await stage.listener("report:*", session="session-other", credit=0)
    taker = Taker(listener.peer.holder, listener.peer.number, 1, 1, (Wish("report:*"),))
    both = (stage.do(sessions.LISTEN, one) for one in (search.taker("a"), taker))
    await asyncio.gather(*both)
    assert numbers(listener) == [other]
    assert stage.node.dispatch.look, "the search goes on"
    await stage.idle()
    assert not stage.node.dispatch.look


@pytest.mark.parametrize("first", ["jobs", "sessions"])
async def test_filtered_and_plain_sessions_take_turns(stage, first):
    plain, picky = stage.connect(), stage.connect()
    await plain.hello("session-plain")
    await picky.hello("session-picky")

    async def make():
        await asyncio.gather(*(stage.create(metadata={"team": team}) for team in "aaxaxa"))

    async def join():
        wishes = {plain: Wish("workbook:*"), picky: Wish("workbook:*", compile_filter({"team": "a"}))}
        takers = [Taker(one.peer.holder, one.peer.number, 1, 9, (wish,)) for one, wish in wishes.items()]
        await asyncio.gather(*(stage.do(sessions.LISTEN, taker) for taker in takers))

    for act_first in (make, join) if first == "jobs" else (join, make):
        await act_first()
    assert await granted(stage, plain) == [1, 3, 5]
    assert await granted(stage, picky) == [2, 4, 6]


# ---- what it costs


class Counted:
    """What the writing connection reads and does."""

    def __init__(self, connection, monkeypatch):
        self.statements = []
        self.rows_read = 0
        self._rows = connection.rows
        monkeypatch.setattr(connection, "rows", self.rows)

    def rows(self, statement, **params):
        found = self._rows(statement, **params)
        self.statements.append(statement)
        self.rows_read += len(found)
        return found

    def clear(self):
        self.statements.clear()
        self.rows_read = 0


@pytest.fixture
def counted(stage, monkeypatch):
    return Counted(stage.node.writer._connection, monkeypatch)


@pytest.fixture
def looked_at(monkeypatch):
    """How often the event of each job was made for a filter."""
    found = Counter()
    make = grants._ready_event

    def made(tx, row):
        found[row.id] += 1
        return make(tx, row)

    monkeypatch.setattr(grants, "_ready_event", made)
    return found


@pytest.mark.parametrize("names", [1, 40])
async def test_a_grant_reads_what_it_leases_and_little_else_however_much_waits(stage, counted, names):
    for name in range(names):
        await backlog(stage, 400 // names, name=f"workbook:n{name}")
    listener = await stage.listener("workbook:*", credit=5)
    ids = await granted(stage, listener)
    assert ids == [1, 2, 3, 4, 5]
    counted.clear()
    for job in ids:
        await listener.ask(type="complete", **lease(job))
    assert len(await granted(stage, listener)) == 5
    assert len(counted.statements) <= 3 * 5, counted.statements
    assert counted.rows_read <= 2 * 5 + 8


async def test_names_that_nobody_serves_cost_the_others_nothing(stage, counted):
    for name in range(60):
        await stage.create(f"dead:n{name}")
    listener = await stage.listener("workbook:export", credit=1)
    first = await stage.create()
    second = await stage.create()
    assert await granted(stage, listener) == [first.id]
    counted.clear()
    await listener.ask(type="complete", **lease(first.id))
    assert await granted(stage, listener) == [second.id]
    assert counted.rows_read <= 3
    for job in range(1, 61):
        await stage.do(jobs.DELETE, jobs.JobAct(ADMIN, job))
    assert stage.node.dispatch.waiting.counts() == {}


async def test_one_batch_leases_only_so_many(stage, monkeypatch):
    monkeypatch.setattr(grants, "PAGE", 5)
    ids = await backlog(stage, 23)
    listener = await stage.listener(credit=100)
    await stage.idle()
    frames = [len(frame["jobs"]) for frame in listener.seen("grants")]
    assert max(frames) <= 5
    assert numbers(listener) == ids


@pytest.mark.parametrize("seed", range(4))
async def test_order_holds_over_queues_that_are_longer_than_what_is_kept_of_them(stage, monkeypatch, seed):
    monkeypatch.setattr(waiting, "MOST_HEADS", 3)
    monkeypatch.setattr(waiting, "MOST_PLACES", 7)
    luck = Random(seed)
    wanted = []
    for _ in range(60):
        priority = luck.choice((-1, 0, 0, 2))
        job = await stage.create(luck.choice(("a:x", "b:y", "c:z")), priority=priority)
        wanted.append((-priority, job.id))
    wanted = [job_id for _, job_id in sorted(wanted)]
    await stage.restart()
    listener = await stage.listener(credit=2)
    order = await granted(stage, listener)
    for job in wanted:
        await listener.ask(type="complete", **lease(job))
        order += await granted(stage, listener)
    assert order == wanted
