"""What only one database shows of durable subscriptions: by what they are found. The rest is in the conformance suite."""

from contextlib import closing

from server.store.sqlite import SqliteDatabase


def test_they_are_found_by_their_name_and_listed_in_the_order_of_their_making(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db")
    database.prepare()
    with closing(database.connect()) as connection:
        plan = connection.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM subscription WHERE space_id = :space AND name = :name",
            space=1,
            name="a",
        )
    database.close()
    assert "subscription_name" in str(plan)
