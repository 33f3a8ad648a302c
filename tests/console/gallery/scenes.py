"""What pictures are taken of: every row of the console's routes, and what opens on a page."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console import WIDE, Visit
from playwright.sync_api import Page, expect
from processes import ROOT
from shop_front import job
from stock import Stock

ROUTE = re.compile(r'^  \{ path: "([^"]+)"', re.MULTILINE)
NOBODY = ""
ADMINISTRATOR = "administrator"


Act = Callable[[Visit, Page, Stock], None]


def _nothing(visit: Visit, page: Page, stock: Stock) -> None:
    """The page is as it is to be seen."""


@dataclass(frozen=True)
class Scene:
    """A page at a path with names of ids, seen by the administrator's key, a member, or nobody who has logged in.

    ``act`` brings about what is to be seen, ``leave`` takes it back; ``ready`` is a selector of what has to be there first. Faults with the words
    of ``forgiven`` belong to what is shown.
    """

    name: str
    path: str
    ready: str = "main h1"
    who: str = ADMINISTRATOR
    act: Act = _nothing
    leave: Act = _nothing
    forgiven: str | None = None


def _press(name: str, then: str = "dialog[open]") -> Act:
    """Press a button of the page and wait for what that opens."""

    def act(visit: Visit, page: Page, stock: Stock) -> None:
        page.get_by_role("button", name=name).first.click()
        page.locator(then).first.wait_for()

    return act


def _shortcuts(visit: Visit, page: Page, stock: Stock) -> None:
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()


def _foreground(given: dict[str, object], wanted: str) -> Act:
    def act(visit: Visit, page: Page, stock: Stock) -> None:
        made = job(stock.home, "catalog:export", "Catalog for the trade fair", given, mode="foreground")
        stock.ids["front"] = made
        page.locator(f"dialog.overlay {wanted}").first.wait_for()

    return act


def _end_foreground(visit: Visit, page: Page, stock: Stock) -> None:
    overlay = page.locator("dialog.overlay")
    if stock.home.call("GET", f"/v1/jobs/{stock.ids['front']}")["data"]["status"] == "executing":
        stock.home.call("POST", f"/v1/jobs/{stock.ids['front']}/cancel", {})
    overlay.get_by_role("button", name=re.compile("Close|Understood")).click()
    expect(overlay).to_have_count(0)


def _lose(visit: Visit, page: Page, stock: Stock) -> None:
    visit.context.set_offline(True)
    expect(page.locator(".banner")).to_contain_text("The connection is lost")


def _find(visit: Visit, page: Page, stock: Stock) -> None:
    visit.context.set_offline(False)
    expect(page.locator(".banner")).to_be_empty()


def _choose_jobs(visit: Visit, page: Page, stock: Stock) -> None:
    for box in page.get_by_role("checkbox", name=re.compile("^Select ")).all()[1:3]:
        box.check()
    page.locator(".bulk").wait_for()


def _rail(visit: Visit, page: Page, stock: Stock) -> None:
    """The menu of the phone; where the rail stands beside the page anyway, the account's."""
    wide = (page.viewport_size or WIDE)["width"] > 720
    page.get_by_role("button", name="Account" if wide else "Menu").first.click()


