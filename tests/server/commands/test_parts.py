"""Splitting jobs: the parts that are made, what is refused, and the order in which parts begin."""

import orjson
import pytest
from situations import act, reach
from splits import children, end, split, statuses
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.plans import WHOLE, PlanPut
from server.commands import parts, plans
from server.core.queue_bound import QueueBound
from server.core.views import job_wire


async def refused(stage, *args, **how):
    with pytest.raises(Refusal) as caught:
        await split(stage, *args, **how)
    return caught.value


# ---- the parts


async def test_a_number_makes_parts_that_know_their_number(stage):
    job = await stage.create(
        input={"a": 1}, config={"b": 2}, metadata={"c": 3}, mode="background", priority=4, uniqueKey="k", label="L",
        maxAttempts=2, runTimeoutS=9, source="us_wb_1", fileId="us_fl_1",
    )  # fmt: skip
    assert (await split(stage, job)).parts == 3
    for number, part in enumerate(await children(stage, job)):
        wire = job_wire(part, ADMIN.space)
        assert (wire["part"], wire["partData"], wire["partExecution"]) == (
            number,
            {"part": number},
            "sequential",
        )
        assert (wire["input"], wire["config"], wire["metadata"]) == ({"a": 1}, {"b": 2}, {"c": 3})
        assert (wire["parentId"], wire["job"], wire["trigger"]) == (
            encode("jb", job.id),
            job.name,
            "immediate",
        )
        assert (part.priority, part.max_attempts, part.run_timeout_ms, part.unique_key) == (4, 2, 9000, None)
        assert (part.source, part.file_id, wire["mode"], wire["label"]) == (
            "us_wb_1",
            "us_fl_1",
            "background",
            "L",
        )


async def test_a_list_gives_each_part_its_data(stage):
    job = await stage.create()
    await split(stage, job, [{"page": "a"}, {}], parallel=True)
    made = [job_wire(part, ADMIN.space) for part in await children(stage, job)]
    assert [part["partData"] for part in made] == [{"page": "a"}, {}]
    assert {part["partExecution"] for part in made} == {"parallel"}


async def test_the_log_tells_of_the_job_then_of_each_part(stage):
    job = await stage.create()
    await split(stage, job, 2)
    first, second = await children(stage, job)
    assert (await stage.topics(job.id))[-1] == "job:updated"
    assert await stage.topics(first.id) == ["job:created", "job:ready"]
    assert await stage.topics(second.id) == ["job:created", "job:waiting"]
    waiting = (await stage.events("job:waiting"))[0]["payload"]
    assert (waiting["isPart"], waiting["waitingFor"]) == (True, [encode("jb", first.id)])


@pytest.mark.parametrize(
    "place", ["created", "scheduled", "ready", "waiting", "granted", "executing", "held by a key"]
)
async def test_a_job_that_has_not_ended_can_be_split(stage, place):
    found = await reach(stage, place)
    assert (await split(stage, found.job)).parts == 3
    assert (await stage.row(found.job)).status == found.job.status


@pytest.mark.parametrize("place", ["complete", "failed", "canceled"])
async def test_a_job_that_has_ended_cannot_be_split(stage, place):
    found = await reach(stage, place)
    error = await refused(stage, found.job)
    assert (error.code, error.details["status"]) == ("illegal_move", place)
    assert await children(stage, found.job) == []


async def test_any_key_of_the_space_may_split_and_no_other(stage):
    found = await reach(stage, "executing")
    assert (await refused(stage, found.job, actor=STRANGER)).code == "not_found"
    assert (await split(stage, found.job, actor=OTHER)).parts == 3


async def test_the_same_split_again_changes_nothing_also_after_the_end(stage):
    job = await stage.create()
    await split(stage, job, 2)
    before = await stage.events()
    assert (await split(stage, job, [{"part": 0}, {"part": 1}])).parts == 2
    assert await stage.events() == before
    await stage.do(*act("cancel", job))
    assert (await split(stage, job, 2)).status == "canceled"
    assert len(await children(stage, job)) == 2


@pytest.mark.parametrize(("given", "parallel"), [(3, False), (2, True), ([{"part": 0}, {"part": 2}], False)])
async def test_another_split_of_the_job_is_refused(stage, given, parallel):
    job = await stage.create()
    await split(stage, job, 2)
    assert (await refused(stage, job, given, parallel=parallel)).code == "already_split"
    assert len(await children(stage, job)) == 2


