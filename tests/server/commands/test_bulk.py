"""Many jobs by one command: all or none, or the good ones; and each bad one is named."""

import asyncio

import pytest
from situations import reach
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobCreate, JobSplit
from listener_sdk.protocol.times import to_wire
from server.commands import bulk, parts
from server.commands.bulk import ActOnJobs, CreateJobs
from server.core.bulk import in_order, names_behind
from server.core.queue_bound import QueueBound
from server.core.refusals import Refusals
from server.store.command import Once, Replayed
from server.store.job_pages import JobFilter

BAD = Refusal("invalid", "type: field required.", key="type")


def member(**fields):
    return JobCreate.model_validate({"type": "workbook", "operation": "export", **fields})


def item(*members, follows=None, partial=False, actor=ADMIN):
    follows = follows or {}
    order, _ = in_order(follows, len(members))
    names = {at: one.predecessor_ids or () for at, one in enumerate(members) if isinstance(one, JobCreate)}
    return CreateJobs(actor, members, order, follows, names_behind(names, follows, order), partial)


async def create(stage, *members, **how):
    return await stage.do(bulk.CREATE, item(*members, **how))


async def refused(stage, *members, **how):
    """The refusals of a call that changes nothing."""
    before = await stage.events()
    with pytest.raises(Refusal) as caught:
        await create(stage, *members, **how)
    assert await stage.events() == before
    assert await stage.rows("SELECT COUNT(*) FROM job_predecessor") == [(0,)]
    error = caught.value
    return error.all if isinstance(error, Refusals) else [error]


def told(refusals):
    return [(one.details.get("index"), one.code, one.key) for one in refusals]


# ---- create


async def test_all_are_stored_in_order_each_with_its_events(stage):
    rows = await create(
        stage,
        member(priority=3),
        member(operation="import", trigger="manual"),
        member(scheduledAt=to_wire(stage.clock() + 60_000)),
    )
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert [(await stage.row(row)).status for row in rows] == ["ready", "created", "scheduled"]
    assert [await stage.topics(row.id) for row in rows] == [
        ["job:created", "job:ready"],
        ["job:created"],
        ["job:created", "job:scheduled"],
    ]
    assert (await stage.row(rows[0])).priority == 3


async def test_listeners_that_wait_are_given_the_jobs_at_once(stage):
    listener = await stage.listener(credit=2)
    await create(stage, *[member(input={"n": n}) for n in range(3)])
    frame = await listener.of_type("grants")
    assert [grant["job"]["input"]["n"] for grant in frame["jobs"]] == [0, 1]
    assert await stage.rows("SELECT COUNT(*) FROM job WHERE holder IS NULL") == [(1,)]


async def test_one_bad_member_refuses_all_and_every_bad_one_is_named(stage):
    strange = encode("jb", (await stage.create(actor=STRANGER)).id)
    taken = await stage.create(uniqueKey="taken")
    found = await refused(
        stage,
        member(),
        BAD,
        member(uniqueKey="taken"),
        member(uniqueKey="twice"),
        member(uniqueKey="twice"),
        member(parentId=strange),
        member(spaceId="us_sp_elsewhere"),
        member(input={"text": "x" * 300_000}),
        member(predecessorIds=[encode("jb", 999)]),
    )
    assert told(found) == [
        (1, "invalid", "type"),
        (2, "duplicate_job", "uniqueKey"),
        (4, "duplicate_job", "uniqueKey"),
        (5, "not_found", "parentId"),
        (6, "not_found", "spaceId"),
        (7, "too_large", "input"),
        (8, "not_found", "predecessorIds"),
    ]
    assert found[0].message.startswith("jobs[1]: ")
    assert found[1].details["job"] == encode("jb", taken.id)
    assert "#3" in found[2].message


async def test_the_good_ones_are_stored_when_some_may_be_bad(stage):
    found = await create(stage, BAD, member(uniqueKey="k"), member(uniqueKey="k"), member(), partial=True)
    assert [one.code if isinstance(one, Refusal) else one.status for one in found] == [
        "invalid",
        "ready",
        "duplicate_job",
        "ready",
    ]
    assert await stage.rows("SELECT COUNT(*) FROM job") == [(2,)]


