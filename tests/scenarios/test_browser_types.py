"""The served types of the browser client and its script agree, and pages are checked by them: said by TypeScript's compiler."""

import shutil
import subprocess

import pytest
from processes import ROOT

pytestmark = pytest.mark.must_run

HERE = ROOT / "tests" / "browser" / "types"
CLIENT = ROOT / "server" / "client"
COMPILER = HERE / "node_modules" / "typescript" / "bin" / "tsc"
DEADLINE_S = 120


@pytest.fixture(scope="module")
def compiler():
    if shutil.which("node") is None:
        pytest.skip(
            "THE TYPES OF THE BROWSER CLIENT ARE NOT CHECKED: install Node 18 or newer, then `make node`"
        )
    if not COMPILER.is_file():
        pytest.skip(
            "THE TYPES OF THE BROWSER CLIENT ARE NOT CHECKED: `make node` installs TypeScript, with a network"
        )
    return COMPILER


@pytest.fixture
def said(compiler, tmp_path):
    """What the compiler says, where a text in the script or in the types is another; nothing where they agree."""

    def check(name="tickwire.js", text="", other=""):
        for path in (*HERE.glob("*.ts"), HERE / "tsconfig.json", *CLIENT.iterdir()):
            shutil.copy(path, tmp_path)
        changed = tmp_path / name
        before = changed.read_text(encoding="utf-8")
        assert text in before
        changed.write_text(before.replace(text, other, 1) if text else before, encoding="utf-8")
        # Beside its types the compiler does not look at a script: it reads a copy under another name.
        shutil.copy(tmp_path / "tickwire.js", tmp_path / "script.js")
        shutil.copy(tmp_path / "job.js", tmp_path / "jobscript.js")
        command = ["node", str(compiler), "-p", str(tmp_path), "--pretty", "false"]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False).stdout

    return check


def test_the_types_are_those_of_the_script(said):
    assert said() == ""


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("tickwire.js", "    now: () =>", "    later: () =>"),
        ("tickwire.js", "export class Messages", "class Messages"),
        ("tickwire.d.ts", "  now(): number", ""),
        ("tickwire.d.ts", "words: Record<string, string |", "words: Record<string, number |"),
        ("job.js", 'export * from "./tickwire.js"', ""),
        ("job.d.ts", 'export * from "./tickwire.js"', ""),
    ],
    ids=[
        "renamed",
        "not exported",
        "not declared",
        "of another type",
        "not passed on",
        "not said to be passed on",
    ],
)
def test_what_does_not_agree_is_found(said, name, text, other):
    assert "agree.ts" in said(name, text, other)
