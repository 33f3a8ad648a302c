"""``tickwire listen SCRIPT``: runs the handlers of a listener script."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from typing import Any, Final

import click

from .. import _loop
from ..listener import DEFAULT_CONCURRENCY, DEFAULT_GRACE_S, Listener
from ..settings import connection
from ._child import Child, command_line
from ._reload import HOW_TO_HURRY, Reloader
from ._script import folder_of, load
from ._signals import Stop, stop_signals
from .connection import connection_options
from .events import warn_of_unknown
from .narration import narrated
from .output import tell

A_DAY_S: Final = 86_400


@click.command("listen")
@click.argument("script")
@click.option("--reload", is_flag=True, help="Load the code anew when a Python file in its folder changes.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=DEFAULT_CONCURRENCY,
    show_default=True,
    help="Jobs at the same time.",
)
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(0, A_DAY_S),
    default=DEFAULT_GRACE_S,
    show_default=True,
    help="Seconds that running jobs get to finish when it stops.",
)
@click.option("--reloaded", is_flag=True, hidden=True, help="It was started by a parent with --reload.")
@connection_options
def command(
    script: str,
    reload: bool,
    concurrency: int,
    grace_s: float,
    reloaded: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Take jobs for SCRIPT: a Python file (or module) with a 'listener', or with 'def setup(listener)'.

    Ctrl-C lets running jobs finish; a second one gives them back at once.
    """
    if reload:
        asyncio.run(_reloading(script, concurrency, url, key))
        return
    # The old code may take its time; when all shall stop, the parent keeps the time and speaks.
    stopping = None if reloaded else f"stopping: running jobs may finish within {grace_s:g} s. {HOW_TO_HURRY}"
    listener = load(script)
    # After the script, which may have set up logging of its own.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    found = connection(url, key)
    durable = [topic for watcher, _ in listener.branch.all_durables() for topic in watcher.topics]
    warn_of_unknown((*listener.topics, *durable))
    tell(f"connecting to {found.url}")

    async def serve(stop: Stop) -> None:
        limit_s = A_DAY_S if reloaded else grace_s
        await listener.serve(found.url, found.key, concurrency=concurrency, grace_s=limit_s, stop=stop.asked)

    with narrated(lambda: tell(*introduction(listener, found.url))):
        _loop.run(until_stopped(serve, stopping))


async def until_stopped(
    serve: Callable[[Stop], Coroutine[Any, Any, None]],
    stopping: str | None,
    say: Callable[[str], None] = tell,
) -> None:
    """Serve; at the first signal say what is going on, at the second cancel. Without ``stopping`` nothing is said."""
    with stop_signals() as stop:
        served = asyncio.create_task(serve(stop))
        heeded = asyncio.create_task(_heed(stop, served, stopping, say))
        await asyncio.wait({served})
        heeded.cancel()
    if not served.cancelled():
        served.result()


async def _heed(
    stop: Stop, served: asyncio.Task[None], stopping: str | None, say: Callable[[str], None]
) -> None:
    await stop.asked.wait()
    if stopping is not None:
        say(stopping)
    await stop.hurry.wait()
    if stopping is not None:
        say("stopping at once")
    served.cancel()


def introduction(listener: Listener, url: str) -> list[str]:
    """What the listener takes and watches, and where."""
    jobs = [
        f"  takes {handler.name}" + (f" ({handler.label})" if handler.label else "")
        for handler in listener.handlers
    ]
    watched = [f"  watches {', '.join(listener.topics)}"] if listener.topics else []
    durable = [f"  follows as {name}" for name in listener.durables]
    return [f"listening at {url}", *jobs, *watched, *durable]


async def _reloading(script: str, concurrency: int, url: str | None, key: str | None) -> None:
    found = connection(url, key)
    # The key goes by the environment: an argument would stand in the list of processes.
    env = {**os.environ, "TICKWIRE_URL": found.url, "TICKWIRE_API_KEY": found.key}
    # Compiled code is told from older by the second and the size: a script that changes twice within one would be as it was.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    order = command_line("listen", script, "--concurrency", str(concurrency), "--reloaded")

    async def start() -> Child:
        return await Child.start(*order, env=env)

    folder = folder_of(script)
    tell(f"watching {folder}")
    with stop_signals() as stop:
        await Reloader(folder, start, tell).run(stop)
