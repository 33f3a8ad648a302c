"""Spaces as commands make, change and delete them."""

import pytest
from stage import ADMIN, SPACE, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.jobs import JobCreate, JobUpdate
from listener_sdk.protocol.spaces import SpaceCreate, SpaceUpdate
from server.commands import spaces as module
from server.commands.events import PUBLISH, PublishEvent
from server.commands.files import CREATE_FILE, CreateFile
from server.commands.jobs import CREATE, EXECUTE, RETRY, CreateJob, JobAct, UpdateJob
from server.commands.rest import UPDATE
from server.commands.spaces import (
    CREATE_SPACE,
    DELETE_SPACE,
    UPDATE_SPACE,
    CreateSpace,
    DeleteSpace,
    UpdateSpace,
)
from server.core.actors import Actor, Space
from server.store import spaces as sql


async def new(stage, name="Acme", **fields):
    return await stage.do(
        CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate.model_validate({"name": name, **fields}))
    )


async def update(stage, space_id, **fields):
    return await stage.do(UPDATE_SPACE, UpdateSpace(ADMIN, space_id, SpaceUpdate.model_validate(fields)))


async def refusal(stage, command, item):
    with pytest.raises(Refusal) as caught:
        await stage.do(command, item)
    return caught.value


async def load(stage, space_id):
    return await stage.node.read(lambda reader: sql.load(reader, space_id))


async def test_a_space_is_stored_known_and_told(stage):
    space = await new(stage)
    assert await load(stage, space.id) == stage.facts.spaces[space.id] == space
    created, *_ = await stage.events("space:created")
    assert created["payload"] == {"code": "acme", "name": "Acme"}
    assert created["context"]["spaceId"] == "us_sp_acme"
    assert created["context"]["actorId"] == ADMIN.key_id


async def test_a_listener_of_the_new_space_gets_the_job_that_sets_it_up(stage):
    space = await new(stage)
    (event,) = await stage.events("job:created")
    assert (event["payload"]["job"], event["context"]["spaceId"]) == ("space:configure", "us_sp_acme")
    other = await stage.listener("space:configure", actor=STRANGER, session="session-two")
    own = await stage.listener("space:configure", actor=Actor("us_key_0000000009", "listener", space))
    grant = await own.grant()
    assert grant["job"]["input"] == {"spaceId": "us_sp_acme", "code": "acme", "name": "Acme"}
    assert other.seen("grants") == []


async def test_a_code_is_taken_once(stage):
    await new(stage)
    found = await refusal(stage, CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate(name="Other", code="acme")))
    assert (found.code, found.key) == ("conflict", "code")
    assert len(await stage.events("space:created")) == 1


async def test_a_store_has_a_bounded_number_of_spaces(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_SPACES", 3)
    await new(stage)
    found = await refusal(stage, CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate(name="B")))
    assert found.code == "limit"


async def test_a_change_is_told_with_before_and_after_and_known_at_once(stage):
    space = await new(stage)
    changed = await update(stage, space.id, name="Acme Ltd", timeZone="Europe/Paris")
    assert await load(stage, space.id) == stage.facts.spaces[space.id] == changed
    (event,) = await stage.events("space:updated")
    assert event["payload"] == {
        "before": {"name": "Acme", "timeZone": "UTC"},
        "after": {"name": "Acme Ltd", "timeZone": "Europe/Paris"},
    }
    await update(stage, space.id, name="Acme Ltd")
    assert len(await stage.events("space:updated")) == 1


