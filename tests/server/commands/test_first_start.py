"""The first start of a store, and starts that were cut short."""

import pytest

from server.commands import first_start as module
from server.commands.first_start import KEY_FILE, first_start
from server.core.keys import ADMINISTRATOR
from server.security.keys import matches, parse_key
from server.store import keys, spaces
from server.store.database import StartError
from server.store.sqlite import SqliteDatabase


@pytest.fixture
def connection(tmp_path):
    database = SqliteDatabase(tmp_path / "store.db")
    database.prepare()
    connection = database.connect()
    yield connection
    connection.close()
    database.close()


def secret_in(folder):
    return parse_key((folder / KEY_FILE).read_text().strip())[1]


def test_an_empty_store_gets_its_space_and_the_administrators_key(connection, tmp_path):
    first_start(connection, tmp_path / "data", 1_000, own_admin_key=False)
    assert [space.code for space in spaces.every(connection).values()] == ["default"]
    row = keys.load(connection, ADMINISTRATOR)
    assert row.role == "admin"
    assert matches(secret_in(tmp_path / "data"), row.secret_hash)
    assert (tmp_path / "data" / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_the_store_keeps_no_secret(connection, tmp_path):
    first_start(connection, tmp_path, 1_000, own_admin_key=False)
    row = keys.load(connection, ADMINISTRATOR)
    assert secret_in(tmp_path) not in str(row)


def test_later_starts_change_nothing_even_when_the_file_was_put_away(connection, tmp_path):
    meta = first_start(connection, tmp_path, 1_000, own_admin_key=False)
    row = keys.load(connection, ADMINISTRATOR)
    (tmp_path / KEY_FILE).unlink()
    assert first_start(connection, tmp_path, 2_000, own_admin_key=False) == meta
    assert keys.load(connection, ADMINISTRATOR) == row
    assert not (tmp_path / KEY_FILE).exists()


def test_a_start_cut_short_after_the_file_is_repaired_with_the_same_key(connection, tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.keys, "insert", stop)
    with pytest.raises(KeyboardInterrupt):
        first_start(connection, tmp_path, 1_000, own_admin_key=False)
    assert spaces.every(connection) == {}
    secret = secret_in(tmp_path)
    monkeypatch.undo()
    first_start(connection, tmp_path, 2_000, own_admin_key=False)
    assert secret_in(tmp_path) == secret
    assert matches(secret, keys.load(connection, ADMINISTRATOR).secret_hash)


def test_an_operators_own_key_makes_none_until_it_is_no_longer_given(connection, tmp_path):
    first_start(connection, tmp_path, 1_000, own_admin_key=True)
    assert keys.load(connection, ADMINISTRATOR) is None
    assert not (tmp_path / KEY_FILE).exists()
    first_start(connection, tmp_path, 2_000, own_admin_key=False)
    assert matches(secret_in(tmp_path), keys.load(connection, ADMINISTRATOR).secret_hash)


@pytest.mark.parametrize("text", ["", "something else", "tw_000000000z_" + "a" * 64, "\ud800"])
def test_a_file_with_something_else_in_it_stops_the_start_and_is_kept(connection, tmp_path, text):
    content = text.encode("utf-8", "surrogatepass")
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(StartError, match="move it away"):
        first_start(connection, tmp_path, 1_000, own_admin_key=False)
    assert (tmp_path / KEY_FILE).read_bytes() == content
    assert spaces.every(connection) == {}


def test_a_folder_that_cannot_be_made_stops_the_start(connection, tmp_path):
    (tmp_path / "data").write_text("a file in its place")
    with pytest.raises(StartError, match=r"data-dir|read"):
        first_start(connection, tmp_path / "data", 1_000, own_admin_key=False)
