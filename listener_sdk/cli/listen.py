"""``tickwire listen SCRIPT``: runs the handlers of a listener script."""

import asyncio
import logging
import os
from typing import Final

import click

from ..listener import DEFAULT_CONCURRENCY, DEFAULT_GRACE_S, Listener
from ..settings import connection
from ._child import Child, command_line
from ._reload import Reloader
from ._script import folder_of, load
from ._signals import stop_signals
from .connection import connection_options
from .output import plain

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
@connection_options
def command(
    script: str, reload: bool, concurrency: int, grace_s: float, url: str | None, key: str | None
) -> None:
    """Take jobs for SCRIPT: a Python file (or module) with a 'listener', or with 'def setup(listener)'.

    Ctrl-C lets running jobs finish; a second one gives them back at once.
    """
    if reload:
        asyncio.run(_reloading(script, concurrency, url, key))
        return
    listener = load(script)
    # After the script, which may have set up logging of its own.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for line in introduction(listener, connection(url, key).url):
        click.echo(plain(line), err=True)
    listener.run(url, key, concurrency=concurrency, grace_s=grace_s)


def introduction(listener: Listener, url: str) -> list[str]:
    """What the listener takes and watches, and where."""
    jobs = [
        f"  takes {handler.name}" + (f" ({handler.label})" if handler.label else "")
        for handler in listener.handlers
    ]
    watched = [f"  watches {', '.join(listener.topics)}"] if listener.topics else []
    return [f"listening at {url}", *jobs, *watched]


async def _reloading(script: str, concurrency: int, url: str | None, key: str | None) -> None:
    found = connection(url, key)
    # The key goes by the environment: an argument would stand in the list of processes.
    env = {**os.environ, "TICKWIRE_URL": found.url, "TICKWIRE_API_KEY": found.key}
    # The old code may take its time; when all shall stop, the parent keeps the time.
    order = command_line("listen", script, "--concurrency", str(concurrency), "--grace", str(A_DAY_S))

    async def start() -> Child:
        return await Child.start(*order, env=env)

    folder = folder_of(script)
    click.echo(f"watching {folder}", err=True)
    with stop_signals() as stop:
        await Reloader(folder, start, lambda text: click.echo(text, err=True)).run(stop)
