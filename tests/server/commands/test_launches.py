"""Jobs made of job types: checked parameters, the type's limits, and what the server knows of them."""

from dataclasses import replace

import pytest
from defined import declare
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands import launches
from server.commands.files import CREATE_FILE, DELETE_FILE, CreateFile, DeleteFile
from server.commands.launches import Launch
from server.core.job_types import JobTypeRow, declared
from server.core.reach import Reach
from server.core.refusals import Refusals
from server.core.templates import Resolved, SecretRef
from server.store import job_types as sql
from server.store.command import Command

SCHEMA = {
    "type": "object",
    "properties": {"url": {"type": "string", "maxLength": 20}, "limit": {"type": "integer", "default": 10}},
    "required": ["url"],
    "additionalProperties": False,
}
LAUNCH = Command("launch", launches.launch)


def type_(name="workbook:export", **fields):
    body = {"name": name, "code": "export", "inputSchema": SCHEMA, **fields}
    return declared(JobTypeDeclare.model_validate(body))


async def file(stage, actor=ADMIN, job=None):
    item = CreateFile(actor, "a.csv", 1, "text/csv", "blob", job.id if job else None)
    return await stage.do(CREATE_FILE, item)


async def launch(stage, params, job_type=None, refs=(), **fields):
    item = Launch(ADMIN, job_type or type_(), Resolved(params, tuple(refs)), **fields)
    return await stage.do(LAUNCH, item)


async def test_the_job_has_the_parameters_with_their_defaults_and_the_limits_of_its_type(stage):
    job_type = type_(limits={"maxAttempts": 2, "runTimeoutS": 60})
    row = await launch(
        stage, {"url": "x"}, job_type, given={"label": "Mine"}, said={"startedBy": {"kind": "api"}}
    )
    stored = await stage.row(row)
    said = stored.described()
    assert (stored.name, stored.status, stored.max_attempts, stored.run_timeout_ms) == (
        "workbook:export",
        "ready",
        2,
        60_000,
    )
    assert said["input"] == {"url": "x", "limit": 10}
    assert (said["jobType"], said["label"], said["startedBy"]) == ("export", "Mine", {"kind": "api"})


async def test_all_that_is_wrong_is_told_at_once_and_no_job_is_made(stage):
    with pytest.raises(Refusals) as caught:
        await launch(stage, {"url": 5, "limit": "many", "more": 1})
    assert {one.key for one in caught.value.all} == {"params.url", "params.limit", "params.more"}
    assert await stage.rows("SELECT id FROM job") == []


async def test_a_text_with_a_secret_in_it_is_not_measured_and_its_place_is_kept(stage):
    ref = SecretRef("token", ("url",), 0, 30)
    row = await launch(stage, {"url": "{{ secrets.token }}" + "x" * 11}, refs=[ref])
    assert row.described()["secretRefs"] == [["token", ["url"], 0, 30]]


async def test_a_type_that_works_on_a_file_needs_one(stage):
    needs = type_(needsFile=True)
    with pytest.raises(Refusal, match="upload one") as caught:
        await launch(stage, {"url": "x"}, needs)
    assert (caught.value.code, caught.value.key) == ("invalid", "fileId")
    theirs = await file(stage, STRANGER)
    gone = await file(stage)
    await stage.do(DELETE_FILE, DeleteFile(ADMIN, gone.id))
    for name in ("garbage", encode("fl", 99), encode("fl", theirs.id), encode("fl", gone.id)):
        with pytest.raises(Refusal, match=f"no file {name}") as caught:
            await launch(stage, {"url": "x"}, needs, given={"file_id": name})
        assert (caught.value.code, caught.value.key) == ("not_found", "fileId")
    kept = encode("fl", (await file(stage)).id)
    assert (await launch(stage, {"url": "x"}, needs, given={"file_id": kept})).file_id == kept
    assert (await launch(stage, {"url": "x"}, given={"file_id": "garbage"})).file_id == "garbage"