async def test_parts_need_room_in_the_queue(stage):
    job = await stage.create()
    stage.facts.bound = QueueBound(largest=4)
    assert (await refused(stage, job, 10, parallel=True)).code == "queue_full"
    assert (await stage.row(job)).parts is None
    await split(stage, job, 10)
    assert (await statuses(stage, job)).count("ready") == 1


async def test_what_all_parts_copy_is_bounded(stage, monkeypatch):
    monkeypatch.setattr(parts, "LARGEST_COPIES", 10_000)
    job = await stage.create(input={"text": "x" * 4_000})
    error = await refused(stage, job, 3)
    assert (error.code, error.key) == ("too_large", "parts")
    assert (await split(stage, job, 2)).parts == 2


async def test_the_data_of_one_part_is_bounded(stage):
    job = await stage.create()
    error = await refused(stage, job, [{}, {"text": "x" * 256 * 1024}])
    assert (error.code, error.key) == ("too_large", "partData")


async def test_parts_may_be_split_again_so_many_levels_deep(stage, monkeypatch):
    monkeypatch.setattr(parts, "MOST_LEVELS", 3)
    job = await stage.create()
    for _ in range(3):
        await split(stage, job, 1)
        (job,) = await children(stage, job)
    assert (await refused(stage, job, 1)).code == "limit"


async def test_a_part_s_own_predecessors_are_not_those_of_its_job(stage):
    other = await stage.create()
    job = await stage.create(predecessorIds=[encode("jb", other.id)])
    await end(stage, other)
    await split(stage, job, 2)
    first, _ = await children(stage, job)
    assert first.status == "ready"
    assert "predecessorIds" not in job_wire(first, ADMIN.space)


# ---- parts of a job that may not begin


@pytest.fixture
async def held_back(stage):
    """A job that waits for another, split into three; what begins it."""
    other = await stage.create("a:other")
    job = await stage.create(predecessorIds=[encode("jb", other.id)])
    return job, lambda: end(stage, other)


@pytest.mark.parametrize(
    ("parallel", "after"), [(True, ["ready"] * 3), (False, ["ready", "waiting", "waiting"])]
)
async def test_they_wait_for_it(stage, held_back, parallel, after):
    job, begin = held_back
    await split(stage, job, 3, parallel=parallel)
    assert await statuses(stage, job) == ["waiting"] * 3
    told = [e["payload"]["waitingFor"] for e in await stage.events("job:waiting")]
    assert told[1:] == [[encode("jb", job.id)]] * 3
    await begin()
    assert (await stage.row(job)).status == "ready"
    assert await statuses(stage, job) == after


@pytest.mark.parametrize("place", ["created", "planning", "scheduled"])
async def test_whatever_keeps_it(stage, place):
    job = (await reach(stage, place)).job
    await split(stage, job, 1)
    assert await statuses(stage, job) == ["waiting"]
    if place == "planning":
        body = {name: [] for name in WHOLE}
        plan = PlanPut.model_validate({"fileId": "f", "jobId": encode("jb", job.id), **body})
        await stage.do(plans.SET_PLAN, plans.SetPlan(ADMIN, job.id, plan))
    if place == "scheduled":
        stage.clock.forward(61)
        await stage.look()
    else:
        await stage.do(*act("execute", job))
    assert await statuses(stage, job) == ["ready"]


async def test_none_of_them_begins_because_another_ends(stage, held_back):
    job, begin = held_back
    await split(stage, job, 3)
    first, second, _ = await children(stage, job)
    await stage.do(*act("cancel", first))
    assert await statuses(stage, job) == ["canceled", "waiting", "waiting"]
    await begin()
    assert await statuses(stage, job) == ["canceled", "ready", "waiting"]
    await end(stage, second)
    assert await statuses(stage, job) == ["canceled", "complete", "ready"]


async def test_a_person_may_begin_one_of_them(stage, held_back):
    job, begin = held_back
    await split(stage, job, 3)
    second = (await children(stage, job))[1]
    await stage.do(*act("execute", second))
    assert await statuses(stage, job) == ["waiting", "ready", "waiting"]
    await begin()
    assert await statuses(stage, job) == ["waiting", "ready", "waiting"], "one after the other"
    await end(stage, second)
    assert await statuses(stage, job) == ["ready", "complete", "waiting"]


