"""Pages of the console that messages lead to, and commands where there is none. Pure."""

from typing import Final

SHOWS_RUNS: Final[bool] = False
"""Whether the console has a page for each job: until it has one, messages name the command that shows the run."""


def run_page(base: str | None, job_id: str) -> str | None:
    """The address of a job's page on the server at ``base``; None where there is none."""
    return f"{base}/console/jobs/{job_id}" if SHOWS_RUNS and base is not None else None


def run_command(job_id: str) -> str:
    """The command that shows a run."""
    return f"tickwire runs show {job_id}"


def endpoint_command(endpoint_id: str) -> str:
    """The command that switches an endpoint on again."""
    return f"tickwire endpoints enable {endpoint_id}"
