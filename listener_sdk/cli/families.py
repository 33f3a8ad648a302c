"""Jobs and their children: a list as a tree, and what a split job's parts come to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final

from ..client import Client
from ..errors import ApiError
from ..protocol.jobs import Job
from ..protocol.lifecycle import Status
from .output import counted, local, say, spelled
from .progress import ended_badly
from .tables import table

MOST_CHILDREN: Final = 2_000
"""Children that are counted."""
SHOWN: Final = 20
"""Children that are listed with their parent, those that ask for attention first."""
_FIRST: Final[tuple[str, ...]] = (Status.FAILED, Status.EXECUTING, Status.CANCELED)

COLUMNS: Final = ("ID", "JOB", "STATUS", "PROGRESS", "CREATED", "INFO")


def row(job: Job, depth: int = 0) -> tuple[Any, ...]:
    """A job as a row under `COLUMNS`."""
    told = (job.outcome or {}).get("message") or job.info or ""
    return (
        job.id,
        f"{'  ' * depth}{title(job)}",
        job.status,
        progress(job),
        local(job.created_at),
        str(told).partition("\n")[0],
    )


def title(job: Job) -> str:
    """The job's name, and which part it is."""
    return job.job if job.part is None else f"{job.job} part {job.part}"


def progress(job: Job) -> str:
    """``40 %``, and of how many parts how many have ended, and ended badly."""
    known = [] if job.progress is None else [f"{job.progress} %"]
    if job.parts:
        known += [f"{job.done or 0:,.0f} of {counted(job.parts, 'part')}", *ended_badly(job.part_counts)]
    return ", ".join(known)


# ---- a tree


async def with_parents(client: Client, jobs: Sequence[Job]) -> list[Job]:
    """The jobs, and all jobs that they descend from, as far as those still exist."""
    known: dict[str, Job | None] = {job.id: job for job in jobs}
    wanted = _unknown_parents(jobs, known)
    while wanted:
        for job_id in wanted:
            known[job_id] = await _job(client, job_id)
        wanted = _unknown_parents(filter(None, (known[job_id] for job_id in wanted)), known)
    return [job for job in known.values() if job is not None]


def _unknown_parents(jobs: Iterable[Job], known: dict[str, Job | None]) -> set[str]:
    return {job.parent_id for job in jobs if job.parent_id} - known.keys()


async def _job(client: Client, job_id: str) -> Job | None:
    try:
        return await client.jobs.get(job_id)
    except ApiError as error:
        if error.code == "not_found":
            return None
        raise


def tree(jobs: Iterable[Job]) -> Iterator[tuple[Job, int]]:
    """The jobs with their depth: children in their order below their parent, the newest of those without one first."""
    known = {job.id: job for job in jobs}
    below: dict[str | None, list[Job]] = defaultdict(list)
    for job in sorted(known.values(), key=lambda job: job.id):
        below[job.parent_id if job.parent_id in known else None].append(job)
    waiting = [(job, 0) for job in below[None]]
    while waiting:
        job, depth = waiting.pop()
        yield job, depth
        waiting += [(child, depth + 1) for child in reversed(below[job.id])]


# ---- the children of one job


async def children_of(client: Client, job_id: str) -> list[Job]:
    """Its children, oldest first, as far as they are counted."""
    found: list[Job] = []
    async with aclosing(client.jobs.children(job_id)) as children:
        async for child in children:
            found.append(child)
            if len(found) == MOST_CHILDREN:
                break
    return found


def show_children(parent: Job, children: Sequence[Job]) -> None:
    """How many there are of each status, and those that ask for attention first; nothing for none."""
    if not children:
        return
    say(f"\n{_counted(children)}: {_statuses(children)}", "bold")
    table(COLUMNS, [row(child) for child in sorted(children, key=_attention)[:SHOWN]], empty="")
    if len(children) > SHOWN:
        say(f"... and {len(children) - SHOWN:,} more: {spelled(f'jobs --parent {parent.id}')}", "dim")


def _counted(children: Sequence[Job]) -> str:
    runs = [child.part for child in children if child.part is not None]
    parts, others = len({*runs}), len(children) - len(runs)
    words = [counted(parts, "part")] if parts else []
    if len(runs) > parts:
        words[0] += f" in {counted(len(runs), 'run')}"
    if others:
        words.append(f"{others:,} {'other ' if parts else ''}{'child' if others == 1 else 'children'}")
    return " and ".join(words)


def _statuses(children: Iterable[Job]) -> str:
    found = Counter(child.status for child in children)
    return ", ".join(f"{found[status]:,} {status}" for status in Status if found[status])


def _attention(job: Job) -> tuple[int, str]:
    return (_FIRST.index(job.status) if job.status in _FIRST else len(_FIRST), job.id)
