"""The command line ``tickwire``: each command is a module that is imported only when it is called."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import click

from .._version import __version__

COMMANDS: Final = {
    "demo": "Export real data and watch it: server, listener and job in one command.",
    "server": "Start the server.",
    "listen": "Run a listener script.",
    "run": "Create a job, watch it and show its outcome.",
    "types": "List, show, run and delete job types.",
    "definitions": "List, create, change, launch and delete job definitions.",
    "schedules": "List, create, change, run and explain schedules of job definitions.",
    "runs": "List, show, export and repeat what became of job definitions.",
    "inbox": "List and read what members were told of runs.",
    "notifications": "Say whether mails can be sent, and send a test mail.",
    "jobs": "List, create, execute, show, cancel, retry and delete jobs.",
    "events": "Follow, list and publish events.",
    "hooks": "List, create, change, try and replay hooks, at which other programs start jobs; sign calls of them.",
    "endpoints": "List, create, change, try and replay endpoints, to which events are posted.",
    "listeners": "List, drain and resume listeners: who takes jobs.",
    "subscriptions": "List, show and delete durable subscriptions.",
    "actions": "List, make, change and press actions: buttons that make jobs.",
    "spaces": "Create, list, change, archive and delete spaces.",
    "members": "Add, list, change and remove the people of a space.",
    "login-link": "Print an address that logs a browser in once.",
    "keys": "Create, list, change, rotate and revoke API keys.",
    "tokens": "Make tokens by which a browser looks on.",
    "secrets": "Set, list and delete secrets that handlers read.",
    "audit": "List and export who has changed what, and from where.",
    "export": "Print what the server may be asked and tells, in OpenAPI or AsyncAPI.",
    "doctor": "Check this machine and the server, and say how to mend what is wrong.",
}

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as shells count it."""


@contextmanager
def unsearched() -> Iterator[None]:
    """What is imported within is not searched for garbage, now or at the end of the process.

    Nearly all of it stays, and the searches are a third of what a short command takes.
    """
    known = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        gc.enable()


class Commands(click.Group):
    """Finds commands by the table above; expected errors become one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from ._authorities import authorities_later  # noqa: PLC0415 - help must not wait for ssl

        with unsearched(), authorities_later():
            found = import_module(f".{cmd_name.replace('-', '_')}", __name__).command
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except Exception as error:
            from .failures import explained  # noqa: PLC0415 - help must not wait for the client's imports

            failure = explained(error)
            if failure is None:
                raise
            raise failure from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tickwire")
def main() -> None:
    """Tickwire: jobs that tick, in one self-hosted server.

    Start with: tickwire demo
    """
