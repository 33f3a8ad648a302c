"""Secrets that sign: one in force, and one beside it until its end; tests/conformance/test_endpoints.py does so on every database."""

from dataclasses import replace

from server.store import signing_secrets as sql
from server.store.signing_secrets import SigningSecret

ROW = SigningSecret(1, 1, "us_ep_1", "wrapped", "sealed")


def test_each_owner_has_its_own(connection):
    connection.begin()
    for number, owner in ((1, "us_ep_1"), (2, "us_ep_2")):
        sql.insert(connection, replace(ROW, id=number, owner=owner))
    assert [row.id for row in sql.valid(connection, "us_ep_2", 0)] == [2]
    sql.forget(connection, "us_ep_1")
    assert sql.load(connection, 1) is None
    assert sql.load(connection, 2) is not None
    connection.commit()


def test_a_secret_does_not_show_itself():
    assert "wrapped'" not in repr(ROW)
    assert "sealed'" not in repr(ROW)
