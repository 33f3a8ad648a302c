"""The master keys of a server, newest first: given by the operator, or in a file that the first start makes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from ..security.sealing import MasterKey, new_master_key, parse_master_key
from ..store.database import StartError
from ..store.durable import make_private

MASTER_FILE: Final = "master.key"
MOST_KEYS: Final = 16


class MasterKeys(NamedTuple):
    """``made`` is the file that did not exist before."""

    keys: list[MasterKey]
    made: Path | None = None


def master_keys(data_dir: Path, given: str | None, file: Path | None, previous: Iterable[str]) -> MasterKeys:
    """The key that was ``given``, else those in the ``file``, else those in the data directory's own, made if need be.

    StartError when a file cannot be read or made, or holds something else; a file that was named is never made.
    """
    earlier = [parse_master_key(text) for text in previous]
    if given is not None:
        return MasterKeys([parse_master_key(given), *earlier])
    own = data_dir / MASTER_FILE
    if file is None and not own.exists():
        return MasterKeys([_made(own), *earlier], own)
    return MasterKeys([*_in_file(file or own), *earlier])


def _in_file(path: Path) -> list[MasterKey]:
    try:
        return _parsed(path.read_text("utf-8").split())
    except OSError as error:
        raise StartError(f"The master key's file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StartError(f"The master key's file {path} is no text.") from error
    except ValueError as error:
        raise StartError(
            f"The master key's file {path} cannot be used: each line {error}. Put it back from a backup: "
            "without it the secrets of the store stay locked."
        ) from None


def _parsed(lines: list[str]) -> list[MasterKey]:
    if not 1 <= len(lines) <= MOST_KEYS:
        raise ValueError(f"must be one of 1 to {MOST_KEYS}")
    return [parse_master_key(line) for line in lines]


def _made(path: Path) -> MasterKey:
    text = new_master_key()
    make_private(path, text + "\n")
    return parse_master_key(text)
