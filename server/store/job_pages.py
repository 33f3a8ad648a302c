"""SQL of lists about jobs: pages of jobs, a job's log lines and its ended attempts."""

from dataclasses import dataclass, replace
from typing import Any, Final

from listener_sdk.protocol.ids import LARGEST, decode

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
    text: str | None = None
    within: Reach | None = None


MOST_LOOKED_AT: Final = 100_000
"""Jobs among which a quick page finds its own."""
_LONGER_TO_READ: Final = 4
"""How much longer it takes to look for a text in a job than at its status."""
CLOCK_SLACK_MS: Final = 60_000
"""How far a clock may have gone back without hiding jobs from a list that begins or ends at a time."""


def page(
    reader: Reader,
    space_id: int,
    wanted: JobFilter,
    window: Window,
    *,
    count: bool,
    looked_at: int | None = None,
) -> Page[JobRow]:
    """Jobs in the order of their making, newest first unless ``ascending``.

    With ``looked_at`` no more jobs than that are looked at for a filter that no index serves: the page then ends at its ``last``, with
    whatever was found, and others may follow.
    """
    among, order = chosen(space_id, wanted), "ASC" if wanted.ascending else "DESC"
    span = _span(reader, space_id, wanted, window)
    last = None
    if looked_at is not None and _searches(wanted):
        most = looked_at if wanted.text is None else looked_at // _LONGER_TO_READ
        last = _horizon(reader, space_id, span, order, max(1, most))
    sizes = reader.rows(
        "SELECT id, length(spec) + COALESCE(length(outcome), 0) + COALESCE(length(result), 0) "  # noqa: S608 - conditions of our own
        f"FROM {among.source} WHERE {among.where} AND {span.until(last, order).where(among.key)} "
        f"ORDER BY {among.key} {order} LIMIT :limit OFFSET :offset",
        **among.params,
        **span.until(last, order).params,
        limit=window.size + 1,
        offset=window.offset,
    )
    ids = fitting([(row[0], row[1]) for row in sizes], window)
    rows = reader.rows(f"{SELECT} WHERE id IN LIST(:ids) ORDER BY id {order}", ids=ids)
    counted = f"SELECT COUNT(*) FROM {among.source} WHERE {among.where}"  # noqa: S608 - conditions of our own
    total = reader.rows(counted, **among.params)[0][0] if count else None
    head = log.head(reader)
    more = len(sizes) > len(ids)
    end = ids[-1] if more else last
    return Page([from_db(row) for row in rows], end is not None, f"{head.epoch}:{head.seq}", total, end)


@dataclass(frozen=True, slots=True)
class _Span:
    """Between which numbers the jobs of a page stand, both included."""

    first: int = 0
    last: int = LARGEST

    def until(self, end: int | None, order: str) -> "_Span":
        """What of it comes before ``end`` in this order, and that."""
        if end is None:
            return self
        return replace(self, first=end) if order == "DESC" else replace(self, last=end)

    def where(self, key: str) -> str:
        return f"{key} >= :first AND {key} <= :last"

    @property
    def params(self) -> dict[str, int]:
        return {"first": self.first, "last": self.last}


def _span(reader: Reader, space_id: int, wanted: JobFilter, window: Window) -> _Span:
    """Numbers rise with the times of making, but for odd clocks: so a list of some days need not look at the others."""
    first, last = 0, LARGEST
    if wanted.created_after is not None:
        first = _first_at(reader, space_id, wanted.created_after - CLOCK_SLACK_MS)
    if wanted.created_before is not None:
        last = _first_at(reader, space_id, wanted.created_before + CLOCK_SLACK_MS)
    if window.after is None:
        return _Span(first, last)
    if wanted.ascending:
        return _Span(max(first, window.after + 1), last)
    return _Span(first, min(last, window.after - 1))


def _first_at(reader: Reader, space_id: int, moment: int) -> int:
    """The number of the first job that was made then or later, by halving."""
    low, high = 0, _newest(reader, space_id) + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.rows(
            "SELECT created_at FROM job WHERE space_id = :space AND id >= :middle ORDER BY id LIMIT 1",
            space=space_id,
            middle=middle,
        )
        if found and found[0][0] < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _newest(reader: Reader, space_id: int) -> int:
    rows = reader.rows("SELECT id FROM job WHERE space_id = :space ORDER BY id DESC LIMIT 1", space=space_id)
    return int(rows[0][0]) if rows else 0


def _searches(wanted: JobFilter) -> bool:
    """Whether jobs must be looked at one by one: of a text always, else where no index leads to few."""
    others, tag = _led(wanted)
    led = tag is not None or others.parent_id is not None or others.definition is not None
    plain = JobFilter(
        created_after=others.created_after,
        created_before=others.created_before,
        ascending=others.ascending,
        within=others.within,
    )
    return wanted.text is not None or not (led or others == plain)


def _horizon(reader: Reader, space_id: int, span: _Span, order: str, looked_at: int) -> int | None:
    """The last job that is looked at, None where that is the last of all."""
    found = reader.rows(
        f"SELECT id FROM job WHERE space_id = :space AND {span.where('id')} ORDER BY id {order} LIMIT 2 OFFSET :looked",  # noqa: S608 - words of our own
        space=space_id,
        **span.params,
        looked=looked_at - 1,
    )
    return found[0][0] if len(found) > 1 else None


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
    if wanted.text is not None:
        parts.append(_says(wanted.text, params))
    if wanted.tag is not None:
        parts.append(tags.condition(wanted.tag, "tag", params))
    if wanted.within is not None:
        parts.append(reach.of_jobs(wanted.within, params))
    return " AND ".join(parts), params


def _says(text: str, params: dict[str, Any]) -> str:
    """The text stands somewhere in the name, the label, what the job says of itself, or what it was given and came to."""
    lowered = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    params |= {"text": f"%{globs.literally(lowered)}%", "text_id": decode("jb", text)}
    said = [f"lower(job.{column}) LIKE :text ESCAPE '\\'" for column in ("name", "info", "spec", "outcome")]
    return "(" + " OR ".join([*said, "job.id = CAST(:text_id AS BIGINT)"]) + ")"


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
