"""The whole server as a process: its one line, its signals, what it refuses at the start."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import sqlite3
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from processes import Server, server, until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.app import COLLECTED, open_database, settle
from server.settings import Settings
from server.store.database import StartError


def get(url: str) -> tuple[int, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.status, json.load(answer)


def test_it_says_one_line_when_it_is_ready_and_ends_well(tmp_path: Path) -> None:
    with server(tmp_path, cold=True) as home:
        assert get(f"{home.url}/healthz") == (200, {"status": "ok"})
        assert get(f"{home.url}/readyz")[0] == 200
        key = tmp_path / "data" / "admin.key"
        assert key.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").glob("tickwire.db*")} == {0}
        assert home.stop() == 0
        lines = home.started.output
        assert [line for line in lines if not line.startswith("{")] == [f"tickwire ready {home.url}\n"]
        assert home.key not in home.started.text
        assert all(json.loads(line) for line in lines if line.startswith("{"))


def test_what_is_there_at_the_start_is_looked_at_no_more() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    there = [[] for _ in range(10_000)]
    try:
        settle()
        assert gc.get_threshold() == COLLECTED
        assert gc.get_freeze_count() - frozen > len(there)
    finally:
        gc.set_threshold(*before)


def refusal(home: Server, path: str, body: Any = None) -> tuple[int, Any]:
    """The answer to a call that must not go well."""
    raw = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {home.key}", "Content-Type": "application/json"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(home.url + path, raw, headers), timeout=20)
    with caught.value as answer:
        return answer.code, json.load(answer)


async def until_closed(opened: Any) -> list[Any]:
    """The frames that still come."""
    frames: list[Any] = []
    with contextlib.suppress(ConnectionClosed):
        async for message in opened:
            frames += json.loads(message)
    return frames


async def test_a_drain_tells_every_connection_and_keeps_its_leases(tmp_path: Path) -> None:
    with server(tmp_path, cold=True) as home:
        url = home.url.replace("http", "ws") + "/v1/stream"
        headers = {"Authorization": f"Bearer {home.key}"}
        async with connect(url, additional_headers=headers, proxy=None) as opened:
            hello = {"type": "hello", "session": "drain-test"}
            listen = {"type": "listen", "jobs": [{"job": "a:*"}], "credit": 1}
            create = {"type": "create", "job": {"type": "a", "operation": "b"}, "id": 1}
            await opened.send(json.dumps([hello, listen, create]))
            frames = []
            while "grants" not in {frame["type"] for frame in frames}:
                frames += json.loads(await opened.recv())
            grant = next(frame for frame in frames if frame["type"] == "grants")["jobs"][0]
            home.started.process.send_signal(signal.SIGTERM)
            last = await until_closed(opened)
            assert opened.close_code == 1012
            assert last[-1] == {"type": "drain"}
        assert await asyncio.to_thread(home.stop) == 0
        await asyncio.to_thread(home.start)
        async with connect(url, additional_headers=headers, proxy=None) as opened:
            held = [{"job": grant["job"]["id"], "fence": grant["fence"]}]
            await opened.send(json.dumps({**hello, "held": held}))
            welcome = json.loads(await opened.recv())[0]
            assert (welcome["type"], welcome["stale"]) == ("welcome", [])


def refused(home: Server) -> str:
    with pytest.raises(AssertionError):
        home.start()
    assert home.started is not None
    assert home.stop() == 2
    return home.started.text


def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with server(tmp_path) as home:
        text = refused(Server(tmp_path))
        assert text.startswith("error: ")
        assert f"process {home.started.process.pid}" in text
        assert "--data-dir" in text


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with server(tmp_path / "one", cold=True) as home:
        other = Server(tmp_path / "two", cold=True, port=home.port)
        assert f"{home.port} cannot be listened on" in refused(other)


def test_a_store_that_is_none_is_refused_with_advice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "tickwire.db").write_bytes(b"this is no database, whatever its name says" * 100)
    text = refused(Server(tmp_path))
    assert "tickwire.db" in text
    assert "backup" in text


def damage(home: Server, name: str) -> None:
    """Write nonsense over the first page of a table or index, without touching the file's time: as a failing disk does."""
    path = home.folder / "data" / "tickwire.db"
    before = path.stat()
    with contextlib.closing(sqlite3.connect(path)) as store:
        page = store.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        size = store.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek(size * (page - 1))
        file.write(b"nonsense" * (size // 8))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("name", ["job_ready", "api_key", "meta"])
def test_damage_that_the_start_meets_is_refused_with_advice(tmp_path: Path, name: str) -> None:
    with server(tmp_path) as home:
        assert home.stop() == 0
        damage(home, name)
        text = refused(home)
        assert text.startswith("error: ")
        assert "damaged" in text
        assert "backup" in text


def test_damage_anywhere_is_refused_after_a_crash(tmp_path: Path) -> None:
    with server(tmp_path) as home:
        assert home.stop() == 0
        home.start()
        home.kill()
        damage(home, "event")
        assert "damaged" in refused(home)


def test_damage_that_is_met_later_stops_all_writing_and_says_so(tmp_path: Path) -> None:
    with server(tmp_path) as home:
        assert home.stop() == 0
        damage(home, "event")
        home.start()
        assert get(f"{home.url}/readyz")[0] == 200
        for _ in range(2):
            status, body = refusal(home, "/v1/jobs", {"type": "a", "operation": "b", "source": "x"})
            assert (status, body["errors"][0]["code"]) == (503, "unavailable")
            assert "backup" in body["errors"][0]["message"]
        status, body = refusal(home, "/readyz")
        assert (status, body["status"]) == (503, "broken")
        assert "damaged" in body["reason"]
        assert home.stop() == 0
        assert "Traceback" not in home.started.text
        assert "damaged" in refused(home)


def test_a_hard_link_to_a_store_in_use_is_refused(tmp_path: Path) -> None:
    with server(tmp_path / "one") as home:
        other = tmp_path / "two" / "data"
        other.mkdir(parents=True)
        (other / "tickwire.db").hardlink_to(home.folder / "data" / "tickwire.db")
        assert "another name" in refused(Server(tmp_path / "two"))


def test_a_killed_server_starts_again_with_the_same_key(tmp_path: Path) -> None:
    with server(tmp_path) as home:
        key = home.key
        home.kill()
        home.start()
        assert home.key == key
        until(lambda: get(f"{home.url}/readyz")[0] == 200, "it is ready again")


def test_without_its_library_postgresql_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "server.store.postgres", None)
    with pytest.raises(StartError, match=r"pip install 'tickwire\[postgres\]'"):
        open_database(Settings(data_dir=tmp_path, database_url="postgresql://user@host/jobs"))