async def test_nothing_new_begins_in_an_archived_space_and_what_runs_ends(stage):
    job = await stage.create()
    done = await stage.create()
    later = await stage.create("later:run", trigger="manual")
    listener = await stage.listener("workbook:*")
    first, second = (await listener.of_type("grants"))["jobs"]
    assert await listener.ask(**listener.about("complete", second)) is None
    await update(stage, SPACE.id, archived=True)
    assert [event["context"]["spaceId"] for event in await stage.events("space:archived")] == [
        "us_sp_default"
    ]
    event = EventCreate(topic="invoice:paid")
    for act in (
        stage.create(),
        stage.do(RETRY, JobAct(ADMIN, done.id)),
        stage.do(PUBLISH, PublishEvent(ADMIN, event)),
        stage.do(EXECUTE, JobAct(ADMIN, later.id)),
        stage.do(UPDATE, UpdateJob(ADMIN, later.id, JobUpdate(status="ready"))),
        stage.do(CREATE_FILE, CreateFile(ADMIN, "a.csv", 1, "text/csv", "blob")),
        stage.do(CREATE_FILE, CreateFile(ADMIN, "a.csv", 1, "text/csv", "blob", done.id)),
    ):
        with pytest.raises(Refusal) as caught:
            await act
        assert caught.value.code == "space_archived"
    assert (await stage.row(later)).status == "created"
    await stage.do(CREATE_FILE, CreateFile(ADMIN, "made.csv", 1, "text/csv", "blob", job.id))
    assert await listener.ask(**listener.about("complete", first)) is None
    assert (await stage.row(job)).status == "complete"
    await update(stage, SPACE.id, archived=False)
    await stage.create()


async def test_a_deleted_space_is_found_no_more(stage):
    space = await new(stage)
    await stage.do(DELETE_SPACE, DeleteSpace(ADMIN, space.id))
    assert not stage.facts.spaces[space.id].open
    event, last = await stage.events("space:deleted")
    assert (event["context"]["spaceId"], last["context"]["spaceId"]) == ("us_sp_default", "us_sp_acme")
    assert event["payload"]["code"] == "acme"
    for command, item in (
        (DELETE_SPACE, DeleteSpace(ADMIN, space.id)),
        (UPDATE_SPACE, UpdateSpace(ADMIN, space.id, SpaceUpdate())),
    ):
        assert (await refusal(stage, command, item)).code == "not_found"
    found = await refusal(stage, CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate(name="Acme")))
    assert "still being removed" in found.message
    inside = Actor(ADMIN.key_id, "admin", space)
    for command, item in (
        (CREATE, CreateJob(inside, JobCreate(type="a", operation="b"))),
        (PUBLISH, PublishEvent(inside, EventCreate(topic="invoice:paid"))),
    ):
        assert (await refusal(stage, command, item)).message == "The space acme was deleted."


async def test_a_space_that_another_server_removed_is_not_found(stage):
    gone = Actor("us_key_0000000009", "listener", Space(9, "gone", "Gone"))
    item = CreateJob(gone, JobCreate(type="a", operation="b"))
    assert (await refusal(stage, CREATE, item)).code == "not_found"


async def test_the_space_in_which_one_acts_and_the_first_one_stay(stage):
    space = await new(stage)
    inside = Actor(ADMIN.key_id, "admin", space, every_space=True)
    for item in (DeleteSpace(inside, space.id), DeleteSpace(inside, SPACE.id)):
        assert (await refusal(stage, DELETE_SPACE, item)).code == "conflict"


async def test_a_space_that_another_server_made_is_known_when_it_is_met(stage):
    space = await new(stage)
    del stage.facts.spaces[space.id]
    await stage.create(actor=Actor("us_key_0000000009", "listener", space))
    assert stage.facts.spaces[space.id] == space


@pytest.mark.parametrize("zone", ["Mars/Olympus", "europe/paris", "../UTC", "Europe/Paris "])
async def test_time_zones_are_those_of_the_database(stage, zone):
    found = await refusal(stage, CREATE_SPACE, CreateSpace(ADMIN, SpaceCreate(name="A", time_zone=zone)))
    assert (found.code, found.key) == ("invalid", "timeZone")
    found = await refusal(stage, UPDATE_SPACE, UpdateSpace(ADMIN, SPACE.id, SpaceUpdate(time_zone=zone)))
    assert (found.code, found.key) == ("invalid", "timeZone")
