"""``tickwire inbox``: what a member was told of runs, listed and read."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import click

from ..client import Client
from ..protocol.notifications import Notification
from .connection import Command, call, connection_options, json_option
from .failures import Misuse
from .groups import DefaultGroup
from .members import id_of
from .output import counted, emit, local, say, spelled, tell, wire
from .tables import table

PAGE: Final = 500
COLUMNS: Final = ("NEW", "ID", "AT (LOCAL)", "TITLE", "JOB", "TEXT")
UNREAD: Final = "*"


@click.group("inbox", cls=DefaultGroup)
def command() -> None:
    """List (the default) what a member was told of runs, and note that it was read."""


def member_option(command: Command) -> Command:
    """Add ``--member``."""
    return click.option(
        "--member",
        metavar="MEMBER",
        help="Whose inbox, by e-mail or id; administrators alone may name another's. A key has none of its own.",
    )(command)


@command.command("list")
@click.option("--unread", is_flag=True, help="Without those that were read.")
@member_option
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many."
)
@connection_options
@json_option
def list_inbox(
    unread: bool, member: str | None, limit: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List the inbox, the newest first; * marks what is unread."""

    async def session(client: Client) -> tuple[list[Notification], int]:
        whose = await _whose(client, member)
        filters: dict[str, Any] = {**whose, **({"unread": True} if unread else {})}
        pages = client.notifications.iterate(**filters, page_size=min(limit + 1, PAGE))
        return await _first(pages, limit + 1), await client.notifications.unread(**whose)

    found, count = call(url, key, session)
    shown = found[:limit]
    if as_json:
        emit([wire(one) for one in shown])
    else:
        table(
            COLUMNS,
            map(_row, shown),
            empty="There is nothing unread." if unread else "The inbox is empty.",
        )
        tell(f"{count:,} unread.")
    if len(found) > limit:
        tell(f"Only the newest {counted(limit, 'notification')} of more: see --limit.")


async def _first(every: AsyncGenerator[Notification, None], most: int) -> list[Notification]:
    found: list[Notification] = []
    async with aclosing(every) as rows:
        async for row in rows:
            found.append(row)
            if len(found) == most:
                break
    return found


def _row(one: Notification) -> tuple[Any, ...]:
    return (
        "" if one.read_at else UNREAD,
        one.id,
        local(one.at),
        one.title,
        _jobs(one),
        one.text.partition("\n")[0],
    )


def _jobs(one: Notification) -> str:
    """The job, or the first of several and how many runs it tells of beside."""
    first = one.job_id or next((str(run["jobId"]) for run in one.runs if run.get("jobId")), "")
    others = sum(one.counts.values()) - 1
    return f"{first} and {others:,} more" if first and others > 0 else first


@command.command("read")
@click.argument("notification", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="All that are there by now.")
@member_option
@connection_options
@json_option
def read(
    notification: str | None,
    every: bool,
    member: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Show a notification and note that it was read; or note that with --all of the whole inbox."""
    if (notification is None) != every:
        raise Misuse("Name one notification by its ID, or say --all.")
    if notification is not None:
        _show(call(url, key, lambda client: client.notifications.read(notification)), as_json)
        return

    async def session(client: Client) -> int:
        return await client.notifications.read_all(**await _whose(client, member))

    count = call(url, key, session)
    if as_json:
        emit({"read": count})
    else:
        say(f"{counted(count, 'notification')} read." if count else "Nothing was unread.")


def _show(one: Notification, as_json: bool) -> None:
    if as_json:
        emit(wire(one))
        return
    say(one.title, "bold")
    if one.text and len(one.runs) < 2:
        say(one.text)
    say(local(one.at))
    for run in one.runs if len(one.runs) > 1 else ():
        say(" ".join(filter(None, (run.get("result"), run.get("jobId"), run.get("message")))))
    if one.job_id is not None:
        say(f"The run: {spelled(f'runs show {one.job_id}')}", "cyan")


async def _whose(client: Client, member: str | None) -> dict[str, str]:
    """The inbox that was named. Misuse where none was, and the key has none."""
    if member is not None:
        return {"member": await id_of(client, member)}
    if (await client.whoami()).member_id is not None:
        return {}
    raise Misuse(f"A key has no inbox. Name a member: {spelled('inbox --member ada@example.com')}")
