"""``tickwire events``: tail, list, publish."""

import json
import sys
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

import click

from ..client import Client
from ..protocol.events import Event
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .output import emit, local, plain, say, table
from .pairs import as_object, json_object


@click.group("events", cls=DefaultGroup)
def command() -> None:
    """Follow, list (the default) and publish events."""


@command.command("tail")
@click.argument("topics", nargs=-1)
@click.option(
    "--after", default="now", show_default=True, metavar="now|oldest|POSITION", help="Where to begin."
)
@click.option(
    "--where", multiple=True, metavar="NAME=VALUE", help="Only matching events, such as jobId=us_jb_... ."
)
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
    return json.dumps(event.model_dump(mode="json", exclude_none=True), ensure_ascii=False)


def text_line(event: Event) -> str:
    """An event as one line of text: when, topic, what it is about, what it says."""
    return "  ".join(
        [local(event.created_at), plain(event.topic), plain(event.job_id or ""), plain(_said(event.payload))]
    )


def _said(payload: dict[str, Any]) -> str:
    shown = {name: value for name, value in payload.items() if name not in {"domain", "operation", "isPart"}}
    return " ".join(f"{name}={_short(value)}" for name, value in shown.items())


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"


@command.command("list")
@click.argument("topics", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--after", metavar="POSITION", help="Only events after this position.")
@connection_options
@json_option
def list_events(
    topics: tuple[str, ...], limit: int, after: str | None, url: str | None, key: str | None, as_json: bool
) -> None:
    """List events of the log, the oldest first."""
    filters: dict[str, Any] = {"topics": ",".join(topics) or "**", "page_size": limit}
    if after:
        filters["after"] = after
    page = call(url, key, lambda client: client.events.list(**filters))
    _print(page.items, as_json=as_json)


def _print(events: Iterable[Event], *, as_json: bool) -> None:
    if as_json:
        emit([event.model_dump(mode="json", exclude_none=True) for event in events])
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
    whole = json_object(payload_json, "--payload-json") if payload_json is not None else {}
    body = {**whole, **as_object(payload, "--payload")}
    event = call(url, key, lambda client: client.events.publish(topic, body))
    if as_json:
        emit(event.model_dump(mode="json", exclude_none=True))
    else:
        say(f"published {event.topic} at {event.position}")
