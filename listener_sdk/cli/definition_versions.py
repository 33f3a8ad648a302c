"""``tickwire definitions versions``: what a definition was, and what each version has changed."""

from functools import partial
from typing import Any, Final

import click

from ..pages import every
from ..protocol.definitions import DefinitionVersion
from .connection import call, connection_options, json_option
from .output import emit, in_json, local, say, short, wire
from .tables import table

_FACTS: Final = ("jobType", "params", "schedule", "options", "target", "triggers", "modes", "notifications")
_NOTHING: Final[tuple[Any, ...]] = (None, {}, [])


@click.command("versions")
@click.argument("code")
@click.argument("number", required=False, type=click.IntRange(min=1))
@connection_options
@json_option
def versions(code: str, number: int | None, url: str | None, key: str | None, as_json: bool) -> None:
    """List what has changed in a definition, the newest version first; or show all of version NUMBER."""
    if number is not None:
        one = call(url, key, lambda client: client.definitions.version(code, number))
        emit(wire(one)) if as_json else _show(code, one)
        return
    found = call(url, key, lambda client: every(partial(client.definitions.versions, code)))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [
        (one.version, local(one.at), one.actor, one.job_type, _changes(before, one))
        for one, before in zip(found, [*found[1:], None], strict=True)
    ]
    table(("VERSION", "SINCE", "BY", "JOB TYPE", "CHANGED"), rows, empty="There are no versions.")


def _show(code: str, one: DefinitionVersion) -> None:
    say(f"{code}, version {one.version}", "bold")
    say(f"since: {local(one.at)}" + (f" by {one.actor}" if one.actor else ""))
    for name, value in _facts(one).items():
        say(f"{name}: {value if isinstance(value, str) else in_json(value)}")


def _facts(one: DefinitionVersion) -> dict[str, Any]:
    """What it says, by the names of the wire, but for what it leaves out."""
    whole = one.model_dump(mode="json")
    return {name: whole[name] for name in _FACTS if whole[name] not in _NOTHING}


def _changes(before: DefinitionVersion | None, after: DefinitionVersion) -> str:
    """What differs from the version before: each parameter by itself, all else by its name; all of the first."""
    if before is None:
        return f"params {short(after.params)}" if after.params else ""
    was, now = _apart(before), _apart(after)
    names = [*now, *(name for name in was if name not in now)]
    return "; ".join(
        f"{name} {_told(was, name)} > {_told(now, name)}" for name in names if was.get(name) != now.get(name)
    )


def _apart(one: DefinitionVersion) -> dict[str, Any]:
    facts = _facts(one)
    return {f"params.{name}": value for name, value in facts.pop("params", {}).items()} | facts


def _told(facts: dict[str, Any], name: str) -> str:
    return short(facts[name]) if name in facts else "-"
