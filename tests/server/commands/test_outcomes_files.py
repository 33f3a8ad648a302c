"""Files that an outcome names: only those that its holder sees, since readers get a link to each."""

from dataclasses import replace

import pytest
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.jobs import JobAck, JobEnd
from server.commands import rest
from server.commands.files import CREATE_FILE, DELETE_FILE, CreateFile, DeleteFile
from server.core.reach import Reach

MINE = replace(ADMIN, key_id="us_key_0000000007", reach=Reach(("import:*",), None))
SHAPES = {
    "download": lambda file: {"next": {"type": "download", "fileId": file}},
    "files": lambda file: {"next": {"type": "files", "files": [{"fileId": file}]}},
    "errors": lambda file: {"errorFiles": [{"fileId": file}]},
}


async def file(stage, actor=ADMIN, job=None):
    item = CreateFile(actor, "a.csv", 1, "text/csv", "blob", job.id if job else None)
    return encode("fl", (await stage.do(CREATE_FILE, item)).id)


class OnStream:
    def __init__(self, listener, grant):
        self.listener, self.grant = listener, grant

    async def end(self, kind, outcome):
        more = {"message": "m", "retry": False} if kind == "fail" else {}
        frame = self.listener.about(kind, self.grant, outcome=outcome, **more)
        self.listener.say(**frame, id=77)
        answer = await self.listener.want(lambda one: one.get("id") == 77)
        return answer.get("code") if answer["type"] == "error" else None


class OverRest:
    def __init__(self, stage, job):
        self.stage, self.job = stage, job

    async def end(self, kind, outcome):
        command = rest.COMPLETE if kind == "complete" else rest.FAIL
        try:
            await self.stage.do(command, rest.EndJob(MINE, self.job.id, JobEnd(outcome=outcome)))
        except Refusal as refusal:
            return refusal.code if refusal.named in _ids(outcome) else refusal.message
        return None


def _ids(outcome):
    action = outcome.get("next", {})
    return [
        one["fileId"]
        for one in [action, *action.get("files", []), *outcome.get("errorFiles", [])]
        if "fileId" in one
    ]


@pytest.fixture(params=["stream", "rest"])
async def held(request, stage):
    """A job in the hands of a key that is restricted to imports."""
    job = await stage.create("import:csv")
    if request.param == "rest":
        await stage.do(rest.ACK, rest.AckJob(MINE, job.id, JobAck()))
        return job, OverRest(stage, job)
    listener = await stage.listener("import:*", actor=MINE)
    return job, OnStream(listener, await listener.grant())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["complete", "fail"])
async def test_what_the_holder_cannot_see_is_refused_and_the_job_goes_on(stage, held, kind, shape):
    job, holder = held
    other = await stage.create("export:csv", trigger="manual")
    unseen = [await file(stage, job=other), await file(stage, STRANGER), "us_fl_00000000zz"]
    for name in unseen:
        assert await holder.end(kind, SHAPES[shape](name)) == "invalid", name
        assert (await stage.row(job)).ended is False
    assert await holder.end(kind, SHAPES[shape](await file(stage, MINE, job))) is None
    assert (await stage.row(job)).ended is True


@pytest.mark.parametrize("shape", SHAPES)
async def test_files_of_no_job_and_names_that_are_no_ids_of_ours_are_kept(stage, held, shape):
    job, holder = held
    assert await holder.end("complete", SHAPES[shape]("us_fl_vYzkfFpz")) is None
    assert "us_fl_vYzkfFpz" in (await stage.row(job)).outcome


async def test_a_repetition_is_answered_alike_when_the_file_has_gone(stage):
    job = await stage.create("import:csv")
    await stage.do(rest.ACK, rest.AckJob(MINE, job.id, JobAck()))
    name, holder = await file(stage), OverRest(stage, job)
    outcome = SHAPES["download"](name)
    assert await holder.end("complete", outcome) is None
    await stage.do(DELETE_FILE, DeleteFile(ADMIN, 1))
    assert await holder.end("complete", outcome) is None
