"""The table of the life cycle, walked through by the real commands: what it has happens, what it has not changes nothing."""

import pytest
from situations import EVERYWHERE, act, reach
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.lifecycle import NEXT, Move, Status, is_final
from listener_sdk.protocol.plans import PlanPut
from listener_sdk.protocol.times import to_wire
from server.commands import moves, plans
from server.store.command import Command

OPEN = ("created", "planning", "scheduled", "ready", "waiting", "granted", "executing", "held by a key")
ENDED = ("complete", "failed", "canceled")
BEFORE_A_HOLDER = ("created", "planning", "scheduled", "waiting")
STATUS = {"granted": "ready", "held by a key": "executing"}

WITHOUT_A_COMMAND = {
    (status, move) for status, move in NEXT if move is Move.WAIT or status is Status.WAITING
} | {(Status.PLANNING, Move.SCHEDULE)}
"""Moves of jobs that wait for another: the table has them, nothing asks for them yet."""


async def executed(stage, place):
    found = await reach(stage, place)
    command, item = act("execute", found.job)
    await stage.do(command, item)
    return found


async def executed_when_planned(stage):
    found = await reach(stage, "planning")
    plan = {"fieldMapping": [], "unmappedSourceFields": [], "unmappedDestinationFields": []}
    body = PlanPut.model_validate({"fileId": "us_fl_1", "jobId": encode("jb", found.job.id), **plan})
    await stage.do(plans.SET_PLAN, plans.SetPlan(ADMIN, found.job.id, body))
    command, item = act("execute", found.job)
    await stage.do(command, item)
    return found


async def patched(stage, place, name):
    found = await reach(stage, place)
    command, item = act(name, found.job)
    await stage.do(command, item)
    return found


async def canceled(stage, place):
    found = await patched(stage, place, "cancel")
    if place == "executing":
        stage.clock.forward(30)
        await stage.look()
    return found


async def said(stage, place, kind, **more):
    found = await reach(stage, place)
    await found.ask(kind, **more)
    return found


async def released(stage, place):
    found = await reach(stage, place)
    await found.listener.listen(credit=0)
    await found.listener.ask(**found.listener.leases("release", found.grant))
    return found


async def left_alone(stage, place, seconds, **fields):
    found = await reach(stage, place, **fields)
    stage.clock.forward(seconds)
    await stage.look()
    return found


async def total_time_is_up_while_scheduled(stage):
    found = await reach(stage, "executing", totalTimeoutS=40)
    await found.ask("fail", message="later", retryAt=to_wire(stage.clock() + 60_000))
    stage.clock.forward(41)
    await stage.look()
    return found


async def start_time_comes(stage):
    return await left_alone(stage, "scheduled", 60)


async def scheduled_at_creation(stage):
    return await reach(stage, "scheduled")


WALKS = {
    (Status.CREATED, Move.SCHEDULE): scheduled_at_creation,
    (Status.CREATED, Move.MAKE_READY): lambda s: executed(s, "created"),
    (Status.CREATED, Move.PLAN): lambda s: patched(s, "created", "patch status=planning"),
    (Status.PLANNING, Move.MAKE_READY): executed_when_planned,
    (Status.SCHEDULED, Move.MAKE_READY): start_time_comes,
    (Status.READY, Move.ACK): lambda s: said(s, "granted", "ack"),
    (Status.READY, Move.RELEASE): lambda s: released(s, "granted"),
    (Status.READY, Move.RETRY_LATER): lambda s: left_alone(s, "granted", 10),
    (Status.EXECUTING, Move.ACK): lambda s: said(s, "executing", "ack"),
    (Status.EXECUTING, Move.COMPLETE): lambda s: said(s, "executing", "complete"),
    (Status.EXECUTING, Move.RELEASE): lambda s: released(s, "executing"),
    (Status.EXECUTING, Move.RETRY_LATER): lambda s: said(s, "executing", "fail", message="once more"),
    (Status.READY, Move.FAIL): lambda s: left_alone(s, "ready", 7, queueTimeoutS=7),
    (Status.SCHEDULED, Move.FAIL): total_time_is_up_while_scheduled,
    (Status.EXECUTING, Move.FAIL): lambda s: said(s, "executing", "fail", message="no more", retry=False),
    **{
        (status, Move.CANCEL): (lambda s, place=status.value: canceled(s, place))
        for status in Status
        if status in {Status.CREATED, Status.PLANNING, Status.SCHEDULED, Status.READY, Status.EXECUTING}
    },
}


def test_every_move_of_the_table_is_walked_or_known_to_have_no_command():
    assert set(WALKS) | WITHOUT_A_COMMAND == set(NEXT)
    assert not set(WALKS) & WITHOUT_A_COMMAND


