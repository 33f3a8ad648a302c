"""Pages of the console that messages lead to, and commands where there is none. Pure."""


def run_page(base: str | None, job_id: str) -> str | None:
    """The address of a job's page on the server at ``base``; None where it is not known under which address people reach it."""
    return None if base is None else f"{base}/console/jobs/{job_id}"


def run_command(job_id: str) -> str:
    """The command that shows a run."""
    return f"tickwire runs show {job_id}"


def endpoint_command(endpoint_id: str) -> str:
    """The command that switches an endpoint on again."""
    return f"tickwire endpoints enable {endpoint_id}"
