"""``tickwire audit``: list and export what people and keys have changed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import click

from ..client import Client
from ..protocol.audit import AuditLine
from .connection import Command, call, connection_options, json_option
from .exports import export_options, write
from .groups import DefaultGroup
from .members import id_of
from .moments import ago
from .output import counted, emit, in_json, local, tell, wire
from .progress import wall_clock
from .tables import table

PAGE: Final = 1_000
DEFINITION: Final = "us_def_"


@click.group("audit", cls=DefaultGroup)
def command() -> None:
    """List (the default) and export who has changed what, and from where."""


def filter_options(command: Command) -> Command:
    """Add the options that choose lines."""
    for option in (
        click.option(
            "--deleted-space",
            metavar="CODE",
            help="Of a space that was deleted, with a key of the whole store.",
        ),
        click.option(
            "--until", metavar="SPAN|TIME", help="Not after: 1d (ago), or an ISO time such as 2026-01-31."
        ),
        click.option(
            "--since", metavar="SPAN|TIME", help="Not before: 12h (ago), or an ISO time such as 2026-01-31."
        ),
        click.option("--target", metavar="ID", help="Only what was done to this."),
        click.option("--action", metavar="TOPIC", help="Only acts such as key:created, or key:*."),
        click.option(
            "--actor", metavar="ID|E-MAIL", help="Only what this key or member (id or e-mail) has done."
        ),
    ):
        command = option(command)
    return command


@command.command("list")
@filter_options
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many."
)
@click.option("--all", "unbounded", is_flag=True, help="All of them.")
@connection_options
@json_option
def list_lines(
    limit: int, unbounded: bool, url: str | None, key: str | None, as_json: bool, **given: str | None
) -> None:
    """List acts, the newest first."""
    most = None if unbounded else limit

    async def found(client: Client) -> tuple[list[AuditLine], dict[str, str]]:
        lines = await _lines(client, await _filters(client, given), most)
        named = not as_json and given["deleted_space"] is None
        return lines, await _names(client, lines) if named else {}

    lines, names = call(url, key, found)
    shown = lines[:most]
    if as_json:
        emit([wire(line) for line in shown])
    else:
        _show(shown, names)
    if len(lines) > len(shown):
        tell(f"Only the newest {counted(limit, 'act')} of more: see --limit and --all.")


async def _lines(client: Client, filters: dict[str, Any], most: int | None) -> list[AuditLine]:
    """The lines, and one more where there are more than so many."""
    size = PAGE if most is None else min(most + 1, PAGE)
    lines: list[AuditLine] = []
    async with aclosing(client.audit.iterate(**filters, page_size=size)) as every:
        async for line in every:
            lines.append(line)
            if most is not None and len(lines) > most:
                break
    return lines


async def _names(client: Client, lines: list[AuditLine]) -> dict[str, str]:
    """How the first thousand keys, members and definitions of the space are called. What is not in a list is not asked for: the wall would note it."""
    keys, members = await client.keys.list(page_size=PAGE), await client.members.list(page_size=PAGE)
    found = {key.id: key.name for key in keys.items} | {member.id: member.name for member in members.items}
    if any(line.target.startswith(DEFINITION) for line in lines):
        definitions = await client.definitions.list(page_size=PAGE)
        found |= {one.id: one.job_definition_code for one in definitions.items}
    return found


def _code(line: AuditLine) -> dict[str, str]:
    """How a definition is called that may be gone."""
    code = {**(line.before or {}), **(line.after or {})}.get("jobDefinitionCode")
    return {line.target: code} if isinstance(code, str) else {}


def _named(one: str, names: dict[str, str]) -> str:
    return f"{one} ({names[one]})" if one in names else one


def _show(lines: list[AuditLine], names: dict[str, str]) -> None:
    rows = [
        (
            local(one.at),
            _named(one.actor, names),
            one.address,
            one.action,
            _named(one.target, _code(one) | names),
            _told(one),
        )
        for one in lines
    ]
    table(("TIME", "ACTOR", "ADDRESS", "ACTION", "TARGET", "CHANGE"), rows, empty="There are no such acts.")


@command.command("export")
@filter_options
@export_options
@connection_options
def export(form: str, out: str, url: str | None, key: str | None, **given: str | None) -> None:
    """Write acts to a file, the newest first."""

    async def save(client: Client) -> Path:
        return await client.audit.export(out, form, **await _filters(client, given))

    async def chunks(client: Client) -> AsyncGenerator[bytes, None]:
        return client.audit.chunks(form, **await _filters(client, given))

    write(url, key, out, save, chunks)


async def _filters(client: Client, given: dict[str, str | None]) -> dict[str, Any]:
    """The options as filters: times as such, a member by its id, and only those that are given."""
    now = wall_clock()
    chosen: dict[str, Any] = {name: text for name, text in given.items() if text is not None}
    times: dict[str, Any] = {
        name: ago(chosen[name], f"--{name}", now) for name in ("since", "until") if name in chosen
    }
    actor = {"actor": await id_of(client, chosen["actor"])} if "actor" in chosen else {}
    return {**chosen, **times, **actor}


def _told(line: AuditLine) -> str:
    """What has changed, in one line: ``status ready > canceled``."""
    before, after = line.before or {}, line.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return ", ".join(f"{name} {_shown(before, name)} > {_shown(after, name)}" for name in names)


def _shown(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else "-" if value is None else in_json(value)
