"""Which jobs a command is about: the options that ``jobs list``, ``jobs cancel`` and ``jobs retry`` share."""

from typing import Any

import click

from ..protocol.lifecycle import Status
from .connection import Command
from .failures import Misuse
from .moments import ago
from .progress import wall_clock

STATUSES = click.Choice([status.value for status in Status])

_OPTIONS = (
    click.option(
        "--status",
        "statuses",
        type=STATUSES,
        multiple=True,
        help="Only jobs of this status; may be repeated.",
    ),
    click.option("--job", "name", metavar="NAME", help="Only jobs of this name; workbook:* is understood."),
    click.option("--definition", metavar="CODE", help="Only jobs that this definition has started."),
    click.option("--tag", metavar="TAG", help="Only jobs that have this tag."),
    click.option(
        "--since",
        metavar="SPAN|TIME",
        help="Only jobs created in the last 45m, 12h, 30d or 2w, or since an ISO time.",
    ),
    click.option(
        "--parent", "parent_id", metavar="JOB_ID", help="Only the parts and other children of this job."
    ),
)


def choosing_options(command: Command) -> Command:
    """Add ``--status``, ``--job``, ``--definition``, ``--tag``, ``--since`` and ``--parent``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def filters_of(
    statuses: tuple[str, ...],
    name: str | None,
    since: str | None,
    parent_id: str | None,
    tag: str | None = None,
    definition: str | None = None,
) -> dict[str, Any]:
    """The filters of `Jobs.list` that the options describe; none that says nothing. Misuse for a name that no job can have."""
    if name is not None and ":" not in name and "**" not in name:
        raise Misuse(
            f"--job {name[:200]!r} can match no job: a name is type:operation. Did you mean {name[:200]}:* or *:{name[:200]}?"
        )
    found = {
        "status": [*statuses],
        "job": name,
        "tag": tag,
        "definition": definition,
        "created_after": ago(since, "--since", wall_clock()) if since else None,
        "parent_id": parent_id,
    }
    return {field: value for field, value in found.items() if value}
