import sys
from pathlib import Path

import pytest

from listener_sdk.cli._script import folder_of, load
from listener_sdk.cli.failures import Failure

GOOD = """
from listener_sdk.listener import Listener
listener = Listener()

@listener.job("a:b")
async def handle(job):
    return None
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in [
        name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))
    ]:
        del sys.modules[name]


def write(name, text):
    Path(name).write_text(text, encoding="utf-8")
    return name


def jobs(listener):
    return [handler.name for handler in listener.handlers]


def test_a_script_gives_its_listener():
    assert jobs(load(write("script.py", GOOD))) == ["a:b"]


def test_a_module_gives_its_listener():
    write("mymodule.py", GOOD)
    assert jobs(load("mymodule")) == ["a:b"]


@pytest.mark.parametrize("name", ["json.py", "server.py", "listener_sdk.py"])
def test_a_script_may_have_the_name_of_any_module(name):
    assert jobs(load(write(name, GOOD))) == ["a:b"]


def test_a_script_may_import_its_neighbours(tmp_path):
    (tmp_path / "deep").mkdir()
    write("deep/neighbour_of_script.py", "NAME = 'c:d'")
    write("deep/script.py", "from neighbour_of_script import NAME\n" + GOOD.replace('"a:b"', "NAME"))
    assert jobs(load("deep/script.py")) == ["c:d"]


def test_setup_gets_a_listener():
    script = write(
        "script.py", "def setup(listener):\n    @listener.on('job:*')\n    async def see(event): ...\n"
    )
    assert load(script).topics == ("job:*",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("listener = Listener(\n", r"script\.py:1: SyntaxError: .*\n    listener = Listener\(\n +\^\nMend this line"),
        ("\n\nimport nowhere_to_be_found.deep\n", r"script\.py:3: no module named 'nowhere_to_be_found'.*\(pip install nowhere_to_be_found"),
        ("x = 1\ny = x / 0\n", r"script\.py:2: ZeroDivisionError: division by zero"),
        ("import json\n\njson.loads('{')\n", r"script\.py:3: JSONDecodeError"),
        ("import sys\nsys.exit(3)\n", r"script\.py:2: the script ends the process"),
        ("x = 1\n", r"script\.py has no listener\. Add 'listener = Listener\(\)'"),
        (GOOD.replace("listener", "app").replace("app_sdk.app", "listener_sdk.listener"), r"Rename 'app' to 'listener'"),
        ("x = 1\nasync def setup(listener): ...\n", r"script\.py:2: setup is async"),
        ("def setup(): ...\n", r"script\.py:1: setup must take one argument"),
        ("def setup(listener):\n    listener.nothing()\n", r"script\.py:2: AttributeError"),
        (GOOD + GOOD.partition("listener = Listener()")[2], r"script\.py:10: a:b has a handler already, at .*script\.py:5"),
        (GOOD.replace("(job)", "()"), r"script\.py:5: a handler takes one argument, the job"),
        (GOOD.replace("(job)", "(job, other)"), r"script\.py:5: a handler takes one argument, the job"),
        (GOOD.replace("a:b", "ab"), r"script\.py:5: 'ab' names no job"),
    ],
)  # fmt: skip
def test_a_bad_script_is_named_with_file_line_and_fix(text, message):
    with pytest.raises(Failure, match=message):
        load(write("script.py", text))


@pytest.mark.parametrize("target", ["missing.py", "deep/missing", "missing_module"])
def test_a_script_that_is_not_there_is_named(target):
    with pytest.raises(Failure, match=f"there is no file .*{target}") as caught:
        load(target)
    assert caught.value.exit_code == 2


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(Failure, match="is not a Python file"):
        load(write("script.txt", GOOD))


def test_a_module_that_misses_another_says_which():
    write("needy_module.py", "import nowhere_to_be_found\n")
    with pytest.raises(Failure, match=r"needy_module\.py:1: no module named 'nowhere_to_be_found'"):
        load("needy_module")


def test_the_watched_folder_is_the_scripts_or_the_present_one(tmp_path):
    (tmp_path / "deep").mkdir()
    write("deep/script.py", "")
    assert folder_of("deep/script.py") == (tmp_path / "deep").resolve()
    assert folder_of("some.module") == tmp_path
