"""The health of definitions in one store; tests/conformance/test_runs.py follows it on every database."""

from listener_sdk.protocol.definitions import DefinitionCreate
from server.core.definitions import new_definition
from server.core.health import Health
from server.store import definitions, health

LEAST = DefinitionCreate.model_validate({"jobDefinitionCode": "nightly", "jobType": "export"})


def test_a_row_begins_with_a_failure_and_goes_with_success_or_definition(connection):
    connection.begin()
    definitions.insert(connection, new_definition(4, 1, LEAST, 1, "us_key_1", enabled=True))
    assert health.load_many(connection, [4, 5]) == health.keep_many(connection, {4, 5}) == {}
    well = Health(4, 1, 0, 0, 0, None)
    assert health.begin(connection, {5, 4}) == {4: well}
    assert health.begin(connection, {4}) == {4: well}
    failed = well.failed(2**41, 2**42)
    health.save(connection, [failed])
    assert health.load_many(connection, [4]) == {4: failed}
    health.delete(connection, [4])
    assert health.load_many(connection, [4]) == {}
    health.begin(connection, {4})
    definitions.delete(connection, 4)
    assert health.load_many(connection, [4]) == {}
    connection.commit()
