"""Our server as a process of its own, with the limits that the measurements raise."""

import os
import re
import resource
import secrets
import shutil
import sys
import time
from pathlib import Path
from subprocess import DEVNULL
from urllib.parse import urlsplit, urlunsplit

import marks
import psutil
from marks import Skipped

ROOT = Path(__file__).resolve().parents[2]
KEY = os.environ.setdefault("BENCH_TICKWIRE_KEY", secrets.token_urlsafe(32))
RAISED = {
    "rate_per_key": 1_000_000_000,
    "rate_per_hook": 1_000_000_000,
    "max_ready_jobs": 10_000_000,
    "max_connections": 20_000,
    "max_sockets": 20_000,
    "sockets_per_key": 20_000,
    "strangers_per_address": 20_000,
}
"""One key does here what many do elsewhere; nothing else differs from a server as it is installed."""
READY = re.compile(r"tickwire ready (http://\S+)")
START_S = 30


class Server:
    """A server with an empty store: SQLite in a folder, or a new database of a PostgreSQL."""

    def __init__(self, *, postgres=False, port=0, start=("-m", "server")):
        raise_file_limit()
        self.profiler = None
        self.folder = marks.fresh_dir(f"tickwire-{os.getpid()}")
        self.postgres = postgres
        self.log = self.folder / "server.log"
        self.database = fresh_database() if postgres else None
        address = ["--database-url", self.database] if postgres else []
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in RAISED.items()]
        with self.log.open("ab") as log:
            self.process = marks.child(
                [
                    sys.executable,
                    *start,
                    *flags,
                    *address,
                    "--port",
                    str(port),
                    "--log-level",
                    "warning",
                ],
                cwd=ROOT,
                env={
                    **os.environ,
                    "TICKWIRE_ADMIN_KEY": KEY,
                    "TICKWIRE_DATA_DIR": str(self.folder / "data"),
                    "PYTHONUNBUFFERED": "1",
                },
                stdout=log,
                stderr=log,
            )
        self.url = self._ready()
        self.profiler = profiler(self.process.pid)

    def _ready(self):
        end = time.monotonic() + START_S
        while True:
            text = self.log.read_text()
            if found := READY.search(text):
                return found[1]
            if self.process.poll() is not None:
                raise RuntimeError(f"the server does not start: {text.strip()[-300:]}")
            if time.monotonic() > end:
                self.stop()
                raise TimeoutError(f"the server was not ready within {START_S} s: {text.strip()[-300:]}")
            time.sleep(0.02)

    @property
    def environment(self):
        """What a client of it needs."""
        return {"TICKWIRE_URL": self.url, "TICKWIRE_API_KEY": KEY}

    def memory_mib(self):
        """Resident memory, and the part of it that is the process's own."""
        memory = psutil.Process(self.process.pid).memory_full_info()
        return {"rss_mib": round(memory.rss / 2**20, 1), "uss_mib": round(memory.uss / 2**20, 1)}

    def cpu_s(self):
        """Processor time of the server's process so far."""
        return sum(psutil.Process(self.process.pid).cpu_times()[:2])

    def data_mib(self):
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return round(sum(path.stat().st_size for path in files) / 2**20)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.profiler is not None:
            self.profiler.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def profiler(pid):
    """With BENCH_PROFILE=<name>, py-spy writes <name>-<pid>.svg when the server ends."""
    name = os.environ.get("BENCH_PROFILE")
    if not name:
        return None
    output = f"{Path(name).resolve()}-{pid}.svg"
    return marks.child(
        ["py-spy", "record", "--threads", "-p", str(pid), "-o", output, "-d", "3600"], stdout=DEVNULL
    )


def fresh_database():
    """The address of a new, empty database."""
    import psycopg

    if "BENCH_PG_URI" not in os.environ:
        raise Skipped("PostgreSQL could not be started")
    name = "tickwire_bench"
    with psycopg.connect(marks.pg_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(marks.pg_uri())._replace(path=f"/{name}"))


def raise_file_limit():
    """Thousands of sockets need as many files: as high as the system lets an ordinary process go."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
