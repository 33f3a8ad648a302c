"""SQL of execution plans: one a job at most."""

from typing import Any

import orjson

from .database import Connection, Reader


def load(reader: Reader, job_id: int) -> dict[str, Any] | None:
    """The stored parts of a job's plan; None without one."""
    found = reader.rows("SELECT plan FROM job_plan WHERE job_id = :job", job=job_id)
    return orjson.loads(found[0][0]) if found else None


def save(connection: Connection, job_id: int, plan: dict[str, Any]) -> None:
    """Keep a job's plan instead of the one before."""
    connection.run("DELETE FROM job_plan WHERE job_id = :job", job=job_id)
    connection.insert_many("job_plan", ("job_id", "plan"), [(job_id, orjson.dumps(plan).decode())])
