"""Execution plans in the store."""

from server.store import jobs, plans


def test_a_plan_is_kept_and_replaced_whole(begin, connection):
    begin()
    assert plans.load(connection, 7) is None
    plans.save(connection, 7, {"fieldMapping": [{"a": None}], "programId": "p"})
    plans.save(connection, 8, {})
    plans.save(connection, 7, {"fieldMapping": []})
    assert plans.load(connection, 7) == {"fieldMapping": []}
    assert plans.load(connection, 8) == {}
    connection.commit()


def test_it_goes_with_its_job(begin, connection):
    begin()
    plans.save(connection, 7, {"fieldMapping": []})
    plans.save(connection, 8, {})
    jobs.delete(connection, 7)
    assert plans.load(connection, 7) is None
    assert plans.load(connection, 8) == {}
    connection.commit()
