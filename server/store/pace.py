"""SQL of past runs: for each space and job name the newest few, as JSON."""

import orjson

from ..core.pace import PastRun
from .database import Connection, Reader


def load(reader: Reader, space_id: int, name: str) -> list[PastRun]:
    """The runs that are remembered, the oldest first."""
    found = reader.rows(
        "SELECT runs FROM job_pace WHERE space_id = :space AND name = :name", space=space_id, name=name
    )
    return [PastRun(duration, tuple(gone)) for duration, gone in orjson.loads(found[0][0])] if found else []


def save(connection: Connection, space_id: int, name: str, runs: list[PastRun]) -> None:
    """Replace what is remembered."""
    text = orjson.dumps([(run.duration_ms, run.gone) for run in runs]).decode()
    changed = connection.run(
        "UPDATE job_pace SET runs = :runs WHERE space_id = :space AND name = :name",
        runs=text,
        space=space_id,
        name=name,
    )
    if not changed:
        connection.run(
            "INSERT INTO job_pace (space_id, name, runs) VALUES (:space, :name, :runs)",
            space=space_id,
            name=name,
            runs=text,
        )
