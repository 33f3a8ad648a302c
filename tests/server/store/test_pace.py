"""Past runs in the store: one row a space and name."""

import json

import pytest

from server.core.pace import PastRun
from server.store import pace

ONE, TWO = PastRun(2_000, (0.0, 0.25, 1.0)), PastRun(3_000, (0.0, 0.5, 0.9))


@pytest.fixture
def tx(connection):
    connection.begin()
    yield connection
    connection.rollback()


def test_of_a_name_without_runs_nothing_is_known(tx):
    assert pace.load(tx, 1, "a:b") == []


def test_what_is_saved_is_read_back_and_replaces_what_was_there(tx):
    pace.save(tx, 1, "a:b", [ONE])
    pace.save(tx, 1, "a:b", [ONE, TWO])
    assert pace.load(tx, 1, "a:b") == [ONE, TWO]
    ((text,),) = tx.rows("SELECT runs FROM job_pace")
    assert json.loads(text) == [[2000, [0.0, 0.25, 1.0]], [3000, [0.0, 0.5, 0.9]]]


def test_spaces_and_names_are_told_apart(tx):
    pace.save(tx, 1, "a:b", [ONE])
    pace.save(tx, 2, "a:b", [TWO])
    pace.save(tx, 1, "a:b\tpart", [])
    assert pace.load(tx, 1, "a:b") == [ONE]
    assert pace.load(tx, 2, "a:b") == [TWO]
    assert pace.load(tx, 1, "a:b\tpart") == []
