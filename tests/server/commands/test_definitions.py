"""Definitions: made, changed, removed, and what their jobs are made of."""

from dataclasses import replace

import pytest
from defined import API, change, declare, define, start
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import DefinitionExecute
from listener_sdk.protocol.secrets import SecretWrite
from server.commands import definition_starts, definitions, jobs
from server.commands.definition_starts import EXECUTE_DEFINITION, Costly
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.jobs import CancelJob, JobAct
from server.commands.secrets import SET_SECRET, SetSecret
from server.core.actors import Actor
from server.core.job_types import read_type
from server.core.reach import Reach
from server.core.refusals import Refusals
from server.store import definitions as sql
from server.store.command import Command
from server.store.pages import Window

OPERATOR = replace(ADMIN, role="operator", key_id="us_key_0000000009")


@pytest.fixture
async def ready(stage):
    """A stage with the job type ``export``."""
    await declare(stage)
    return stage


async def told(stage, *topics):
    return [(event["topic"], event["payload"]) for event in await stage.events(*topics)]


async def lines(stage):
    return await stage.rows("SELECT action, before, after FROM audit ORDER BY id")


async def refusals(awaited):
    with pytest.raises(Refusal) as caught:
        await awaited
    return {one.key: one.message for one in getattr(caught.value, "all", [caught.value])}


async def execute(stage, name="nightly", actor=ADMIN, **body):
    asked = definition_starts.asked(actor, name, DefinitionExecute.model_validate(body), len(str(body)))
    try:
        return await stage.do(EXECUTE_DEFINITION, asked)
    except Costly:
        return await stage.do(EXECUTE_DEFINITION, await prepared(stage, asked))


async def prepared(stage, asked):
    return await stage.node.read(lambda reader: definition_starts.prepare(reader, asked))


# ---- defining


async def test_a_definition_is_stored_with_its_first_version_and_told(ready):
    row = await define(ready, name="Every night", target="sheet-1", schedule={"cron": "0 0  * * *"})
    found, body, *_ = await ready.node.read(lambda reader: sql.find(reader, 1, "nightly"))
    assert (found, read_type(body).code) == (row, "export")
    assert (row.version, row.enabled, row.target, row.recipe.facts["schedule"]) == (
        1,
        1,
        "sheet-1",
        {"cron": "0 0 * * *"},
    )
    assert await ready.rows("SELECT definition_id, version, body FROM definition_version") == [
        (row.id, 1, row.body)
    ]
    payload = {
        "definition": "nightly",
        "jobType": "export",
        "name": "Every night",
        "version": 1,
        "enabled": True,
    }
    assert await told(ready, "definition:created") == [("definition:created", payload)]
    ((action, before, after),) = await lines(ready)
    assert (action, before) == ("definition:created", None)
    assert '"params":{"url":"x"}' in after


async def test_a_code_is_taken_once_in_a_space(ready):
    await define(ready)
    assert "choose another" in (await refusals(define(ready)))["jobDefinition.jobDefinitionCode"]
    await declare(ready, STRANGER)
    await define(ready, STRANGER)


async def test_a_type_that_is_not_there_names_near_ones(ready):
    with pytest.raises(Refusal, match="Did you mean export") as caught:
        await define(ready, jobType="exprt")
    assert caught.value.code == "not_found"


async def test_all_that_is_wrong_is_told_at_once(ready):
    wrong = await refusals(
        define(
            ready,
            params={"limit": "many", "headers": {"A": "{{ evnt.id }}"}},
            modes={"default": "delta"},
            triggers=[{"topic": "a:b", "params": {"url": 5}, "mode": "full"}],
        )
    )
    assert wrong.keys() == {"params.headers.A", "params.limit", "triggers[0].params.url"}
    assert "event" in wrong["params.headers.A"]
    wrong = await refusals(define(ready, params={"limit": "many", "more": 1}))
    assert wrong.keys() == {"params.url", "params.limit", "params.more"}
    assert await ready.rows("SELECT id FROM definition") == []


async def test_a_mode_that_the_type_does_not_have_is_refused(ready):
    await declare(ready, code="plain", modes=["full"])
    wrong = await refusals(
        define(
            ready, jobType="plain", modes={"default": "delta"}, triggers=[{"topic": "a:b", "mode": "delta"}]
        )
    )
    assert wrong.keys() == {"modes.default", "triggers[0].mode"}
    assert "it has full" in wrong["modes.default"]


