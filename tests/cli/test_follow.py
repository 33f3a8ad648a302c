from listener_sdk.cli.follow import follow, log_text
from listener_sdk.client import Client
from listener_sdk.protocol.jobs import LogLine


class Recorder:
    def __init__(self):
        self.seen = []
        self.notes = []

    def show(self, seen):
        self.seen.append(seen)

    def note(self, line):
        self.notes.append(line)


async def test_a_job_is_followed_to_its_end_from_before_its_creation(api):
    view = Recorder()
    async with Client() as client:
        job = await client.jobs.create("a:b")
        ended = await follow(client, job, "e:0", view)
    assert ended.status == "complete"
    assert [(seen.status, seen.done) for seen in view.seen] == [
        ("complete", None),
        ("executing", 5),
        ("complete", 5),
    ]


async def test_every_log_line_is_shown_once(api):
    view = Recorder()
    api.log = [{"level": "info", "message": str(number)} for number in range(3)]
    async with Client() as client:
        await follow(client, await client.jobs.create("a:b"), "e:0", view, logs=True)
    assert view.notes == ["info    0", "info    1", "info    2"]


def test_a_log_line_is_level_message_and_fields():
    assert log_text(LogLine(level="warning", message="Slow", fields={"row": 7})) == "warning Slow row=7"
