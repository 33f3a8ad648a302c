"""Whether a page fits its window: nothing scrolls sideways, and no word is cut off."""

from console import NARROW, WIDE
from playwright.sync_api import Page, ViewportSize

TABLET: ViewportSize = {"width": 834, "height": 1112}
SIZES = (NARROW, TABLET, WIDE)
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
        let from = left, to = right, isHidden = false, isWhole = true, isWord = true
        for (let box = parent; box !== document.body; box = box.parentElement) {
            const style = getComputedStyle(box)
            if (style.clipPath !== "none" || style.position === "absolute" && box.offsetWidth <= 1) isHidden = true
            if (style.overflowX === "visible" || style.display === "inline") { isWord &&= !style.display.startsWith("inline-"); continue }
            const frame = box.getBoundingClientRect()
            if (scrolls.test(style.overflowX)) { from = frame.left; to = frame.right; isWhole = true; continue }
            const saysMore = style.textOverflow === "ellipsis" && isWord
            if (isWhole && !saysMore && (from < frame.left - 1 || to > frame.right + 1)) isWhole = false
            isWord &&= !style.display.startsWith("inline-")
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


def misfits(page: Page) -> list[str]:
    """What does not fit."""
    wider = page.evaluate(SIDEWAYS)
    told = [f"scrolls sideways by {wider} px"] if wider > 0 else []
    return told + page.evaluate(CUT_OFF)


def check_fits(page: Page) -> None:
    """Fail where something does not fit on a phone, a tablet or a desk. The page is left as it was."""
    before = page.viewport_size or WIDE
    told = []
    for size in SIZES:
        page.set_viewport_size(size)
        told += [f"{size['width']} px: {one}" for one in misfits(page)]
    page.set_viewport_size(before)
    assert told == [], "\n".join(told)