async def test_templates_are_no_values_yet_and_what_a_trigger_gives_may_be_left_out(ready):
    await define(
        ready,
        params={"limit": "{{ event.payload.rows }}", "url": "https://{{ event.payload.host }}/" + "x" * 40},
    )
    given = [{"topic": "a:b", "params": {"url": "{{ event.payload.url }}"}}]
    await define(ready, jobDefinitionCode="given", params={}, triggers=given)
    wrong = await refusals(
        define(ready, jobDefinitionCode="other", params={}, triggers=[*given, {"topic": "c:d"}])
    )
    assert wrong.keys() == {"triggers[1].params.url"}


async def test_what_a_template_cannot_have_is_refused(ready):
    wrong = await refusals(define(ready, params={"url": "{{? since }}"}))
    assert "job.watermark.since" in wrong["params.url"]
    wrong = await refusals(define(ready, triggers=[{"topic": "a:b", "params": {"url": "{{ dueTime }}"}}]))
    assert "schedule" in wrong["triggers[0].params.url"]


async def test_secrets_that_are_not_there_or_for_other_jobs_are_refused(ready):
    for name, globs in (("token", None), ("other", ["crm:*"])):
        body = SecretWrite(name=name, value="v", jobs=globs)
        await ready.do(SET_SECRET, SetSecret(ADMIN, body, ready.node.sealer))
    row = await define(ready, params={"url": "x", "headers": {"A": "Bearer {{ secrets.token }}"}})
    assert row.recipe.params["headers"] == {"A": "Bearer {{ secrets.token }}"}
    assert (
        "Did you mean token"
        in (await refusals(change(ready, params={"url": "{{ secrets.tokn }}"})))["params.url"]
    )
    assert "crm:*" in (await refusals(change(ready, params={"url": "{{ secrets.other }}"})))["params.url"]


async def test_a_restricted_key_makes_no_triggers_and_changes_no_definition_that_has_some(ready):
    near = replace(ADMIN, reach=Reach(jobs=("workbook:*",)))
    triggers = [{"topic": "invoice:paid"}]
    with pytest.raises(Refusal, match="without such a restriction"):
        await define(ready, near, triggers=triggers)
    made = await define(ready, triggers=triggers)
    for changes in ({"triggers": [{"topic": "**"}]}, {"triggers": []}, {"name": "A"}, {"enabled": False}):
        with pytest.raises(Refusal) as caught:
            await change(ready, near, **changes)
        assert (caught.value.code, caught.value.key) == ("forbidden", "jobDefinition.triggers")
    assert await change(ready, near, name=made.name) == made
    with pytest.raises(Refusal, match="without such a restriction"):
        await ready.do(DELETE_DEFINITION, DeleteDefinition(near, "nightly"))
    await change(ready, triggers=[])
    with pytest.raises(Refusal, match="without such a restriction"):
        await change(ready, near, triggers=triggers)
    assert (await change(ready, near, name="A")).name == "A"


async def test_a_key_defines_the_jobs_that_it_reaches_and_sees_no_others(ready):
    near = replace(ADMIN, reach=Reach(jobs=("crm:*",)))
    assert "restricted" in (await refusals(define(ready, near)))["job"]
    await define(ready)
    for look in (
        change(ready, near, name="Mine"),
        execute(ready, actor=near),
        execute(ready, actor=STRANGER),
    ):
        with pytest.raises(Refusal) as caught:
            await look
        assert caught.value.code == "not_found"
    own = replace(ADMIN, reach=Reach(jobs=("workbook:*",)))
    assert (await change(ready, own, name="Mine")).name == "Mine"


async def test_a_space_has_so_many(ready, monkeypatch):
    monkeypatch.setattr(definitions, "MOST_DEFINITIONS", 2)
    for code in ("a", "b"):
        await define(ready, jobDefinitionCode=code)
    with pytest.raises(Refusal, match="at most 2") as caught:
        await define(ready, jobDefinitionCode="c")
    assert caught.value.code == "limit"


# ---- changing


