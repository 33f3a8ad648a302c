"""What a store is: made once, then always the same."""

from server.store import log, meta
from server.store.sqlite import SqliteDatabase


def test_a_store_stays_what_it_was_made(tmp_path):
    found = []
    for _ in range(2):
        database = SqliteDatabase(tmp_path / "store.db")
        database.prepare()
        connection = database.connect()
        connection.begin()
        found.append(meta.load_or_make(connection))
        assert log.head(connection).epoch == found[-1].epoch
        connection.commit()
        connection.close()
        database.close()
    assert found[0] == found[1]
    assert len(found[0].link_secret) == 32
    assert found[0].account_id.startswith("us_acc_")
    assert found[0].link_secret.hex() not in repr(found[0])


def test_two_stores_are_not_the_same(tmp_path):
    made = []
    for name in ("a.db", "b.db"):
        database = SqliteDatabase(tmp_path / name)
        database.prepare()
        connection = database.connect()
        connection.begin()
        made.append(meta.load_or_make(connection))
        connection.commit()
        connection.close()
        database.close()
    assert made[0].account_id != made[1].account_id
    assert made[0].link_secret != made[1].link_secret
    assert made[0].epoch != made[1].epoch
