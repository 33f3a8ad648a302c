"""``tickwire events``: tail, list, publish."""

import json
import sys
from collections.abc import Iterable
from contextlib import aclosing
from difflib import get_close_matches
from typing import Any, Final

import click

from ..client import Client
from ..protocol.events import RESERVED_DOMAINS, SERVER_TOPICS, Event, check_topic
from ..protocol.filters import compile_filter
from ..protocol.globs import any_glob
from .connection import Command, call, connection_options, json_option
from .groups import DefaultGroup
from .output import emit, local, plain, say, short, wire
from .pairs import as_object, json_object
from .tables import table

TOPIC_WIDTH: Final = len("job:attempt-failed")
"""Of the topics that come most; the few that are longer move their own line only."""
ID_WIDTH: Final = len("us_jb_0000000000")
PAGE: Final = 500
"""Events read at once where a filter leaves some out."""


@click.group("events", cls=DefaultGroup)
def command() -> None:
    """Follow, list (the default) and publish events."""


def where_option(command: Command) -> Command:
    """Add ``--where``."""
    text = "Only matching events, such as jobId=us_jb_... ."
    return click.option("--where", multiple=True, metavar="NAME=VALUE", help=text)(command)


@command.command("tail")
@click.argument("topics", nargs=-1)
@click.option(
    "--after", default="now", show_default=True, metavar="now|oldest|POSITION", help="Where to begin."
)
@where_option
@click.option("--count", type=click.IntRange(min=1), help="End after so many events.")
@connection_options
@json_option
def tail(
    topics: tuple[str, ...],
    after: str,
    where: tuple[str, ...],
    count: int | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Print events as they happen: all, or those of TOPICS such as job:* or job:failed. Ctrl-C ends it.

    With --json each line is one event; its position continues a later tail by --after.
    """
    filters = as_object(where, "--where")
    warn_of_unknown(topics)

    async def follow(client: Client) -> None:
        left = count
        stream = client.subscribe(*(topics or ("**",)), where=filters or None, after=after)
        async with aclosing(stream) as items:
            async for event in items:
                if not isinstance(event, Event):
                    continue
                click.echo(json_line(event) if as_json else text_line(event))
                sys.stdout.flush()
                left = left - 1 if left is not None else None
                if left == 0:
                    return

    call(url, key, follow)


def json_line(event: Event) -> str:
    """An event as one line of JSON."""
    return json.dumps(wire(event), ensure_ascii=False)


def text_line(event: Event) -> str:
    """An event as one line of text: when, topic, what it is about, what it says."""
    topic, job = plain(event.topic).ljust(TOPIC_WIDTH), plain(event.job_id or "").ljust(ID_WIDTH)
    return "  ".join([local(event.created_at), topic, job, plain(_said(event.payload))]).rstrip()


def _said(payload: dict[str, Any]) -> str:
    shown = {name: value for name, value in payload.items() if name not in {"domain", "operation", "isPart"}}
    return " ".join(f"{name}={short(value)}" for name, value in shown.items())


@command.command("list")
@click.argument("topics", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--after", metavar="POSITION", help="Only events after this position.")
@where_option
@connection_options
@json_option
def list_events(
    topics: tuple[str, ...],
    limit: int,
    after: str | None,
    where: tuple[str, ...],
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """List events of the log, the oldest first."""
    passes = compile_filter(as_object(where, "--where"))
    warn_of_unknown(topics)
    filters: dict[str, Any] = {"topics": ",".join(topics) or "**", "page_size": PAGE if where else limit}
    if after:
        filters["after"] = after

    async def found(client: Client) -> list[Event]:
        events: list[Event] = []
        async for event in client.events.iterate(**filters):
            if passes(wire(event)):
                events.append(event)
            if len(events) == limit:
                break
        return events

    _print(call(url, key, found), as_json=as_json)


def warn_of_unknown(topics: Iterable[str]) -> None:
    """Say so, with near names, where a topic lies in a domain of the server's and the server publishes no such one."""
    for topic in (part.strip() for text in topics for part in text.split(",")):
        if topic.partition(":")[0] in RESERVED_DOMAINS and not any(map(any_glob([topic]), SERVER_TOPICS)):
            near = " or ".join(get_close_matches(topic, SERVER_TOPICS, n=2, cutoff=0.8))
            meant = f" Did you mean {near}?" if near else ""
            click.echo(f"warning: the server publishes no {plain(topic[:128])}.{meant}", err=True)


def _print(events: Iterable[Event], *, as_json: bool) -> None:
    if as_json:
        emit([wire(event) for event in events])
        return
    rows = [
        (event.position, local(event.created_at), event.topic, event.job_id, _said(event.payload))
        for event in events
    ]
    table(("POSITION", "TIME", "TOPIC", "JOB", "PAYLOAD"), rows, empty="There are no such events.")


@command.command("publish")
@click.argument("topic")
@click.option(
    "--payload",
    "-p",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of the payload; JSON values are understood.",
)
@click.option("--payload-json", metavar="TEXT|@FILE", help="The whole payload as a JSON object.")
@connection_options
@json_option
def publish(
    topic: str,
    payload: tuple[str, ...],
    payload_json: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Publish an event of TOPIC, such as invoice:paid."""
    check_topic(topic)
    whole = json_object(payload_json, "--payload-json") if payload_json is not None else {}
    body = {**whole, **as_object(payload, "--payload")}
    event = call(url, key, lambda client: client.events.publish(topic, body))
    if as_json:
        emit(wire(event))
    else:
        say(f"published {event.topic} at {event.position}")
