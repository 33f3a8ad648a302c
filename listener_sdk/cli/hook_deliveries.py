"""``tickwire hooks deliveries``, ``delivery``, ``replay`` and ``try``."""

from typing import Any

import click

from ..protocol.hooks import STATUSES, HookTrial
from .connection import call, connection_options, json_option
from .failures import Failure, Misuse
from .hook_signatures import FILE, bytes_in
from .output import emit, in_json, local, say, size, spelled, wire
from .tables import table


@click.command("deliveries")
@click.argument("hook")
@click.option("--status", type=click.Choice(STATUSES), help="Only those.")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@connection_options
@json_option
def list_deliveries(
    hook: str, status: str | None, limit: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List what came to a hook, the newest first."""
    filters: dict[str, Any] = {"page_size": limit, **({} if status is None else {"status": status})}
    found = call(url, key, lambda client: client.hooks.deliveries(hook, **filters))
    if as_json:
        emit([wire(one) for one in found.items])
        return
    rows = [
        (one.id, local(one.at), one.status, one.job_id, one.replay_of, size(one.size), _why(one.problems))
        for one in found.items
    ]
    columns = ("ID", "AT", "STATUS", "JOB", "REPLAY OF", "SIZE", "PROBLEM")
    table(columns, rows, empty="Nothing has come yet.")


def _why(problems: list[dict[str, Any]]) -> str:
    return str(problems[0].get("message", "")) if problems else ""


@click.command("delivery")
@click.argument("delivery")
@connection_options
@json_option
def show_delivery(delivery: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show what came to a hook: its headers without secrets, and its body."""
    found = call(url, key, lambda client: client.hooks.delivery(delivery))
    if as_json:
        emit(wire(found))
        return
    say(f"{found.id}: {found.status}, {local(found.at)}", "bold")
    facts = {"hook": found.hook_id, "job": found.job_id, "replay of": found.replay_of, **found.headers}
    facts |= {f"?{name}": value for name, value in found.query.items()}
    for fact, value in facts.items():
        if value is not None:
            say(f"  {fact}: {value}")
    for problem in found.problems:
        say(_told(problem), "red")
    say(found.body or "")


def _told(problem: dict[str, Any]) -> str:
    path, message = problem.get("path"), str(problem.get("message", ""))
    return f"{path}: {message.removeprefix(f'{path}: ')}" if path else message


@click.command("replay")
@click.argument("delivery")
@connection_options
@json_option
def replay(delivery: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Let the same call come once more, as the hook is now. Exit code 1 where it fails again."""
    done = call(url, key, lambda client: client.hooks.replay(delivery))
    if as_json:
        emit(wire(done))
    else:
        job = "" if done.job_id is None else f", {done.job_id}"
        say(f"{done.delivery_id}: {done.status}{job}")
    if done.status == "failed":
        raise Failure(f"It failed again. Why: {spelled(f'hooks delivery {done.delivery_id}')}")


@click.command("try")
@click.argument("hook")
@click.argument("body", type=FILE, metavar="FILE|-")
@click.option("--header", "-H", "headers", multiple=True, metavar="NAME=VALUE", help="A header of the call.")
@click.option("--query", "-q", "query", multiple=True, metavar="NAME=VALUE", help="What stands behind ?.")
@click.option("--content-type", default="application/json", show_default=True, help="What the body is.")
@connection_options
@json_option
def try_(
    hook: str,
    body: str,
    headers: tuple[str, ...],
    query: tuple[str, ...],
    content_type: str,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Say what would become of a call with the body in a file; nothing is kept, and no signature is needed.

    tickwire hooks try us_hk_0000000001 push.json -H X-GitHub-Event=push

    Exit code 1 where a template does not resolve, or a parameter does not fit.
    """
    named, asked = _pairs(headers, "--header"), _pairs(query, "--query")
    try:
        text = bytes_in(body).decode()
    except UnicodeDecodeError as error:
        raise Misuse("The body is no text in UTF-8, which hooks take alone.") from error
    shown = call(
        url,
        key,
        lambda client: client.hooks.try_(
            hook, text=text, content_type=content_type, headers=named, query=asked
        ),
    )
    emit(wire(shown)) if as_json else _tell(shown)
    if shown.problems:
        click.get_current_context().exit(1)


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """Texts, all of them: that of a header that reads as a number is none."""
    found = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Misuse(f"{option} {pair!r} is not of the form NAME=VALUE.")
        found[name] = value
    return found


def _tell(shown: HookTrial) -> None:
    say("The filter ignores it." if shown.ignored else "The filter lets it through.")
    for problem in shown.problems:
        say(_told(problem), "red")
    if shown.params is not None:
        say(f"parameters: {in_json(shown.params)}")
