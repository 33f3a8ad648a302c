"""Files as commands store and delete them."""

import pytest
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from server.commands.files import CREATE_FILE, DELETE_FILE, CreateFile, DeleteFile
from server.store import files as sql


def new(actor=ADMIN, job_id=None):
    return CreateFile(actor, "a.csv", 3, "text/csv", "blob", job_id)


async def load(stage, file_id):
    return await stage.node.read(lambda reader: sql.load(reader, file_id))


async def test_a_file_is_stored_and_told_without_where_its_bytes_lie(stage):
    job = await stage.create()
    row = await stage.do(CREATE_FILE, new(job_id=job.id))
    assert await load(stage, row.id) == row
    (event,) = await stage.events("file:created")
    assert event["context"]["fileId"] == encode("fl", row.id)
    assert event["context"]["jobId"] == encode("jb", job.id)
    assert event["payload"] == {"name": "a.csv", "size": 3, "contentType": "text/csv"}
    assert "blob" not in str(event)


async def test_a_job_that_is_not_there_takes_no_file(stage):
    job = await stage.create()
    for actor, number in ((ADMIN, job.id + 1), (STRANGER, job.id)):
        with pytest.raises(Refusal) as caught:
            await stage.do(CREATE_FILE, new(actor, number))
        assert caught.value.code == "not_found"
    assert await stage.events("file:created") == []


async def test_deleting_gives_the_bytes_to_remove_and_is_told(stage):
    row = await stage.do(CREATE_FILE, new())
    assert await stage.do(DELETE_FILE, DeleteFile(ADMIN, row.id)) == "blob"
    assert await load(stage, row.id) is None
    assert len(await stage.events("file:deleted")) == 1


async def test_files_of_another_space_are_not_there(stage):
    row = await stage.do(CREATE_FILE, new())
    for item in (DeleteFile(STRANGER, row.id), DeleteFile(ADMIN, row.id + 1)):
        with pytest.raises(Refusal) as caught:
            await stage.do(DELETE_FILE, item)
        assert caught.value.code == "not_found"
    assert await load(stage, row.id) == row
