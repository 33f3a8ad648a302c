"""Statements and values: row counts, our own words of SQL, and everything that a column must give back as it came."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXTS = (
    "", "'", '"', "it's; -- no comment", ":name LIST(:ids) FOR_CLAIM", "a\nb\r\n\tc", "äöü ß Ωλ", "日本語", "👩‍👩‍👧 🏁",
    "\u2028\u2029", "\x01\x1f", "\\", "%_", "x" * 100_000, '{"a": [1, 2.5, null]}',
)  # fmt: skip
INTEGERS = (0, 1, -1, 2**31, -(2**31) - 1, 2**53 - 1, -(2**53), 2**53)
FLOATS = (0.0, 0.1, -2.5, 1e-300, 1.7e308, 33.333333333333336, 100.0)

JOB_LOG = ("id", "job_id", "attempt", "at", "level", "message", "fields")
ATTEMPT = ("job_id", "fence", "attempt", "reason", "message", "holder", "started_at", "ended_at")


def lines(connection, count):
    connection.insert_many(
        "job_log", JOB_LOG, [(n, 7, 1, 100 + n, "info", f"line {n}", None) for n in range(1, count + 1)]
    )


# ---- row counts


def test_run_tells_how_many_rows_it_touched(tx):
    lines(tx, 10)
    assert tx.run("UPDATE job_log SET level = 'debug' WHERE id <= :most", most=4) == 4
    assert tx.run("UPDATE job_log SET level = 'debug' WHERE id > 100") == 0
    assert tx.run("DELETE FROM job_log WHERE level = :level", level="debug") == 4
    assert tx.run("DELETE FROM job_log") == 6
    assert tx.run("INSERT INTO meta (name, value) VALUES ('a', 'b')") == 1
    assert tx.run("INSERT INTO meta (name, value) SELECT 'a', 'b' WHERE NOT EXISTS (SELECT 1 FROM meta)") == 0


def test_insert_many_takes_any_number_of_rows_and_any_iterable(tx):
    tx.insert_many("job_log", JOB_LOG, [])
    lines(tx, 2_000)
    tx.insert_many("job_log", JOB_LOG, ((3_000 + n, 8, 1, 1, "info", "m", None) for n in range(3)))
    assert tx.rows("SELECT job_id, COUNT(*) FROM job_log GROUP BY job_id ORDER BY job_id") == [
        (7, 2_000),
        (8, 3),
    ]


def test_update_many_sets_each_row_by_its_id_and_no_other(tx):
    lines(tx, 5)
    tx.update_many("job_log", ("level", "at"), [("error", 1, 2), ("warning", 2, 4), ("none", 3, 99)])
    tx.update_many("job_log", ("level",), [])
    assert tx.rows("SELECT id, level, at FROM job_log ORDER BY id") == [
        (1, "info", 101), (2, "error", 1), (3, "info", 103), (4, "warning", 2), (5, "info", 105),
    ]  # fmt: skip


# ---- our own words


@pytest.mark.parametrize("ids", [[], [3], [5, 1, 1, 99], tuple(range(5_000)), [2**53, 4]])
def test_list_is_the_integers_of_a_list(tx, ids):
    lines(tx, 5)
    rows = tx.rows(
        "SELECT id FROM job_log WHERE id IN LIST(:ids) AND job_id = :job ORDER BY id", ids=ids, job=7
    )
    assert rows == [(n,) for n in range(1, 6) if n in ids]


def test_list_works_in_changes_too(tx):
    lines(tx, 5)
    assert tx.run("DELETE FROM job_log WHERE id IN LIST(:ids)", ids=[1, 2, 77]) == 2


@pytest.mark.parametrize("texts", [[], ["x"], [*TEXTS, "x"], ["NULL", "null", "{}", "a,b"], ['\\"', "{"]])
def test_texts_are_those_of_a_list(tx, texts):
    kept = {*TEXTS, *texts, "other"}
    tx.insert_many("meta", ("name", "value"), [(f"n{at}", text) for at, text in enumerate(kept)])
    rows = tx.rows(
        "SELECT value FROM meta WHERE name LIKE :n AND value IN TEXTS(:texts)", n="n%", texts=texts
    )
    assert {row[0] for row in rows} == set(texts)


def test_what_is_asked_for_later_is_there_when_it_is_wanted(tx):
    first = tx.later("SELECT COUNT(*) FROM job_log WHERE job_id = :job", job=7)
    lines(tx, 3)
    second = tx.later("SELECT id FROM job_log WHERE id IN LIST(:ids) ORDER BY id", ids=[3, 1])
    assert second() == [(1,), (3,)]
    third = tx.later("SELECT COUNT(*) FROM job_log")
    assert tx.run("DELETE FROM job_log") == 3
    assert (first(), second(), third()) == ([(0,)], [(1,), (3,)], [(3,)])


def test_for_claim_stands_at_the_end_of_a_claim(tx):
    lines(tx, 5)
    rows = tx.rows(
        "SELECT id FROM job_log WHERE job_id = :job ORDER BY id LIMIT :count FOR_CLAIM", job=7, count=2
    )
    assert rows == [(1,), (2,)]


def test_returning_gives_the_new_values(tx):
    lines(tx, 3)
    rows = tx.rows("UPDATE job_log SET attempt = attempt + :more WHERE id > 1 RETURNING id, attempt", more=2)
    assert sorted(rows) == [(2, 3), (3, 3)]


def test_a_pair_may_be_looked_up_in_a_sub_select(tx):
    tx.insert_many("attempt", ATTEMPT, [(1, f, f, "failed", None, None, None, 1) for f in range(1, 6)])
    gone = tx.run(
        "DELETE FROM attempt WHERE (job_id, fence) IN (SELECT job_id, fence FROM attempt ORDER BY fence LIMIT :n)",
        n=2,
    )
    assert gone == 2
    assert tx.rows("SELECT fence FROM attempt ORDER BY fence") == [(3,), (4,), (5,)]


def test_a_parameter_may_stand_several_times_and_may_be_null(tx):
    lines(tx, 3)
    statement = "SELECT COUNT(*) FROM job_log WHERE CAST(:id AS BIGINT) IS NULL OR id = :id"
    assert tx.rows(statement, id=None) == [(3,)]
    assert tx.rows(statement, id=2) == [(1,)]


# ---- values


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_it_was(tx, text):
    tx.run("INSERT INTO meta (name, value) VALUES (:name, :value)", name="by run", value=text)
    tx.insert_many("meta", ("name", "value"), [("by insert", text)])
    assert tx.rows("SELECT value FROM meta WHERE value = :text ORDER BY name", text=text) == [
        (text,),
        (text,),
    ]


@pytest.mark.parametrize("number", INTEGERS)
def test_integers_to_the_53rd_power_of_two_come_back_as_they_were(tx, number):
    tx.insert_many("job_log", JOB_LOG, [(1, number, number, number, "info", "m", None)])
    found = tx.rows("SELECT job_id, attempt, at FROM job_log WHERE at = :number", number=number)
    assert found == [(number, number, number)]
    assert all(type(value) is int for value in found[0])


@pytest.mark.parametrize("number", FLOATS)
def test_floats_come_back_to_the_last_bit(connection, job, number):
    from dataclasses import astuple, replace

    from server.core.jobs import COLUMNS

    connection.begin()
    connection.insert_many("job", COLUMNS, [astuple(replace(job, id=1, progress=number, done=number))])
    connection.update_many("job", ("total",), [(number, 1)])
    found = connection.rows("SELECT progress, done, total FROM job")
    connection.rollback()
    assert found == [(number, number, number)]
    assert all(type(value) is float for value in found[0])


def test_null_is_neither_empty_nor_zero(tx):
    tx.insert_many("attempt", ATTEMPT, [(1, 1, 1, "failed", None, "", None, 0)])
    assert tx.rows("SELECT message, holder, started_at, ended_at FROM attempt") == [(None, "", None, 0)]
    assert tx.rows("SELECT 1 FROM attempt WHERE message IS NULL AND holder IS NOT NULL") == [(1,)]


def test_a_column_that_needs_a_value_refuses_null(backend, tx):
    with pytest.raises(backend.refused):
        tx.run("INSERT INTO meta (name, value) VALUES ('a', NULL)")


@given(texts=st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_as_it_was(connection, texts):
    connection.begin()
    connection.insert_many("meta", ("name", "value"), [(str(n), text) for n, text in enumerate(texts)])
    found = connection.rows("SELECT value FROM meta WHERE name <> :none", none="none")
    connection.rollback()
    assert sorted(row[0] for row in found) == sorted(texts)


# ---- integers of their own


def test_ids_rise_within_a_transaction_and_each_kind_has_its_own(tx):
    found = [id_ for count in (1, 5, 1, 0) for id_ in tx.next_ids("job", count)]
    assert len(found) == 7
    assert found == sorted(set(found))
    assert list(tx.next_ids("file", 2)) == [1, 2]


def test_an_id_that_was_committed_is_never_given_again(backend, database, connection, place):
    given: list[int] = []
    for undone in (False, True, False, True):
        connection.begin()
        taken = connection.next_ids("job", 3)
        if undone:
            connection.rollback()
        else:
            connection.insert_many("job_log", JOB_LOG, [(id_, 1, 1, 1, "info", "m", None) for id_ in taken])
            connection.commit()
            given += taken
    connection.begin()
    connection.run("DELETE FROM job_log")
    connection.commit()
    connection.close()
    database.close()

    again = backend.open(place)
    again.prepare()
    other = again.connect()
    other.begin()
    given += other.next_ids("job", 1)
    other.commit()
    other.close()
    again.close()
    assert len(set(given)) == len(given) == 7
    assert given == sorted(given)


def test_a_counter_whose_first_use_was_undone_begins_anew(connection):
    connection.begin()
    connection.next_ids("job", 4)
    connection.rollback()
    connection.begin()
    (first,) = connection.next_ids("job", 1)
    connection.commit()
    assert first >= 1
    connection.begin()
    assert connection.next_ids("job", 1)[0] > first
    connection.rollback()
