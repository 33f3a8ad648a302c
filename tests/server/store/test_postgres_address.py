"""Addresses: what is wrong is said with what to do about it, and a password never is."""

from types import SimpleNamespace

import psycopg
import pytest
from postgres import postgres
from processes import free_port

from server.store.database import StartError
from server.store.postgres_address import Address

SECRET = "open%20sesame"
SHOWN = "open sesame"


def refusal(url):
    with pytest.raises(StartError) as caught:
        Address(url).connect()
    text = str(caught.value)
    assert SECRET not in text
    assert SHOWN not in text
    assert caught.value.__cause__ is None
    return text


@pytest.mark.parametrize("secret", ["a@sesame", "a/sesame", "a@/sesame"])
def test_a_password_with_signs_that_must_be_encoded_is_told_so_and_not_shown(secret):
    with pytest.raises(StartError, match=r"%40 and %2F.*PGPASSWORD") as caught:
        Address(f"postgresql://user:{secret}@127.0.0.1:1/db")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}%zz@host/db",
        f"postgresql://user:{SECRET}@host/db?no_such_option=1",
        f"postgresql://user:{SECRET}@[host/db",
    ],
)
def test_what_is_no_address_is_shown_how_one_looks(url):
    with pytest.raises(StartError, match=r"--database-url.*postgresql://user@host:5432/database") as caught:
        Address(url)
    assert "sesame" not in str(caught.value)


def test_nobody_listens():
    port = free_port()
    assert refusal(f"postgresql://user:{SECRET}@127.0.0.1:{port}/jobs") == (
        f"The PostgreSQL database 'jobs' at 127.0.0.1:{port} cannot be reached: Connection refused. "
        "Start PostgreSQL, or check host and port."
    )


def test_no_socket(tmp_path):
    said = refusal(f"postgresql://user@/jobs?host={tmp_path}")
    assert said.endswith(
        f"at {tmp_path} cannot be reached: No such file or directory. Start PostgreSQL, or check the folder of its socket."
    )


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("db.example.com", "db.example.com:5432"),
        ("db:6000", "db:6000"),
        ("[::1]:6000", "[::1]:6000"),
        ("", "localhost:5432"),
    ],
)
def test_host_and_port_are_shown_where_they_are_left_out_too(where, shown, monkeypatch):
    monkeypatch.delenv("PGPORT", raising=False)
    assert Address(f"postgresql://user@{where}/jobs").shown.endswith(f"at {shown}")


def test_a_port_of_the_environment_is_shown(monkeypatch):
    monkeypatch.setenv("PGPORT", "6001")
    assert Address("postgresql://user@db/jobs").shown.endswith("at db:6001")


def test_no_such_port():
    assert "--database-url" in refusal(f"postgresql://user:{SECRET}@127.0.0.1:port:port/jobs")


def test_no_such_host():
    assert "name of the host" in refusal(f"postgresql://user:{SECRET}@no-such-host.invalid/jobs")


def test_no_such_database_and_no_such_user():
    assert "CREATE DATABASE" in refusal(postgres().url("no_such_database", password=SECRET))
    assert "CREATE ROLE" in refusal(postgres().url("postgres", user="nobody_here", password=SECRET))


def test_a_wrong_password():
    postgres().demand_password("locked", "right")
    said = refusal(postgres().url("postgres", user="locked", password=SECRET))
    assert "PGPASSWORD" in said
    Address(postgres().url("postgres", user="locked", password="right")).connect().close()


def test_another_encoding():
    name = postgres().create(ENCODING="LATIN1", LC_COLLATE="C", LC_CTYPE="C")
    assert "LATIN1" in (said := refusal(postgres().url(name)))
    assert "ENCODING 'UTF8'" in said


def test_a_user_who_may_only_read():
    postgres().run(
        "CREATE ROLE reads_only LOGIN; ALTER ROLE reads_only SET default_transaction_read_only = on"
    )
    assert "read-only" in refusal(postgres().url("postgres", user="reads_only"))


@pytest.mark.parametrize(
    ("version", "statuses", "said"),
    [
        (13_00_20, {}, "version 13: Tickwire needs 14"),
        (18_00_04, {"in_hot_standby": "on"}, "replica"),
    ],
)
def test_servers_that_are_not_fit_are_left_at_once(monkeypatch, version, statuses, said):
    closed = []
    info = SimpleNamespace(
        server_version=version, parameter_status=({"server_encoding": "UTF8"} | statuses).get
    )
    made = SimpleNamespace(info=info, close=lambda: closed.append(True))
    monkeypatch.setattr(psycopg, "connect", lambda *_, **__: made)
    assert said in refusal("postgresql://user@host/db")
    assert closed == [True]


def test_what_is_written_in_the_address_wins():
    address = Address("postgresql://u@h/db?application_name=mine&connect_timeout=2")
    assert "application_name=mine" in address._conninfo
    assert "connect_timeout=2" in address._conninfo
    assert "tcp_user_timeout" in address._conninfo


def test_a_password_is_not_in_what_is_shown():
    address = Address(f"postgresql://u:{SECRET}@h/db")
    assert "sesame" not in repr(address) + address.shown
    assert address.redacted(ValueError(f"it was\n{SHOWN}.")) == "it was ***"
