"""``tickwire definitions watermark``: show how far the runs of a definition have come, set or reset it."""

import click

from ..client import Client
from ..protocol.watermarks import Watermark
from ..watermark import watermark_text
from .connection import call, connection_options, json_option
from .failures import Misuse
from .output import emit, local, say, wire


@click.command("watermark")
@click.argument("code")
@click.option("--set", "to", metavar="VALUE", help="From where on the next delta run reads.")
@click.option("--reset", is_flag=True, help="Let the next run be as the first.")
@connection_options
@json_option
def watermark(
    code: str, to: str | None, reset: bool, url: str | None, key: str | None, as_json: bool
) -> None:
    """Show from where on the next delta run of the definition CODE reads, and which run said so; or change it.

    Runs that go on while it is set or reset do not move it any more.
    """
    if to is not None and reset:
        raise Misuse("--set and --reset contradict each other. Write one of them.")
    if to is not None:
        _check(to)

    async def done(client: Client) -> Watermark:
        if reset:
            await client.definitions.reset_watermark(code)
        elif to is not None:
            return await client.definitions.set_watermark(code, to)
        return await client.definitions.watermark(code)

    found = call(url, key, done)
    emit(wire(found)) if as_json else _show(code, found)


def _check(to: str) -> None:
    try:
        watermark_text(to)
    except ValueError as error:
        raise Misuse(f"--set: {error}") from error


def _show(code: str, found: Watermark) -> None:
    if found.value is None and found.succeeded_at is None:
        say(f"no run of {code} has succeeded{_since(found)}: the next one is as the first.")
        return
    whose = f" by {found.job_id}" if found.job_id else ""
    when = f" (moved {local(found.moved_at)}{whose})" if found.moved_at else ""
    say(f"watermark of {code}: {found.value or 'none, since no run has said how far it came'}{when}")


def _since(found: Watermark) -> str:
    return f" since it was reset {local(found.moved_at)}" if found.moved_at else ""
