"""What a page holds that is looked at for long, while its jobs tick: nothing may pile up."""

from collections.abc import Iterator

from figures import Figure
from load import ticking_page
from place import Place
from playwright.sync_api import CDPSession, Page

MIB = 1024 * 1024
GROWN = 1.1
"""How much more the end may have than the middle."""
HELD = {
    "JSHeapUsedSize": ("heap of scripts", MIB, " MiB"),
    "Nodes": ("nodes", 1, ""),
    "JSEventListeners": ("listeners of events", 1, ""),
}
SETTLED_MS = 5_000


def figures(place: Place) -> Iterator[Figure]:
    """Three looks, each after what nobody needs any more is thrown away."""
    sizes = place.sizes
    with ticking_page(place, "heap", sizes.minutes * 60) as page:
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.wait_for_timeout(min(SETTLED_MS, sizes.minutes * 60_000))
        looks = [_held(page, session, wait) for wait in (0.0, sizes.minutes / 2, sizes.minutes / 2)]
    of = f"{sizes.ticking} jobs, {sizes.minutes:g} minutes: "
    for name, (what, size, unit) in HELD.items():
        start, middle, end = (look[name] / size for look in looks)
        yield Figure(f"{of}{what} at the start", (start,), unit)
        yield Figure(f"{of}{what} in the middle", (middle,), unit)
        yield Figure(f"{of}{what} at the end", (end,), unit, most=GROWN * middle)


def _held(page: Page, session: CDPSession, minutes: float) -> dict[str, float]:
    """What is held after so many more minutes."""
    page.wait_for_timeout(minutes * 60_000)
    # What the first round lets go may have held something else.
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    told = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: float(one["value"]) for one in told}
