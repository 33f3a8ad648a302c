"""SQL of actions: what each statement finds. tests/conformance runs it on every database."""

from dataclasses import fields

from server.core.actions import ActionRow
from server.store import actions


def test_rows_have_the_columns_of_the_table_and_change_but_for_their_birth(connection):
    columns = [row[1] for row in connection.rows("PRAGMA table_info(action)")]
    assert list(actions.COLUMNS) == columns == [one.name for one in fields(ActionRow)]
    assert set(columns) - set(actions.MUTABLE) == {"id", "space_id", "created_at", "created_by"}


def test_a_space_without_actions_has_none(connection):
    assert actions.every(connection, 1) == []
    assert actions.totals(connection, 1) == (0, 0)
    assert actions.load(connection, 1, 1) is None