SCENES = [
    Scene("login", "/login", "main.login form", who=NOBODY),
    Scene("overview", "/overview", ".plots svg"),
    Scene("jobs", "/jobs", "tr[data-id]"),
    Scene("jobs-drawer", "/jobs?open={partial}", ".drawer .outcome"),
    # So few that the bar covers none.
    Scene("jobs-chosen", "/jobs?status=failed", "tr[data-id]", act=_choose_jobs),
    Scene("job-complete", "/jobs/{done}", ".outcome"),
    Scene("job-failed", "/jobs/{long}", ".outcome"),
    Scene("job-partial", "/jobs/{partial}", ".outcome"),
    Scene("job-running", "/jobs/{running}", ".curve svg"),
    Scene("job-parts", "/jobs/{parts}", ".parts a"),
    Scene("job-waiting", "/jobs/{after}", ".jobfacts"),
    Scene("job-retried", "/jobs/{retried}", ".jobfacts"),
    Scene("definitions", "/definitions", "tr[data-code]"),
    Scene("definition", "/definitions/{definition}", ".versions li"),
    Scene("launch", "/definitions/{definition}", ".versions li", act=_press("Ways to launch", ".ways .item")),
    Scene("definition-new", "/new-definition?type={type}", "form"),
    Scene("definition-edit", "/definitions/{definition}/edit", "form"),
    Scene("types", "/types", "tbody tr"),
    Scene("type", "/types/{type}", "form"),
    Scene("actions", "/actions", ".resource .jobs tbody tr"),
    Scene("action-form", "/actions?target=us_wb_orders_2026", ".toolbar", act=_press("Export for")),
    Scene("schedules", "/schedules", "tr[data-id]"),
    Scene("schedule", "/schedules/{schedule}", ".strip-box svg"),
    Scene("schedule-new", "/schedules/new", ".preview tbody tr"),
    Scene("schedule-edit", "/schedules/{schedule}/edit", ".preview tbody tr"),
    Scene("history", "/runs", "tr[data-id]"),
    Scene("hooks", "/hooks", "tr[data-id]"),
    Scene("hook", "/hooks/{hook}", "tr[data-id]"),
    Scene("hook-delete", "/hooks/{hook}", "tr[data-id]", act=_press("Delete")),
    Scene("hook-mapping", "/hooks/{hook}/mapping", ".tree"),
    Scene("hook-delivery", "/hook-deliveries/{call}", ".tree"),
    Scene("endpoints", "/endpoints", "tr[data-id]"),
    Scene("endpoint", "/endpoints/{endpoint}", "tr[data-id]"),
    Scene("endpoint-new", "/endpoints", "tr[data-id]", act=_press("New endpoint")),
    Scene("endpoint-delivery", "/endpoint-deliveries/{post}", "table.attempts tbody tr"),
    Scene("events", "/events", "tr[data-id]"),
    Scene("event", "/events/{event}", ".tree"),
    Scene("inbox", "/inbox", ".inbox > li", who="ada"),
    Scene("listeners", "/listeners", "tr[data-id]"),
    Scene("settings", "/settings"),
    Scene("members", "/settings/members", "tbody tr"),
    Scene(
        "member-menu",
        "/settings/members",
        "tbody tr",
        act=_press("What can be done", "[popover]:popover-open"),
    ),
    Scene("member-new", "/settings/members", "tbody tr", act=_press("Add a member")),
    Scene("keys", "/settings/keys", "tbody tr"),
    Scene("secrets", "/settings/secrets", "tbody tr"),
    Scene("notifications", "/settings/notifications", "table.settings-rules tbody tr"),
    Scene("retention", "/settings/retention", "tbody tr"),
    Scene("spaces", "/settings/spaces", "tbody tr"),
    Scene("audit", "/settings/audit", "tr[data-id]"),
    Scene("profile", "/settings/profile", who="ada"),
    Scene("rail", "/jobs", "tr[data-id]", who="ada", act=_rail),
    Scene("shortcuts", "/jobs", "tr[data-id]", act=_shortcuts),
    Scene(
        "overlay-bar",
        "/jobs",
        "tr[data-id]",
        act=_foreground({"rows": 9_000, "pause_s": 0.05}, "[role=progressbar][aria-valuenow]"),
        leave=_end_foreground,
    ),
    Scene(
        "overlay-outcome",
        "/jobs",
        "tr[data-id]",
        act=_foreground({"rows": 5, "acknowledge": True}, "footer button.primary, footer a.primary"),
        leave=_end_foreground,
    ),
    *(
        Scene(f"empty-{page}", f"/{page}?space=north")
        for page in (
            "overview",
            "jobs",
            "definitions",
            "actions",
            "schedules",
            "runs",
            "hooks",
            "endpoints",
            "events",
            "listeners",
            "settings/secrets",
        )
    ),
    Scene("not-found", "/no-such-page", "main h1"),
    # After it all else would have to be read again.
    Scene("lost", "/jobs", "tr[data-id]", act=_lose, leave=_find, forgiven="ERR_INTERNET_DISCONNECTED"),
]


def unseen() -> Iterator[str]:
    """Routes of which there is no picture."""
    routes = (ROOT / "server" / "console" / "routes.js").read_text(encoding="utf-8")
    seen = {re.sub(r"\{\w+\}", ":", scene.path.partition("?")[0]) for scene in SCENES}
    return (route for route in ROUTE.findall(routes) if re.sub(r":\w+", ":", route) not in seen)