async def test_one_with_its_own_predecessor_waits_for_both(stage, held_back):
    job, begin = held_back
    await split(stage, job, 1)
    (part,) = await children(stage, job)
    other = await stage.create("a:third")
    command, item = act("patch info=x", part)
    item.body.info, item.body.predecessor_ids = None, [encode("jb", other.id)]
    await stage.do(command, item)
    await end(stage, other)
    assert await statuses(stage, job) == ["waiting"]
    await begin()
    assert await statuses(stage, job) == ["ready"]


async def test_parts_of_a_part_wait_for_its_turn(stage):
    job = await stage.create()
    await split(stage, job, 2)
    first, second = await children(stage, job)
    await split(stage, second, 1)
    assert await statuses(stage, second) == ["waiting"]
    await end(stage, first)
    assert await statuses(stage, second) == ["ready"]


async def test_they_end_with_a_job_that_never_begins(stage, held_back):
    job, _ = held_back
    await split(stage, job, 2)
    await stage.do(*act("cancel", job))
    assert await statuses(stage, job) == ["canceled", "canceled"]


async def test_another_attempt_does_not_hurry_them(stage):
    found = await reach(stage, "executing")
    await split(stage, found.job, 2)
    await found.ask("fail", message="broken")
    stage.clock.forward(60)
    await stage.look()
    assert (await stage.row(found.job)).status == "ready"
    assert (await statuses(stage, found.job))[1] == "waiting"


# ---- their order


async def test_sequential_parts_begin_one_after_the_other_however_each_ends(stage):
    job = await stage.create()
    await split(stage, job, 4)
    for done, how in enumerate(("complete", "fail", "cancel")):
        made = await children(stage, job)
        assert [part.status for part in made[done:]] == ["ready"] + ["waiting"] * (3 - done)
        if how == "cancel":
            await stage.do(*act("cancel", made[done]))
        else:
            await end(stage, made[done], how)
    assert (await statuses(stage, job))[-1] == "ready"


async def test_parallel_parts_are_ready_at_once(stage):
    job = await stage.create()
    await split(stage, job, 3, parallel=True)
    assert await statuses(stage, job) == ["ready"] * 3


async def test_a_part_that_ends_out_of_turn_does_not_hurry_the_next(stage):
    job = await stage.create()
    await split(stage, job, 4)
    first, second, third, _ = await children(stage, job)
    await stage.do(*act("cancel", second))
    assert await statuses(stage, job) == ["ready", "canceled", "waiting", "waiting"]
    await end(stage, first)
    assert await statuses(stage, job) == ["complete", "canceled", "ready", "waiting"]
    await stage.do(*act("delete", third))
    assert await statuses(stage, job) == ["complete", "canceled", "ready"]


async def test_a_person_may_begin_a_part_before_its_turn(stage):
    job = await stage.create()
    await split(stage, job, 3)
    first, _, third = await children(stage, job)
    await stage.do(*act("execute", third))
    assert await statuses(stage, job) == ["ready", "waiting", "ready"]
    await end(stage, third)
    assert await statuses(stage, job) == ["ready", "waiting", "complete"]
    await end(stage, first)
    assert await statuses(stage, job) == ["complete", "ready", "complete"]


async def test_a_part_with_its_own_predecessor_waits_for_both(stage):
    other = await stage.create()
    job = await stage.create()
    await split(stage, job, 2)
    first, second = await children(stage, job)
    command, item = act("patch info=x", second)
    item.body.info, item.body.predecessor_ids = None, [encode("jb", other.id)]
    await stage.do(command, item)
    await end(stage, first)
    assert (await stage.row(second)).status == "waiting"
    await end(stage, other)
    assert (await stage.row(second)).status == "ready"


async def test_a_part_is_described_by_its_job_and_its_own_data_alone(stage):
    job = await stage.create()
    await split(stage, job, 1)
    (part,) = await children(stage, job)
    await split(stage, part, [{"deep": 1}])
    (low,) = await children(stage, part)
    assert orjson.loads(low.spec)["partData"] == {"deep": 1}


async def test_parts_of_all_levels_are_bounded(stage, monkeypatch):
    monkeypatch.setattr(parts, "MOST_BELOW", 6)
    job = await stage.create()
    await split(stage, job, 3, parallel=True)
    first, second, _ = await children(stage, job)
    await split(stage, first, 3, parallel=True)
    with pytest.raises(Refusal) as refused:
        await split(stage, second, 1)
    assert (refused.value.code, refused.value.key) == ("limit", "parts")
    assert encode("jb", job.id) in refused.value.message
    assert (await stage.row(second)).parts is None
