"""``tickwire keys``: create, list, revoke."""

import click

from ..client import Client
from ..client_keys import Key
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .moments import ahead
from .output import emit, local, say
from .progress import wall_clock
from .tables import table


@click.group("keys", cls=DefaultGroup)
def command() -> None:
    """Create, list (the default) and revoke API keys."""


@command.command("create")
@click.option("--name", required=True, help="What or whom the key is for.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator", "developer", "admin", "listener"]),
    default="listener",
    show_default=True,
    help="What it may do.",
)
@click.option(
    "--expires", metavar="SPAN|TIME", help="After 30d, 12h, 45m or 2w, or at an ISO time such as 2030-01-31."
)
@click.option("--every-space", is_flag=True, help="It opens all spaces of the store.")
@connection_options
@json_option
def create(
    name: str,
    role: str,
    expires: str | None,
    every_space: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Make a key. It is shown this once: the server keeps only its hash."""
    ends = ahead(expires, "--expires", wall_clock()) if expires else None
    made = call(url, key, lambda client: client.keys.create(name, role, ends, every_space=every_space))
    if as_json:
        emit(made.model_dump(mode="json", exclude_none=True))
        return
    say(f"key {made.id} ({made.role}) for {made.name}. It is shown only now; keep it safe:")
    click.echo(made.key)


@command.command("list")
@connection_options
@json_option
def list_keys(url: str | None, key: str | None, as_json: bool) -> None:
    """List the keys; secrets are not kept, so they cannot be shown."""

    async def all_keys(client: Client) -> list[Key]:
        page = await client.keys.list()
        keys = page.items
        while page.cursor:
            page = await client.keys.list(cursor=page.cursor)
            keys += page.items
        return keys

    keys = call(url, key, all_keys)
    if as_json:
        emit([found.model_dump(mode="json", exclude_none=True) for found in keys])
        return
    rows = [
        (
            k.id,
            k.name,
            f"{k.role} *" if k.every_space else k.role,
            local(k.created_at),
            local(k.expires_at),
            local(k.revoked_at),
        )
        for k in keys
    ]
    table(("ID", "NAME", "ROLE", "CREATED", "EXPIRES", "REVOKED"), rows, empty="There are no keys.")


@command.command("revoke")
@click.argument("key_id")
@connection_options
@json_option
def revoke(key_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Revoke a key: it ends at once."""
    call(url, key, lambda client: client.keys.revoke(key_id))
    emit({"revoked": key_id}) if as_json else say(f"{key_id} is revoked.")