async def test_none_may_be_good(stage):
    assert await create(stage, BAD, BAD, partial=True) == [BAD, BAD]
    assert await stage.events() == []


async def test_a_unique_key_that_was_freed_in_the_same_batch_may_be_taken(stage):
    job = await stage.create(uniqueKey="k")
    canceling = stage.do(bulk.CANCEL, ActOnJobs(ADMIN, [job.id]))
    tally, rows = await asyncio.gather(canceling, create(stage, member(uniqueKey="k")))
    assert (tally.done, rows[0].unique_key) == (1, "k")


async def test_many_unique_keys_are_looked_for(stage):
    await create(stage, *[member(uniqueKey=f"k{n}") for n in range(0, 250, 2)])
    found = await create(stage, *[member(uniqueKey=f"k{n}") for n in range(250)], partial=True)
    assert [isinstance(one, Refusal) for one in found] == [n % 2 == 0 for n in range(250)]


# ---- members that wait for each other


async def test_members_wait_for_members_before_and_behind_them(stage):
    other = await stage.create(trigger="manual")
    known = encode("jb", other.id)
    follows = {0: [2], 1: [0, 2]}
    rows = await create(
        stage,
        member(predecessorIds=["#2"]),
        member(predecessorIds=["#0", known, "#2"]),
        member(),
        follows=follows,
    )
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert [(await stage.row(row)).status for row in rows] == ["waiting", "waiting", "ready"]
    ids = [encode("jb", row.id) for row in rows]
    assert (await stage.row(rows[0])).described()["predecessorIds"] == [ids[2]]
    assert (await stage.row(rows[1])).described()["predecessorIds"] == [ids[0], known, ids[2]]
    waiting = await stage.rows(
        "SELECT predecessor_id FROM job_predecessor WHERE job_id = :job ORDER BY predecessor_id",
        job=rows[1].id,
    )
    assert [row[0] for row in waiting] == sorted([other.id, rows[0].id, rows[2].id])


async def test_a_chain_runs_from_its_end(stage):
    listener = await stage.listener()
    rows = await create(
        stage,
        member(predecessorIds=["#1"]),
        member(predecessorIds=["#2"]),
        member(),
        follows={0: [1], 1: [2]},
    )
    for row in reversed(rows):
        grant = await listener.grant()
        assert grant["job"]["id"] == encode("jb", row.id)
        await listener.ask(**listener.about("ack", grant))
        await listener.ask(**listener.about("complete", grant))


async def test_who_follows_a_bad_member_is_bad_and_so_on(stage):
    follows = {0: [1], 1: [2], 3: [4]}
    members = [
        member(predecessorIds=["#1"]),
        member(predecessorIds=["#2"]),
        BAD,
        member(predecessorIds=["#4"]),
        member(),
    ]
    found = await create(stage, *members, follows=follows, partial=True)
    assert [one.code if isinstance(one, Refusal) else one.status for one in found] == [
        "not_found",
        "not_found",
        "invalid",
        "waiting",
        "ready",
    ]
    assert "#1" in found[0].message
    assert told(await refused_later(stage, members, follows)) == [(2, "invalid", "type")], (
        "the cause alone is named"
    )


async def test_a_follower_is_not_blamed_for_what_another_names(stage):
    members = [member(predecessorIds=["#1"]), member(predecessorIds=[encode("jb", 999)])]
    assert told(await refused(stage, *members, follows={0: [1]})) == [(1, "not_found", "predecessorIds")]


async def refused_later(stage, members, follows):
    with pytest.raises(Refusals) as caught:
        await create(stage, *members, follows=follows)
    return caught.value.all


async def test_a_circle_by_way_of_a_parent_and_a_member_is_refused(stage):
    parent = await stage.create(trigger="manual")
    known = encode("jb", parent.id)
    members = [member(parentId=known, predecessorIds=["#1"]), member(predecessorIds=[known])]
    assert told(await refused(stage, *members, follows={0: [1]})) == [(0, "cycle", "predecessorIds")]
    found = await create(
        stage, member(parentId=known, predecessorIds=["#1"]), member(), members[1], follows={0: [1]}
    )
    assert [row.status for row in found] == ["waiting", "ready", "waiting"]