async def test_the_file_is_one_that_its_caller_may_see(stage):
    job = await stage.create("workbook:export")
    row = await file(stage, job=job)
    needs, given = type_("import:csv", needsFile=True), {"file_id": encode("fl", row.id)}
    narrow = replace(ADMIN, reach=Reach(jobs=("import:*",)))
    item = Launch(narrow, needs, Resolved({"url": "x"}), given)
    with pytest.raises(Refusal, match="no file"):
        await stage.do(LAUNCH, item)
    assert await stage.do(LAUNCH, item._replace(actor=ADMIN))


async def test_a_code_that_nobody_declared_names_near_ones(stage):
    made = type_()

    def keep(tx, _item):
        sql.insert(
            tx.connection,
            JobTypeRow(1, ADMIN.space.id, made.code, made.name, made.stored(), 1, 1, "us_key_1", 1),
        )

    await stage.do(Command("keep", keep), None)
    look = Command("look", lambda tx, code: launches.type_of(tx, ADMIN, code))
    assert (await stage.do(look, "export")).name == "workbook:export"
    with pytest.raises(Refusal, match="Did you mean export") as caught:
        await stage.do(look, "exprt")
    assert caught.value.code == "not_found"


async def test_who_is_restricted_finds_what_is_within_reach(stage):
    def keep(tx, _item):
        for number, name in enumerate(("workbook:export", "import:csv"), 1):
            made = type_(name=name, code=f"code{number}")
            row = JobTypeRow(number, 1, made.code, made.name, made.stored(), 1, 1, "us_key_1", 1)
            sql.insert(tx.connection, row)

    await stage.do(Command("keep", keep), None)
    narrow = replace(ADMIN, reach=Reach(jobs=("import:*",)))
    look = Command("look", lambda tx, code: launches.reached_type(tx.connection, narrow, code))
    assert (await stage.do(look, "code2")).name == "import:csv"
    with pytest.raises(Refusal) as caught:
        await stage.do(look, "code1")
    assert "Did you mean code2?" in caught.value.message


def test_a_job_tells_whether_a_person_or_a_program_began_it():
    assert launches.started_by(ADMIN) == {"kind": "api", "keyId": ADMIN.key_id}
    ada = replace(ADMIN, key_id="us_mem_0000000001")
    assert launches.started_by(ada) == {"kind": "person", "memberId": "us_mem_0000000001"}


async def test_what_was_checked_before_is_taken_and_what_was_refused_before_is_refused(stage):
    item = Launch(ADMIN, await declare(stage), Resolved({"unchecked": 1}), is_checked=True)
    row = await stage.do(launches.LAUNCH, item)
    assert row.described()["input"] == {"unchecked": 1}
    with pytest.raises(Refusal, match="no such"):
        await stage.do(launches.LAUNCH, Refusal("not_found", "There is no such type."))


def test_parameters_have_a_bound_of_their_own_name():
    with pytest.raises(Refusal) as caught:
        launches.checked(type_(), Resolved({"url": "x" * 300_000}))
    assert (caught.value.code, caught.value.key) == ("too_large", "params")


def test_a_few_bytes_that_defaults_would_make_too_many_are_refused_and_not_checked_while_others_wait():
    rows = {"type": "array", "items": {"type": "object", "properties": {"a": {"default": "x" * 60_000}}}}
    made = type_(inputSchema={"type": "object", "properties": {"rows": rows}})
    with pytest.raises(Refusal) as caught:
        launches.checked(made, Resolved({"rows": [{}] * 5}))
    assert (caught.value.code, caught.value.key) == ("too_large", "params")
    assert not made.schema.is_light(20)


async def test_a_built_in_type_is_checked_by_its_model_too():
    built_in = launches.BUILT_IN["publishEvent"]
    for topic in ("job:ready", "no topic"):
        with pytest.raises(Refusals) as caught:
            launches.checked(built_in, Resolved({"topic": topic}))
        assert [one.key for one in caught.value.all] == ["params.topic"]
    assert launches.checked(built_in, Resolved({"topic": "invoice:paid"}))["topic"] == "invoice:paid"
