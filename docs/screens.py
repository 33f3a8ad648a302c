"""Takes docs/images: what the console shows of a shop's jobs, from a real server and listener in headless Chromium."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from chromium import BINARY  # noqa: E402 - it is found by the line above
from console import Visit, browser, home  # noqa: E402 - it too
from playwright.sync_api import Page, expect  # noqa: E402 - it too
from shop_front import SHOP, furnish  # noqa: E402 - it too


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    IMAGES.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        home(Path(folder), "--concurrency", "20", script=SHOP) as found,
        browser(BINARY) as chromium,
    ):
        exported = furnish(found)[0]
        _take(Visit(chromium, found, device_scale_factor=1), exported)


def _take(visit: Visit, exported: str) -> None:
    page = visit.log_in("/jobs")
    expect(page.get_by_text("Orders of the market place")).to_be_visible()
    expect(page.get_by_text("left").first).to_be_visible()
    _keep(page, "console-jobs")
    page.goto("/console/schedules")
    expect(page.get_by_role("list", name="What the marks mean")).to_be_visible()
    _keep(page, "console-schedules")
    page.emulate_media(color_scheme="dark")
    page.goto(f"/console/jobs/{exported}")
    expect(page.get_by_role("link", name="Get the CSV")).to_be_visible()
    _keep(page, "console-job-dark")


def _keep(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
