import asyncio
import subprocess
from pathlib import Path

import pytest

from listener_sdk.cli._child import Child, command_line
from listener_sdk.cli.listen import introduction
from listener_sdk.listener import Listener

SCRIPT = """
from listener_sdk import Listener
listener = Listener()

@listener.job("a:b", label="{label}")
async def handle(job):
    return None
"""


def save(text):
    Path("script.py").write_text(text, encoding="utf-8")


def test_the_introduction_names_jobs_labels_and_topics():
    listener = Listener()
    listener.job("a:b", label="All of it")(lambda _job: None)
    listener.job("c:d")(lambda _job: None)
    listener.on("job:failed")(lambda _event: None)
    assert introduction(listener, "http://h") == [
        "listening at http://h",
        "  takes a:b (All of it)",
        "  takes c:d",
        "  watches job:failed",
    ]


def test_a_broken_script_is_one_line_with_its_place(tickwire, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("import nowhere_to_be_found\n")
    result = tickwire("listen", "script.py")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"error: {tmp_path / 'script.py'}:1: no module named 'nowhere_to_be_found'"
    )


def test_a_listener_without_handlers_says_how_to_register_some(api, tickwire):
    Path("script.py").write_text(
        "from listener_sdk import Listener\nlistener = Listener()\n", encoding="utf-8"
    )
    result = tickwire("listen", "script.py")
    assert result.exit_code == 1
    assert "error: This listener has no handlers" in result.stderr


def test_a_wrong_key_ends_it_with_the_reason(api, tickwire):
    save(SCRIPT.format(label="one"))
    result = tickwire("listen", "script.py", "--key", "wrong")
    assert result.exit_code == 1
    assert "error: The key is not valid here." in result.stderr


@pytest.mark.timeout(120)
async def test_reload_takes_up_saved_code_and_waits_while_it_is_broken(api):
    save(SCRIPT.format(label="one"))
    parent = await Child.start(*command_line("listen", "script.py", "--reload"), stderr=subprocess.PIPE)
    try:
        async with asyncio.timeout(90):
            await said(parent, "takes a:b (one)")
            save(SCRIPT.format(label="the second"))
            await said(parent, "changed: loading the new code")
            await said(parent, "takes a:b (the second)")
            save("listener = (\n")
            await said(parent, "script.py:1: SyntaxError")
            await said(parent, "waiting for a change")
            save(SCRIPT.format(label="mended"))
            await said(parent, "takes a:b (mended)")
    finally:
        assert await parent.stop(60) == 0


async def said(child, text):
    """Read its standard error up to a line that holds the text."""
    heard = []
    while text not in (heard[-1] if heard else ""):
        line = (await child._process.stderr.readline()).decode()
        assert line, f"{text!r} was not said, but: {heard}"
        heard.append(line)