async def test_what_jobs_are_made_of_makes_a_version_and_the_rest_does_not(ready):
    row = await define(ready)
    ready.clock.forward(1)
    again = await change(ready, name="Renamed", description="For Ada")
    assert (again.version, again.updated_at) == (1, ready.clock.ms)
    newer = await change(ready, params={"url": "y"}, options={"emailList": ["ada@example.com"]})
    assert (newer.version, newer.recipe.params) == (2, {"url": "y"})
    assert newer.recipe.facts["options"]["emailList"] == ["ada@example.com"]
    assert newer.id == row.id
    assert await change(ready, params={"url": "y"}) == newer
    assert [
        v.version for v in (await ready.node.read(lambda reader: sql.versions(reader, row.id, Window(9))))[0]
    ] == [
        2,
        1,
    ]
    updated = await told(ready, "definition:updated")
    assert [payload["changed"] for _, payload in updated] == [["name", "description"], ["params", "options"]]
    assert (await lines(ready))[2][1:] == (
        '{"params":{"url":"x"},"options":{"skipNotification":false,"sendCompletionEmail":false,"sendFailureEmail":false,"emailList":[]},"version":1}',
        '{"params":{"url":"y"},"options":{"skipNotification":false,"sendCompletionEmail":false,"sendFailureEmail":false,"emailList":["ada@example.com"]},"version":2}',
    )


async def test_null_removes_what_may_be_missing(ready):
    await define(ready, target="t", description="d", schedule={"cron": "* * * * *"})
    row = await change(ready, target=None, description=None, schedule=None, name=None, params=None)
    assert (row.target, row.description, row.name) == (None, None, "nightly")
    assert row.recipe.facts.keys() & {"schedule", "target"} == set()
    assert row.recipe.params == {"url": "x"}


async def test_enabling_is_told_by_itself_and_disabling_is_never_refused(ready):
    await define(ready)
    await ready.do(
        Command(
            "broken", lambda tx, _: tx.run("UPDATE definition SET body = REPLACE(body, '\"url\"', '\"uri\"')")
        ),
        None,
    )
    row = await change(ready, enabled=False)
    assert (row.enabled, row.version) == (0, 1)
    assert (await refusals(change(ready, enabled=True))).keys() == {"params.url", "params.uri"}
    await change(ready, enabled=True, params={"url": "y"})
    topics = [
        topic
        for topic, _ in await told(ready, "definition:enabled", "definition:disabled", "definition:updated")
    ]
    assert topics == ["definition:disabled", "definition:updated", "definition:enabled"]


async def test_a_code_never_changes(ready):
    await define(ready)
    assert (
        "never changes"
        in (await refusals(change(ready, jobDefinitionCode="b")))["jobDefinition.jobDefinitionCode"]
    )
    assert (await change(ready, jobDefinitionCode="nightly", name="N")).name == "N"


async def test_another_type_checks_the_parameters_anew(ready):
    await define(ready)
    await declare(
        ready,
        code="count",
        inputSchema={
            "type": "object",
            "properties": {"n": {}},
            "required": ["n"],
            "additionalProperties": False,
        },
    )
    assert (await refusals(change(ready, jobType="count"))).keys() == {"params.n", "params.url"}
    assert (await change(ready, jobType="count", params={"n": 1})).type_code == "count"


async def test_triggers_count_from_when_they_are_there(ready):
    trigger = {"topic": "file:created"}
    row = await define(ready, enabled=False, triggers=[trigger])
    assert row.triggers_at is None
    ready.clock.forward(1)
    since = (await change(ready, enabled=True)).triggers_at
    assert since == ready.clock.ms
    ready.clock.forward(1)
    assert (await change(ready, params={"url": "y"})).triggers_at == since
    assert (await change(ready, triggers=[trigger, {"topic": "a:b"}])).triggers_at == ready.clock.ms
    assert (await change(ready, triggers=[])).triggers_at is None


async def test_versions_that_are_very_old_go(ready, monkeypatch):
    monkeypatch.setattr(sql, "MOST_VERSIONS", 2)
    row = await define(ready)
    for url in "abc":
        await change(ready, params={"url": url})
    assert [
        v.version for v in (await ready.node.read(lambda reader: sql.versions(reader, row.id, Window(9))))[0]
    ] == [
        4,
        3,
    ]


# ---- removing


