"""SQL of how far a caller reaches: conditions that lists add to their own."""

from typing import Any, Final

from listener_sdk.protocol.events import RESERVED_DOMAINS, SERVER_TOPICS
from listener_sdk.protocol.ids import encode

from ..core.reach import Reach
from . import globs, tags

_OF_THE_SERVER: Final = ", ".join(
    f"'{topic}'" for topic in sorted(SERVER_TOPICS) if topic.partition(":")[0] in RESERVED_DOMAINS
)


def of_jobs(reach: Reach, params: dict[str, Any]) -> str:
    """Jobs of the space ``:space`` that are within reach, as a condition on rows of ``job``; its parameters join ``params``."""
    parts = []
    if reach.jobs is not None:
        parts.append(_any_of("job.name", reach.jobs, "reach_name", params))
    if reach.job_id is not None:
        params["reach_job"] = reach.job_id
        parts.append("(job.id = :reach_job OR (job.parent_id = :reach_job AND job.part IS NOT NULL))")
    if reach.tag is not None:
        parts.append(tags.condition(reach.tag, "reach_tag", params))
    if reach.definition is not None:
        parts.append(of_definition(reach.definition, "reach_definition", params))
    return " AND ".join(parts) or "1 = 1"


def of_definition(code: str, name: str, params: dict[str, Any]) -> str:
    """Jobs of a definition of the space ``:space``, as a condition on rows of ``job``; it adds the parameter ``name``."""
    params[name] = code
    return (
        f"job.definition_id = (SELECT d.id FROM definition d WHERE d.space_id = :space AND d.code = :{name})"  # noqa: S608 - a name of our own
    )


def of_files(reach: Reach, params: dict[str, Any]) -> str:
    """The same of rows of ``file``: those of jobs within reach and, but for tokens of some jobs, those of no job."""
    mine = f"EXISTS (SELECT 1 FROM job WHERE job.id = file.job_id AND {of_jobs(reach, params)})"  # noqa: S608 - conditions of our own
    return f"(job_id IS NULL OR {mine})" if not reach.of_a_token else mine


def of_events(reach: Reach, params: dict[str, Any]) -> str:
    """The same of rows ``e`` of ``event``, and some more: what is read must be compared with ``Reach.hears``."""
    parts = []
    if reach.topics is not None:
        parts.append(_any_of("e.topic", reach.topics, "reach_topic", params))
    if reach.job_id is not None:
        params |= {"reach_job": reach.job_id, "reach_about": f'%"jobId":"{encode("jb", reach.job_id)}"%'}
        mine = "SELECT id FROM job WHERE parent_id = :reach_job AND part IS NOT NULL"
        about = "e.job_id IS NULL AND e.body LIKE :reach_about"
        parts.append(f"(e.job_id = :reach_job OR e.job_id IN ({mine}) OR ({about}))")
    if reach.tag is not None:
        parts.append(f"e.job_id IS NOT NULL AND {tags.told(reach.tag, 'e.body', 'reach_told', params)}")
    if reach.definition is not None:
        mine = of_definition(reach.definition, "reach_definition", params)
        parts.append(f"EXISTS (SELECT 1 FROM job WHERE job.id = e.job_id AND {mine})")  # noqa: S608 - conditions of our own
    if reach.jobs is not None:
        others = f"SELECT 1 FROM job WHERE job.id = e.job_id AND NOT ({of_jobs(reach, params)})"  # noqa: S608 - conditions of our own
        published = f"e.job_id IS NULL AND e.topic NOT IN ({_OF_THE_SERVER})"
        parts.append(f"(({published}) OR (e.job_id IS NOT NULL AND NOT EXISTS ({others})))")
    return " AND ".join(parts) or "1 = 1"


def _any_of(column: str, patterns: tuple[str, ...], name: str, params: dict[str, Any]) -> str:
    any_of = [globs.condition(column, one, f"{name}{i}", params) for i, one in enumerate(patterns)]
    return "(" + " OR ".join(f"({one})" for one in any_of) + ")"
