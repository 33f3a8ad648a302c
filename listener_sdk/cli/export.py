"""``tickwire export``: prints the descriptions of the server, of which clients in other languages are made. No server needs to run."""

import subprocess
from pathlib import Path

import click

from ._server_command import describing_command, need_server
from .failures import Failure
from .output import tell


@click.command("export")
@click.argument("what", type=click.Choice(["openapi", "asyncapi"]), metavar="openapi|asyncapi")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to a file."
)
def command(what: str, out: Path | None) -> None:
    """Print every route (openapi), or every frame and topic (asyncapi), as JSON.

    A server has the same at /openapi.json and /asyncapi.json, and as a page at /docs.
    """
    need_server()
    made = subprocess.run(  # noqa: S603 - our own interpreter and module
        describing_command(what), capture_output=True, check=False
    )
    if made.returncode != 0:
        raise Failure(f"the description could not be made.\n{made.stderr.decode(errors='replace').rstrip()}")
    if out is None:
        click.echo(made.stdout, nl=False)
        return
    try:
        out.write_bytes(made.stdout)
    except OSError as error:
        raise Failure(f"{out} could not be written: {error.strerror}.") from error
    tell(f"Written: {out}")
