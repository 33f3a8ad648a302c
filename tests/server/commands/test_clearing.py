"""Pages of what a deleted space had, as commands remove them."""

from server.commands import clearing
from server.commands.clearing import Rows
from server.store import retention


async def test_unfinished_jobs_end_once_and_unknown_ones_are_passed_over(stage):
    job = await stage.create()
    for _ in range(2):
        await stage.do(clearing.END_JOBS, Rows((job.id, 999)))
    assert (await stage.row(job)).status == "canceled"
    assert (await stage.topics(job.id)).count("job:canceled") == 1
    listener = await stage.listener("**")
    other = await stage.create()
    assert (await listener.grant())["job"]["id"].endswith(str(other.id))


async def test_a_job_with_a_long_log_goes_by_several_pages(stage, monkeypatch):
    job = await stage.create()
    listener = await stage.listener("**")
    grant = await listener.grant()
    await listener.ask(**listener.about("log", grant, lines=[{"message": str(n)} for n in range(5)]))
    await listener.ask(**listener.about("complete", grant))
    remove = retention.remove_lines
    monkeypatch.setattr(retention, "remove_lines", lambda connection, ids: remove(connection, ids, 2))
    turns = [await stage.do(clearing.REMOVE_JOBS, Rows((job.id,))) for _ in range(3)]
    assert turns == [True, True, False]
    assert await stage.rows("SELECT id FROM job") == await stage.rows("SELECT id FROM job_log") == []
