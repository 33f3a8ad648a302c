"""What readers of a definition see of its triggers: jobs that events have started, and those that were not."""

import asyncio

from listener_sdk.protocol.definitions import Definition

DEADLINE_S = 20


async def until(server, path, test):
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = (await server.call("GET", path)).body
            if test(found):
                return found
            await asyncio.sleep(0.02)


async def test_a_definition_shows_what_its_triggers_did_not_start(server):
    trigger = {"topic": "invoice:paid", "params": {"echo": "{{ event.payload.n }}"}, "maxPerMinute": 2}
    body = {"jobDefinitionCode": "pay", "jobType": "noop", "enabled": True, "triggers": [trigger]}
    path = "/v1/job-definitions/pay"
    plain = (await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})).body["jobDefinition"]
    assert not {"triggerStops", "triggerProblem"} & plain.keys()
    await server.call("POST", "/v1/events", {"topic": "invoice:paid", "payload": {"n": 7}})
    shown = await until(server, path, lambda found: "lastJob" in found["jobDefinition"])
    job = (await server.call("GET", f"/v1/jobs/{shown['jobDefinition']['lastJob']['jobId']}")).data
    assert (job["input"]["echo"], job["startedBy"]["kind"], job["depth"], job["createdBy"]) == (
        7,
        "event",
        1,
        "system",
    )

    made = (await server.call("POST", "/v1/events", {"topic": "invoice:paid"})).data
    shown = await until(server, path, lambda found: "triggerProblem" in found["jobDefinition"])
    problem = Definition.model_validate(shown["jobDefinition"]).trigger_problem
    assert (problem.kind, problem.reason, problem.trigger) == ("failed", "invalid", 0)
    assert (problem.event_id, problem.event_topic) == (made["id"], "invoice:paid")
    assert [one["path"] for one in problem.problems] == ["params.echo"]

    await server.call("POST", "/v1/events", {"topic": "invoice:paid", "payload": {"n": 8}})
    shown = await until(server, path, lambda found: "triggerStops" in found["jobDefinition"])
    definition = Definition.model_validate(shown["jobDefinition"])
    assert (definition.trigger_stops, definition.trigger_problem.reason) == (1, "rate")
    assert (await server.call("GET", "/v1/job-definitions")).data == [shown["jobDefinition"]]

    changed = {"jobDefinition": {"triggers": [{**trigger, "maxPerMinute": 3}]}}
    shown = (await server.call("PATCH", path, changed)).body["jobDefinition"]
    assert not {"triggerStops", "triggerProblem"} & shown.keys()
