import threading
from importlib.metadata import version

import jobs
import marks
import sqlalchemy
from dbos import DBOS, DBOSClient


class DbosSqlite(jobs.Peer):
    name = "dbos (sqlite)"
    version = version("dbos")
    broker = "SQLite"
    durability = "SQLite rollback journal, synchronous=FULL (the defaults)"
    poll = "1 s (default polling_interval_sec)"
    n_life = 1000
    n_single = 500
    lat_samples = 200

    def url(self):
        return "sqlite:///" + str(marks.WORK / "dbos.sqlite")

    async def setup(self):
        for end in ("", "-wal", "-shm"):
            (marks.WORK / f"dbos.sqlite{end}").unlink(missing_ok=True)
        # the tables are made by the application at its launch
        DBOS(
            config={
                "name": "bench",
                "system_database_url": self.url(),
                "log_level": "ERROR",
                "application_version": "setup",
                "executor_id": "setup",
            }
        )
        DBOS.launch()
        DBOS.destroy()
        self.c = DBOSClient(system_database_url=self.url())
        self.e = sqlalchemy.create_engine(self.url().replace("postgresql:", "postgresql+psycopg:"))
        self.table = "workflow_status" if "sqlite" in self.url() else "dbos.workflow_status"

    async def enqueue(self, i):
        await self.c.enqueue_async({"queue_name": "bench", "workflow_name": "noop"}, i)

    async def unfinished(self):
        with self.e.connect() as c:
            return c.execute(
                sqlalchemy.text(f"select count(*) from {self.table} where status in ('ENQUEUED', 'PENDING')")
            ).scalar()

    async def clear(self):
        with self.e.begin() as c:
            c.execute(sqlalchemy.text(f"delete from {self.table}"))

    async def close(self):
        self.c.destroy()
        self.e.dispose()

    def worker(self):
        DBOS(config={"name": "bench", "system_database_url": self.url(), "log_level": "ERROR"})

        @DBOS.workflow(name="noop")
        async def noop(i: int):
            marks.mark(i)

        DBOS.launch()
        DBOS.register_queue("bench", worker_concurrency=marks.CONC)
        threading.Event().wait()


class DbosPg(DbosSqlite):
    name = "dbos (postgres)"
    broker = "PostgreSQL 18"
    durability = "synchronous_commit=on, fsync=on"

    def url(self):
        return marks.pg_uri()

    async def setup(self):
        e = sqlalchemy.create_engine(self.url().replace("postgresql:", "postgresql+psycopg:"))
        with e.begin() as c:
            c.execute(sqlalchemy.text("drop schema if exists dbos cascade"))
        e.dispose()
        await super().setup()


jobs.main(DbosSqlite, DbosPg)
