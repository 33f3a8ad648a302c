"""A million runs of one definition: what a page of the history takes, by itself and while schedules are previewed.

One run is made by a real job; the others are copies of its rows, a second apart, of which one in a thousand has failed. Each figure is the 95th
percentile of calls one after the other over one connection, in milliseconds: pages of 50 of the space and of the definition, from the newest on
and from the middle on, of those that failed, and a filter that none passes; previews of 100 times, and an expression that is never due.
"""

import asyncio
import http.client
import json
import sqlite3
import time
from functools import partial
from urllib.parse import quote, urlsplit

import jobs
import jobs_tickwire
from marks import SCALE, cal_ms, pct
from tickwire_server import KEY

CODE = "bench-history"
RUNS = max(1_000, int(1_000_000 * SCALE))
CALLS = max(5, int(100 * min(1, SCALE)))
SECOND_MS = 1_000
FAILED = "n.i % 1000 = 0"
JOB = {
    "id": "id + n.i",
    "created_at": f"created_at - n.i * {SECOND_MS}",
    "status": f"CASE WHEN {FAILED} THEN 'failed' ELSE status END",
}
RUN = {
    "id": "id + n.i",
    "at": f"at - n.i * {SECOND_MS}",
    "facets": f"CASE WHEN {FAILED} THEN 'failed full api' ELSE facets END",
}
NUMBERS = {
    False: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0}) ",
    True: "WITH n AS (SELECT generate_series(1, {0}) AS i) ",
}
PREVIEW = {"cron": "*/7 9-17 * * 1-5", "timeZone": "Europe/Paris", "count": 100}
NEVER = {"cron": "0 0 30 2 *", "timeZone": "Europe/Paris", "count": 100}


class History(jobs.Run):
    async def jobs(self):
        out = {"cal_ms": [cal_ms()], "runs": RUNS}
        await self.p.setup()
        try:
            newest = await self.first()
            self.p.copy(RUNS - 1)
            middle = quote(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest - RUNS / 2)))
            self.calls = http.client.HTTPConnection(urlsplit(self.p.server.url).netloc, timeout=60)
            for what, path in {
                "newest": "/v1/runs",
                "of_definition": f"/v1/job-definitions/{CODE}/runs",
                "middle": f"/v1/runs?until={middle}",
                "failed": "/v1/runs?result=failed",
                "failed_middle": f"/v1/runs?result=failed&until={middle}",
                "none": "/v1/runs?result=partial&mode=delta",
            }.items():
                whole = partial(
                    has, 0 if what == "none" else min(50, RUNS // (2_500 if "failed" in what else 2))
                )
                out[f"page_{what}_p95_ms"] = self.p95(whole, "GET", path)
            out["preview_p95_ms"] = self.p95(is_whole, "POST", "/v1/schedules/preview", PREVIEW)
            out["never_p95_ms"] = self.p95(is_never_due, "POST", "/v1/schedules/preview", NEVER)
        finally:
            await self.p.close()
        out["cal_ms"].append(cal_ms())
        return out

    async def first(self):
        """A run like all others, and when it was made, in seconds."""
        client = self.p.client
        await client.definitions.create(CODE, "noop", {}, enabled=True)
        job = await client.definitions.execute(CODE)
        while (found := await client.jobs.get(job.id)).status != "complete":
            await asyncio.sleep(0.05)
        return found.created_at.timestamp()

    def p95(self, is_right, *asked):
        self.call(is_right, *asked)
        return round(pct([self.call(is_right, *asked) for _ in range(CALLS)], 0.95), 2)

    def call(self, is_right, method, path, body=None):
        begun = time.perf_counter()
        sent = None if body is None else json.dumps(body)
        self.calls.request(method, path, sent, {"Authorization": f"Bearer {KEY}"})
        told = self.calls.getresponse().read()
        took = 1000 * (time.perf_counter() - begun)
        if not is_right(json.loads(told)):
            raise RuntimeError(f"{method} {path}: {told[:300]!r}")
        return took


def has(count, told):
    return len(told["data"]) >= count if count else told["data"] == []


def is_whole(told):
    return len(told["data"]["times"]) == PREVIEW["count"]


def is_never_due(told):
    return "never due" in told["errors"][0]["message"]


def copied(table, changed, columns, numbers):
    named = ", ".join(columns)
    values = ", ".join(changed.get(name, name) for name in columns)
    return f"INSERT INTO {table} ({named}) {numbers}SELECT {values} FROM {table}, n WHERE definition_id IS NOT NULL"


class TickwireHistory(jobs_tickwire.Tickwire):
    name = "tickwire (sqlite)"

    def copy(self, count):
        """As no client may: a million real ones would take a quarter of an hour."""
        store = sqlite3.connect(self.server.folder / "data" / "tickwire.db", timeout=30)
        with store:
            for table, changed in {"job": JOB, "job_run": RUN}.items():
                columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
                store.execute(copied(table, changed, columns, NUMBERS[False].format(count)))
        store.close()


class TickwirePgHistory(jobs_tickwire.TickwirePg):
    name = "tickwire (postgres)"

    def copy(self, count):
        """The same; the planner then knows of them, as it does where they came one by one."""
        import psycopg

        with psycopg.connect(self.server.database, autocommit=True) as store:
            for table, changed in {"job": JOB, "job_run": RUN}.items():
                columns = [one.name for one in store.execute(f"SELECT * FROM {table} LIMIT 0").description]
                store.execute(copied(table, changed, columns, NUMBERS[True].format(count)))
                store.execute(f"VACUUM ANALYZE {table}")


if __name__ == "__main__":
    jobs.main(TickwireHistory, TickwirePgHistory, run=History, kind="history")
