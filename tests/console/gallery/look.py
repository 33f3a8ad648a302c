"""One picture, and what is wrong in it as far as a program can tell."""

from pathlib import Path

from console import Theme, Visit, violations
from fitting import misfits
from playwright.sync_api import Page, ViewportSize
from scenes import Scene
from stock import Stock

LONGEST = 3_000
"""Of a picture, in pixels: a page with lists may be endless."""
SETTLED = "() => !document.querySelector('.skeleton') && document.fonts.status === 'loaded'"
DRAW_ALL = """() => {
    const all = new CSSStyleSheet()
    all.replaceSync("* { content-visibility: visible !important }")
    document.adoptedStyleSheets = [all]
}"""
"""Of what is not on the screen a picture of the whole page would show nothing."""
PAUSE_MS = 250
"""What came with the last answer is drawn by then."""


def show(visit: Visit, page: Page, stock: Stock, scene: Scene) -> None:
    """The scene as it is to be seen."""
    page.goto(f"/console{stock.path(scene.path)}")
    page.locator(scene.ready).first.wait_for()
    page.wait_for_function(SETTLED)
    scene.act(visit, page, stock)
    page.wait_for_timeout(PAUSE_MS)


def look(page: Page, theme: Theme, size: ViewportSize, path: Path) -> list[str]:
    """Keep the picture there; what was found."""
    page.evaluate(DRAW_ALL)
    found = [f"axe, {one}" for one in violations(page, theme, size)]
    found += misfits(page)
    height = min(page.evaluate("() => document.documentElement.scrollHeight"), LONGEST)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": max(height, size["height"])}
    page.screenshot(path=path, full_page=True, clip=clip, animations="disabled")
    return found
