import asyncio
import os

import pytest

from listener_sdk.cli._reload import Reloader, stamps
from listener_sdk.cli._signals import Stop


def test_python_files_are_watched_and_environments_are_not(tmp_path):
    for name in ("a.py", "deep/b.py", ".hidden/c.py", "venv/d.py", "__pycache__/e.py", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("", encoding="utf-8")
    assert set(stamps(tmp_path)) == {str(tmp_path / "a.py"), str(tmp_path / "deep" / "b.py")}


def test_a_save_and_a_removal_change_the_stamps(tmp_path):
    script = tmp_path / "a.py"
    script.write_text("1", encoding="utf-8")
    os.utime(script, ns=(1, 1))
    first = stamps(tmp_path)
    os.utime(script, ns=(2, 2))
    second = stamps(tmp_path)
    script.unlink()
    assert first != second
    assert stamps(tmp_path) == {}


class FakeChild:
    """Ends when it has been asked and its jobs are done; or at once when it is asked twice."""

    def __init__(self):
        self.exit_code = None
        self.jobs_done = asyncio.Event()
        self.asked = 0
        self.ended = asyncio.Event()

    def ask_to_stop(self):
        self.asked += 1

    async def wait(self):
        await self.jobs_done.wait()
        self.exit_code = 0
        self.ended.set()
        return 0

    async def stop(self, _grace_s):
        if self.exit_code is None:
            self.ask_to_stop()
            self.exit_code = 0
        return 0


class Scene:
    """A folder, the children that were started, and what was said."""

    def __init__(self, folder):
        self.folder = folder
        self.children = asyncio.Queue()
        self.said = asyncio.Queue()
        self.stop = Stop()

    async def start(self):
        child = FakeChild()
        await self.children.put(child)
        return child

    def save(self, text):
        (self.folder / "script.py").write_text(text, encoding="utf-8")

    async def run(self):
        await Reloader(self.folder, self.start, self.said.put_nowait).run(self.stop)


@pytest.fixture
def scene(tmp_path):
    found = Scene(tmp_path)
    found.save("first")
    return found


async def test_a_save_starts_the_new_code_while_the_old_drains(scene):
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(scene.run())
        old = await scene.children.get()
        scene.save("second version")
        new = await scene.children.get()
        assert (old.asked, old.exit_code, new.asked) == (1, None, 0)
        assert "loading the new code" in await scene.said.get()
        old.jobs_done.set()
        new.jobs_done.set()
        scene.stop.heard()
    assert (old.asked, new.asked) == (1, 1)


async def test_broken_code_waits_for_the_next_save(scene):
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(scene.run())
        broken = await scene.children.get()
        broken.exit_code = 1
        assert "waiting for a change" in await scene.said.get()
        scene.save("mended, and longer")
        mended = await scene.children.get()
        mended.jobs_done.set()
        scene.stop.heard()


async def test_the_stop_waits_for_children_that_still_drain(scene):
    done = asyncio.create_task(scene.run())
    async with asyncio.timeout(30):
        old = await scene.children.get()
        scene.save("second version")
        new = await scene.children.get()
        new.jobs_done.set()
        scene.stop.heard()
        await new.ended.wait()
        assert not done.done()
        old.jobs_done.set()
        await done
    assert old.asked == 1


async def test_a_hurry_ends_the_jobs_too(scene):
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(scene.run())
        child = await scene.children.get()
        scene.stop.heard()
        scene.stop.heard()
    assert (child.asked, child.exit_code) == (2, 0)


async def test_no_child_is_left_when_the_parent_is_cancelled(scene):
    async with asyncio.timeout(30):
        running = asyncio.create_task(scene.run())
        child = await scene.children.get()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert child.exit_code == 0
