"""Jobs that wait for other jobs: whether they would wait for each other for ever."""

from collections import deque
from collections.abc import Collection, Iterable

Edge = tuple[int, int]
"""A job, and one that it waits for."""


def path_to(targets: Collection[int], starts: Iterable[int], edges: Iterable[Edge]) -> list[int] | None:
    """The shortest way from one of ``starts`` to a target, each job waiting for the next; None when there is none."""
    waits_for: dict[int, list[int]] = {}
    for job, other in edges:
        waits_for.setdefault(job, []).append(other)
    came_from: dict[int, int | None] = dict.fromkeys(starts)
    queue = deque(came_from)
    while queue:
        job = queue.popleft()
        if job in targets:
            return _way(job, came_from)
        for other in waits_for.get(job, ()):
            if other not in came_from:
                came_from[other] = job
                queue.append(other)
    return None


def _way(end: int, came_from: dict[int, int | None]) -> list[int]:
    way: list[int] = []
    step: int | None = end
    while step is not None:
        way.append(step)
        step = came_from[step]
    return way[::-1]
