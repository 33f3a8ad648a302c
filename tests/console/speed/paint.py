"""What a person waits for who opens the list of jobs in a browser that has nothing of it yet, on loopback."""

import gzip
import urllib.request
from collections.abc import Iterator
from typing import Any

from console import Home, Visit, home
from figures import Figure
from place import SETTINGS, Place

JOBS = 60
"""More than the list shows at once."""
WATCH = """
globalThis.painted = new Promise((resolve) => {
    const look = (list) => list.getEntriesByName("first-contentful-paint").forEach(({ startTime }) => resolve(startTime))
    new PerformanceObserver(look).observe({ type: "paint", buffered: true })
})
globalThis.rowsShown = new Promise((resolve) => {
    const watching = new MutationObserver(() => {
        if (!document.querySelector("tr[data-id]")) return
        watching.disconnect()
        // What comes behind the frame that draws them.
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
    })
    watching.observe(document, { childList: true, subtree: true })
})
"""
TOLD = """
async () => ({
    painted: await painted,
    shown: await rowsShown,
    files: performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => /\\.(js|css|svg)$/.test(name)),
})
"""


def figures(place: Place) -> Iterator[Figure]:
    """The list is full, and nothing moves in it."""
    with home(place.folder / "paint", **SETTINGS) as found:
        jobs = [{"type": "play", "operation": "nobody", "trigger": "immediate"} for _ in range(JOBS)]
        found.call("POST", "/v1/jobs/bulk", {"jobs": jobs})
        known = _logged_in(place, found)
        loads = [_load(place, found, known) for _ in range(place.sizes.loads)]
    yield Figure(
        "list of jobs, first contentful paint", tuple(one["painted"] for one in loads), " ms", most=1_000
    )
    yield Figure("list of jobs, rows are shown", tuple(one["shown"] for one in loads), " ms", most=1_000)
    yield Figure("script of that view, packed", (loads[0]["packed_kib"],), " KiB", most=150)
    yield Figure("files of that view", (len(loads[0]["files"]),))


def _logged_in(place: Place, found: Home) -> Any:
    """The cookie of a session, and nothing else."""
    visit = Visit(place.browser, found)
    visit.log_in()
    state = visit.context.storage_state()
    visit.context.close()
    return state


def _load(place: Place, found: Home, known: Any) -> dict[str, Any]:
    """The list is opened in a profile of its own: no file is cached, and no code compiled."""
    visit = Visit(place.browser, found, storage_state=known)
    page = visit.page()
    page.add_init_script(WATCH)
    page.goto("/console/jobs")
    told: dict[str, Any] = page.evaluate(TOLD)
    visit.context.close()
    assert visit.faults == [], visit.faults
    scripts = [name for name in told["files"] if name.endswith(".js")]
    return told | {"packed_kib": sum(map(_packed, scripts)) / 1024}


def _packed(url: str) -> int:
    """The size of a script as it is sent, wherever the server does not pack it yet as if it did."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return len(gzip.compress(answer.read(), 9, mtime=0))
