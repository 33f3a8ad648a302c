"""One picture, and what is wrong in it as far as a program can tell."""

from pathlib import Path

from console import Theme, Visit, violations
from playwright.sync_api import Page, ViewportSize
from scenes import Scene
from stock import Stock

LONGEST = 3_000
"""Of a picture, in pixels: a page with lists may be endless."""
SETTLED = "() => !document.querySelector('.skeleton') && document.fonts.status === 'loaded'"
PAUSE_MS = 250
"""What came with the last answer is drawn by then."""
CUT_OFF = """() => {
    const { clientWidth } = document.documentElement
    const told = []
    const say = (what, node) => told.push(`${what}: ${node.data.trim().slice(0, 60)}`)
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const scrolls = /auto|scroll/
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const parent = node.parentElement
        if (!node.data.trim() || !parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        const { left, right, width } = range.getBoundingClientRect()
        if (!width) continue
        let from = left, to = right, isHidden = false, isWhole = true
        for (let box = parent; box !== document.body; box = box.parentElement) {
            const style = getComputedStyle(box)
            if (style.clipPath !== "none" || style.position === "absolute" && box.offsetWidth <= 1) isHidden = true
            if (style.overflowX === "visible" || style.display === "inline") continue
            const frame = box.getBoundingClientRect()
            if (scrolls.test(style.overflowX)) { from = frame.left; to = frame.right; isWhole = true; continue }
            if (isWhole && style.textOverflow !== "ellipsis" && (from < frame.left - 1 || to > frame.right + 1)) isWhole = false
            if (style.textOverflow === "ellipsis") isWhole = true
            from = Math.max(from, frame.left); to = Math.min(to, frame.right)
        }
        if (isHidden || to <= from) continue
        if (from < -1 || to > clientWidth + 1) say("outside the window", node)
        else if (!isWhole) say("cut off", node)
    }
    return [...new Set(told)]
}"""
"""Words of which something is beyond the window, or beyond a box that neither scrolls nor says by an ellipsis that there is more."""
SIDEWAYS = "() => { const page = document.documentElement; return page.scrollWidth - page.clientWidth }"


def show(visit: Visit, page: Page, stock: Stock, scene: Scene) -> None:
    """The scene as it is to be seen."""
    page.goto(f"/console{stock.path(scene.path)}")
    page.locator(scene.ready).first.wait_for()
    page.wait_for_function(SETTLED)
    scene.act(visit, page, stock)
    page.wait_for_timeout(PAUSE_MS)


def look(page: Page, theme: Theme, size: ViewportSize, path: Path) -> list[str]:
    """Keep the picture there; what was found."""
    found = [f"axe, {one}" for one in violations(page, theme, size)]
    wider = page.evaluate(SIDEWAYS)
    if wider > 0:
        found.append(f"scrolls sideways by {wider} px")
    found += page.evaluate(CUT_OFF)
    height = min(page.evaluate("() => document.documentElement.scrollHeight"), LONGEST)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": max(height, size["height"])}
    page.screenshot(path=path, full_page=True, clip=clip, animations="disabled")
    return found
