"""``tickwire endpoints deliveries``, ``delivery``, ``replay`` and ``test``."""

from typing import Any

import click

from ..protocol.endpoints import DeliveryAttempt, EndpointDelivery
from .connection import call, connection_options, json_option
from .failures import Failure, Misuse
from .moments import ago
from .output import counted, emit, in_json, local, say, wire
from .progress import wall_clock
from .tables import table

STATUSES = ("pending", "delivered", "failed", "disabled")


@click.command("deliveries")
@click.argument("endpoint")
@click.option("--status", type=click.Choice(STATUSES), help="Only those.")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@connection_options
@json_option
def list_deliveries(
    endpoint: str, status: str | None, limit: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List the deliveries to an endpoint, the newest first."""
    filters: dict[str, Any] = {"page_size": limit, **({} if status is None else {"status": status})}
    found = call(url, key, lambda client: client.endpoints.deliveries(endpoint, **filters))
    if as_json:
        emit([wire(one) for one in found.items])
        return
    rows = [
        (
            one.id,
            one.topic,
            one.status,
            one.attempt,
            local(one.created_at),
            local(one.next_attempt_at),
            _said(one.last),
        )
        for one in found.items
    ]
    columns = ("ID", "TOPIC", "STATUS", "ATTEMPTS", "MADE", "NEXT", "LAST ANSWER")
    table(columns, rows, empty="There are no deliveries.")


def _said(found: DeliveryAttempt | None) -> str:
    if found is None:
        return ""
    return found.message or str(found.status or "")


@click.command("delivery")
@click.argument("delivery")
@connection_options
@json_option
def show_delivery(delivery: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one delivery: what is posted, and its attempts."""
    _show(call(url, key, lambda client: client.endpoints.delivery(delivery)), as_json)


def _show(found: EndpointDelivery, as_json: bool) -> None:
    if as_json:
        emit(wire(found))
        return
    say(f"{found.id}: {found.topic}, {found.status} after {counted(found.attempt, 'attempt')}", "bold")
    say(in_json(found.body))
    rows = [
        (one.number, local(one.at), f"{one.duration_ms} ms", one.status, _said(one), one.answer)
        for one in found.attempts or ()
    ]
    table(("ATTEMPT", "AT", "TOOK", "STATUS", "WHAT", "ANSWER"), rows, empty="")


@click.command("replay")
@click.argument("name", metavar="DELIVERY|ENDPOINT")
@click.option("--since", metavar="SPAN|TIME", help="Of an endpoint: those made since then.")
@click.option("--until", metavar="SPAN|TIME", help="And before then.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice(STATUSES[1:]),
    multiple=True,
    help="Those that ended so; failed and disabled, unless said.",
)
@click.option("--missed", is_flag=True, help="Events that never became deliveries, in their place.")
@connection_options
@json_option
def replay(
    name: str,
    since: str | None,
    until: str | None,
    statuses: tuple[str, ...],
    missed: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Deliver once more, under the same id: one delivery, or those of an endpoint that were made in a span; or what it has missed.

    tickwire endpoints replay us_ep_0000000001 --since 2d
    """
    if since is None:
        if until or statuses or missed:
            raise Misuse(
                "--until, --status and --missed go with --since: what of an endpoint goes out again."
            )
        _show(call(url, key, lambda client: client.endpoints.replay(name)), as_json)
        return
    now = wall_clock()
    begin, end = ago(since, "--since", now), None if until is None else ago(until, "--until", now)
    if missed:
        if statuses:
            raise Misuse("--missed and --status exclude each other: what never became a delivery has none.")
        count = call(url, key, lambda client: client.endpoints.replay_missed(name, begin, end))
    else:
        chosen = statuses or ("failed", "disabled")
        count = call(url, key, lambda client: client.endpoints.replay_many(name, begin, end, status=chosen))
    emit({"replayed": count}) if as_json else say(f"{_deliveries(count)} out{'' if missed else ' again'}.")


def _deliveries(count: int) -> str:
    return "1 delivery goes" if count == 1 else f"{count:,} deliveries go"


@click.command("test")
@click.argument("endpoint")
@connection_options
@json_option
def try_(endpoint: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Post a test to an endpoint now, and say how it went; it may be disabled."""
    found = call(url, key, lambda client: client.endpoints.test(endpoint))
    if as_json:
        emit(wire(found))
    elif found.last is not None and found.last.delivered:
        say(f"Delivered in {found.last.duration_ms} ms: it was answered {found.last.status}.")
    if found.last is None or not found.last.delivered:
        raise Failure("" if found.last is None else found.last.message or "")
