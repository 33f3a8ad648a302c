"""Where a PostgreSQL database is: its address without secrets, and sessions of it that are fit for a store."""

import re
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from .database import StartError
from .postgres_errors import advice

OLDEST: Final = 14_00_00
_DEFAULTS: Final[dict[str, Any]] = {
    "application_name": "tickwire",
    "client_encoding": "UTF8",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_SAID_ELSEWHERE: Final = re.compile(
    r"^connection (failed|is bad): (?=connection to server)"
    r"|connection to server (at \S+(?: \(\S+\))?, port \d+|on socket \S+) failed: "
    r"| Is the server running .*?\?"
)
"""Of libpq's words those that our own say, and a question that the advice answers."""
_FORM: Final = "postgresql://user@host:5432/database"


class Address:
    """A database's address, as libpq takes it. StartError when it is none."""

    def __init__(self, url: str) -> None:
        try:
            parts = conninfo_to_dict(url)
        except psycopg.Error:
            # What libpq says may quote the password.
            raise StartError(f"--database-url is no address of PostgreSQL: write {_FORM}.") from None
        if any("@" in str(parts.get(name) or "") for name in ("host", "hostaddr", "dbname", "port")):
            raise StartError(
                f"--database-url has more than one @: write {_FORM}, with @ and / in a password as %40 and %2F, "
                "or give the password in PGPASSWORD."
            )
        self._password = str(parts.get("password") or "")
        self._conninfo = make_conninfo(**{**_DEFAULTS, **parts})
        name = parts.get("dbname") or parts.get("user") or "of the user"
        self.shown = f"PostgreSQL database {name!r} at {_place(parts)}"

    def __repr__(self) -> str:
        return f"Address({self.shown})"

    def connect(self) -> "psycopg.Connection[Any]":
        """A session. StartError says why there is none, and what to do."""
        try:
            connection = psycopg.connect(self._conninfo, autocommit=True)
        except psycopg.Error as error:
            said = self.redacted(error)
            raise StartError(f"The {self.shown} cannot be reached: {said}. {advice(said)}") from None
        try:
            self._refuse_unfit(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def redacted(self, error: Exception) -> str:
        """What an error says, on one line, without the password."""
        said = _SAID_ELSEWHERE.sub("", " ".join(str(error).split())).strip().rstrip(".")
        return said.replace(self._password, "***") if self._password else said

    def _refuse_unfit(self, connection: "psycopg.Connection[Any]") -> None:
        info = connection.info
        if info.server_version < OLDEST:
            raise StartError(
                f"The {self.shown} is of version {info.server_version // 10_000}: Tickwire needs 14 or newer."
            )
        if info.parameter_status("server_encoding") != "UTF8":
            raise StartError(
                f"The {self.shown} has the encoding {info.parameter_status('server_encoding')}, and Tickwire needs UTF8: "
                "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0."
            )
        if info.parameter_status("in_hot_standby") == "on":
            raise StartError(f"The {self.shown} is a replica and takes no writes: name its primary.")
        if info.parameter_status("default_transaction_read_only") == "on":
            raise StartError(
                f"The {self.shown} is read-only for this user (default_transaction_read_only): name another user or server."
            )


def _place(parts: dict[str, Any]) -> str:
    """Host and port, or the folder of the socket."""
    host = str(parts.get("host") or parts.get("hostaddr") or "localhost")
    if host.startswith("/"):
        return host
    port = parts.get("port") or _default("port")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _default(name: str) -> str:
    """What libpq takes where an address says nothing: of the environment, or its own."""
    values = {option.keyword: option.val for option in Conninfo.get_defaults()}
    return (values.get(name.encode()) or b"").decode()
