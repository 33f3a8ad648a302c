"""``tickwire schedules run``: a job now, beside the due times."""

import click

from .connection import connection_options, json_option
from .run import run_made


@click.command("run")
@click.argument("schedule")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the end."
)
@click.option("--detach", "-d", is_flag=True, help="Print the job's id, and do not wait for its end.")
@connection_options
@json_option
def run(
    schedule: str, timeout_s: float | None, detach: bool, url: str | None, key: str | None, as_json: bool
) -> None:
    """Make a job as the schedule does, now, and watch it; its due times stay as they are. Exit codes as of tickwire run."""
    run_made(
        url,
        key,
        lambda client: client.schedules.run(schedule),
        timeout_s=timeout_s,
        detach=detach,
        as_json=as_json,
    )
