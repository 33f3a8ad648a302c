"""``tickwire hooks create``, ``update`` and ``rotate``."""

from typing import Any, Final

import click

from ..client import Client
from ..protocol.hooks import LONGEST_WAIT_S, CreatedHook, Hook
from ..protocol.signatures import KINDS
from .connection import Command, call, connection_options, json_option
from .definition_runs import params_of, params_options, typed_params
from .failures import Misuse
from .hook_signatures import secret_in, secret_option, verification_of, way_options
from .moments import span
from .output import emit, local, say, wire
from .pairs import json_object

_TARGETS: Final = ("definition", "job_type", "event")
_OPTIONS: Final = (
    click.option("--definition", "-d", metavar="CODE", help="It starts jobs of this definition."),
    click.option("--job-type", "-t", metavar="NAME", help="Or of this job type."),
    click.option("--event", "-e", metavar="TOPIC", help="Or it publishes events of this topic."),
    click.option("--where", "filter_", metavar="TEXT|@FILE", help="Ignore calls that do not pass this filter, in JSON."),
    click.option("--mode", type=click.Choice(["full", "delta"]), help="The run mode, if not the definition's."),
    click.option("--wait", "wait_s", type=click.IntRange(0, LONGEST_WAIT_S), metavar="SECONDS", help="Answer when the job has ended, or after so long."),
    click.option("--accepts", type=click.Choice(["auto", "json", "form", "text"]), help="What bodies are; else as their Content-Type says."),
    click.option("--replay-by", type=click.Choice(["id", "body", "header", "none"]), help="What tells a call that comes again."),
    click.option("--replay-header", metavar="NAME", help="The header that does, with --replay-by header."),
)  # fmt: skip


def _options(found: Command) -> Command:
    """Add what may be said of a hook."""
    for option in reversed(_OPTIONS):
        found = option(found)
    return params_options(found)


@click.command("create")
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@_options
@secret_option("The secret that the sender has given; else one is made.")
@way_options
@click.option("--tolerance", "tolerance_s", type=int, metavar="SECONDS", help="How old a signature may be.")
@click.option("--disabled", is_flag=True, help="Switched off for now.")
@connection_options
@json_option
def create(
    name: str,
    kind: str,
    secret_file: str | None,
    disabled: bool,
    pairs: tuple[str, ...],
    text: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make a hook whose calls prove themselves as this KIND does. Its address, and last its secret, are shown this once.

    tickwire hooks create Pushes github --definition build -p "branch={{ hook.body.ref }}" --where '{"headers.x-github-event": "push"}'
    """
    verification, fields = verification_of(kind, given), _fields(given)
    if sum(one in fields for one in _TARGETS) != 1:
        raise Misuse("Say what it starts: --definition CODE, --job-type NAME or --event TOPIC.")
    params_of(pairs, text)
    secret = secret_in(secret_file)
    fields |= {"enabled": not disabled} | ({} if secret is None else {"secret": secret})

    async def make(client: Client) -> CreatedHook:
        params = await _params(client, pairs, text, fields)
        return await client.hooks.create(name, verification, **fields, **params)

    show_once(call(url, key, make), as_json, "is made", is_given=secret is not None)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """The fields that the options describe."""
    found = {name: value for name, value in given.items() if value is not None}
    if "filter_" in found:
        found["filter"] = json_object(found.pop("filter_"), "--where", '{"body.action": "opened"}')
    return found


async def _params(
    client: Client, pairs: tuple[str, ...], text: str | None, target: dict[str, Any]
) -> dict[str, Any]:
    """The templates of the options, if there are any; a pair is read as what the hook starts takes it."""
    if not pairs and text is None:
        return {}
    if target.get("event") is not None:
        return {"params": params_of(pairs, text)}
    code, job_type = target.get("definition"), target.get("job_type")
    return {"params": await typed_params(client, pairs, text, code=code, job_type=job_type)}


@click.command("update")
@click.argument("hook")
@click.option("--name", help="For people.")
@_options
@click.option("--all", "no_filter", is_flag=True, help="Take the filter away.")
@connection_options
@json_option
def update(
    hook: str,
    no_filter: bool,
    pairs: tuple[str, ...],
    text: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Change a hook; what is not named stays. --param sets one parameter, --params all of them."""
    if no_filter and given["filter_"] is not None:
        raise Misuse("--all and --where exclude each other. Give one of them.")
    changes = _fields(given) | ({"filter": None} if no_filter else {})
    if not changes and not pairs and text is None:
        raise Misuse("Nothing is to be changed: name what, such as --name Pushes or --all.")
    params_of(pairs, text)

    async def change(client: Client) -> Hook:
        before = await client.hooks.get(hook)
        named = any(one in changes for one in _TARGETS)
        target = changes if named else {one: getattr(before, one) for one in _TARGETS}
        params = await _params(client, pairs, text, target)
        if pairs and text is None:
            params["params"] = {**(before.params or {}), **params["params"]}
        return await client.hooks.update(hook, **changes, **params)

    changed = call(url, key, change)
    emit(wire(changed)) if as_json else say(f"{changed.id} is changed (version {changed.version}).")


@click.command("rotate")
@click.argument("hook")
@secret_option("The secret that the sender has given; else one is made.")
@click.option(
    "--overlap",
    metavar="SPAN",
    default="24h",
    show_default=True,
    help="How long the old one is valid too; 0 ends it at once.",
)
@click.option("--address", is_flag=True, help="Give it a new address too; the old one ends at once.")
@connection_options
@json_option
def rotate(
    hook: str,
    secret_file: str | None,
    overlap: str,
    address: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Give a hook a new secret, shown this once, or a new address."""
    overlap_s = int(span(overlap, "--overlap", most_days=30).total_seconds())
    secret = secret_in(secret_file)
    made = call(
        url,
        key,
        lambda client: client.hooks.rotate(hook, secret=secret, overlap_s=overlap_s, address=address),
    )
    until = f"; the old secret is valid until {local(made.old_secret_until)}" if made.old_secret_until else ""
    show_once(made, as_json, f"is renewed{until}", is_given=secret is not None)


def show_once(made: CreatedHook, as_json: bool, done: str, *, is_given: bool) -> None:
    """The address, and on the last line the secret that was made, if there is one."""
    if as_json:
        emit(wire(made))
        return
    if made.secret is None:
        say(f"{made.id} {done}. Whoever knows its address may call it:")
    elif is_given:
        say(f"{made.id} {done}. The sender needs its address:")
    else:
        say(f"{made.id} {done}. The sender needs its address, and the secret, which is shown only now:")
    click.echo(made.url)
    if made.secret is not None and not is_given:
        click.echo(made.secret)
