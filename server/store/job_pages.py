"""SQL of lists about jobs: pages of jobs, a job's log lines and its ended attempts."""

from dataclasses import dataclass, replace
from typing import Any

from ..core.jobs import JobRow
from ..core.reach import Reach
from . import globs, log, reach, tags
from .database import Reader, Row
from .jobs import SELECT, from_db
from .pages import Page, Window, fitting


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows; None leaves a question open."""

    statuses: tuple[str, ...] = ()
    type: str | None = None
    operation: str | None = None
    name: str | None = None
    tag: str | None = None
    definition: str | None = None
    source: str | None = None
    file_id: str | None = None
    parent_id: int | None = None
    top_level: bool = False
    created_after: int | None = None
    created_before: int | None = None
    ascending: bool = False
    within: Reach | None = None


def page(reader: Reader, space_id: int, wanted: JobFilter, window: Window, *, count: bool) -> Page[JobRow]:
    """Jobs in the order of their making, newest first unless ``ascending``."""
    among = chosen(space_id, wanted)
    source, key, where, params = among.source, among.key, among.where, among.params
    order = "ASC" if wanted.ascending else "DESC"
    beyond = "" if window.after is None else f" AND {key} {'>' if wanted.ascending else '<'} :after"
    sizes = reader.rows(
        "SELECT id, length(spec) + COALESCE(length(outcome), 0) + COALESCE(length(result), 0) "  # noqa: S608 - conditions of our own
        f"FROM {source} WHERE {where}{beyond} ORDER BY {key} {order} LIMIT :limit OFFSET :offset",
        **params,
        **({} if window.after is None else {"after": window.after}),
        limit=window.size + 1,
        offset=window.offset,
    )
    ids = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(f"{SELECT} WHERE id IN LIST(:ids) ORDER BY id {order}", ids=ids)
    total = reader.rows(f"SELECT COUNT(*) FROM {source} WHERE {where}", **params)[0][0] if count else None  # noqa: S608 - conditions of our own
    head = log.head(reader)
    return Page([from_db(row) for row in rows], len(sizes) > len(ids), f"{head.epoch}:{head.seq}", total)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Jobs as ``FROM source WHERE where``; ``key`` is their id, to sort them by and to go on behind one."""

    source: str
    key: str
    where: str
    params: dict[str, Any]


def chosen(space_id: int, wanted: JobFilter) -> Chosen:
    """These jobs of a space, found by their tag where they must have one: it may be rare, and it may be that of most."""
    others, tag = _led(wanted)
    where, params = condition(space_id, others)
    if tag is None:
        return Chosen("job", "id", where, params)
    return Chosen(tags.source(tag, "lead", params), "tagged", f"job.id = tagged AND {where}", params)


def _led(wanted: JobFilter) -> tuple[JobFilter, str | None]:
    """The tag that leads to the jobs, and what else is asked of them. Children are better found by their parent."""
    within = wanted.within
    if wanted.parent_id is None and wanted.tag is not None:
        return replace(wanted, tag=None), wanted.tag
    if wanted.parent_id is None and within is not None and within.tag is not None:
        return replace(wanted, within=replace(within, tag=None)), within.tag
    return wanted, None


def condition(space_id: int, wanted: JobFilter) -> tuple[str, dict[str, Any]]:
    """What stands behind WHERE for these jobs of a space, and its parameters."""
    params: dict[str, Any] = {"space": space_id}
    # The plus keeps the index of the space away where there are fewer children of a parent, or jobs of a definition.
    within = wanted.within
    of_one = wanted.definition is not None or (within is not None and within.definition is not None)
    plain = wanted.parent_id is None and not of_one
    parts = ["space_id = :space" if plain else "+space_id = :space"]
    for column, sign, value in (
        ("source", "=", wanted.source),
        ("file_id", "=", wanted.file_id),
        ("parent_id", "=", wanted.parent_id),
        ("created_at", ">=", wanted.created_after),
        ("created_at", "<=", wanted.created_before),
    ):
        if value is not None:
            name = f"p{len(params)}"
            params[name] = value
            parts.append(f"{column} {sign} :{name}")
    if wanted.definition is not None:
        parts.append(reach.of_definition(wanted.definition, "definition", params))
    if wanted.top_level and wanted.parent_id is None:
        parts.append("parent_id IS NULL")
    if wanted.statuses:
        names = {f"status{i}": status for i, status in enumerate(wanted.statuses)}
        params |= names
        parts.append(f"status IN ({', '.join(f':{name}' for name in names)})")
    parts += _names(wanted, params)
    if wanted.tag is not None:
        parts.append(tags.condition(wanted.tag, "tag", params))
    if wanted.within is not None:
        parts.append(reach.of_jobs(wanted.within, params))
    return " AND ".join(parts), params


def _names(wanted: JobFilter, params: dict[str, Any]) -> list[str]:
    """Conditions on the name, which is type:operation: a type has no colon, an operation may have some."""
    parts = []
    if wanted.name is not None:
        parts.append(globs.condition("name", wanted.name, "job", params))
    if wanted.type is not None:
        params |= {"type": f"{wanted.type}:", "type_length": len(wanted.type) + 1}
        parts.append("substr(name, 1, CAST(:type_length AS INTEGER)) = :type")
    if wanted.operation is not None:
        params |= {"operation": f":{wanted.operation}", "operation_length": len(wanted.operation) + 1}
        head = "substr(name, 1, length(name) - CAST(:operation_length AS INTEGER))"
        tail = "substr(name, length(name) - CAST(:operation_length AS INTEGER) + 1)"
        parts.append(
            f"length(name) > :operation_length AND {tail} = :operation AND replace({head}, ':', '') = {head}"
        )
    return parts


def log_lines(reader: Reader, job_id: int, after: int, count: int) -> list[Row]:
    """Lines of a job's log as (id, attempt, at, level, message, fields), oldest first."""
    return reader.rows(
        "SELECT id, attempt, at, level, message, fields FROM job_log WHERE job_id = :job AND id > :after "
        "ORDER BY id LIMIT :count",
        job=job_id,
        after=after,
        count=count,
    )


def stored_lines(reader: Reader, job_id: int, fence: int, lines: range) -> set[int]:
    """Which of these indexes of an attempt's lines the log has."""
    rows = reader.rows(
        "SELECT line FROM job_log WHERE job_id = :job AND fence = :fence AND line >= :first AND line < :beyond",
        job=job_id,
        fence=fence,
        first=lines.start,
        beyond=lines.stop,
    )
    return {row[0] for row in rows}


def attempts(reader: Reader, job_id: int) -> list[Row]:
    """Attempts that ended without an outcome as (attempt, fence, reason, message, started_at, ended_at), oldest first."""
    return reader.rows(
        "SELECT attempt, fence, reason, message, started_at, ended_at FROM attempt WHERE job_id = :job ORDER BY fence",
        job=job_id,
    )
