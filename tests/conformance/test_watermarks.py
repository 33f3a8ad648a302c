"""Watermarks on every database: kept, written over their version, raced for, and removed with what they belong to."""

import threading
from contextlib import closing

import pytest
from modes import begun, complete, defined, goes_by, mark
from stage import ADMIN

from listener_sdk.protocol.definitions import DefinitionCreate
from server.commands.definitions import DELETE_DEFINITION, DeleteDefinition
from server.commands.watermarks import RESET_WATERMARK, SET_WATERMARK, ResetWatermark, SetWatermark
from server.core.definitions import new_definition
from server.core.watermarks import Watermark, after_success, put
from server.store import clearing, watermarks
from server.store import definitions as definitions_sql
from server.store.database import AgainError

LEAST = DefinitionCreate.model_validate({"jobDefinitionCode": "nightly", "jobType": "export"})
RACERS = 8
EACH = 10


def definition_row(number, space_id=1):
    return new_definition(number, space_id, LEAST, 1, "us_key_1", enabled=True)


def test_a_row_comes_back_as_it_was_and_is_written_over_its_version_alone(tx):
    definitions_sql.insert(tx, definition_row(2**40))
    assert watermarks.load_many(tx, [2**40]) == {}
    assert watermarks.keep(tx, 2**40) == watermarks.keep(tx, 2**40) == Watermark(2**40, 1)
    assert watermarks.keep(tx, 7) is None
    newer = Watermark(2**40, 1, "é日", 1, 2**41, 2**42, 2**43)
    assert watermarks.replace(tx, newer, 0)
    assert not watermarks.replace(tx, put(newer, "b", 1), 0)
    assert watermarks.load_many(tx, [2**40, 7]) == {2**40: newer}
    empty = Watermark(2**40, 1, version=2)
    assert watermarks.replace(tx, empty, 1)
    assert watermarks.load_many(tx, [2**40]) == {2**40: empty}
    definitions_sql.delete(tx, 2**40)
    assert watermarks.load_many(tx, [2**40]) == {}


def test_nothing_stays_of_a_space_that_is_gone(tx):
    for number in (1, 2):
        definitions_sql.insert(tx, definition_row(number, space_id=number))
        watermarks.keep(tx, number)
    clearing.forget(tx, 1)
    assert tx.rows("SELECT definition_id FROM watermark") == [(2,)]


async def test_a_life(stage):
    row = await defined(stage, delta={"startDate": "2026-01-01T00:00:00Z"})
    first = await begun(stage, row)
    await complete(stage, first, "a")
    one, two = await begun(stage, row), await begun(stage, row)
    await complete(stage, one, "b")
    await complete(stage, two, "c")
    assert [goes_by(job) for job in (first, one, two)] == [
        ("full", "2026-01-01T00:00:00.000Z"), ("delta", "a"), ("delta", "a")
    ]  # fmt: skip
    assert (await mark(stage, row)).value == "b"
    told = [event["payload"]["watermark"]["moved"] for event in await stage.events("job:completed")]
    assert told == [True, True, False]
    await stage.do(SET_WATERMARK, SetWatermark(ADMIN, "nightly", "k"))
    assert (await mark(stage, row)).value == "k"
    await stage.do(RESET_WATERMARK, ResetWatermark(ADMIN, "nightly"))
    assert (await mark(stage, row)).is_first
    await stage.do(DELETE_DEFINITION, DeleteDefinition(ADMIN, "nightly"))
    assert await mark(stage, row) is None


class Racer:
    """One server's writer: it moves the watermark on by one, again and again, from what it has read before."""

    def __init__(self, database, number):
        self.database = database
        self.number = number
        self.moves = []
        self.error = None

    def run(self, start):
        try:
            with closing(self.database.connect()) as connection:
                start.wait()
                while len(self.moves) < EACH:
                    seen = self.within(connection, lambda c: watermarks.load_many(c, [1])).get(1)
                    version = 0 if seen is None else seen.version
                    moved = self.within(connection, lambda c, version=version: self.move(c, version))
                    if moved is not None:
                        self.moves.append(moved)
        except Exception as error:  # noqa: BLE001 - the test shows it
            self.error = error

    def within(self, connection, act):
        while True:
            connection.begin()
            try:
                found = act(connection)
                connection.commit()
            except AgainError:
                connection.rollback()
                continue
            return found

    def move(self, connection, version):
        before = watermarks.keep(connection, 1)
        to = f"{self.number}.{len(self.moves)}"
        after, _ = after_success(before, version, to, 1, self.number, is_kept=False)
        if after == before:
            return None
        assert watermarks.replace(connection, after, before.version)
        return after.version


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_of_all_who_began_with_a_version_one_moves_it(backend, database):
    with closing(database.connect()) as connection:
        connection.begin()
        definitions_sql.insert(connection, definition_row(1))
        connection.commit()
    racers = [Racer(database, number) for number in range(RACERS)]
    start = threading.Event()
    threads = [threading.Thread(target=racer.run, args=(start,)) for racer in racers]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join(60)
    assert [racer.error for racer in racers] == [None] * RACERS
    versions = sorted(version for racer in racers for version in racer.moves)
    assert versions == [*range(1, RACERS * EACH + 1)]
