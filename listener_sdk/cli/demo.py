"""``tickwire demo``: an embedded server, a listener and one job on real data, from nothing to the download."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import click

from ..client import Client
from ..errors import ConnectionFailed
from ..protocol.jobs import Job
from ..settings import DEFAULT_URL
from . import INTERRUPTED, outcomes
from ._child import Child, clean_environment, command_line
from ._server_command import PACKAGE_ROOT
from ._server_process import STOP_GRACE_S, ending, start_server
from ._signals import stop_signals
from .failures import Failure
from .follow import follow
from .output import counted, say, size, spelled, tell
from .views import view

JOB: Final = "workbook:export"
LIBRARIES: Final = ("croniter", "cryptography", "airportsdata", "tzdata", "xlsxwriter")
PORT: Final = 8420
REAPED_WITHIN_S: Final = 5.0
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo has started: the server's address and key, both processes, and the listener's log."""

    url: str
    key: str
    server: Child
    listener: Child
    data: Path


@click.command("demo")
@click.option(
    "--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Export this CSV file instead of the airports.",
)  # fmt: skip
@click.option("--exit", "leave", is_flag=True, help="Stop when the job is done, instead of staying up.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The server's port; 0 takes a free one. [default: 8420 if free]",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the server's data here.",
)
def command(path: Path | None, leave: bool, port: int | None, keep: Path | None) -> None:
    """Start a server and a listener, export real data to XLSX, and fetch the file.

    Without --file it exports the 28,298 airports of the world, each with its nearest neighbour and its local time.
    """
    need_demo()
    if keep is not None:
        private(keep)
    chosen = port if port is not None else free_port(PORT)
    click.get_current_context().exit(asyncio.run(_until_stopped(path, leave, chosen, keep)))


def need_demo() -> None:
    """Failure that names the extra unless the demo's libraries are installed."""
    if any(find_spec(name) is None for name in LIBRARIES):
        raise Failure("the demo's libraries are not installed. Install them: pip install 'tickwire[demo]'")


def free_port(wanted: int) -> int:
    """The wanted port of loopback if nobody listens there, else 0, which means any."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def private(folder: Path) -> None:
    """Make a folder that only its owner can read; one that exists, other than an empty one, keeps its rights."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        folder.chmod(0o700)


def script() -> Path:
    """The demo's listener: in the wheel beside this package, in a clone among the examples."""
    places = (PACKAGE_ROOT / "listener_sdk" / "demo", PACKAGE_ROOT / "examples")
    for folder in places:
        if (folder / "export_airports.py").is_file():
            return folder / "export_airports.py"
    raise Failure(f"export_airports.py is in neither {places[0]} nor {places[1]}. Install tickwire again.")


async def _until_stopped(path: Path | None, leave: bool, port: int, keep: Path | None) -> int:
    """The exit code: interrupted only when Ctrl-C came before the result was shown."""
    presented = asyncio.Event()
    with stop_signals() as stop:
        asked = asyncio.create_task(stop.asked.wait())
        work = asyncio.create_task(_demo(path, leave, port, keep, presented))
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        work.cancel()
        await asyncio.wait({work})
    if not work.cancelled():
        work.result()
    return 0 if presented.is_set() else INTERRUPTED


async def _demo(
    path: Path | None, leave: bool, port: int, keep: Path | None, presented: asyncio.Event
) -> None:
    with nullcontext(str(keep)) if keep else TemporaryDirectory(prefix="tickwire-demo-") as folder:
        data = Path(folder)
        async with staged(data, port) as stage, Client(stage.url, stage.key) as client:
            job = await _watched(stage, _export(client, path))
            await _present(client, job, stays=not leave)
            presented.set()
            if not leave:
                await _stay(stage, (await client.members.login_link(None)).url)


