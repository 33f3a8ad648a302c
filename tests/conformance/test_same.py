"""The same lives on two databases: after every batch each row and each event is the same on both."""

from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lives import LARGEST_CREDIT, SESSIONS, World, acts

from server.commands import due, sessions
from server.core.fleets import Taker, Wish
from server.store import jobs as sql
from server.store.database import Database, Row

TABLES = (
    "job", "event", "event_ack", "attempt", "job_log", "job_curve", "job_split", "job_predecessor", "job_plan", "job_pace",
    "idempotency",
)  # fmt: skip


def contents(database: Database) -> dict[str, list[Row]]:
    """All rows of all tables that commands change."""
    with database.reader() as reader:
        found = {table: reader.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}
        return {**found, "head": reader.rows("SELECT epoch, seq, oldest FROM log_head")}


def alike(stores: list[Database], worlds: list[World]) -> None:
    first, *others = (contents(store) for store in stores)
    for other in others:
        for table, rows in first.items():
            assert other[table] == rows, table
    assert all(
        (world.leases, world.jobs, world.more, world.dispatch.held)
        == (worlds[0].leases, worlds[0].jobs, worlds[0].more, worlds[0].dispatch.held)
        for world in worlds
    )


@pytest.mark.timeout(600)  # a failure is made small, which takes many runs
@given(data=st.data())
@settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_both_databases_do_the_same_step_by_step(data: Any, backends, tmp_path, furnishing):
    with ExitStack() as opened:
        stores = [
            opened.enter_context(closing(backend.anew(folder(tmp_path, backend.name))))
            for backend in backends
        ]
        worlds = []
        for store in stores:
            store.prepare()
            connection = opened.enter_context(closing(store.connect()))
            furnishing(connection)
            worlds.append(World(connection))
        everywhere(worlds, [(sessions.LISTEN, Taker(SESSIONS[0], 1, 1, LARGEST_CREDIT, (Wish("**"),)))])
        for _ in range(data.draw(st.integers(1, 12), label="batches")):
            everywhere(worlds, data.draw(acts(worlds[0]), label="acts"))
            alike(stores, worlds)
            passed = data.draw(st.sampled_from((0, 1, 500, 12_000, 31_000)), label="time")
            for world in worlds:
                world.now += passed
            with stores[0].reader() as reader:
                late = sql.due(reader, worlds[0].now, 500)
            everywhere(worlds, [(due.DUE, due.DueJob(job_id)) for job_id in sorted(late)])
            if data.draw(st.booleans(), label="settle"):
                for world in worlds:
                    world.settle()
            alike(stores, worlds)


def folder(place: Path, name: str) -> Path:
    found = place / name
    found.mkdir(exist_ok=True)
    return found


def everywhere(worlds: list[World], items: list[tuple[Any, Any]]) -> None:
    for world in worlds:
        world.batch(list(items))
