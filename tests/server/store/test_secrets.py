"""SQL of secrets: by space, by name, and by the master key under which they lie."""

from dataclasses import replace

import pytest

from server.core.secrets import SecretRow
from server.store import clearing, secrets

ROW = SecretRow(
    id=1, space_id=1, name="a", owner="", description="for tests", jobs='["a:*"]', wrapped="1.old.x", sealed="1.y", size=3,
    version=1, created_at=1, created_by="us_key_1", updated_at=1, updated_by="us_key_1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def begun(connection):
    connection.begin()
    yield
    connection.rollback()


def test_a_row_comes_back_as_it_was_in_its_space_alone(connection):
    secrets.insert(connection, ROW)
    assert secrets.load(connection, 1, 1) == secrets.by_name(connection, 1, "a", "") == ROW
    assert secrets.load(connection, 2, 1) is secrets.by_name(connection, 2, "a", "") is None
    assert secrets.by_name(connection, 1, "a", "us_usr_1") is None
    secrets.delete(connection, 1)
    assert secrets.load(connection, 1, 1) is None


def test_another_value_keeps_id_and_name(connection):
    secrets.insert(connection, ROW)
    changed = replace(ROW, wrapped="w", sealed="s", size=9, version=2, jobs=None, updated_at=5)
    secrets.update(connection, changed)
    assert secrets.load(connection, 1, 1) == changed


def test_pages_and_totals_are_of_one_space(connection):
    for number, space_id in ((1, 1), (2, 2), (3, 1), (4, 1)):
        secrets.insert(connection, replace(ROW, id=number, space_id=space_id, name=f"n{number}"))
    assert [row.id for row in secrets.page(connection, 1, 0, 2)] == [1, 3]
    assert [row.id for row in secrets.page(connection, 1, 3, 2)] == [4]
    assert secrets.totals(connection, 1) == (3, 9)
    assert secrets.totals(connection, 3) == (0, 0)


def test_they_go_with_their_space(connection):
    secrets.insert(connection, ROW)
    secrets.insert(connection, replace(ROW, id=2, space_id=2))
    clearing.forget(connection, 2)
    assert secrets.page(connection, 2, 0, 9) == []
    assert secrets.page(connection, 1, 0, 9) == [ROW]
