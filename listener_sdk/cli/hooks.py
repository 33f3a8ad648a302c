"""``tickwire hooks``: list, show, enable, disable, delete, and what stands in its neighbours."""

from typing import Any

import click

from ..pages import every
from ..protocol.hooks import TARGETS, Hook
from .connection import call, connection_options, json_option
from .groups import ShowGroup
from .hook_changes import create, rotate, update
from .hook_deliveries import list_deliveries, replay, show_delivery, try_
from .hook_signatures import sign
from .output import emit, in_json, local, say, spelled, wire
from .tables import table


@click.group("hooks", cls=ShowGroup)
def command() -> None:
    """List (the default), show, make, change and try hooks, at which other programs start jobs. HOOK is an id."""


for _one in (create, update, rotate, list_deliveries, show_delivery, replay, try_, sign):
    command.add_command(_one)


@command.command("list")
@connection_options
@json_option
def list_hooks(url: str | None, key: str | None, as_json: bool) -> None:
    """List the hooks of the space."""
    found = call(url, key, lambda client: every(client.hooks.list))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [(one.id, one.name, _state(one), one.verification["kind"], _starts(one)) for one in found]
    table(
        ("ID", "NAME", "STATE", "KIND", "STARTS"),
        rows,
        empty=f"There are no hooks. Make one: {spelled('hooks create Pushes github --definition CODE')}",
    )


def _state(found: Hook) -> str:
    return "on" if found.enabled else "off"


def _starts(found: Hook) -> str:
    """In a few words, what its calls start."""
    said = found.model_dump(mode="json")
    return next((f"{_WORDS[name]} {said[name]}" for name in TARGETS if said.get(name) is not None), "")


_WORDS = {"definition": "definition", "jobType": "job type", "event": "event"}


@command.command("show")
@click.argument("hook")
@connection_options
@json_option
def show(hook: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one hook; its secret is not shown."""
    found = call(url, key, lambda client: client.hooks.get(hook))
    if as_json:
        emit(wire(found))
        return
    way = {name: value for name, value in found.verification.items() if name != "kind"}
    facts: dict[str, Any] = {
        "name": found.name,
        "url": found.url,
        "kind": f"{found.verification['kind']} {in_json(way) if way else ''}".strip(),
        "starts": _starts(found),
        "params": None if found.params is None else in_json(found.params),
        "run mode": found.mode,
        "filter": None if found.filter is None else in_json(found.filter),
        "accepts": found.accepts,
        "comes again by": f"{found.replay_by} {found.replay_header or ''}".strip(),
        "waits": f"{found.wait_s} s" if found.wait_s else None,
        "state": _state(found),
        "old secret until": local(found.old_secret_until),
        "created": local(found.created_at),
        "changed": local(found.updated_at),
    }
    table(("HOOK", found.id), [(what, said) for what, said in facts.items() if said], empty="")


@command.command("enable")
@click.argument("hook")
@connection_options
@json_option
def enable(hook: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Switch a hook on: calls start something again."""
    _switched(call(url, key, lambda client: client.hooks.update(hook, enabled=True)), as_json)


@command.command("disable")
@click.argument("hook")
@connection_options
@json_option
def disable(hook: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Switch a hook off: its calls are refused."""
    _switched(call(url, key, lambda client: client.hooks.update(hook, enabled=False)), as_json)


def _switched(found: Hook, as_json: bool) -> None:
    emit(wire(found)) if as_json else say(f"{found.id} is {'enabled' if found.enabled else 'disabled'}.")


@command.command("delete")
@click.argument("hook")
@connection_options
@json_option
def delete(hook: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a hook; jobs that it has started go on."""
    call(url, key, lambda client: client.hooks.delete(hook))
    emit({"deleted": hook}) if as_json else say(f"{hook} is deleted.")
