"""Forward-only, numbered migrations: each file of ``migrations/`` is applied once, in its own transaction."""

import re
from importlib.resources import files
from typing import Final

from .database import Connection, StartError

_NAME: Final = re.compile(r"(\d{4})_\w+\.sql")


def available() -> dict[int, str]:
    """Number and SQL text of every migration, in order."""
    folder = files(__package__) / "migrations"
    found = {int(match[1]): item for item in folder.iterdir() if (match := _NAME.fullmatch(item.name))}
    return {number: found[number].read_text(encoding="utf-8") for number in sorted(found)}


def migrate(connection: Connection, words: dict[str, str], scripts: dict[int, str] | None = None) -> None:
    """Apply what is missing; ``words`` are the database's own for ours. StartError when the store is newer than this code."""
    scripts = available() if scripts is None else scripts
    connection.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
    version = connection.rows("SELECT COALESCE(MAX(version), 0) FROM schema_version")[0][0]
    if version > max(scripts):
        raise StartError(
            f"The store has schema {version}, and this Tickwire knows up to {max(scripts)}: it was written by a newer "
            "release. Install that release, or restore a backup from before the upgrade."
        )
    for number, script in scripts.items():
        if number > version:
            _apply(connection, number, script, words)


def _apply(connection: Connection, number: int, script: str, words: dict[str, str]) -> None:
    for ours, theirs in words.items():
        script = script.replace(ours, theirs)
    connection.begin()
    try:
        for statement in statements(script):
            connection.run(statement)
        connection.run("INSERT INTO schema_version (version) VALUES (:number)", number=number)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def statements(script: str) -> list[str]:
    """The statements of a script; a semicolon at the end of a line ends one, lines of comment are dropped."""
    text = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("--"))
    return [
        statement.strip() for statement in re.split(r";\s*$", text, flags=re.MULTILINE) if statement.strip()
    ]
