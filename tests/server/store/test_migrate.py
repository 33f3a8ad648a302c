"""Reading migration scripts, and applying them: each once, in order, whole or not at all."""

import pytest

from server.store.database import StartError, StoreError
from server.store.migrate import available, migrate, statements


class Recorder:
    """A connection that writes down what it is told, and fails where it shall."""

    def __init__(self, version=0, fail_at=None):
        self.version = version
        self.fail_at = fail_at
        self.done = []

    def rows(self, sql, /, **params):
        return [(self.version,)]

    def run(self, sql, /, **params):
        self._do(sql if not params else f"{sql.split(' (')[0]} {params}")
        return 0

    def begin(self):
        self._do("BEGIN")

    def commit(self):
        self._do("COMMIT")

    def rollback(self):
        self.done.append("ROLLBACK")

    def _do(self, what):
        if what == self.fail_at:
            raise StoreError(what)
        self.done.append(what)


def test_a_script_is_cut_at_the_semicolons_that_end_a_line():
    script = """-- what it is for; and why
        CREATE TABLE a (
            b TEXT,  -- no key
            c TEXT DEFAULT ';x'
        );

        INSERT INTO a (b) VALUES ('1;2');
        -- the end;
    """
    found = statements(script)
    assert len(found) == 2
    assert found[0].startswith("CREATE TABLE a (")
    assert found[0].endswith(")")
    assert found[1] == "INSERT INTO a (b) VALUES ('1;2')"


@pytest.mark.parametrize("script", ["", "\n\n", "-- nothing;\n", "  ;\n"])
def test_a_script_without_statements_has_none(script):
    assert statements(script) == []


def test_the_scripts_of_this_release_are_numbered_from_one():
    scripts = available()
    assert list(scripts) == list(range(1, len(scripts) + 1))
    assert any("CREATE TABLE job" in text for text in statements(scripts[1]))


def test_our_words_become_the_database_s_own():
    connection = Recorder()
    migrate(connection, {"ROWID_KEY": "BIGINT GENERATED PRIMARY KEY"}, {1: "CREATE TABLE a (id ROWID_KEY);"})
    assert connection.done[1:] == [
        "BEGIN",
        "CREATE TABLE a (id BIGINT GENERATED PRIMARY KEY)",
        "INSERT INTO schema_version {'number': 1}",
        "COMMIT",
    ]


def test_only_what_is_missing_is_applied_each_in_its_own_transaction():
    connection = Recorder(version=1)
    migrate(connection, {}, {1: "A;", 2: "B;", 3: "C;\nD;"})
    assert connection.done[1:] == [
        "BEGIN", "B", "INSERT INTO schema_version {'number': 2}", "COMMIT",
        "BEGIN", "C", "D", "INSERT INTO schema_version {'number': 3}", "COMMIT",
    ]  # fmt: skip


@pytest.mark.parametrize("fail_at", ["C", "D", "COMMIT"])
def test_what_fails_is_rolled_back_and_nothing_follows(fail_at):
    connection = Recorder(version=1, fail_at=fail_at)
    with pytest.raises(StoreError, match=fail_at):
        migrate(connection, {}, {1: "A;", 2: "C;\nD;", 3: "E;"})
    assert connection.done[-1] == "ROLLBACK"
    assert "E" not in connection.done
    assert "COMMIT" not in connection.done


def test_a_store_of_a_newer_release_is_refused_before_anything_is_done():
    connection = Recorder(version=4)
    with pytest.raises(StartError, match=r"schema 4, .* up to 3.*newer release"):
        migrate(connection, {}, {1: "A;", 2: "B;", 3: "C;"})
    assert "BEGIN" not in connection.done


def test_a_store_of_this_release_is_left_alone():
    connection = Recorder(version=2)
    migrate(connection, {}, {1: "A;", 2: "B;"})
    assert "BEGIN" not in connection.done
