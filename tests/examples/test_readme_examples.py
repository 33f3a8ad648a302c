"""The commands of examples/README.md, run as they stand, one after the other."""

import contextlib
import io
import re
import runpy
import shlex

import pytest
from click.testing import CliRunner
from processes import ROOT, Started, server, until

from listener_sdk.cli import main
from webshop import WebShop
from webshop_calls import WEBSHOP

pytestmark = pytest.mark.must_run

README = ROOT / "examples" / "README.md"
BLOCK = re.compile(r"<!-- run -->\n```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)


def test_links_lead_to_files_that_exist():
    targets = re.findall(r"\]\(([^)]+)\)", README.read_text("utf-8"))
    assert [one for one in targets if not (README.parent / one).exists()] == []
    scripts = {path.name for path in README.parent.glob("*.py")} - {
        "calls.py",
        "mapping.py",
        "rows.py",
        "tables.py",
        "story.py",
        "webshop_calls.py",
    }
    assert scripts <= {*targets}


def orders(language, text):
    """What a block has the shell do: each command as its words; a block of Python as it is."""
    if language == "python":
        return [text]
    return [shlex.split(line) for line in text.replace("\\\n", " ").splitlines()]


def done(order):
    """Run it here, quicker than in a process of its own; what it wrote."""
    if isinstance(order, str):
        with contextlib.redirect_stdout(io.StringIO()) as written:
            exec(compile(order, str(README), "exec"), {})
        return written.getvalue()
    if order[0] == "python":
        with contextlib.redirect_stdout(io.StringIO()) as written:
            runpy.run_path(order[1], run_name="__main__")
        return written.getvalue()
    given = order[1 : order.index("|")] if order[0] == "echo" else []
    words = order[order.index("|") + 1 :] if given else order
    assert words[0] == "tickwire"
    ran = CliRunner().invoke(main, words[1:], input=" ".join(given) + "\n")
    assert ran.exit_code == 0, f"{order}\n{ran.output}"
    return ran.output


def test_the_commands_do_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with WebShop() as web, server(tmp_path / "server", allow_addresses="127.0.0.1/32") as home:
        text = README.read_text("utf-8").replace(WEBSHOP, web.url)
        blocks = [orders(found["language"], found["text"]) for found in BLOCK.finditer(text)]
        monkeypatch.setenv("WEBSHOP", web.url)
        workbook = {"WORKBOOK": str(tmp_path / "workbook.db"), "PYTHONPATH": str(ROOT), "TICKWIRE_AI_URL": ""}
        listener = Started(
            ["-c", "listen", "examples/shop.py"], {**home.environment, **workbook}, ROOT, "sdk"
        )
        for name, value in home.environment.items():
            monkeypatch.setenv(name, value)
        try:
            told = "".join(done(order) for block in blocks for order in block)
            [sent] = until(lambda: [*web.exports.values()], "the web shop is told of the export")
        finally:
            assert listener.stop() == 0
    for words in (
        "326 rows of products-file went to Products",
        "303 rows of orders-file went to Orders",
        "Deleted 6 records of Products; 330 are left",
        "products.xlsx has 316 records",
        "orders.csv has 300 records",
        "25 new orders, 0 changed",
        "6 new orders, 2 changed",
        "14 new orders, 0 changed",
        "orders.xlsx has 345 records",
        "02:15 does not exist on 29 March 2026",
        "Orders, every night: Every day at 02:15",
        "0 new orders, 0 changed",
        "Removed 1 record of Products",
        "schedule us_sch_0000000002 is switched off",
    ):
        assert words in " ".join(told.split())
    assert (sent["file"], sent["records"]) == ("orders.xlsx", 345)
