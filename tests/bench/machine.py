"""The machine, the versions and the command of a run, so that its figures can be compared."""

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

NAMES = ("BENCH_ROUNDS", "BENCH_SCALE", "BENCH_ONLY", "BENCH_SLOW", "BENCH_REDIS_AOF")
CHOSEN = [f"{name}={os.environ[name]}" for name in NAMES if name in os.environ]
PACKAGES = ("tickwire", "aiohttp", "orjson", "pydantic", "psycopg", "uvloop", "websockets")


def machine(started, rounds):
    return {
        "started": started,
        "rounds": rounds,
        "command": " ".join([*CHOSEN, "make", "bench-short" if "--short" in sys.argv else "bench"]),
        "machine": {
            "cpu": cpu(),
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "system": platform.platform(),
        },
        "versions": {name: found for name, found in versions() if found},
    }


def versions():
    yield "Python", platform.python_version()
    yield "SQLite", sqlite3.sqlite_version
    yield "Redis", redis_version()
    yield from ((name, installed(name)) for name in PACKAGES)


def cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def redis_version():
    found = shutil.which("redis-server")
    if found is None:
        return None
    text = subprocess.run(
        [found, "--version"], capture_output=True, text=True, timeout=10, check=False
    ).stdout
    return next((word[2:] for word in text.split() if word.startswith("v=")), None)
