"""``tickwire keys``: create, list, show, update, rotate, revoke."""

import os
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import click

from ..pages import every
from ..protocol.keys import CreatedKey, Key
from ..settings import Connection, connection
from .connection import call, connection_options, json_option
from .failures import Misuse
from .groups import DefaultGroup
from .moments import ahead, span
from .output import emit, local, say, tell, wire
from .progress import wall_clock
from .tables import table

ADMINISTRATOR: Final = "us_key_0000000000"
"""The key of a server's first start."""


@click.group("keys", cls=DefaultGroup)
def command() -> None:
    """Create, list (the default), show, change, rotate and revoke API keys."""


_jobs = click.option(
    "--jobs", metavar="GLOB", multiple=True, help="Only jobs of this name, such as import:*; may be repeated."
)
_topics = click.option(
    "--topics", metavar="GLOB", multiple=True, help="Only topics such as invoice:*; may be repeated."
)


@command.command("create")
@click.option("--name", required=True, help="What or whom the key is for.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator", "developer", "admin", "listener"]),
    default="listener",
    show_default=True,
    help="What it may do.",
)
@click.option(
    "--expires", metavar="SPAN|TIME", help="After 30d, 12h, 45m or 2w, or at an ISO time such as 2030-01-31."
)
@click.option("--every-space", is_flag=True, help="It opens all spaces of the store.")
@_jobs
@_topics
@connection_options
@json_option
def create(
    name: str,
    role: str,
    expires: str | None,
    every_space: bool,
    jobs: tuple[str, ...],
    topics: tuple[str, ...],
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Make a key. It is shown this once: the server keeps only its hash."""
    ends = ahead(expires, "--expires", wall_clock()) if expires else None
    made = call(
        url,
        key,
        lambda client: client.keys.create(
            name, role, ends, every_space=every_space, jobs=jobs or None, topics=topics or None
        ),
    )
    _show_once(
        made, as_json, f"key {made.id} ({made.role}) for {made.name}. It is shown only now; keep it safe:"
    )


def _show_once(made: CreatedKey, as_json: bool, told: str) -> None:
    if as_json:
        emit(wire(made))
        return
    say(told)
    click.echo(made.key)


@command.command("list")
@connection_options
@json_option
def list_keys(url: str | None, key: str | None, as_json: bool) -> None:
    """List the keys; secrets are not kept, so they cannot be shown."""
    keys = call(url, key, lambda client: every(client.keys.list))
    if as_json:
        emit([wire(found) for found in keys])
        return
    rows = [
        (
            k.id,
            k.name,
            f"{k.role} *" if k.every_space else k.role,
            local(k.created_at),
            local(k.expires_at),
            local(k.revoked_at),
            local(k.last_used_at),
            _limits(k),
        )
        for k in keys
    ]
    table(
        ("ID", "NAME", "ROLE", "CREATED", "EXPIRES", "REVOKED", "USED", "ONLY"),
        rows,
        empty="There are no keys.",
    )


def _limits(key: Key) -> str:
    """What the key is restricted to."""
    given = (("jobs", key.jobs), ("topics", key.topics))
    return "; ".join(f"{what} {', '.join(globs)}" for what, globs in given if globs)


@command.command("show")
@click.argument("key_id")
@connection_options
@json_option
def show(key_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one key; its secret is not kept, so it cannot be shown."""
    _print(call(url, key, lambda client: client.keys.get(key_id)), as_json)


def _print(found: Key, as_json: bool) -> None:
    if as_json:
        emit(wire(found))
        return
    every = " in every space" if found.every_space else ""
    facts = {
        "name": found.name,
        "role": f"{found.role}{every}",
        "jobs": ", ".join(found.jobs or ["all"]),
        "topics": ", ".join(found.topics or ["all"]),
        "created": local(found.created_at),
        "expires": local(found.expires_at),
        "revoked": local(found.revoked_at),
        "rotated": local(found.rotated_at),
        "old secret until": local(found.old_secret_until),
        "last used": local(found.last_used_at),
    }
    table(("KEY", found.id), list(facts.items()), empty="")


@command.command("update")
@click.argument("key_id")
@click.option("--name", help="What or whom the key is for.")
@click.option("--expires", metavar="SPAN|TIME|never", help="After 30d, at an ISO time, or never.")
@_jobs
@_topics
@click.option("--all-jobs", is_flag=True, help="Lift the restriction to jobs.")
@click.option("--all-topics", is_flag=True, help="Lift the restriction to topics.")
@connection_options
@json_option
def update(
    key_id: str,
    name: str | None,
    expires: str | None,
    jobs: tuple[str, ...],
    topics: tuple[str, ...],
    all_jobs: bool,
    all_topics: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Change the name, the end or the restrictions of a key; what is not named stays."""
    changes: dict[str, Any] = {} if name is None else {"name": name}
    if expires is not None:
        changes["expires_at"] = None if expires == "never" else ahead(expires, "--expires", wall_clock())
    for field, given, lifted in (("jobs", jobs, all_jobs), ("topics", topics, all_topics)):
        if given and lifted:
            raise Misuse(f"--{field} and --all-{field} exclude each other. Give one of them.")
        if given or lifted:
            changes[field] = list(given) or None
    if not changes:
        raise Misuse(
            "Nothing is to be changed. Give --name, --expires, --jobs, --topics, --all-jobs or --all-topics."
        )
    _print(call(url, key, lambda client: client.keys.update(key_id, **changes)), as_json)


@command.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap",
    metavar="SPAN",
    default="1h",
    show_default=True,
    help="How long the old one is valid too; 0 ends it at once.",
)
@connection_options
@json_option
def rotate(key_id: str, overlap: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Give a key a new secret. It is shown this once: the server keeps only its hash."""
    overlap_s = span(overlap, "--overlap", most_days=30).total_seconds()
    found = connection(url, key)
    made = call(url, key, lambda client: client.keys.rotate(key_id, overlap_s))
    until = f"is valid until {local(made.old_secret_until)}" if made.old_secret_until else "has ended"
    _show_once(
        made, as_json, f"key {made.id} for {made.name} has a new secret, shown only now; the old one {until}:"
    )
    _put_into_file(made, found)


def _put_into_file(made: CreatedKey, used: Connection) -> None:
    """The file from which commands read the key that was rotated holds the new secret; it is said where a person must see to that."""
    path = used.key_file
    if path is not None and _named(made.key) == _named(used.key):
        try:
            _replace(path, f"{made.key}\n")
        except OSError as error:
            tell(f"{path} still holds the old secret ({error.strerror or error}): put the new one there.")
        else:
            tell(f"{path} holds the new secret.")
    elif made.id == ADMINISTRATOR:
        tell("Put it into admin.key in the server's data directory: commands on that machine read it there.")


def _named(key: str) -> str:
    """A key without its secret."""
    return key.rpartition("_")[0]


def _replace(path: Path, text: str) -> None:
    """Write the file as a whole, for its owner alone."""
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@command.command("revoke")
@click.argument("key_id")
@connection_options
@json_option
def revoke(key_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Revoke a key: it ends at once."""
    call(url, key, lambda client: client.keys.revoke(key_id))
    emit({"revoked": key_id}) if as_json else say(f"{key_id} is revoked.")
