"""Jobs that events start: which events, with what, once each; and what is said where none is started."""

import pytest
from defined import change, declare, define
from stage import ADMIN, STRANGER
from triggered import made, publish, triggered

from listener_sdk.protocol.ids import encode
from server.commands import definitions, jobs, spaces
from server.commands.definitions import DeleteDefinition
from server.commands.jobs import JobAct
from server.core.actors import SYSTEM


async def look(stage):
    return await stage.node.triggers.look()


async def test_an_event_starts_a_job_with_what_it_says(stage):
    row = await triggered(
        stage,
        mapping={"name": "{{ event.payload.name }}", "topic": "{{ trigger.topic }}"},
        filter={"payload.name": "*.csv"},
        mode="delta",
        params={"size": "{{ event.payload.size }}", "name": "replaced"},
    )
    seq = await publish(stage, payload={"name": "a.csv", "size": 3})
    await publish(stage, payload={"name": "a.txt", "size": 4})
    assert await look(stage) == 1
    [job] = await made(stage)
    assert job["input"] == {"size": 3, "name": "a.csv", "topic": "invoice:paid"}
    assert job["startedBy"] == {
        "kind": "event", "eventId": encode("ev", seq), "topic": "invoice:paid", "trigger": 0,
    }  # fmt: skip
    assert (job["definition"], job["definitionVersion"]) == ("nightly", 1)
    assert (job["modes"]["asked"], job["depth"]) == ("delta", 1)
    [(status, by, definition)] = await stage.rows("SELECT status, created_by, definition_id FROM job")
    assert (status, by, definition) == ("ready", SYSTEM, row.id)
    assert await look(stage) == 0


async def test_each_trigger_starts_by_itself(stage):
    await triggered(stage, topic="invoice:*, sheet:**")
    await triggered(
        stage, "other", triggers=[{"topic": "invoice:paid"}, {"topic": "**", "filter": {"job": "none:*"}}]
    )
    await publish(stage)
    await publish(stage, "sheet:filled")
    await publish(stage, "book:closed")
    assert await look(stage) == 3
    assert [job["definition"] for job in await made(stage)] == ["nightly", "other", "nightly"]


async def test_a_trigger_sees_what_follows_its_definition(stage):
    await publish(stage)
    await triggered(stage)
    await publish(stage)
    await look(stage)
    assert len(await made(stage)) == 1
    await publish(stage)
    await change(stage, triggers=[{"topic": "invoice:paid", "params": {"new": True}}])
    await publish(stage)
    await look(stage)
    assert [job["input"] for job in await made(stage)] == [{}, {"new": True}]


async def test_events_that_wait_are_for_triggers_that_stay_as_they_are(stage):
    await triggered(stage)
    await publish(stage)
    await change(stage, name="Other", params={"a": 1})
    assert await look(stage) == 1
    assert [job["input"] for job in await made(stage)] == [{"a": 1}]


async def test_a_definition_that_is_disabled_or_gone_starts_nothing(stage):
    await triggered(stage)
    await look(stage)
    await change(stage, enabled=False)
    await publish(stage)
    assert await look(stage) == 0
    await change(stage, enabled=True)
    await publish(stage)
    assert await look(stage) == 1
    [(job_id,)] = await stage.rows("SELECT id FROM job")
    await stage.do(jobs.DELETE, JobAct(ADMIN, job_id))
    await stage.do(definitions.DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    await publish(stage)
    assert await look(stage) == 0
    assert not stage.node.triggers.triggers
    assert await stage.rows("SELECT id FROM trigger_state") == []


async def test_nothing_begins_in_an_archived_space(stage):
    await triggered(stage)
    await publish(stage)
    await stage.do(spaces.UPDATE_SPACE, spaces.UpdateSpace(ADMIN, 1, _archived()))
    assert await look(stage) == 0
    assert await made(stage) == []
    assert await stage.events("definition:trigger-failed") == []


def _archived():
    from listener_sdk.protocol.spaces import SpaceUpdate

    return SpaceUpdate.model_validate({"archived": True})


async def test_spaces_do_not_see_each_other(stage):
    await triggered(stage)
    await triggered(stage, actor=STRANGER)
    await publish(stage, actor=STRANGER)
    assert await look(stage) == 1
    assert await stage.rows("SELECT space_id FROM job") == [(2,)]


async def test_a_restart_goes_on_where_it_was(stage):
    await triggered(stage)
    await publish(stage)
    await look(stage)
    await publish(stage)
    await stage.restart()
    assert await look(stage) == 1
    await stage.restart()
    assert await look(stage) == 0
    assert len(await made(stage)) == 2


async def test_definitions_without_triggers_cost_nothing(stage):
    await declare(stage)
    await define(stage, jobDefinitionCode="plain")
    await look(stage)
    await publish(stage)
    loop = stage.node.triggers
    assert loop._idle
    assert loop._seq == stage.node.log.seq
    assert await stage.rows("SELECT id FROM trigger_cursor") == []


async def test_the_cursor_is_written_now_and_then_without_matches(stage):
    await triggered(stage)
    await publish(stage, "book:closed")
    await look(stage)
    assert await stage.rows("SELECT seq FROM trigger_cursor") == []
    stage.clock.forward(10)
    await look(stage)
    assert await stage.rows("SELECT seq FROM trigger_cursor") == [(stage.node.log.seq,)]


async def test_mappings_that_do_not_fit_are_told_with_every_place(stage):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "m": {"type": "integer"}}}
    await triggered(
        stage, mapping={"n": "{{ event.payload.n }}", "m": "{{ event.payload.m }}"}, schema=schema
    )
    await publish(stage)
    await publish(stage, payload={"n": "a", "m": "b"})
    await publish(stage, payload={"n": 1, "m": 2})
    assert await look(stage) == 1
    first, second = [event["payload"] for event in await stage.events("definition:trigger-failed")]
    assert [one["path"] for one in first["problems"]] == ["params.n", "params.m"]
    assert [one["path"] for one in second["problems"]] == ["params.n", "params.m"]
    assert (first["definition"], first["trigger"], first["eventTopic"]) == ("nightly", 0, "invoice:paid")
    assert all(one["message"] for one in second["problems"])


@pytest.mark.parametrize("count", [1, 250])
async def test_many_events_at_once(stage, count):
    await triggered(stage, maxPerMinute=6000)
    for _ in range(count):
        await publish(stage)
    assert await look(stage) == count
    assert len({job["startedBy"]["eventId"] for job in await made(stage)}) == count
