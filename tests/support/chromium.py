"""A headless Chromium, driven by its DevTools protocol: pages are opened, asked, pressed, and taken off the network."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BINARY = next((found for name in NAMES if (found := shutil.which(name))), None)
HEADLESS = shutil.which("chromium-headless-shell") or BINARY
"""The same engine without what windows need, where it is installed: a page costs half as much."""
LISTENS = re.compile(r"DevTools listening on (ws://\S+)")
DEADLINE_S = 60.0
# No sandbox: tests may run as root, in containers, where none can be made.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


class Page:
    """One page. ``faults`` are errors of its scripts that nothing has caught."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        self._session: str | None = None
        self.faults: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """One command of the protocol; its result."""
        self._count += 1
        asked: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            asked["sessionId"] = self._session
        self._socket.send(json.dumps(asked))
        while True:
            told = json.loads(self._socket.recv(DEADLINE_S))
            if told.get("method") == "Runtime.exceptionThrown":
                details = told["params"]["exceptionDetails"]
                self.faults.append(details.get("exception", {}).get("description") or details["text"])
            if told.get("id") == self._count:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]

    def open(self, url: str) -> None:
        """Go there, and wait until the page has loaded."""
        found = self.call("Page.navigate", url=url)
        assert not found.get("errorText"), found
        self.until(f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete'")

    def ask(self, script: str) -> Any:
        """The value of an expression, or of its promise."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, script: str) -> Any:
        """The first true value of an expression that is asked again and again."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            found = self.ask(script)
            if found:
                return found
            threading.Event().wait(0.05)
        raise AssertionError(
            f"not within {DEADLINE_S:g} s: {script}; the page says {self.text!r}, {self.faults}"
        )

    @property
    def text(self) -> str:
        """What stands on the page, without its elements' shadows."""
        return str(self.ask("document.body ? document.body.innerText : ''"))

    def network(self, *, there: bool) -> None:
        """Take the page off the network, or give it back."""
        self.call(
            "Network.emulateNetworkConditions",
            offline=not there,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )


@contextlib.contextmanager
def chromium(folder: Path, binary: str | None = HEADLESS) -> Iterator[Page]:
    """A browser with a profile of its own, and an empty page."""
    assert binary is not None
    process = subprocess.Popen(
        [binary, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        with connect(_address(process), max_size=None, proxy=None) as socket:
            yield Page(socket)
    finally:
        # What is started may be a script that waits for the browser: the group is both.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        if process.stderr is not None:
            process.stderr.close()


def _address(process: "subprocess.Popen[str]") -> str:
    """Where it listens, which it says at its start; what it says later is thrown away, so that it never waits for a reader."""
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        found = LISTENS.search(line)
        if found:
            threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
            return found[1]
    raise AssertionError(f"Chromium does not start: {''.join(told)}")


def _drain(stream: Any) -> None:
    with contextlib.suppress(ValueError):
        for _ in stream:
            pass