# ---- the queue's bound


async def test_a_call_for_which_there_is_too_little_room_is_refused_whole(stage):
    stage.facts.bound = QueueBound(3)
    await stage.create()
    found = await refused(stage, *[member()] * 3)
    assert [one.code for one in found] == ["queue_full"]
    assert "no more than 2 fit" in found[0].message
    assert len(await create(stage, *[member()] * 2)) == 2


async def test_a_partial_call_takes_the_room_there_is(stage):
    stage.facts.bound = QueueBound(3)
    follows = {0: [3], 1: [3]}
    members = [member(predecessorIds=["#3"]), member(predecessorIds=["#3"]), member(), member()]
    found = await create(stage, *members, follows=follows, partial=True)
    # The order of storing is 2, 3, 0, 1: the last of it goes without, and nobody follows that.
    assert [one.code if isinstance(one, Refusal) else one.status for one in found] == [
        "waiting",
        "queue_full",
        "ready",
        "ready",
    ]


# ---- repetition


async def test_the_same_idempotency_key_replays_the_answer(stage):
    once = Once("scope", "key", "hash", lambda made: ",".join(str(row.id) for row in made))
    made = await stage.do(bulk.CREATE, item(member(), member()), once)
    again = await stage.do(bulk.CREATE, item(member(), member()), once)
    assert again == Replayed(",".join(str(row.id) for row in made))
    assert await stage.rows("SELECT COUNT(*) FROM job") == [(2,)]


async def test_what_was_refused_is_not_remembered(stage):
    once = Once("scope", "key", "hash", str)
    with pytest.raises(Refusals):
        await stage.do(bulk.CREATE, item(BAD), once)
    made = await stage.do(bulk.CREATE, item(member()), once)
    assert made[0].status == "ready"


# ---- cancel


async def test_every_unfinished_job_is_canceled_as_it_would_be_by_itself(stage):
    places = [
        "created",
        "planning",
        "scheduled",
        "waiting",
        "held by a key",
        "complete",
        "failed",
        "canceled",
    ]
    situations = [await reach(stage, place) for place in places]
    executing = await reach(stage, "executing")
    ids = [executing.job.id, *[one.job.id for one in situations]]
    tally = await stage.do(bulk.CANCEL, ActOnJobs(OTHER, ids, info="enough"))
    assert (tally.matched, tally.done, tally.more) == (9, 6, False)
    assert [(job_id, why.code) for job_id, why in tally.skipped] == [
        (one.job.id, "illegal_move") for one in situations[5:]
    ]
    assert [(await stage.row(job_id)).status for job_id in ids[1:6]] == ["canceled"] * 5
    asked = await stage.row(executing.job)
    assert (asked.status, asked.cancel_requested_at, asked.info) == ("executing", stage.clock(), "enough")
    assert (await executing.listener.of_type("cancel"))["job"] == encode("jb", executing.job.id)


async def test_unknown_jobs_and_those_of_other_spaces_are_skipped(stage):
    strange = await stage.create(actor=STRANGER)
    tally = await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, [strange.id, 999]))
    assert (tally.done, [why.code for _, why in tally.skipped]) == (0, ["not_found", "not_found"])
    assert (await stage.row(strange)).status == "ready"


async def test_what_the_filter_does_not_mean_any_more_is_left_alone(stage):
    jobs = [await stage.create(), await reach_job(stage, "complete"), await stage.create("workbook:import")]
    wanted = JobFilter(name="workbook:export")
    tally = await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, [job.id for job in jobs], wanted, more=True))
    assert (tally.matched, tally.done, tally.skipped, tally.more) == (1, 1, [], True)
    assert (await stage.row(jobs[2])).status == "ready"


async def reach_job(stage, place):
    return (await reach(stage, place)).job


async def test_a_job_that_was_asked_to_stop_is_not_meant_again(stage):
    running = await reach(stage, "executing")
    for matched in (1, 0):
        tally = await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, [running.job.id], JobFilter()))
        assert (tally.matched, tally.done) == (matched, matched)


