"""``python tests/console/gallery``: take a picture of every page of the console, and say what is wrong in it.

Each is taken in light and dark, on a phone, a tablet and a desk. Nothing may scroll sideways or be cut off, no script may fail, and axe finds
nothing; exits with 1 where that is not so. Pictures are kept in .gallery/.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "tests" / "support"))

from chromium import HEADLESS  # noqa: E402 - it is found by the line above
from console import AXE, THEMES, Theme, Visit, browser, home  # noqa: E402 - the same
from fitting import SIZES  # noqa: E402 - the same
from look import look, show  # noqa: E402 - the same
from playwright.sync_api import Browser, Error, ViewportSize  # noqa: E402 - the same
from receiving import receiver  # noqa: E402 - the same
from scenes import ADMINISTRATOR, NOBODY, SCENES, Scene, unseen  # noqa: E402 - the same
from shop_front import SHOP  # noqa: E402 - the same
from stock import Stock, stocked  # noqa: E402 - the same

GALLERY = ROOT / ".gallery"
WIDTHS = {size["width"]: size for size in SIZES}
SETTINGS = {"allow_addresses": "127.0.0.0/8", "rate_per_key": 1_000_000, "log_level": "warning"}
Seen = tuple[str, int, Theme, list[str]]


def main(argv: list[str] | None = None) -> int:
    """1 where something is wrong, 2 where there is nothing to look with."""
    given = _options().parse_args(argv)
    if HEADLESS is None or not AXE.is_file():
        print(
            "error: there is no Chromium (apt-get install chromium), or no axe-core (make console)",
            file=sys.stderr,
        )
        return 2
    if missing := list(unseen()):
        print(f"error: there is no scene of {', '.join(missing)}: add one to scenes.py", file=sys.stderr)
        return 2
    scenes = [scene for scene in SCENES if any(fnmatch(scene.name, one) for one in given.only or "*")]
    given.to.mkdir(exist_ok=True, parents=True)
    wrong = 0
    print("| page | width | theme | found |\n|---|---|---|---|")
    # A server may still write when it ends.
    with (
        tempfile.TemporaryDirectory(prefix="console-gallery-", ignore_cleanup_errors=True) as folder,
        home(Path(folder), "--concurrency", "60", script=SHOP, **SETTINGS) as found,
        receiver() as posts,
        browser() as chromium,
    ):
        stock = stocked(found, posts)
        for width in given.width or WIDTHS:
            for name, wide, theme, faults in _seen(chromium, stock, scenes, WIDTHS[width], given.to):
                wrong += bool(faults)
                print(f"| {name} | {wide} | {theme} | {'<br>'.join(faults) or 'nothing'} |", flush=True)
    print(f"\n{wrong} pictures in which something is wrong. They are in {given.to}.")
    return 1 if wrong else 0


def _seen(
    chromium: Browser, stock: Stock, scenes: list[Scene], size: ViewportSize, folder: Path
) -> Iterator[Seen]:
    """Each scene in both themes at this width."""
    visits = {who: Visit(chromium, stock.home, viewport=size) for who in {scene.who for scene in scenes}}
    pages = {
        who: visit.page()
        if who == NOBODY
        else visit.log_in(member=None if who == ADMINISTRATOR else stock.ids[who])
        for who, visit in visits.items()
    }
    for scene in scenes:
        visit, page = visits[scene.who], pages[scene.who]
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        try:
            show(visit, page, stock, scene)
        except (Error, AssertionError) as refused:
            yield scene.name, size["width"], "light", [f"is not shown: {str(refused).splitlines()[0]}"]
            continue
        for theme in THEMES:
            found = look(
                page, theme, size, folder / f"{scene.name.replace('/', '-')}-{size['width']}-{theme}.png"
            )
            if theme == THEMES[-1]:
                scene.leave(visit, page, stock)
            faults = [fault for fault in visit.faults if not (scene.forgiven and scene.forgiven in fault)]
            yield scene.name, size["width"], theme, found + faults
            visit.faults.clear()
    for visit in visits.values():
        visit.context.close()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/console/gallery", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="this page, or those that fit, such as 'job*'; may stand several times",
    )
    parser.add_argument(
        "--width", action="append", type=int, choices=WIDTHS, help="this width; may stand several times"
    )
    parser.add_argument(
        "--to", type=Path, default=GALLERY, metavar="FOLDER", help="where pictures are kept; else .gallery"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
