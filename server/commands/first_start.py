"""What an empty store needs before it can serve: its account, link secret, log, space and administrator's key.

Every step finds what an earlier start has done, so a start that was cut short is simply started again. The key's
file is written before its row: a key that nobody could read would lock everybody out.
"""

from pathlib import Path
from random import Random
from typing import Final

from ..core.actors import Space
from ..core.keys import ADMINISTRATOR, KeyRow
from ..machine import MACHINE
from ..security.keys import digest, key_text, new_secret, parse_key
from ..store import keys, spaces
from ..store.database import Connection, StartError
from ..store.durable import make_private
from ..store.meta import Meta, load_or_make

KEY_FILE: Final = "admin.key"


def first_start(
    connection: Connection,
    data_dir: Path,
    now: int,
    *,
    own_admin_key: bool,
    random: Random = MACHINE.random,
) -> Meta:
    """Bring the store to where it can serve, in one transaction. StartError when the key's file cannot be written.

    With ``own_admin_key`` the operator gives the administrator's key at each start, and none is made.
    """
    connection.begin(alone=True)
    try:
        meta = load_or_make(connection, random)
        if not spaces.every(connection):
            spaces.insert(connection, _first_space(connection, now))
        if not own_admin_key:
            _administrator(connection, data_dir, now)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return meta


def _first_space(connection: Connection, now: int) -> Space:
    return Space(connection.next_ids("space", 1)[0], "default", "Default", created_at=now, updated_at=now)


def _administrator(connection: Connection, data_dir: Path, now: int) -> None:
    if keys.load(connection, ADMINISTRATOR) is not None:
        return
    secret = _kept_secret(data_dir / KEY_FILE)
    space = next(iter(spaces.every(connection).values()))
    keys.insert(
        connection,
        KeyRow(ADMINISTRATOR, space.id, "administrator", "admin", digest(secret), now, every_space=1),
    )


def _kept_secret(path: Path) -> str:
    """The secret that an earlier start left in the file, else a new one that is in the file before this returns."""
    try:
        found = parse_key(path.read_text("utf-8").strip())
    except FileNotFoundError:
        return _new_secret(path)
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be read ({error}): move it away, and a new key is made.") from error
    if found is None or found[0] != ADMINISTRATOR:
        raise StartError(f"{path} holds no key of this store: move it away, and a new key is made.")
    return found[1]


def _new_secret(path: Path) -> str:
    secret = new_secret()
    make_private(path, key_text(ADMINISTRATOR, secret) + "\n")
    return secret
