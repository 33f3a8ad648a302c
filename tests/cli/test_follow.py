import pytest

from listener_sdk.cli import follow as module
from listener_sdk.cli.follow import UNTAKEN_S, Patience, follow, log_text
from listener_sdk.client import Client
from listener_sdk.errors import ApiError, ConnectionFailed
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


class Later:
    """A loop whose timers are called by hand."""

    def __init__(self):
        self.timers = []

    def call_later(self, delay_s, function):
        assert delay_s == UNTAKEN_S
        timer = Timer(function)
        self.timers.append(timer)
        return timer


class Timer:
    def __init__(self, function):
        self.function = function
        self.canceled = False

    def cancel(self):
        self.canceled = True


@pytest.fixture
def later(monkeypatch):
    loop = Later()
    monkeypatch.setattr(module.asyncio, "get_running_loop", lambda: loop)
    return loop


def test_a_job_that_stays_ready_is_explained_once(later):
    notes = []
    with Patience(notes.append) as patience:
        for status in ("ready", "created", "ready", "ready"):
            patience.see(status)
        first, second = later.timers
        assert (first.canceled, second.canceled) == (True, False)
        second.function()
        for status in ("executing", "scheduled", "ready"):
            patience.see(status)
    assert notes == ["No listener has taken it yet. Start one: tickwire listen SCRIPT, or check the name."]
    assert len(later.timers) == 2


def test_a_job_that_is_taken_in_time_needs_no_explanation(later):
    with Patience(pytest.fail) as patience:
        patience.see("ready")
        patience.see("executing")
    assert later.timers[0].canceled


def test_nothing_is_said_after_the_end(later):
    with Patience(pytest.fail) as patience:
        patience.see("ready")
    assert later.timers[0].canceled


def test_a_log_line_is_level_message_and_fields():
    assert log_text(LogLine(level="warning", message="Slow", fields={"row": 7.0})) == "warning Slow row=7"
    assert log_text(LogLine(level="error", message="Traceback:\n  boom\n")) == "error   Traceback:\n  boom"


@pytest.mark.parametrize(
    "error",
    [ConnectionFailed("http://127.0.0.1:1", "refused"), ApiError.of_code("unavailable", "Try again.")],
)
async def test_a_server_that_is_away_when_the_log_is_read_does_not_spoil_the_jobs_end(
    api, monkeypatch, error
):
    view = Recorder()
    async with Client() as client:
        job = await client.jobs.create("a:b")

        async def away(_job_id):
            raise error

        monkeypatch.setattr(client.jobs, "log", away)
        ended = await follow(client, job, "e:0", view, logs=True)
    assert (ended.status, view.notes) == ("complete", [])


async def test_a_log_that_may_not_be_read_is_told(api, monkeypatch):
    async with Client() as client:
        job = await client.jobs.create("a:b")

        async def refused(_job_id):
            raise ApiError.of_code("forbidden", "Not with this key.")

        monkeypatch.setattr(client.jobs, "log", refused)
        with pytest.raises(ApiError, match="Not with this key"):
            await follow(client, job, "e:0", Recorder(), logs=True)
