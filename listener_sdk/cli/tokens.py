"""``tickwire tokens``: create."""

import click

from .connection import call, connection_options, json_option
from .failures import Misuse
from .moments import span
from .output import emit, local, say, wire


@click.group("tokens")
def command() -> None:
    """Make tokens by which a browser looks on; they only read, and nothing keeps them."""


@command.command("create")
@click.option("--job", metavar="ID", help="Of this job, with its parts.")
@click.option("--tag", help="Of the jobs that have this tag.")
@click.option("--definition", metavar="CODE", help="Of the jobs that this definition made.")
@click.option("--all", "of_space", is_flag=True, help="Of all that a viewer of the space sees.")
@click.option(
    "--ttl", metavar="SPAN", default="1h", show_default=True, help="How long it is valid, 1d at most."
)
@connection_options
@json_option
def create(
    job: str | None,
    tag: str | None,
    definition: str | None,
    of_space: bool,
    ttl: str,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Make a token for one job, the jobs of a tag or definition, or the space. It is shown this once, and ends with the key that makes it."""
    given = {"job": job, "tag": tag, "definition": definition}
    if sum(one is not None for one in given.values()) + of_space != 1:
        raise Misuse("What may be seen? Give one of --job ID, --tag TAG, --definition CODE and --all.")
    ttl_s = span(ttl, "--ttl", most_days=1).total_seconds()
    made = call(url, key, lambda client: client.tokens.create(**given, space=of_space, ttl_s=ttl_s))
    if as_json:
        emit(wire(made))
        return
    seen = next((job or f"the {what} {one}" for what, one in given.items() if one is not None), "the space")
    say(f"a token of {seen}, valid until {local(made.expires_at)}. It is shown only now:")
    click.echo(made.token)
