"""``tickwire login-link``: an address that logs a browser in once."""

import click

from ..client import Client
from ..protocol.members import LoginLink
from .connection import call, connection_options, json_option
from .members import id_of
from .output import emit, local, say


@click.command("login-link")
@click.argument("member", required=False)
@connection_options
@json_option
def command(member: str | None, url: str | None, key: str | None, as_json: bool) -> None:
    """Print an address that logs a browser in once: as a MEMBER (e-mail or id), else as the key itself."""

    async def make(client: Client) -> LoginLink:
        return await client.members.login_link(await id_of(client, member) if member else None)

    made = call(url, key, make)
    if as_json:
        emit(made.model_dump(mode="json"))
        return
    say(f"Whoever opens it first is logged in to the console; it ends at {local(made.expires_at)}:")
    click.echo(made.url)
