"""What is measured, in the order of one round: each step is a process of its own that prints lines of JSON."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from environments import OURS

POSTGRES, REDIS = "postgres", "redis"


@dataclass(frozen=True)
class Step:
    name: str
    argv: tuple[str, ...]
    environment: str = OURS
    variables: dict[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    limit_s: int = 150
    only_first_round: bool = False


def step(name, script, *args, variant=None, **fields):
    variables = fields.pop("variables", {}) | ({"BENCH_VARIANT": variant} if variant else {})
    return Step(name, (script, *args), variables=variables, **fields)


def ours(name, script, *args, postgres=None, **fields):
    """A measurement of Tickwire on both stores; the variant for PostgreSQL is named."""
    sqlite = step(f"{name}:tickwire-sqlite", script, *args, **fields)
    if postgres is None:
        return (sqlite,)
    pg = step(f"{name}:tickwire-postgres", script, *args, variant=postgres, needs=(POSTGRES,), **fields)
    return sqlite, pg


JOBS = (
    *ours("jobs", "jobs_tickwire.py", postgres="TickwirePg"),
    step("jobs:procrastinate", "jobs_procrastinate.py", environment="peers", needs=(POSTGRES,)),
    step("jobs:pgqueuer", "jobs_pgqueuer.py", environment="peers", needs=(POSTGRES,)),
    step("jobs:arq", "jobs_arq.py", environment="peers", needs=(REDIS,)),
    step("jobs:saq", "jobs_saq.py", environment="peers", needs=(REDIS,)),
    step("jobs:taskiq", "jobs_taskiq.py", environment="taskiq", needs=(REDIS,)),
    step("jobs:tickwire-sqlite-stream", "jobs_tickwire.py", variant="TickwireStream"),
    step("jobs:tickwire-postgres-stream", "jobs_tickwire.py", variant="TickwirePgStream", needs=(POSTGRES,)),
    step("jobs:celery", "jobs_celery.py", variant="CeleryPrefork", environment="celery", needs=(REDIS,)),
    step("jobs:dramatiq", "jobs_dramatiq.py", environment="peers", needs=(REDIS,)),
    step("jobs:rq", "jobs_rq.py", variant="RqSimple", environment="peers", needs=(REDIS,)),
    step("jobs:huey", "jobs_huey.py"),
    step("jobs:dbos-sqlite", "jobs_dbos.py", environment="dbos"),
    step("jobs:dbos-postgres", "jobs_dbos.py", variant="DbosPg", environment="dbos", needs=(POSTGRES,)),
)
SLOW = (
    step("jobs:celery-threads", "jobs_celery.py", environment="celery", needs=(REDIS,)),
    step("jobs:rq-fork", "jobs_rq.py", environment="peers", needs=(REDIS,)),
    step("jobs:prefect", "jobs_prefect.py", environment="prefect", limit_s=300),
)
FAN = (
    *ours("fan", "fan_tickwire.py", postgres="TickwirePg"),
    step("fan:picows", "fan_picows.py"),
    step("fan:nats", "fan_nats.py", environment="peers"),
    step("fan:websockets", "fan_websockets.py"),
    step("fan:websockets-asyncio", "fan_websockets.py", variables={"BENCH_LOOP": "asyncio"}),
    step("fan:aiohttp", "fan_aiohttp.py"),
    step("fan:aiohttp-shared", "fan_aiohttp.py", variables={"BENCH_FRAME": "shared"}),
    step("fan:aiohttp-joined", "fan_aiohttp.py", variables={"BENCH_FRAME": "coalesced"}),
    step("fan:socketio", "fan_socketio.py", environment="peers"),
)
OWN = (
    *ours("tick", "cost_tick.py"),
    *ours("seen", "seen_tickwire.py", postgres="TickwirePgSeen"),
    *ours("watched", "watched_tickwire.py", postgres="TickwirePgWatched"),
    *ours("memory", "memory_tickwire.py", postgres="TickwirePgMemory"),
    *ours(
        "launched",
        "launched_tickwire.py",
        postgres="TickwirePgLaunched",
        limit_s=900,
        only_first_round=True,
    ),
    *ours(
        "schedules",
        "schedules_tickwire.py",
        postgres="TickwirePgSchedules",
        limit_s=480,
        only_first_round=True,
    ),
    *ours("hooks", "hooks_tickwire.py", postgres="TickwirePgHooks", limit_s=300),
    *ours(
        "history",
        "history_tickwire.py",
        postgres="TickwirePgHistory",
        limit_s=600,
        only_first_round=True,
    ),
)
SIZES = ("backlog", "1000", "100000")
BACKLOG = (
    *ours("backlog", "backlog_tickwire.py", *SIZES, postgres="TickwirePgBacklog", limit_s=400),
    step(
        "backlog:procrastinate",
        "jobs_procrastinate.py",
        *SIZES,
        environment="peers",
        needs=(POSTGRES,),
        limit_s=200,
    ),
    step("backlog:pgqueuer", "jobs_pgqueuer.py", *SIZES, environment="peers", needs=(POSTGRES,), limit_s=200),
    step("backlog:huey", "jobs_huey.py", *SIZES, limit_s=200),
)
MILLION = ours(
    "million",
    "backlog_tickwire.py",
    "backlog",
    "1000000",
    postgres="TickwirePgBacklog",
    limit_s=1200,
    only_first_round=True,
)
LIMITS = (step("limits", "limits.py", needs=()),)

FULL = (*LIMITS, *JOBS, *FAN, *OWN, *BACKLOG, *MILLION)

SMALL_FAN = {"BENCH_FAN_N": "100", "BENCH_FAN_HOLD": "100"}
SHORT = (
    step("jobs:tickwire-sqlite", "jobs_tickwire.py"),
    step("jobs:huey", "jobs_huey.py"),
    step("fan:tickwire-sqlite", "fan_tickwire.py", variables=SMALL_FAN),
    step("fan:websockets", "fan_websockets.py", variables=SMALL_FAN),
    step("tick:tickwire-sqlite", "cost_tick.py"),
    step("backlog:tickwire-sqlite", "backlog_tickwire.py", "backlog", "1000"),
)
"""Proves that the harness works, from the test environment alone; its figures say little."""


def chosen(steps, only):
    """Those whose name fits one of the patterns, separated by commas; all without any."""
    patterns = [part.strip() for part in only.split(",") if part.strip()]
    return [one for one in steps if not patterns or any(fnmatchcase(one.name, part) for part in patterns)]
