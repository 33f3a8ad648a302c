"""What PostgreSQL's errors mean above the seam."""

import psycopg
import pytest

from server.store.database import AgainError, BrokenError, DiskFullError, StoreError
from server.store.postgres_errors import advice, as_store_error, lost, unknown_end


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("40P01", AgainError), ("40001", AgainError), ("55P03", AgainError), ("26000", AgainError),
        ("53100", DiskFullError), ("XX001", BrokenError), ("XX002", BrokenError),
        ("53300", StoreError), ("57014", StoreError), ("57P01", StoreError), ("08006", StoreError), ("25006", StoreError),
        ("28P01", StoreError), ("42501", StoreError),
        ("23505", None), ("23502", None), ("42P01", None), ("42601", None), ("22P02", None),
    ],
)  # fmt: skip
def test_each_state_is_an_answer_or_a_fault_of_ours(state, kind):
    found = as_store_error(psycopg.errors.lookup(state)("said so"))
    assert type(found) is (kind or type(None))


def test_the_answers_say_what_was_written():
    assert "nothing was written" in str(lost())
    assert isinstance(lost(), AgainError)
    assert "may have been done" in str(unknown_end())
    assert not isinstance(unknown_end(), AgainError)
    assert unknown_end().code == "unavailable"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ('password authentication failed for user "x"', "PGPASSWORD"),
        ("connection to server failed: Connection refused", "Start PostgreSQL"),
        ('database "x" does not exist', "CREATE DATABASE"),
        ('role "x" does not exist', "CREATE ROLE"),
        ("something nobody has heard of", "--database-url"),
    ],
)
def test_advice_goes_with_what_was_said(said, what):
    assert what in advice(said)
