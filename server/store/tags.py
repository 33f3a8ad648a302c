"""SQL of tags: which jobs of a space have one."""

import re
from typing import Any, Final

import orjson

from ..core.jobs import JobRow
from .database import Connection, Row

TABLE: Final = "job_tag"
COLUMNS: Final = ("space_id", "tag", "job_id")
_SPECIAL: Final = re.compile(r"[%_\\]")


def row(job: JobRow, tag: str) -> Row:
    """A tag of a job, as the table has it."""
    return (job.space_id, tag, job.id)


def remove(connection: Connection, job_id: int) -> None:
    """A job has no tags any more."""
    connection.run("DELETE FROM job_tag WHERE job_id = :job", job=job_id)


def condition(tag: str, name: str, params: dict[str, Any]) -> str:
    """The jobs of the space ``:space`` that have a tag, as a condition on rows of ``job``; it adds the parameter ``name``."""
    params[name] = tag
    mine = f"job_tag.space_id = :space AND job_tag.tag = :{name} AND job_tag.job_id = job.id"
    return f"EXISTS (SELECT 1 FROM job_tag WHERE {mine})"  # noqa: S608 - a name of our own


def source(tag: str, name: str, params: dict[str, Any]) -> str:
    """The same jobs as rows to choose from, by the index of tags: ``tagged`` is the id, also of ``job``, and the order that costs nothing."""
    params[name] = tag
    mine = f"SELECT job_id AS tagged FROM job_tag WHERE space_id = :space AND tag = :{name}"  # noqa: S608 - a name of our own
    # SQLite takes the tables of a CROSS JOIN in their order.
    return f"({mine}) AS of_tag CROSS JOIN job"


def told(tag: str, column: str, name: str, params: dict[str, Any]) -> str:
    """Events that say the tag, and some more, as a condition on the column of their text."""
    text = _SPECIAL.sub(r"\\\g<0>", orjson.dumps(tag).decode())
    params[name] = f"%{text}%"
    return f"{column} LIKE :{name} ESCAPE '\\'"