async def test_a_definition_is_removed_once_its_jobs_have_ended(ready):
    row = await define(ready)
    job = await start(ready, row)
    with pytest.raises(Refusal, match="us_jb_") as caught:
        await ready.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert caught.value.code == "in_use"
    await ready.do(jobs.CANCEL, CancelJob(ADMIN, job.id))
    await ready.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, row.public_id))
    assert (
        await ready.rows("SELECT id FROM definition UNION SELECT definition_id FROM definition_version") == []
    )
    assert (await ready.row(job)).described()["definition"] == "nightly"
    assert [topic for topic, _ in await told(ready, "definition:deleted")] == ["definition:deleted"]


async def test_a_type_that_definitions_need_is_named_with_them(ready):
    refuse = Command("refuse", lambda tx, code: definitions.refuse_type_in_use(tx, 1, code))
    await ready.do(refuse, "export")
    for code in "abcd":
        await define(ready, jobDefinitionCode=code)
    with pytest.raises(Refusal, match="a, b, c and others") as caught:
        await ready.do(refuse, "export")
    assert caught.value.code == "in_use"


# ---- starting


async def test_a_job_keeps_what_it_was_made_of(ready):
    row = await define(ready, name="Every night")
    job = await start(ready, row, mode="delta", given={"priority": 5})
    await change(ready, params={"url": "y"})
    stored = await ready.row(job)
    said = stored.described()
    assert (stored.name, stored.status, stored.priority, stored.definition_id) == (
        "workbook:export",
        "ready",
        5,
        row.id,
    )
    assert said["input"] == {"url": "x", "limit": 10}
    assert (said["jobType"], said["definition"], said["definitionVersion"]) == ("export", "nightly", 1)
    assert (said["startedBy"], said["modes"]["asked"], said["label"]) == (API, "delta", "Every night")
    assert stored.head == {"jobType": "export", "definition": "nightly"}
    (created,) = await ready.events("job:created")
    assert (created["payload"]["definition"], created["payload"]["jobType"]) == ("nightly", "export")


async def test_templates_read_what_started_the_job(ready):
    url = "{{ event.payload.url }}/{{ definition.jobDefinitionCode }}/{{ trigger.kind }}"
    row = await define(ready, params={"url": url, "limit": "{{ event.payload.rows }}"})
    event = {"payload": {"url": "https://a", "rows": 7}}
    by = {"kind": "event", "eventId": "us_ev_1"}
    job = await start(ready, row, by=by, context={"event": event}, said={"depth": 1})
    said = job.described()
    assert said["input"] == {"url": "https://a/nightly/event", "limit": 7}
    assert (said["startedBy"], said["depth"]) == (by, 1)
    wrong = await refusals(start(ready, row, context={"event": {"payload": {"rows": 1.5}}}))
    assert wrong.keys() == {"params.url"}
    assert "no url" in wrong["params.url"]
    wrong = await refusals(start(ready, row, context={"event": {"payload": {"url": "a", "rows": 1.5}}}))
    assert wrong.keys() == {"params.limit"}


async def test_given_parameters_stand_in_place_of_the_same_names_and_are_no_templates(ready):
    row = await define(ready, params={"url": "{{ event.nothing }}", "headers": {"A": "B"}})
    job = await start(ready, row, values={"url": "{{ secrets.token }}", "limit": 3})
    assert job.described()["input"] == {"url": "{{ secrets.token }}", "headers": {"A": "B"}, "limit": 3}
    assert "secretRefs" not in job.described()
    joined = {"url": "{{ event.url }}"}
    job = await start(ready, row, context={"event": {"url": "u"}}, joined=joined)
    assert job.described()["input"]["url"] == "u"


async def test_a_disabled_definition_starts_nothing_and_says_how_to_mend_it(ready):
    row = await define(ready, enabled=False)
    for launch in (start(ready, row), execute(ready)):
        with pytest.raises(Refusal, match="definitions enable nightly") as caught:
            await launch
        assert caught.value.code == "disabled"


async def test_a_mode_of_one_launch_must_be_the_type_s(ready):
    await declare(ready, code="plain", modes=["full"])
    row = await define(ready, jobType="plain")
    assert "it has full" in (await refusals(start(ready, row, mode="delta")))["mode"]


