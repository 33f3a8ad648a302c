"""The console in a browser: a server, a listener that does as its jobs say, and pages on which no script may fail."""

import contextlib
import json
import sys
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from chromium import HEADLESS
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from processes import ROOT, Server, Started, server, until

FOLDER = ROOT / "tests" / "console"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
LISTENER = FOLDER / "play.py"
# What is right is much more, and takes its time to be told.
AUDIT = "(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'] })"
HEAR_CANCELED = """async () => {
    const { follow } = await import("/console/live.js")
    window.canceled = []
    const onEvent = ({ topic, context }) => topic === "job:canceled" && canceled.push(context.jobId)
    follow(["job:*"], undefined, { onEvent, onGap: () => {} })
}"""
"""Jobs of whose end the page has heard, from then on: ``canceled``."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 20_000
"""How long anything may take on a machine that is busy."""
expect.set_options(timeout=PATIENCE_MS)

needs_console = pytest.mark.skipif(
    HEADLESS is None or not AXE.is_file(),
    reason="there is no Chromium (apt-get install chromium), or no axe-core (make console), to try the console with",
)


class Home:
    """A server with its listener, and the calls of its administrator."""

    def __init__(self, home: Server) -> None:
        self.server = home
        self.url = home.url

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, space: str = "default"
    ) -> Any:
        """The JSON of an answer."""
        headers = {"Authorization": f"Bearer {key or self.server.key}", "Content-Type": "application/json"}
        if space != "default":
            headers["X-Customer-Code"] = space
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, raw, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def job(self, operation: str = "steps", **fields: Any) -> Any:
        """A new job; the listener takes ``play:steps``, see play.py."""
        given = {"type": "play", "operation": operation, "trigger": "immediate"}
        return self.call("POST", "/v1/jobs", given | fields)["data"]

    def declared(self, code: str) -> None:
        """Wait until the listener serves this job type."""
        until(
            lambda: any(one["code"] == code for one in self.call("GET", "/v1/job-types?online=true")["data"]),
            code,
        )

    def link(self, member: str | None = None) -> str:
        """An address that logs in once: as the administrator's key, or as a member."""
        return str(self.call("POST", "/v1/login-links", {"member": member} if member else {})["data"]["url"])

    def member(self, name: str, role: str) -> Any:
        """A new member of the space."""
        email = f"{name.lower().replace(' ', '.')}@example.com"
        return self.call("POST", "/v1/members", {"name": name, "email": email, "role": role})["data"]


@contextlib.contextmanager
def home(folder: Path, *options: str, script: Path = LISTENER, **settings: object) -> Iterator[Home]:
    """A running server and its listener; ``options`` are those of ``tickwire listen``, settings the server's."""
    with server(folder, **settings) as started:
        command = [sys.executable, "-m", "listener_sdk.cli", "listen", str(script), *options]
        worker = Started(command, {**started.environment, "PYTHONPATH": str(ROOT)}, folder)
        try:
            yield Home(started)
        finally:
            worker.stop()


@contextlib.contextmanager
def browser(binary: str | Path | None = HEADLESS, *flags: str) -> Iterator[Browser]:
    """Chromium. It ends with the module that uses it: Playwright keeps a loop running, which tests with loops of their own cannot bear."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=binary, args=["--no-sandbox", "--no-proxy-server", *flags]
        )
        try:
            yield found
        finally:
            found.close()


class Visit:
    """Pages of one person. ``faults`` are errors of scripts, of the policy and of loading, whatever page had them."""

    def __init__(self, browser: Browser, home: Home, **how: Any) -> None:
        self.home = home
        self.context: BrowserContext = browser.new_context(
            base_url=home.url, viewport=how.pop("viewport", WIDE), **how
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.faults: list[str] = []
        self.refusals: set[int] = set()
        """Statuses of answers that the test brings about: browsers note each as an error, also those that come late."""

    def expects(self, fault: str) -> bool:
        """Whether this is the note of an answer that the test brings about."""
        return any(f"responded with a status of {status} " in fault for status in self.refusals)

    def page(self) -> Page:
        """A new page, which is empty."""
        page = self.context.new_page()
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        return page

    def log_in(self, path: str = "/jobs", member: str | None = None) -> Page:
        """A page of the console, as the administrator's key or a member."""
        link = self.home.link(member).partition("#")[2]
        answer = self.context.request.post("/v1/sessions", data={"link": link})
        assert answer.ok, answer.text()
        self.context.add_init_script("localStorage['tickwire.wasHere'] ??= 'true'")
        page = self.page()
        page.goto(f"/console{path}")
        # While it loads the page has another, without keys and rail.
        page.locator("#main").wait_for()
        return page


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def check_accessible(page: Page) -> None:
    """Fail where axe finds a violation, light or dark, wide or narrow. The page is left as it was."""
    before = page.viewport_size or WIDE
    told = [
        f"{theme}, {size['width']} px: {one}"
        for size in (WIDE, NARROW)
        for theme in THEMES
        for one in violations(page, theme, size)
    ]
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="null", reduced_motion="null")
    assert told == [], "\n".join(told)


def violations(page: Page, theme: Theme, size: ViewportSize) -> list[str]:
    """What axe finds once nothing moves any more. The page stays in this theme and size."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate(AUDIT, RULES)
    return [
        f"{one['id']}: {one['help']} {[node['html'] for node in one['nodes']][:3]}"
        for one in found["violations"]
    ]
