import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from listener_sdk.cli._child import Child, command_line
from listener_sdk.cli.listen import introduction, until_stopped
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


def test_a_topic_that_the_server_never_publishes_is_told(api, tickwire):
    watching = """
@listener.on("job:complete")
@listener.on(["job:complet*", "key:mode"], name="keys")
async def hear(event):
    return None
"""
    save(SCRIPT.format(label="one") + watching)
    told = tickwire("listen", "script.py", "--key", "wrong").stderr.splitlines()
    assert [line for line in told if "publishes" in line] == [
        "warning: the server publishes no job:complete. Did you mean job:completed?",
        "warning: the server publishes no key:mode.",
    ]


def test_a_wrong_key_ends_it_with_the_reason(api, tickwire):
    save(SCRIPT.format(label="one"))
    result = tickwire("listen", "script.py", "--key", "wrong")
    assert result.exit_code == 1
    assert "error: The key is not valid here." in result.stderr


def test_a_space_that_the_key_does_not_open_ends_it_too(api, tickwire, monkeypatch):
    monkeypatch.setenv("TICKWIRE_SPACE", "")
    save(SCRIPT.format(label="one"))
    result = tickwire("listen", "script.py", "--space", "nope")
    assert result.exit_code == 1
    assert "error: This key opens no space 'nope'. It was named by --space;" in result.stderr
    assert "cannot reach" not in result.stderr


def test_a_wrong_key_is_never_said_to_listen(api, tickwire):
    save(SCRIPT.format(label="one"))
    assert "listening" not in tickwire("listen", "script.py", "--key", "wrong").stderr


async def started(*arguments):
    return await Child.start(*command_line("listen", "script.py", *arguments), stderr=subprocess.PIPE)


async def test_it_listens_once_it_is_connected_and_says_it_once_for_jobs_and_events(api):
    save(SCRIPT.format(label="one") + '@listener.on("job:failed")\nasync def seen(event): ...\n')
    child = await started()
    async with asyncio.timeout(60):
        heard = await said(child, "watches job:failed")
        child.ask_to_stop()
        heard += await rest(child)
        assert await child.wait() == 0
    assert heard == [
        f"connecting to {api.url}\n",
        f"listening at {api.url}\n",
        "  takes a:b (one)\n",
        "  watches job:failed\n",
        "stopping: running jobs may finish within 25 s. A second Ctrl-C gives them back at once.\n",
    ]


async def test_without_a_server_it_says_how_to_start_one_and_tries_again(api, monkeypatch):
    monkeypatch.setenv("TICKWIRE_URL", "http://127.0.0.1:9")
    save(SCRIPT.format(label="one") + '@listener.on("job:failed")\nasync def seen(event): ...\n')
    child = await started()
    async with asyncio.timeout(60):
        heard = await said(child, "Trying again")
        child.ask_to_stop()
        heard += await rest(child)
        assert await child.wait() == 0
    assert [line for line in heard if "listening" in line] == []
    (line,) = (line for line in heard if "cannot reach" in line)
    assert "connection refused. Trying again. Start the server with 'tickwire server'" in line


async def test_a_second_signal_stops_at_once():
    never = asyncio.Event()
    told = []

    async def serve(stop):
        os.kill(os.getpid(), signal.SIGINT)
        await stop.asked.wait()
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await never.wait()
        except asyncio.CancelledError:
            told.append("canceled")
            raise

    async with asyncio.timeout(30):
        await until_stopped(serve, "stopping", told.append)
    assert told == ["stopping", "stopping at once", "canceled"]


async def test_errors_of_serving_pass_through():
    async def serve(stop):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await until_stopped(serve, "stopping", pytest.fail)


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
            parent.ask_to_stop()
            last = await rest(parent)
            assert await parent.wait() == 0
    finally:
        await parent.stop(60)
    assert [line for line in last if "stopping" in line] == [
        "stopping: running jobs may finish within 25 s. A second Ctrl-C gives them back at once.\n"
    ]


async def said(child, text):
    """The lines of its standard error up to one that holds the text."""
    heard = []
    while text not in (heard[-1] if heard else ""):
        line = (await child._process.stderr.readline()).decode()
        assert line, f"{text!r} was not said, but: {heard}"
        heard.append(line)
    return heard


async def rest(child):
    """The lines of its standard error up to its end."""
    return (await child._process.stderr.read()).decode().splitlines(keepends=True)
