"""The database behind the seam: its start, its readers, and where its log has grown."""

import threading
from contextlib import closing
from itertools import pairwise

import psycopg
import pytest
from postgres import postgres
from stage import furnish

from server.store import log
from server.store.database import StartError, StoreError
from server.store.migrate import available
from server.store.postgres import PostgresDatabase
from server.store.postgres_address import Address


class Time:
    """Seconds that pass by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def name():
    return postgres().create()


@pytest.fixture
def store():
    with postgres().lent() as address, closing(PostgresDatabase(address)) as database:
        with closing(database.connect()) as connection:
            furnish(connection)
        yield database


def head(database):
    with database.reader() as reader:
        return log.head(reader)


def end_all(database, wait=5000):
    with database.reader() as reader:
        (here,) = reader.rows("SELECT current_database()")[0]
    postgres().run(f"SELECT pg_terminate_backend(pid, {wait}) FROM pg_stat_activity WHERE datname = '{here}'")


# ---- the start


def test_servers_that_start_at_once_make_the_schema_once(name):
    errors = []

    def start():
        try:
            PostgresDatabase(postgres().url(name)).prepare()
        except StartError as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    found = postgres().run("SELECT version FROM schema_version ORDER BY version", name)
    assert found == [(number,) for number in available()]


def test_a_database_that_no_server_may_change(name):
    postgres().run("CREATE ROLE guest LOGIN")
    with pytest.raises(StartError, match="GRANT CREATE ON SCHEMA"):
        PostgresDatabase(postgres().url(name, user="guest")).prepare()


def test_a_database_with_tables_of_others(name):
    postgres().run("CREATE TABLE job (title TEXT)", name)
    with pytest.raises(StartError, match="Name an empty database, or restore"):
        PostgresDatabase(postgres().url(name)).prepare()


def test_a_newer_schema(name):
    PostgresDatabase(postgres().url(name)).prepare()
    postgres().run("INSERT INTO schema_version VALUES (9999)", name)
    with pytest.raises(StartError, match=r"9999.*newer release"):
        PostgresDatabase(postgres().url(name)).prepare()


def test_an_older_schema_is_brought_to_the_newest(name):
    postgres().run("CREATE TABLE schema_version (version BIGINT NOT NULL)", name)
    database = PostgresDatabase(postgres().url(name))
    database.prepare()
    with database.reader() as reader:
        assert reader.rows("SELECT MAX(version) FROM schema_version") == [(max(available()),)]
    database.close()


def test_texts_are_compared_by_their_bytes(store):
    with store.reader() as reader:
        found = reader.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type = 'text' AND COALESCE(collation_name, '') <> 'C'"
        )
    assert found == []


# ---- readers


def test_a_reader_whose_session_has_ended_gets_another(store):
    before = head(store)
    end_all(store)
    assert head(store) == before


def test_a_reader_whose_session_ends_while_it_reads_says_so(store):
    def read():
        with store.reader() as reader:
            mine = reader.rows("SELECT pg_backend_pid()")[0][0]
            postgres().run(f"SELECT pg_terminate_backend({mine}, 5000)")
            reader.rows("SELECT 1")

    with pytest.raises(StoreError, match="try again"):
        read()
    assert head(store).seq == 0


def test_a_reader_lets_its_snapshot_go(store):
    head(store)
    with store.reader() as reader:
        open_ = reader.rows("SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")
    assert open_ == [(0,)]


def test_a_reader_that_asked_nothing_costs_nothing():
    with PostgresDatabase("postgresql://u@127.0.0.1:1/nowhere").reader():
        pass


def test_readers_plan_each_query_for_what_there_is_now(store):
    with store.reader() as reader:
        assert reader.rows("SHOW plan_cache_mode") == [("force_custom_plan",)]
        assert reader.rows("SHOW statement_timeout") == [("30s",)]
        assert reader.rows("SHOW transaction_isolation") == [("repeatable read",)]


# ---- a database that is away


def test_who_is_away_is_asked_at_growing_intervals(monkeypatch):
    clock, asked = Time(), []

    def refuse(*args, **options):
        asked.append(clock.now)
        raise psycopg.OperationalError("Connection refused")

    monkeypatch.setattr(psycopg, "connect", refuse)
    database = PostgresDatabase("postgresql://u:sesame@h/db", clock)
    while clock.now < 20:
        with pytest.raises(StoreError) as caught:
            database.connect()
        assert "sesame" not in str(caught.value)
        clock.now += 0.01
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits == pytest.approx(sorted(waits), abs=0.02)
    assert waits[0] < 0.1
    assert 1.9 < waits[-1] < 2.1


# ---- where the log has grown


def test_a_log_keeps_its_epoch_at_home(store):
    before = head(store)
    with closing(store.connect()), closing(store.connect()):
        assert head(store) == before


def test_a_copy_elsewhere_gets_another_epoch_and_keeps_the_rest(store):
    with closing(store.connect()) as connection:
        connection.begin()
        connection.commit([(1, "a:b", None, 0, 5, "{}")] * 3)
    before = head(store)
    (here,) = next(iter(rows_of(store, "SELECT current_database()")))
    store.close()
    end_all(store)
    store.close()
    copy = PostgresDatabase(postgres().url(postgres().create(like=here)))
    with closing(copy.connect()):
        after = head(copy)
    copy.close()
    assert after.epoch != before.epoch
    assert (after.seq, after.oldest) == (before.seq, before.oldest) == (3, 1)
    assert head(store) == before


def rows_of(database, sql):
    with database.reader() as reader:
        return reader.rows(sql)


def test_a_place_that_is_not_told_changes_nothing(store, monkeypatch):
    monkeypatch.setattr("server.store.postgres._ORIGIN", "SELECT 1 FROM pg_no_such_function()")
    before = head(store)
    end_all(store)
    assert head(store) == before


def test_a_new_epoch_is_seen_by_readers_that_connect_first(store):
    before = head(store)
    with closing(store.connect()) as connection:
        connection.run("UPDATE log_head SET origin = 'elsewhere'")
    end_all(store)
    assert head(store).epoch != before.epoch


def test_a_reader_finds_back_after_an_outage_however_often_it_asked_meanwhile():
    time = Time()
    with postgres().lent() as address, closing(PostgresDatabase(address, clock=time)) as database:
        with closing(database.connect()) as connection:
            furnish(connection)
        assert head(database).seq == 0
        end_all(database)
        good, database._address = database._address, Address("postgresql://postgres@/x?host=/nowhere")
        for _ in range(3):
            with pytest.raises(StoreError):
                head(database)
            time.now += 10
        database._address = good
        assert head(database).seq == 0
