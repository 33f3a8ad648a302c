"""``tickwire endpoints``: list, create, show, update, rotate, enable, disable, delete, and what stands in its neighbour on deliveries."""

from typing import Any

import click

from ..pages import every
from ..protocol.endpoints import Endpoint, MadeEndpoint
from .connection import call, connection_options, json_option
from .endpoint_deliveries import list_deliveries, replay, show_delivery, try_
from .events import warn_of_unknown
from .failures import Misuse
from .groups import ShowGroup
from .moments import span
from .output import emit, local, say, spelled, wire
from .pairs import json_object
from .tables import table


@click.group("endpoints", cls=ShowGroup)
def command() -> None:
    """List (the default), show, make, change and try endpoints, to which events are posted. ENDPOINT is an id."""


for _one in (list_deliveries, show_delivery, replay, try_):
    command.add_command(_one)

_filter = click.option(
    "--where", "filter_", metavar="TEXT|@FILE", help="Of these events those that pass a filter, in JSON."
)
_topics = click.option(
    "--topic", "topics", metavar="PATTERN", multiple=True, help="Topics such as job:*; may be repeated."
)
_name = click.option("--name", help="For people.")
_description = click.option("--description", help="For people, longer.")


@command.command("list")
@click.option("--enabled/--disabled", default=None, help="Only those.")
@connection_options
@json_option
def list_endpoints(enabled: bool | None, url: str | None, key: str | None, as_json: bool) -> None:
    """List the endpoints of the space."""
    filters: dict[str, Any] = {} if enabled is None else {"enabled": enabled}
    found = call(url, key, lambda client: every(client.endpoints.list, **filters))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [(one.id, one.name, state(one), ", ".join(one.topics), one.url) for one in found]
    table(
        ("ID", "NAME", "STATE", "TOPICS", "URL"),
        rows,
        empty=f"There are no endpoints. Make one: {spelled('endpoints create https://... --topic job:*')}",
    )


def state(found: Endpoint) -> str:
    """In a word, how it stands."""
    if not found.enabled:
        return "off" if found.disabled_because is None else found.disabled_because
    return "on" if found.failing_since is None else "fails"


@command.command("create")
@click.argument("address")
@_topics
@_filter
@_name
@_description
@click.option("--disabled", is_flag=True, help="Switched off for now.")
@click.option("--secret", metavar="whsec_...", help="By which posts are signed, if not by a random one.")
@connection_options
@json_option
def create(
    address: str,
    topics: tuple[str, ...],
    filter_: str | None,
    disabled: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Have events posted to ADDRESS. The secret by which the receiver checks them is shown this once.

    tickwire endpoints create https://example.com/events --topic "job:*" --where '{"status": "failed"}'
    """
    if not topics:
        raise Misuse('Say which events it hears: --topic "job:*", or --topic "**" for all.')
    fields = _fields(given, filter_) | ({"enabled": False} if disabled else {})
    warn_of_unknown(topics)
    made = call(url, key, lambda client: client.endpoints.create(address, *topics, **fields))
    _show_once(
        made, as_json, f"{made.id} is made. Its secret is shown only now; the receiver checks posts by it:"
    )


def _fields(given: dict[str, str | None], filter_: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if filter_ is not None:
        found["filter"] = json_object(filter_, "--where")
    return found


def _show_once(made: MadeEndpoint, as_json: bool, told: str) -> None:
    if as_json:
        emit(wire(made))
        return
    say(told)
    click.echo(made.secret)


@command.command("show")
@click.argument("endpoint")
@connection_options
@json_option
def show(endpoint: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one endpoint; its secret is not shown."""
    _print(call(url, key, lambda client: client.endpoints.get(endpoint)), as_json)


def _print(found: Endpoint, as_json: bool) -> None:
    if as_json:
        emit(wire(found))
        return
    facts = {
        "name": found.name,
        "description": found.description,
        "url": found.url,
        "topics": ", ".join(found.topics),
        "filter": found.filter,
        "state": state(found),
        "fails since": local(found.failing_since),
        "rests until": local(found.rests_until),
        "deliveries wait": found.pending,
        "events left out": found.missed or None,
        "old secret until": local(found.old_secret_until),
        "created": local(found.created_at),
        "changed": local(found.updated_at),
    }
    table(
        ("ENDPOINT", found.id), [(what, said) for what, said in facts.items() if said or said == 0], empty=""
    )


@command.command("update")
@click.argument("endpoint")
@click.option("--address", metavar="URL", help="Where events are posted to.")
@_topics
@_filter
@click.option("--all", "no_filter", is_flag=True, help="Take the filter away.")
@_name
@_description
@connection_options
@json_option
def update(
    endpoint: str,
    address: str | None,
    topics: tuple[str, ...],
    filter_: str | None,
    no_filter: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Change an endpoint; what is not named stays."""
    if no_filter and filter_ is not None:
        raise Misuse("--all and --where exclude each other. Give one of them.")
    changes = _fields(given, filter_) | ({"filter": None} if no_filter else {})
    changes |= {} if address is None else {"url": address}
    changes |= {"topics": list(topics)} if topics else {}
    if not changes:
        raise Misuse(
            "Nothing is to be changed. Give --address, --topic, --where, --all, --name or --description."
        )
    warn_of_unknown(topics)
    _print(call(url, key, lambda client: client.endpoints.update(endpoint, **changes)), as_json)


@command.command("enable")
@click.argument("endpoint")
@connection_options
@json_option
def enable(endpoint: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Switch an endpoint on: events from here on are posted."""
    _switched(call(url, key, lambda client: client.endpoints.enable(endpoint)), as_json)


@command.command("disable")
@click.argument("endpoint")
@connection_options
@json_option
def disable(endpoint: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Switch an endpoint off; what waits for it is not delivered, unless it is replayed."""
    _switched(call(url, key, lambda client: client.endpoints.disable(endpoint)), as_json)


def _switched(found: Endpoint, as_json: bool) -> None:
    emit(wire(found)) if as_json else say(f"{found.id} is {'enabled' if found.enabled else 'disabled'}.")


@command.command("rotate")
@click.argument("endpoint")
@click.option(
    "--overlap",
    metavar="SPAN",
    default="24h",
    show_default=True,
    help="How long the old one signs too; 0 ends it at once.",
)
@connection_options
@json_option
def rotate(endpoint: str, overlap: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Give an endpoint a new secret, shown this once."""
    overlap_s = span(overlap, "--overlap", most_days=30).total_seconds()
    made = call(url, key, lambda client: client.endpoints.rotate(endpoint, overlap_s))
    until = f"signs until {local(made.old_secret_until)}" if made.old_secret_until else "has ended"
    _show_once(made, as_json, f"{made.id} has a new secret, shown only now; the old one {until}:")


@command.command("delete")
@click.argument("endpoint")
@connection_options
@json_option
def delete(endpoint: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove an endpoint; what waits for it is not delivered."""
    call(url, key, lambda client: client.endpoints.delete(endpoint))
    emit({"deleted": endpoint}) if as_json else say(f"{endpoint} is deleted.")
