"""How smoothly a page goes on while its jobs tick: its frames, and how long its main thread is at work."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from figures import Figure
from load import ticking_page
from place import Place

CATEGORIES = [
    "-*",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
]
LONG_MS = 50.0
"""What browsers call a long task, or a long frame: a person notices it."""
SETTLED_MS = 2_000
COUNT = """
(ms) => new Promise((resolve) => {
    const times = []
    const next = (now) => {
        times.push(now)
        if (now - times[0] < ms) requestAnimationFrame(next)
        else resolve(times)
    }
    requestAnimationFrame(next)
})
"""
"""Asks for every frame, whether there is something to draw or not: when each began."""

Event = dict[str, Any]


def figures(place: Place) -> Iterator[Figure]:
    """Frames as the page got them, and what the browser's own trace says of the same seconds."""
    sizes = place.sizes
    with ticking_page(place, "frames", sizes.watched_s) as page:
        page.wait_for_timeout(SETTLED_MS)
        place.browser.start_tracing(page=page, categories=CATEGORIES)
        times = page.evaluate(COUNT, sizes.watched_s * 1000)
        trace = read(json.loads(place.browser.stop_tracing())["traceEvents"])
    deltas = [after - before for before, after in itertools.pairwise(times)]
    held = "" if place.core is None else ", on one core"
    of = f"{sizes.ticking} jobs, 4 ticks a second each, {sizes.watched_s:g} s{held}: "
    yield Figure(f"{of}frames a second", (round(1000 * len(deltas) / sum(deltas)),), least=60)
    yield Figure(f"{of}longest frame", (max(deltas),), " ms")
    yield Figure(f"{of}frames over {LONG_MS:g} ms", (sum(one > LONG_MS for one in deltas),))
    yield Figure(f"{of}frames drawn, of the trace", (trace.drawn,))
    yield Figure(f"{of}frames dropped, of the trace", (trace.dropped,))
    yield Figure(f"{of}longest task of the main thread", (trace.longest_ms,), " ms")
    yield Figure(f"{of}main thread at work", (100 * trace.busy,), " %")
    yield Figure(f"{of}main thread on the processor", (100 * trace.computing,), " %")


@dataclass(frozen=True)
class Trace:
    """What a trace says of the page that did most: tasks are those of its main thread.

    ``busy`` is the share of the time that they took, ``computing`` that in which they had the processor.
    """

    drawn: int
    dropped: int
    busy: float
    computing: float
    longest_ms: float


def read(events: Iterable[Event]) -> Trace:
    """ValueError where the browser has not told what is read here: zero would be a lie."""
    events = list(events)
    tasks = _tasks(events)
    drawn = Counter(map(_tree, (one for one in events if one["name"] == "DrawFrame")))
    if not tasks or not drawn:
        raise ValueError("the trace tells of no tasks, or of no frames")
    (tree, count), *_ = drawn.most_common(1)
    dropped = sum(_tree(one) == tree for one in events if one["name"] == "DroppedFrame")
    begun, ended = min(one["ts"] for one in tasks), max(one["ts"] + one["dur"] for one in tasks)
    busy, computing = (sum(one[name] for one in tasks) / (ended - begun) for name in ("dur", "tdur"))
    return Trace(count, dropped, busy, computing, max(one["dur"] for one in tasks) / 1000)


def _tasks(events: list[Event]) -> list[Event]:
    """Of the main thread with most to do: a browser keeps a process for the next page, which has nothing to do."""
    threads = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks: dict[tuple[int, int], list[Event]] = {}
    for one in events:
        if one["name"] == "RunTask" and one["ph"] == "X" and (one["pid"], one["tid"]) in threads:
            tasks.setdefault((one["pid"], one["tid"]), []).append(one)
    return max(tasks.values(), key=lambda some: sum(one["dur"] for one in some), default=[])


def _tree(event: Event) -> tuple[int, int]:
    """What is drawn together: a page."""
    return event["pid"], event["args"].get("layerTreeId", 0)
