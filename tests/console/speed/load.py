"""A page on which jobs tick: all are in the list, and run as long as it is looked at."""

import contextlib
from collections.abc import Iterator

from console import Visit, home
from place import SETTINGS, Place
from playwright.sync_api import Page, expect
from processes import until

PAUSE_S = 0.25
BEGIN_S = 90.0
"""How long it takes, at the most, until all run and are shown."""
TEXTS = "() => Object.fromEntries([...document.querySelectorAll('tr[data-status=executing]')].map((row) => [row.dataset.id, row.querySelector('.info').textContent]))"


@contextlib.contextmanager
def ticking_page(place: Place, name: str, looked_at_s: float) -> Iterator[Page]:
    """The list of jobs with each of those that tick, four times a second each, and move on so that they outlast the look."""
    count = place.sizes.ticking
    options = ("--concurrency", str(count), "--grace", "0")
    with home(place.folder / name, *options, **SETTINGS) as found:
        given = {"type": "play", "operation": "steps", "trigger": "immediate"}
        steps = {"steps": int((BEGIN_S + 1.5 * looked_at_s) / PAUSE_S), "pause_s": PAUSE_S}
        found.call("POST", "/v1/jobs/bulk", {"jobs": [{**given, "input": steps} for _ in range(count)]})
        running = "/v1/jobs?status=executing&pageSize=1"
        until(lambda: found.call("GET", running)["pagination"]["totalCount"] == count, "all jobs run")
        visit = Visit(place.browser, found)
        page = visit.log_in()
        _show_all(page, count)
        before = page.evaluate(TEXTS)
        yield page
        after = page.evaluate(TEXTS)
        visit.context.close()
    assert visit.faults == [], visit.faults
    still = [id_ for id_, text in after.items() if text == before.get(id_)]
    # Figures of a page that stands still say nothing.
    assert len(after) == count, f"{len(after)} of {count} jobs are shown as running"
    assert still == [], f"{len(still)} of {count} jobs have not moved"


def _show_all(page: Page, count: int) -> None:
    rows = page.locator("tr[data-id]")
    rows.first.wait_for()
    while (before := rows.count()) < count:
        page.get_by_role("button", name="Show older jobs").click()
        expect(rows).not_to_have_count(before)
