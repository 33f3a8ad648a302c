"""A server is killed while a handler writes its log: every line is stored once, in order."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from processes import DEADLINE_S, Server, listener, server, until

from listener_sdk import Client
from listener_sdk.protocol.jobs import Job

pytestmark = pytest.mark.must_run

LINES = 2_000
STEP = 20
SCRIPT = """
import os, time
from pathlib import Path
from listener_sdk import Listener, Outcome, SyncJob

listener = Listener()
gate, record = Path(os.environ["GATE"]), Path(os.environ["RECORD"])

@listener.job("lines:write")
def run(job: SyncJob[dict]) -> Outcome:
    for number in range(job.input["lines"]):
        while int(gate.read_text() or 0) <= number:
            time.sleep(0.01)
        job.log.info(f"line {number}")
        if number % 10 == 9:
            record.write_text(str(number + 1))
    return Outcome("All lines written")

listener.run()
"""


class Desk:
    """The listener's script, with a gate that lets it write so many lines, and how many it has written."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "lines.py"
        self.script.write_text(SCRIPT)
        self.gate = folder / "gate"
        self.record = folder / "record"
        self.record.write_text("0")
        self.open(0)

    def open(self, lines: int) -> None:
        fresh = self.gate.with_suffix(".new")
        fresh.write_text(str(lines))
        fresh.replace(self.gate)

    def write(self, upto: int) -> None:
        """Let the handler write on in small steps, and wait for it."""
        for lines in range(self.written + STEP, upto + 1, STEP):
            self.open(lines)
            until(lambda lines=lines: self.written >= lines, f"{lines} lines are written")

    @property
    def written(self) -> int:
        return int(self.record.read_text() or 0)

    def env(self, home: Server, url: str) -> dict[str, str]:
        return {
            **home.environment,
            "TICKWIRE_URL": url,
            "GATE": str(self.gate),
            "RECORD": str(self.record),
        }


class Relay:
    """What stands between a listener and its server: it can keep the server's answers to itself."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pipes: set[asyncio.Task[None]] = set()
        self.mute = False
        self.url = ""
        self.heard = 0
        """How many bytes the listener has sent."""

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        with contextlib.closing(writer), contextlib.suppress(OSError):
            answers, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(server_writer):
                there = asyncio.create_task(self._there(reader, server_writer))
                back = asyncio.create_task(self._back(answers, writer))
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        self._pipes.discard(task)

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            self.heard += len(data)
            writer.write(data)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not self.mute:
                writer.write(data)
                await writer.drain()

    async def stop(self) -> None:
        for task in [*self._pipes]:
            task.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)


@contextlib.asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    made = Relay(port)
    door = await asyncio.start_server(made.join, "127.0.0.1")
    made.url = f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        door.close()
        await made.stop()


async def eventually(test: Callable[[], Awaitable[bool]], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not await test():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


async def stored(client: Client, job_id: str, lines: int) -> None:
    """Wait until the log has so many lines."""

    async def enough() -> bool:
        return len(await client.jobs.log(job_id)) >= lines

    await eventually(enough, f"{lines} lines are stored")


async def killed_after_storing(home: Server, between: Relay, client: Client, desk: Desk, job_id: str) -> None:
    """Lines are stored, and their answers lost."""
    before = len(await client.jobs.log(job_id))
    between.mute = True
    await asyncio.to_thread(desk.write, desk.written + 300)
    await stored(client, job_id, before + 100)
    await asyncio.to_thread(home.kill)
    between.mute = False


async def killed_before_storing(home: Server, between: Relay, desk: Desk) -> None:
    """Lines are sent, and lost with the server that had not read them."""
    assert home.started is not None
    home.started.pause()
    heard = between.heard
    await asyncio.to_thread(desk.write, desk.written + 300)

    async def sent() -> bool:
        return between.heard > heard + 1_000

    await eventually(sent, "lines are sent that nobody reads")
    await asyncio.to_thread(home.kill)


async def completed(client: Client, job_id: str) -> Job:
    async def ended() -> bool:
        return (await client.jobs.get(job_id)).status == "complete"

    await eventually(ended, "the job is complete")
    return await client.jobs.get(job_id)


async def test_each_line_is_stored_once_and_in_order_though_the_server_is_killed_twice(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    with server(tmp_path / "home") as home:
        async with relay(home.port) as between, Client(home.url, home.key) as client:
            with listener(desk.script, desk.env(home, between.url)) as worker:
                job = await client.jobs.create("lines:write", input={"lines": LINES})
                await asyncio.to_thread(desk.write, 300)
                await killed_after_storing(home, between, client, desk, job.id)
                await asyncio.to_thread(desk.write, 900)
                await asyncio.to_thread(home.start)
                await asyncio.to_thread(desk.write, 1_200)
                await stored(client, job.id, 1_200)
                await killed_before_storing(home, between, desk)
                await asyncio.to_thread(desk.write, 1_800)
                await asyncio.to_thread(home.start)
                desk.open(LINES)
                ended = await completed(client, job.id)
                lines = await client.jobs.log(job.id)

    assert (ended.attempt, ended.fence) == (1, 1), worker.text
    assert [line.message for line in lines] == [f"line {number}" for number in range(LINES)]
    assert {line.attempt for line in lines} == {1}


async def test_the_last_lines_are_stored_though_the_server_is_away_at_the_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with server(tmp_path / "home") as home, listener(desk.script, desk.env(home, home.url)) as worker:
        async with Client(home.url, home.key) as client:
            job = await client.jobs.create("lines:write", input={"lines": 100})
            await asyncio.to_thread(desk.write, 40)
            await asyncio.to_thread(home.kill)
            await asyncio.to_thread(desk.write, 100)
            await asyncio.to_thread(home.start)
            await completed(client, job.id)
            lines = await client.jobs.log(job.id)

    assert [line.message for line in lines] == [f"line {number}" for number in range(100)], worker.text
