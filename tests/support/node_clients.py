"""Flatfile's Node packages: where they are installed, and a process that calls their client as tests say."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from processes import ROOT

HERE = ROOT / "tests" / "compat" / "node"
INSTALLED = HERE / "node_modules"


def packages() -> Path:
    """The folder of the installed packages; where they or Node are missing the test is skipped, which says how to get them."""
    if shutil.which("node") is None:
        pytest.skip("FLATFILE'S NODE CLIENTS ARE NOT TESTED: install Node 18 or newer, then `make node`")
    if not (INSTALLED / ".package-lock.json").is_file():
        pytest.skip("FLATFILE'S NODE CLIENTS ARE NOT TESTED: `make node` installs them, with a network")
    return INSTALLED


def environment(url: str, key: str) -> dict[str, str]:
    """What Flatfile's packages read: where the server is, and with which key."""
    return {"AGENT_INTERNAL_URL": url, "FLATFILE_BEARER_TOKEN": key, "NODE_OPTIONS": "", "NO_COLOR": "1"}


class NodeError(Exception):
    """What the client has thrown."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['kind']}: {error['message']}")
        self.kind = error["kind"]
        self.status = error.get("statusCode")
        self.body = error.get("body")


class NodeClient:
    """``@flatfile/api`` in a process of its own: ``client("jobs.get", job_id)`` gives what the method gives, as JSON.

    What the client prints, such as a warning that an answer has not the shape that it knows, is an error here.
    """

    def __init__(self, url: str, key: str, package: str = "@flatfile/api", options: str = "") -> None:
        packages()
        self._process = subprocess.Popen(
            ["node", *options.split(), str(HERE / "calls.cjs"), package],
            env={**_path(), **environment(url, key)},
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, call: str, *args: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call, "args": args}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that calls the client has ended"
        answer = json.loads(line, object_hook=_taken)
        assert answer["said"] == [], f"{call}: {answer['said']}"
        if "error" in answer:
            raise NodeError(answer["error"])
        return answer.get("value")

    def close(self) -> None:
        self._process.communicate(timeout=20)


def _path() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def _taken(found: dict[str, Any]) -> Any:
    return base64.b64decode(found["$bytes"]) if set(found) == {"$bytes"} else found


def date(text: str) -> dict[str, str]:
    """A moment as the client wants it."""
    return {"$date": text}


def file(path: Path) -> dict[str, str]:
    """A file that the client reads."""
    return {"$file": str(path)}
