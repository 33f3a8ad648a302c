"""How long pages of a list of very many jobs take, asked for as the console asks for them."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from console import Home, Visit, home
from figures import Figure
from place import SETTINGS, Place
from playwright.sync_api import Request

MOST_MS = 300.0
BATCH = 1_000
PAGE_SIZE = 50
"""Of the list, by which its calls are known."""
VIEWS = {
    "the first page": "/jobs",
    "the first look for a status that none has": "/jobs?status=failed",
    "the first look for a text that none says": "/jobs?q=nothing+of+the+kind",
}
"""What is looked for, and where the console shows it."""


def figures(place: Place) -> Iterator[Figure]:
    """Each page is asked for over one connection, and read whole."""
    sizes = place.sizes
    with home(place.folder / "lists", **SETTINGS) as found:
        middle = _fill(found, sizes.jobs)
        asked = _asked(place, found)
        calls = Calls(found)
        of = f"{sizes.jobs:,} jobs: "
        for what, path in asked.items():
            calls.page(path)
            times = tuple(calls.page(path)[0] for _ in range(sizes.calls))
            yield Figure(f"{of}{what}", times, " ms", most=MOST_MS)
        first = asked["the first page"]
        cursor = calls.page(first)[1]
        for what, start in (
            ("older pages, from the newest on", cursor),
            ("older pages, from the middle on", middle),
        ):
            yield Figure(f"{of}{what}", tuple(_older(calls, first, start, sizes.calls)), " ms", most=MOST_MS)
        calls.close()


def _fill(found: Home, count: int) -> str:
    """So many jobs that nobody takes; the one in the middle."""
    made: list[str] = []
    for first in range(0, count, BATCH):
        numbers = range(first, min(count, first + BATCH))
        told = found.call("POST", "/v1/jobs/bulk", {"jobs": [_job(number) for number in numbers]})
        made += [one["id"] for one in told["data"]["jobs"]]
    return made[count // 2]


def _job(number: int) -> dict[str, Any]:
    kind, tag = ("export", "import", "check")[number % 3], f"shop-{number % 20}"
    return {
        "type": "workbook",
        "operation": kind,
        "trigger": "immediate",
        "label": f"Orders {number}",
        "tags": [tag],
    }


def _asked(place: Place, found: Home) -> dict[str, str]:
    """What the console calls for each view."""
    visit = Visit(place.browser, found)
    page = visit.log_in()
    calls = {}
    for what, path in VIEWS.items():
        with page.expect_request(_is_of_list) as told:
            page.goto(f"/console{path}")
        parts = urlsplit(told.value.url)
        calls[what] = f"{parts.path}?{parts.query}"
    visit.context.close()
    return calls


def _is_of_list(request: Request) -> bool:
    """The page asks for the newest jobs of other kinds too."""
    return "/v1/jobs?" in request.url and f"pageSize={PAGE_SIZE}" in request.url


def _older(calls: "Calls", first: str, cursor: str | None, count: int) -> Iterator[float]:
    """Pages one behind the other, as long as there are any."""
    for _ in range(count):
        if cursor is None:
            return
        took, cursor = calls.page(f"{first}&{urlencode({'cursor': cursor})}")
        yield took


class Calls:
    """Calls of one client, over a connection that stays."""

    def __init__(self, found: Home) -> None:
        self._headers = {"Authorization": f"Bearer {found.server.key}"}
        self._connection = http.client.HTTPConnection(urlsplit(found.url).netloc, timeout=60)

    def page(self, path: str) -> tuple[float, str | None]:
        """How many milliseconds it took, and where the next one begins."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = 1000 * (time.perf_counter() - begun)
        assert answer.status == 200, body
        return took, json.loads(body)["cursor"]

    def close(self) -> None:
        self._connection.close()