async def test_a_launch_that_was_prepared_is_made_anew_of_a_newer_version(ready):
    await define(ready)
    asked = await prepared(
        ready, definition_starts.asked(ADMIN, "nightly", DefinitionExecute(params={"limit": 3}), 9)
    )
    job = await ready.do(EXECUTE_DEFINITION, asked)
    assert job.described()["definitionVersion"] == 1
    await change(ready, params={"url": "y"})
    newer = await ready.do(EXECUTE_DEFINITION, asked)
    assert newer.described()["input"] == {"url": "y", "limit": 3}
    assert newer.described()["definitionVersion"] == 2
    await change(ready, enabled=False)
    with pytest.raises(Refusal, match="is disabled"):
        await ready.do(EXECUTE_DEFINITION, asked)
    for one in (job, newer):
        await ready.do(jobs.CANCEL, CancelJob(ADMIN, one.id))
    await ready.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    with pytest.raises(Refusal, match="no job definition nightly"):
        await ready.do(EXECUTE_DEFINITION, asked)


async def test_what_may_take_long_is_prepared_before_the_writer(ready):
    await define(ready, params={"url": "{{ trigger.kind }}"})
    await define(ready, jobDefinitionCode="plain")
    for name, size, is_costly in (("nightly", 2, True), ("plain", 2, False), ("plain", 200_000, True)):
        asked = definition_starts.asked(ADMIN, name, DefinitionExecute(), size)
        if is_costly:
            with pytest.raises(Costly):
                await ready.do(EXECUTE_DEFINITION, asked)
            asked = await prepared(ready, asked)
        assert (await ready.do(EXECUTE_DEFINITION, asked)).status == "ready"
    wrong = await prepared(
        ready, definition_starts.asked(ADMIN, "plain", DefinitionExecute(params={"limit": "x"}), 2)
    )
    assert (await refusals(ready.do(EXECUTE_DEFINITION, wrong))).keys() == {"params.limit"}


async def test_who_may_not_use_secrets_does_not_say_where_they_are_sent(ready):
    body = SecretWrite(name="token", value="v")
    await ready.do(SET_SECRET, SetSecret(ADMIN, body, ready.node.sealer))
    await define(ready, params={"url": "{{? event.url }}", "headers": {"A": "{{ secrets.token }}"}})
    await change(ready, params={"url": "x", "headers": {"A": "{{ secrets.token }}"}})
    job = await execute(ready, actor=OPERATOR)
    assert job.described()["secretRefs"] == [["token", ["headers", "A"], 0, 19]]
    for own in ({"params": {"url": "https://evil.example"}}, {"context": {"event": {"url": "u"}}}):
        with pytest.raises(Refusal, match="the secret token") as caught:
            await execute(ready, actor=OPERATOR, **own)
        assert caught.value.code == "forbidden"
    assert (await execute(ready, params={"url": "y"})).described()["input"]["url"] == "y"
    free = await execute(ready, actor=OPERATOR, params={"headers": {}, "url": "https://own.example"})
    assert "secretRefs" not in free.described()


async def test_what_runs_again_belongs_to_the_definition_still(ready):
    row = await define(ready)
    job = await start(ready, row)
    await ready.do(jobs.CANCEL, CancelJob(ADMIN, job.id))
    again = await ready.do(jobs.RETRY, JobAct(ADMIN, job.id))
    assert (again.definition_id, again.head) == (row.id, job.head)
    newest = await ready.node.read(lambda reader: sql.newest_jobs(reader, [row.id]))
    assert newest[row.id].id == again.id


async def test_a_person_is_named_as_who_started_it(ready):
    await define(ready)
    member = Actor("us_mem_0000000001", "operator", ADMIN.space)
    job = await execute(ready, actor=member)
    assert job.described()["startedBy"] == {"kind": "person", "memberId": member.key_id}
    assert (await execute(ready, actor=OTHER)).described()["startedBy"] == {
        "kind": "api",
        "keyId": OTHER.key_id,
    }


async def test_an_archived_space_gets_no_definitions(ready):
    archived = replace(ADMIN.space, archived_at=1)

    def archive(tx, _):
        tx.keep_space(archived)

    await ready.do(Command("archive", archive), None)
    with pytest.raises(Refusal) as caught:
        await define(ready)
    assert caught.value.code == "space_archived"


async def test_refusals_of_places_tell_the_expression_and_where_it_goes_wrong(ready):
    with pytest.raises(Refusals) as caught:
        await define(ready, params={"url": "ab {{ event. }}"})
    (one,) = caught.value.all
    assert one.details["expression"] == "event."
    assert isinstance(one.details["position"], int)