@asynccontextmanager
async def staged(data: Path, port: int) -> AsyncIterator[Stage]:
    """A server and a listener that run until the end of the context, whatever ends it."""
    say("Starting a server and a listener ...", "dim")
    settings = {"TICKWIRE_HOST": "127.0.0.1", "TICKWIRE_PORT": str(port), "TICKWIRE_DATA_DIR": str(data)}
    server, url = await start_server(clean_environment(**settings), data / "server.log")
    try:
        key = (data / "admin.key").read_text("utf-8").strip()
        env = clean_environment(TICKWIRE_URL=url, TICKWIRE_API_KEY=key)
        with (data / "listener.log").open("wb") as log:
            # Ctrl-C ends a demo: its job need not be finished first.
            order = command_line("listen", str(script()), "--grace", "0")
            listener = await Child.start(*order, env=env, stdout=log, stderr=log)
        try:
            yield Stage(url, key, server, listener, data)
        except asyncio.CancelledError:
            # Said here, where the bar has been removed and the waiting begins.
            tell("stopping")
            raise
        finally:
            await listener.stop(STOP_GRACE_S)
    finally:
        await server.stop(STOP_GRACE_S)


async def _watched(stage: Stage, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work, or Failure with the log of the process that ended meanwhile."""
    doing = asyncio.create_task(work)
    ends = {asyncio.create_task(child.wait()): name for child, name in _children(stage)}
    try:
        await asyncio.wait({doing, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done() and isinstance(doing.exception(), ConnectionFailed):
            # Its socket closes a moment before a dead server is reaped.
            await asyncio.wait(ends, timeout=REAPED_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for name in (name for task, name in ends.items() if task.done()):
            raise Failure(f"the {name} has ended unexpectedly.\n{ending(stage.data / f'{name}.log')}")
        return doing.result()
    finally:
        for task in (doing, *ends):
            task.cancel()
        await asyncio.gather(doing, *ends, return_exceptions=True)


def _children(stage: Stage) -> list[tuple[Child, str]]:
    return [(stage.server, "server"), (stage.listener, "listener")]


async def _export(client: Client, path: Path | None) -> Job:
    after = (await client.whoami()).position
    fields = {}
    if path is not None:
        say(f"Uploading {path.name}", "dim")
        fields["file_id"] = (await client.files.upload(path, name=path.name, content_type="text/csv")).id
    job = await client.jobs.create(JOB, trigger="immediate", **fields)
    with view(job.job) as shown:
        return await follow(client, job, after, shown)


async def _present(client: Client, job: Job, *, stays: bool) -> None:
    # Links and commands lead nowhere once the server has ended.
    outcomes.show(job, has_log=stays and await outcomes.has_log(client, job), may_act=stays)
    if job.status != "complete":
        raise Failure(f"{job.job} ended as {job.status}. The reason stands above.")
    action = (job.outcome or {}).get("next") or {}
    target = next_free(Path.cwd() / Path(action.get("fileName") or "export.xlsx").name)
    saved = await client.files.download(action["url"], to=target)
    rows = ((job.outcome or {}).get("counts") or {}).get("ok", 0)
    say(f"Saved {saved} ({size(saved.stat().st_size)}, {counted(rows, 'row')})", "bold")


def next_free(path: Path) -> Path:
    """The path, or the next ``name-2``, ``name-3`` that is free: nothing is overwritten."""
    found, number = path, 2
    while found.exists():
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return found


async def _stay(stage: Stage, console: str) -> None:
    say("\nSee it in the browser (this address logs in once):")
    say(f"  {console}", "cyan")
    say(f"The server stays up at {stage.url}, and the listener takes {JOB}. Try, in another terminal:")
    where = "" if stage.url == DEFAULT_URL else f"TICKWIRE_URL={stage.url} "
    settings = f"{where}TICKWIRE_API_KEY=$(cat {stage.data / 'admin.key'})"
    say(f"  {settings} {spelled(f'run {JOB}')}\n  {settings} {spelled('events tail')}", "cyan")
    say("Ctrl-C stops both.")
    await _watched(stage, asyncio.Event().wait())
