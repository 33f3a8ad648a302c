"""Watermarks that one connection writes; tests/conformance/test_watermarks.py does so on every database."""

from listener_sdk.protocol.definitions import DefinitionCreate
from server.core.definitions import new_definition
from server.core.watermarks import Watermark
from server.store import definitions
from server.store import watermarks as sql

LEAST = DefinitionCreate.model_validate({"jobDefinitionCode": "nightly", "jobType": "export"})


def test_a_watermark_begins_with_its_definition_and_is_written_over_its_version_alone(connection):
    connection.begin()
    definitions.insert(connection, new_definition(4, 1, LEAST, 1, "us_key_1", enabled=True))
    assert sql.load_many(connection, [4, 5]) == {}
    assert sql.keep(connection, 4) == Watermark(4, 1)
    assert sql.keep(connection, 5) is None
    newer = Watermark(4, 1, "a", 1, 5, 7, 6)
    assert sql.replace(connection, newer, 0)
    assert not sql.replace(connection, newer, 0)
    assert sql.load_many(connection, [4, 5]) == {4: newer}
    sql.delete(connection, 4)
    assert sql.load_many(connection, [4]) == {}
    connection.commit()
