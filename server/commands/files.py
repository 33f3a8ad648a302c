"""Files: their rows and events. The bytes are on disk before the row is made, and go after it is gone."""

from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.ids import encode

from ..core.actors import Actor, Space
from ..core.files import FileRow
from ..core.refusals import missing
from ..core.spaces import check_active
from ..store import files as sql
from ..store.command import Command
from ..store.transaction import NewEvent, Transaction
from . import moves
from .changes import context_of, note
from .standing import by


@dataclass(frozen=True, slots=True)
class CreateFile:
    """``blob`` names bytes that are stored already."""

    actor: Actor
    name: str
    size: int
    content_type: str
    blob: str
    job_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteFile:
    actor: Actor
    file_id: int


def create(tx: Transaction, item: CreateFile) -> FileRow:
    """Store a file, of a job or of none."""
    space = item.actor.space
    job = None if item.job_id is None else moves.found(tx, space, item.job_id)
    if job is None or job.ended:
        # What runs goes on to its end, and may store what it has made.
        check_active(tx.space(space.id))
    row = FileRow(
        id=tx.next_id("file"),
        space_id=space.id,
        job_id=item.job_id,
        name=item.name,
        size=item.size,
        content_type=item.content_type,
        created_at=tx.now,
        created_by=item.actor.key_id,
        blob=item.blob,
    )
    sql.insert(tx.connection, row)
    say(tx, "file:created", row, space, item.actor.key_id)
    return row


def delete(tx: Transaction, item: DeleteFile) -> str:
    """Remove a file; the name of the bytes, which may be removed once this is committed."""
    row = sql.load(tx.connection, item.file_id)
    if row is None or row.space_id != item.actor.space.id:
        raise missing("file", encode("fl", item.file_id))
    sql.delete(tx.connection, row.id)
    say(tx, "file:deleted", row, item.actor.space, item.actor.key_id)
    before = {"name": row.name, "size": row.size}
    note(tx, item.actor, "file:deleted", encode("fl", row.id), before=before)
    return row.blob


def say(tx: Transaction, topic: str, row: FileRow, space: Space, actor: str, /, **extra: str) -> None:
    """Append an event about a file; ``extra`` joins its payload."""
    about: dict[str, Any] = {**context_of(tx, space, actor), "fileId": encode("fl", row.id)}
    if row.job_id is not None:
        about["jobId"] = encode("jb", row.job_id)
    payload = {"name": row.name, "size": row.size, "contentType": row.content_type, **extra}
    body = {"topic": topic, "domain": "file", "context": about, "payload": payload}
    tx.append(NewEvent(row.space_id, topic, None, terminal=False, body=body))


CREATE_FILE: Final[Command[CreateFile, FileRow]] = Command("create_file", create, guard=by("run"))
DELETE_FILE: Final[Command[DeleteFile, str]] = Command(
    "delete_file", delete, needs_no_room=True, guard=by("work")
)