async def test_a_parent_and_its_parts_are_canceled_by_one_call(stage):
    parent = await stage.create(trigger="manual")
    await stage.do(parts.SPLIT, parts.SplitJob(ADMIN, parent.id, JobSplit(parts=3, run_in_parallel=True)))
    ids = [row[0] for row in await stage.rows("SELECT id FROM job ORDER BY id")]
    tally = await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, ids))
    assert (tally.matched, tally.done, tally.skipped) == (4, 4, [])
    assert await stage.rows("SELECT DISTINCT status FROM job") == [("canceled",)]


# ---- retry


async def test_ended_jobs_run_again_as_new_ones(stage):
    old = [await reach_job(stage, place) for place in ("failed", "complete", "canceled")]
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, [job.id for job in old], JobFilter()))
    assert (tally.matched, tally.done, tally.skipped) == (3, 3, [])
    again = await stage.rows("SELECT rerun_of, status FROM job WHERE rerun_of IS NOT NULL ORDER BY id")
    assert again == [(job.id, "ready") for job in old]


async def test_by_filter_a_job_is_run_again_once_and_by_name_whenever_its_rerun_has_ended(stage):
    old = await reach_job(stage, "failed")
    by_filter, by_name = ActOnJobs(ADMIN, [old.id], JobFilter()), ActOnJobs(ADMIN, [old.id])
    assert (await stage.do(bulk.RETRY, by_filter)).done == 1
    assert (await stage.do(bulk.RETRY, by_filter)).matched == 0
    tally = await stage.do(bulk.RETRY, by_name)
    assert (tally.done, [why.code for _, why in tally.skipped]) == (0, ["already_retried"])
    again = (await stage.rows("SELECT id FROM job WHERE rerun_of = :old", old=old.id))[0][0]
    assert tally.skipped[0][1].details["job"] == encode("jb", again)
    await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, [again]))
    assert (await stage.do(bulk.RETRY, by_filter)).matched == 0, "the rerun stands for it"
    assert (await stage.do(bulk.RETRY, by_name)).done == 1


async def test_unfinished_unknown_and_doubled_jobs_are_skipped_with_the_reason(stage):
    first = await stage.create(uniqueKey="k")
    await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, [first.id]))
    second = await stage.create(uniqueKey="k")
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, [first.id, second.id, 999]))
    assert [why.code for _, why in tally.skipped] == ["duplicate_job", "illegal_move", "not_found"]
    assert (tally.matched, tally.done) == (3, 0)


async def test_of_jobs_with_the_same_unique_key_the_first_runs_again(stage):
    old = []
    for _ in range(3):
        old.append((await stage.create(uniqueKey="k")).id)
        await stage.do(bulk.CANCEL, ActOnJobs(ADMIN, old[-1:]))
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, old, JobFilter()))
    assert (tally.matched, tally.done) == (3, 1)
    again = (await stage.rows("SELECT id, rerun_of FROM job WHERE rerun_of IS NOT NULL"))[0]
    assert again[1] == old[0]
    assert [(job_id, why.code, why.details["job"]) for job_id, why in tally.skipped] == [
        (job_id, "duplicate_job", encode("jb", again[0])) for job_id in old[1:]
    ]


async def test_a_full_queue_ends_a_retry_with_what_was_done(stage):
    old = [await reach_job(stage, "canceled") for _ in range(3)]
    stage.facts.bound = QueueBound(2)
    stage.clock.forward(5)
    ids = [job.id for job in old]
    tally = await stage.do(bulk.RETRY, ActOnJobs(ADMIN, ids, JobFilter()))
    assert (tally.matched, tally.done, tally.more) == (3, 2, True)
    assert [(job_id, why.code) for job_id, why in tally.skipped] == [(ids[2], "queue_full")]
    stage.clock.forward(5)
    with pytest.raises(Refusal) as caught:
        await stage.do(bulk.RETRY, ActOnJobs(ADMIN, ids, JobFilter()))
    assert caught.value.code == "queue_full"
