"""What readers of a definition see of its triggers: jobs that events have started, and those that were not."""

import asyncio

from listener_sdk.protocol.definitions import Definition, DryRun

DEADLINE_S = 20


async def until(server, path, test):
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = (await server.call("GET", path)).body
            if test(found):
                return found
            await asyncio.sleep(0.02)


async def test_a_dry_run_with_an_event_tries_the_triggers(server):
    body = {
        "jobDefinitionCode": "invoice-mail",
        "jobType": "callWebserviceEndpoint",
        "params": {"method": "POST"},
        "triggers": [
            {
                "topic": "invoice:paid",
                "filter": {"payload.country": "D?"},
                "params": {"url": "https://mail.example.com/{{ event.payload.customer }}"},
            },
            {"topic": "invoice:sent", "params": {"url": "https://mail.example.com/"}},
        ],
    }
    assert (await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})).status == 200
    path = "/v1/job-definitions/invoice-mail/_dry-run"
    event = {"topic": "invoice:paid", "payload": {"country": "DE", "customer": "Ada"}}
    shown = DryRun.model_validate((await server.call("POST", path, {"context": {"event": event}})).data)
    first, second = shown.triggers
    assert (first.starts, first.params["url"], first.params["method"], first.problems) == (
        True,
        "https://mail.example.com/Ada",
        "POST",
        [],
    )
    assert (second.starts, second.stopped_by, second.params) == (False, "topic", None)
    sent = {"context": {"event": {**event, "payload": {"country": "FR"}}}, "trigger": 0}
    (only,) = (await server.call("POST", path, sent)).data["triggers"]
    assert (only["trigger"], only["stoppedBy"]) == (0, "filter")
    assert "triggers" not in (await server.call("POST", path, {})).data
    answer = await server.call("POST", path, {**sent, "trigger": 2})
    assert (answer.status, answer.error["key"]) == (400, "trigger")
    assert (await server.call("GET", "/v1/jobs")).data == []


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
