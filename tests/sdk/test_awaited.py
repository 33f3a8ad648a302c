import asyncio

import pytest

from listener_sdk._awaited import Calls


@pytest.fixture
def calls():
    return Calls()


async def double(number):
    await asyncio.sleep(0)
    return number * 2


async def test_an_awaited_call_gives_its_result_and_is_not_forgotten(calls):
    assert await calls.make("start", double, 4) == 8
    assert calls.forgotten is None


async def test_it_may_be_awaited_in_every_usual_way(calls):
    made = [calls.make("start", double, number) for number in range(5)]
    assert await asyncio.gather(made[0], made[1]) == [0, 2]
    assert await asyncio.wait_for(made[2], 5) == 4
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made[3])
    assert task.result() == 6
    assert calls.forgotten == "job.start(...) was not awaited: write await job.start(...)"
    assert await made[4] == 8
    assert calls.forgotten is None


async def test_what_nobody_awaits_is_named_once_and_does_nothing(calls):
    done = []

    async def work():
        done.append(1)

    for _ in range(3):
        calls.make("tick", work)
    calls.make("attach", work)
    assert calls.forgotten == (
        "job.tick(...) was not awaited: write await job.tick(...); "
        "job.attach(...) was not awaited: write await job.attach(...)"
    )
    assert done == []


async def test_errors_pass_through(calls):
    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        await calls.make("fetch", fail)
    assert calls.forgotten is None


async def test_a_call_that_was_cancelled_or_closed_before_its_first_step_is_not_forgotten(calls):
    task = asyncio.create_task(calls.make("attach", double, 1))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    calls.make("attach", double, 1).close()
    assert calls.forgotten is None


async def test_a_cancel_in_the_middle_reaches_the_work(calls):
    began, ended = asyncio.Event(), []

    async def wait():
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    task = asyncio.create_task(calls.make("fetch", wait))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]


async def test_it_cannot_be_awaited_twice(calls):
    made = calls.make("start", double, 1)
    await made
    with pytest.raises(RuntimeError, match="cannot reuse"):
        await made


async def test_it_says_what_it_is(calls):
    made = calls.make("attach", double, 1)
    assert repr(made) == "<job.attach(...), to be awaited>"
    await made


class Reports:
    """A brief verb: every second report has something left to wait for."""

    def __init__(self):
        self.made = []
        self.waited = 0

    def report(self, number):
        if number < 0:
            raise ValueError(f"{number} is negative")
        self.made.append(number)
        return self.turn() if number % 2 else None

    async def turn(self):
        await asyncio.sleep(0)
        self.waited += 1


async def test_a_brief_call_works_at_once_when_it_is_awaited_and_not_before(calls):
    reports = Reports()
    made = calls.brief("tick", reports.report, 2)
    assert reports.made == []
    assert calls.forgotten == "job.tick(...) was not awaited: write await job.tick(...)"
    assert await made is None
    await calls.brief("tick", reports.report, 3)
    assert (reports.made, reports.waited, calls.forgotten) == ([2, 3], 1, None)


async def test_a_brief_call_may_be_awaited_in_every_usual_way(calls):
    reports = Reports()
    made = [calls.brief("tick", reports.report, number) for number in range(5)]
    await asyncio.gather(made[0], made[1])
    await asyncio.wait_for(made[2], 5)
    async with asyncio.TaskGroup() as group:
        group.create_task(made[3])
    made[4].close()
    assert (sorted(reports.made), reports.waited, calls.forgotten) == ([0, 1, 2, 3], 2, None)


@pytest.mark.parametrize("number", [2, 3])
async def test_a_brief_call_cannot_be_awaited_twice(calls, number):
    reports = Reports()
    made = calls.brief("tick", reports.report, number)
    await made
    with pytest.raises(RuntimeError, match="cannot reuse"):
        await made
    assert reports.made == [number]


async def test_the_error_of_a_brief_call_is_raised_where_it_is_awaited(calls):
    made = calls.brief("tick", Reports().report, -1)
    with pytest.raises(ValueError, match="-1 is negative"):
        await made
    assert calls.forgotten is None
