"""Builders of the next action that an outcome offers."""

from collections.abc import Sequence

from ._text import clean
from .protocol.jobs import File
from .protocol.outcomes import (
    FileLink,
    NextDownload,
    NextFiles,
    NextId,
    NextRetry,
    NextSnapshot,
    NextUrl,
    NextView,
    NextWait,
)


def id(  # noqa: A001 - the wire's word
    id: str,  # noqa: A002 - the wire's word
    *,
    label: str | None = None,
    path: str | None = None,
    query: str | None = None,
) -> NextId:
    """Open a resource of the product; ``path`` and ``query`` are appended to its address."""
    return NextId(id=id, label=_label(label), path=path, query=query)


def url(url: str, *, label: str | None = None, replace: bool | None = None) -> NextUrl:
    """Open a link (http, https, mailto, or a path), in a new tab unless ``replace``."""
    return NextUrl(url=url, label=_label(label), replace=replace)


def download(file: File | str, *, label: str | None = None, file_name: str | None = None) -> NextDownload:
    """Download an attached file, a file's id, or any http(s) address."""
    if isinstance(file, File):
        return NextDownload(file_id=file.id, file_name=_label(file_name or file.name), label=_label(label))
    if file.startswith(("http://", "https://", "/")):
        return NextDownload(url=file, file_name=file_name, label=_label(label))
    return NextDownload(file_id=file, file_name=file_name, label=_label(label))


def files(files: Sequence[File | str], *, label: str | None = None) -> NextFiles:
    """Download several files: attached ones, or their ids."""
    links = [
        FileLink(file_id=file.id, label=clean(file.name, 256))
        if isinstance(file, File)
        else FileLink(file_id=file)
        for file in files
    ]
    return NextFiles(files=links, label=_label(label))


def wait(*, label: str | None = None, fade: bool | None = None, confetti: bool | None = None) -> NextWait:
    """Show a waiting screen."""
    return NextWait(label=_label(label), fade=fade, confetti=confetti)


def snapshot(snapshot_id: str, sheet_id: str, *, label: str | None = None) -> NextSnapshot:
    """Open a snapshot of a sheet."""
    return NextSnapshot(snapshot_id=snapshot_id, sheet_id=sheet_id, label=_label(label))


def retry(*, label: str | None = None) -> NextRetry:
    """Offer to run the job again."""
    return NextRetry(label=_label(label))


def view(sheet_id: str, hidden_columns: Sequence[str] = (), *, label: str | None = None) -> NextView:
    """Change the visible columns of a sheet."""
    return NextView(sheet_id=sheet_id, hidden_columns=list(hidden_columns), label=_label(label))


def _label(label: str | None) -> str | None:
    return None if label is None else clean(label, 256)
