"""SQL of calls about many jobs: which jobs an act may be done to, and whose unique keys are taken."""

from collections.abc import Sequence
from typing import Final, Literal

from listener_sdk.protocol.lifecycle import FINAL

from . import job_pages
from .database import Reader
from .job_pages import JobFilter

Act = Literal["cancel", "retry", "retry named", "acknowledge"]

_FINAL: Final = ", ".join(f"'{status}'" for status in sorted(FINAL))
_RERUN: Final = "EXISTS (SELECT 1 FROM job AS later WHERE later.rerun_of = job.id{})"
_TWIN: Final = (
    "unique_key IS NOT NULL AND EXISTS (SELECT 1 FROM job AS twin WHERE twin.space_id = job.space_id "
    "AND twin.unique_key = job.unique_key AND twin.finished_at IS NULL)"
)
_A_PART: Final = "({0}.part IS NOT NULL OR {0}.spec LIKE '%\"part\":%')"
# Of which job it is a part, of which that is a part, and so on: what was run again as a whole had parts of its own.
_WHOLE_RERUN: Final = (
    (
        "job.parent_id IS NOT NULL AND {part} AND EXISTS ("
        "WITH RECURSIVE above(id, parent_id) AS ("
        "SELECT p.id, CASE WHEN {its_part} THEN p.parent_id END FROM job p WHERE p.id = job.parent_id "
        "UNION ALL SELECT p.id, CASE WHEN {its_part} THEN p.parent_id END FROM above JOIN job p ON p.id = above.parent_id"
        ") SELECT 1 FROM above JOIN job later ON later.rerun_of = above.id)"
    )
    .replace("{its_part}", _A_PART.format("p"))
    .replace("{part}", _A_PART.format("job"))
)
_DISABLED: Final = "definition_id IS NOT NULL AND EXISTS (SELECT 1 FROM definition d WHERE d.id = job.definition_id AND d.enabled = 0)"
MAY: Final[dict[Act, str]] = {
    "cancel": f"status NOT IN ({_FINAL}) AND cancel_requested_at IS NULL",
    "acknowledge": f"status IN ({_FINAL}) AND acknowledged_at IS NULL",
    # A job that was run again is stood for by its last rerun: so who repeats the call until nothing is left comes to an end.
    "retry": f"status IN ({_FINAL}) AND NOT {_RERUN.format('')} AND NOT ({_TWIN}) AND NOT ({_DISABLED}) "
    f"AND NOT ({_WHOLE_RERUN})",
    "retry named": f"status IN ({_FINAL}) AND NOT {_RERUN.format(' AND later.finished_at IS NULL')} AND NOT ({_TWIN}) "
    f"AND NOT ({_DISABLED})",
}
"""To which jobs an act is done: to those that a filter means, or that were named."""
_KEYS_AT_ONCE: Final = 100


def candidates(reader: Reader, space_id: int, wanted: JobFilter, act: Act, count: int) -> list[int]:
    """The first ``count`` jobs that are meant and to which the act may be done, oldest first."""
    among = job_pages.chosen(space_id, wanted)
    found = reader.rows(
        f"SELECT id FROM {among.source} WHERE {among.where} AND {MAY[act]} ORDER BY {among.key} LIMIT :count",  # noqa: S608 - conditions of our own
        count=count,
        **among.params,
    )
    return [row[0] for row in found]


def still(reader: Reader, space_id: int, wanted: JobFilter, act: Act, ids: Sequence[int]) -> list[int]:
    """Those of these jobs of which this is true now, oldest first."""
    where, params = job_pages.condition(space_id, wanted)
    found = reader.rows(
        f"SELECT id FROM job WHERE id IN LIST(:ids) AND {where} AND {MAY[act]} ORDER BY id",  # noqa: S608 - conditions of our own
        ids=list(ids),
        **params,
    )
    return [row[0] for row in found]


def count(reader: Reader, space_id: int, wanted: JobFilter, act: Act) -> int:
    """How many jobs are meant to which the act may be done."""
    among = job_pages.chosen(space_id, wanted)
    counted = f"SELECT COUNT(*) FROM {among.source} WHERE {among.where} AND {MAY[act]}"  # noqa: S608 - conditions of our own
    return int(reader.rows(counted, **among.params)[0][0])


def running_again(reader: Reader, ids: Sequence[int]) -> dict[int, int]:
    """Of these jobs, those with a rerun that has not ended, and that."""
    found = reader.rows(
        "SELECT rerun_of, id FROM job WHERE rerun_of IN LIST(:ids) AND finished_at IS NULL", ids=list(ids)
    )
    return dict(found)


def newest_runs(reader: Reader, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these jobs that are there, the newest among it, its reruns, their reruns, and so on."""
    rows = reader.rows(
        "WITH RECURSIVE run(first, id) AS (SELECT id, id FROM job WHERE id IN LIST(:ids) "
        "UNION ALL SELECT run.first, j.id FROM run JOIN job j ON j.rerun_of = run.id"
        ") SELECT first, MAX(id) FROM run GROUP BY first",
        ids=list(ids),
    )
    return dict(rows)


def unfinished_with_keys(reader: Reader, space_id: int, keys: Sequence[str]) -> dict[str, int]:
    """The unique keys that a job of the space has now, and the job."""
    found: dict[str, int] = {}
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[first : first + _KEYS_AT_ONCE]
        # Always as many parameters, so that there is one statement to prepare.
        names = {f"key{place}": some[min(place, len(some) - 1)] for place in range(_KEYS_AT_ONCE)}
        rows = reader.rows(
            "SELECT unique_key, id FROM job WHERE space_id = :space AND unique_key IS NOT NULL "  # noqa: S608 - names of our own
            f"AND unique_key IN ({', '.join(f':{name}' for name in names)}) AND finished_at IS NULL",
            space=space_id,
            **names,
        )
        found |= dict(rows)
    return found
