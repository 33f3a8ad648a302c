"""SQL of progress curves: a JSON list of points for each job."""

import orjson

from ..core.curve import Point
from .database import Connection, Reader


def load(reader: Reader, job_id: int) -> list[Point]:
    """The points of a job's curve, none when it has none."""
    found = reader.rows("SELECT points FROM job_curve WHERE job_id = :id", id=job_id)
    return [(at, percent) for at, percent in orjson.loads(found[0][0])] if found else []


def save(connection: Connection, job_id: int, points: list[Point]) -> None:
    """Replace the curve."""
    text = orjson.dumps(points).decode()
    if not connection.run("UPDATE job_curve SET points = :points WHERE job_id = :id", points=text, id=job_id):
        connection.run("INSERT INTO job_curve (job_id, points) VALUES (:id, :points)", points=text, id=job_id)