@pytest.mark.parametrize("pair", WALKS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
async def test_the_move_leads_where_the_table_says_and_the_log_tells_it(stage, pair):
    found = await WALKS[pair](stage)
    await stage.idle()
    row = await stage.row(found.job)
    assert row.status == NEXT[pair]
    topics = await stage.topics(row.id)
    assert topics[0] == "job:created"
    assert sum(topic in {"job:completed", "job:failed", "job:canceled"} for topic in topics) == is_final(
        row.status
    )


ILLEGAL = {
    "execute": ("ready", "granted", "executing", "held by a key", *ENDED),
    "ack": (*BEFORE_A_HOLDER, *ENDED),
    "complete": (*BEFORE_A_HOLDER, "ready", *ENDED),
    "fail": (*BEFORE_A_HOLDER, "ready", *ENDED),
    "cancel": ENDED,
    "retry": OPEN,
    "ack outcome": OPEN,
    "patch progress": (*BEFORE_A_HOLDER, *ENDED),
    "patch outcomeAcknowledgedAt=2026-01-01T00:00:00Z": OPEN,
    "patch status=ready": ("executing", "held by a key", *ENDED),
    "patch status=planning": [p for p in EVERYWHERE if p not in {"created", "planning"}],
    "patch status=executing": (*BEFORE_A_HOLDER, *ENDED),
    "patch status=complete": (*BEFORE_A_HOLDER, "ready", "failed", "canceled"),
    "patch status=failed": (*BEFORE_A_HOLDER, "ready", "complete", "canceled"),
    "patch status=canceled": ("complete", "failed"),
    **{
        f"patch status={status}": [p for p in EVERYWHERE if STATUS.get(p, p) != status]
        for status in ("created", "scheduled", "waiting")
    },
}


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name, places in ILLEGAL.items() for place in places]
)
async def test_what_the_table_has_not_is_refused_with_the_present_status_and_changes_nothing(
    stage, name, place
):
    found = await reach(stage, place)
    command, item = act(name, found.job)
    events = await stage.events()
    with pytest.raises(Refusal) as refused:
        await stage.do(command, item)
    assert refused.value.code == "illegal_move"
    assert refused.value.details["status"] == found.job.status
    assert f"job is {found.job.status}" in refused.value.message
    assert await stage.row(found.job) == found.job
    assert await stage.events() == events


@pytest.mark.parametrize(
    "name",
    ["execute", "ack", "complete", "fail", "cancel", "retry", "ack outcome", "delete", "patch progress"],
)
async def test_a_job_of_another_space_is_not_there(stage, name):
    job = await stage.create()
    for actor, job_id in ((STRANGER, job.id), (ADMIN, 999)):
        job.id = job_id
        command, item = act(name, job, actor)
        with pytest.raises(Refusal) as refused:
            await stage.do(command, item)
        assert refused.value.code == "not_found"


async def test_a_refused_move_says_what_is_allowed_and_not_the_refused_move_itself(stage):
    for place, name in (("scheduled", "fail"), ("ready", "fail"), ("held by a key", "retry")):
        found = await reach(stage, place)
        command, item = act(name, found.job)
        with pytest.raises(Refusal) as refused:
            await stage.do(command, item)
        assert "is not possible" not in refused.value.message


def test_a_job_number_is_read_from_its_id_only():
    assert moves.job_number("us_jb_0000000007") == 7
    for text in ("", "7", "us_ev_0000000007", "us_jb_000000000!", "x" * 500):
        with pytest.raises(Refusal) as refused:
            moves.job_number(text, "job")
        assert (refused.value.code, refused.value.key) == ("not_found", "job")
        assert len(refused.value.message) < 120


async def test_a_canceled_job_says_so_twice_first_to_flatfile_then_finally(stage):
    found = await reach(stage, "canceled")
    events = [event for event in await stage.events() if event["topic"] in {"job:updated", "job:canceled"}]
    assert [(event["topic"], event["payload"]["status"]) for event in events] == [
        ("job:updated", "canceled"),
        ("job:canceled", "canceled"),
    ]
    assert found.job.due_at is None


async def test_lines_for_the_log_keep_their_order(stage):
    found = await reach(stage, "executing")

    def write(tx, job_id):
        for text in "abc":
            moves.write_log(tx, tx.job(job_id), "info", text)

    await stage.do(Command("write", write, lambda job_id: (job_id,)), found.job.id)
    lines = await stage.rows("SELECT message, attempt, at FROM job_log ORDER BY id")
    assert lines == [(text, 1, stage.clock()) for text in "abc"]
