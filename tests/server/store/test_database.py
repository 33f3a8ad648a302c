"""The seam itself: its errors, and what stands behind it."""

import inspect

import pytest

from listener_sdk.protocol.codes import ERRORS
from server.store.database import Connection, Database, DiskFullError, Reader, StartError, StoreError
from server.store.postgres import PostgresDatabase
from server.store.postgres_connection import PostgresConnection, PostgresReader
from server.store.sqlite import SqliteConnection, SqliteDatabase, SqliteReader


@pytest.mark.parametrize(("error", "status"), [(StoreError, 503), (DiskFullError, 507)])
def test_errors_of_the_store_have_codes_that_callers_may_retry(error, status):
    assert ERRORS[error.code].status == status
    assert ERRORS[error.code].retry
    assert issubclass(error, StoreError)


def test_a_store_that_cannot_be_opened_is_no_state_of_a_store_that_is():
    assert not issubclass(StartError, StoreError)


@pytest.mark.parametrize(
    ("seam", "backend"),
    [
        (Reader, SqliteReader), (Connection, SqliteConnection), (Database, SqliteDatabase),
        (Reader, PostgresReader), (Connection, PostgresConnection), (Database, PostgresDatabase),
    ],
)  # fmt: skip
def test_a_backend_has_every_call_of_the_seam_with_the_same_parameters(seam, backend):
    calls = {
        name: value for name, value in vars(seam).items() if inspect.isfunction(value) and name[0] != "_"
    }
    assert calls
    for name, call in calls.items():
        assert list(inspect.signature(getattr(backend, name)).parameters) == list(
            inspect.signature(call).parameters
        )


def test_backends_have_a_name_and_say_whether_others_write_too():
    assert (SqliteDatabase.kind, SqliteDatabase.shared) == ("sqlite", False)
    assert (PostgresDatabase.kind, PostgresDatabase.shared) == ("postgresql", True)
