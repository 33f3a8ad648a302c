"""The command line as people call it: each command a process of its own."""

import json
import os
import subprocess
import urllib.request
from typing import Any

import forks
from processes import Server, Started


class Terminal:
    """Runs commands in the server's folder, as a person in a shell there would."""

    def __init__(self, served: Server, key: str | None = None) -> None:
        self.folder = served.folder
        access = {"TICKWIRE_URL": served.url, "TICKWIRE_API_KEY": key or served.key}
        self.env = access | {"TICKWIRE_DATA_DIR": str(served.folder / "data")}

    def run(self, *arguments: str, code: int = 0, typed: str = "") -> str:
        """The command's standard output; it must end with the code."""
        done = self.done(*arguments, typed=typed)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if code else "")

    def done(self, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """The command, however it ended."""
        return forks.run("sdk", ["-c", *arguments], {**os.environ, **self.env}, self.folder, typed=typed)

    def data(self, path: str) -> Any:
        """What the server answers to a GET: for what is asked again and again, since a command is a new process."""
        headers = {"Authorization": f"Bearer {self.env['TICKWIRE_API_KEY']}"}
        request = urllib.request.Request(self.env["TICKWIRE_URL"] + path, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["data"]

    def start(self, *arguments: str) -> Started:
        return Started(["-c", *arguments], self.env, self.folder, "sdk")
