"""``tickwire doctor``: checks this machine and the server; exit code 1 when something fails."""

import asyncio
import os
from dataclasses import asdict
from typing import Final

import click

from .checks import Finding, of_machine, of_server
from .connection import connection_options, json_option
from .output import emit, say

_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command("doctor")
@connection_options
@json_option
def command(url: str | None, key: str | None, as_json: bool) -> None:
    """Check Python, extras, data, server, key, clock, listeners and mail; each line says how to mend what is wrong.

    Exit code 1 when a check fails.
    """
    findings = list(of_machine(dict(os.environ))) + asyncio.run(_asked(url, key))
    if as_json:
        emit([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(text_line(finding), _STYLES[finding.level])
    if any(finding.level == "fail" for finding in findings):
        click.get_current_context().exit(1)


async def _asked(url: str | None, key: str | None) -> list[Finding]:
    return [finding async for finding in of_server(url, key)]


def text_line(finding: Finding) -> str:
    """A finding in one line."""
    sentences = [part.rstrip(".") for part in (finding.text, finding.fix) if part]
    return f"{finding.level:<4}  {finding.name:<12}  {'. '.join(sentences)}"
