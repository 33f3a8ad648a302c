"""``tickwire server``: replaces this process by the server, which owns its flags."""

import os
import subprocess
import sys

import click

from ._server_command import need_server, server_command


@click.command(
    "server",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
    help="Start the server; 'tickwire server --help' lists its flags.",
)
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def command(flags: tuple[str, ...]) -> None:
    need_server()
    order = server_command(*flags)
    if sys.platform == "win32":  # exec there ends the parent at once, and the shell no longer waits
        sys.exit(subprocess.call(order))  # noqa: S603 - our own interpreter and module
    os.execv(order[0], order)  # noqa: S606 - our own interpreter and module
