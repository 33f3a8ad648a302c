"""Grants to sessions that filter: only what passes is taken, nothing that passes is forgotten, and no job is looked at more than needed."""

import asyncio
from collections import Counter

import pytest
from backlogs import backlog, granted, lease, numbers
from stage import ADMIN

from listener_sdk.protocol.filters import compile_filter
from listener_sdk.protocol.ids import encode
from server.commands import grants, jobs, leases, outcomes, sessions
from server.commands.leases import Held, Leases
from server.core.fleets import Taker, Wish


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


# ---- what comes during a search


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


async def test_a_job_that_waits_no_more_behind_a_search_is_passed_over(stage):
    first, second = await backlog(stage, 2, metadata={"team": "a"})
    listener = stage.connect()
    await listener.hello()
    await listen(listener, {"team": "a"}, credit=2)
    assert await granted(stage, listener) == [first, second]
    await listen(listener, {"team": "a"}, credit=1)
    await listener.ask(type="release", leases=[lease(first)])
    await stage.do(jobs.DELETE, jobs.JobAct(ADMIN, first))
    third = await stage.create(metadata={"team": "a"})
    await listener.ask(type="complete", **lease(second))
    assert await granted(stage, listener) == [third.id]


# ---- what is looked at


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


# ---- beside other sessions


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
