"""Writes the figures of a run into docs/performance.md, between two marks; what people wrote around them stays."""

from pathlib import Path

import report

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN = "<!-- The figures from here to the next mark are written by make bench ARGS=--docs: run it, do not edit them. -->"
END = "<!-- Here end the figures. -->"


def write(run, page=PAGE):
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError(f"{page} has lost the marks between which the figures stand")
    page.write_text(f"{before}{BEGIN}\n\n{report.text(run)}\n\n{END}{after}", encoding="utf-8")
