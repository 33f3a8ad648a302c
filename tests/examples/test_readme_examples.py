"""The commands of examples/README.md, run as they stand, one after the other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from processes import DEADLINE_S, ROOT, Started, server

pytestmark = pytest.mark.must_run

README = ROOT / "examples" / "README.md"
BLOCK = re.compile(r"<!-- run -->\n```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)
COMMAND = '#!/bin/sh\nexec "{python}" -m listener_sdk.cli "$@"\n'


def test_links_lead_to_files_that_exist():
    targets = re.findall(r"\]\(([^)]+)\)", README.read_text("utf-8"))
    assert [one for one in targets if not (README.parent / one).exists()] == []
    scripts = {path.name for path in README.parent.glob("*.py")} - {
        "mapping.py",
        "rows.py",
        "tables.py",
        "story.py",
    }
    assert scripts <= {*targets}


@pytest.fixture
def environment(tmp_path):
    """Where ``tickwire`` is this project's, as if it were installed."""
    command = tmp_path / "bin" / "tickwire"
    command.parent.mkdir()
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    paths = [str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    env = {"PATH": os.pathsep.join(paths), "PYTHONPATH": str(ROOT), "WORKBOOK": str(tmp_path / "workbook.db")}
    return {**env, "TICKWIRE_AI_URL": ""}


def test_the_commands_do_what_they_say(tmp_path, environment):
    blocks = [(found["language"], found["text"]) for found in BLOCK.finditer(README.read_text("utf-8"))]
    assert [language for language, _ in blocks].count("python") == 1
    told = []
    with server(tmp_path / "server") as home:
        env = {**environment, **home.environment}
        listener = Started(["tickwire", "listen", "examples/shop.py"], env, ROOT)
        try:
            for language, text in blocks:
                order = (
                    ["bash", "-euo", "pipefail", "-c", text]
                    if language == "bash"
                    else [sys.executable, "-c", text]
                )
                ran = subprocess.run(
                    order,
                    env={**os.environ, **env},
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    timeout=DEADLINE_S,
                    check=False,
                )
                assert ran.returncode == 0, f"{text}\n{ran.stdout}{ran.stderr}{listener.text}"
                told.append(ran.stdout + ran.stderr)
        finally:
            listener.stop()
    everything = "".join(told)
    for words in (
        "326 rows of products-file went to Products",
        "303 rows of orders-file went to Orders",
        "Deleted 6 records of Products; 330 are left",
        "products.xlsx has 316 records",
        "orders.csv has 300 records",
    ):
        assert words in everything
