"""A file inside the server: one row, and what readers see of it."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from listener_sdk.protocol.ids import encode, space_id
from listener_sdk.protocol.times import to_wire

from .actors import Space
from .views import FileLink


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of table ``file``, its fields in the table's order; ``blob`` names the bytes on disk."""

    id: int
    space_id: int
    job_id: int | None
    name: str
    size: int
    content_type: str
    created_at: int
    created_by: str
    blob: str


def file_wire(row: FileRow, space: Space, link: FileLink | None = None) -> dict[str, Any]:
    """The file as JSON object; with ``link``, a fresh signed link and when it ends.

    What is there twice, or is the same of every file, is what Flatfile's clients ask a file for.
    """
    file_id, created_at = encode("fl", row.id), to_wire(row.created_at)
    found: dict[str, Any] = {
        "id": file_id,
        "name": row.name,
        "size": row.size,
        "contentType": row.content_type,
        "createdAt": created_at,
        "createdBy": row.created_by,
        "spaceId": space_id(space.code),
        "ext": PurePosixPath(row.name).suffix[1:],
        "mimetype": row.content_type,
        "encoding": "binary",
        "status": "complete",
        "bytesReceived": row.size,
        "updatedAt": created_at,
    }
    if row.job_id is not None:
        found["jobId"] = encode("jb", row.job_id)
    if link is not None:
        url, expires_at = link(file_id)
        found |= {"url": url, "urlExpiresAt": to_wire(expires_at)}
    return found
