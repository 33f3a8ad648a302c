"""Builders of the next action that an outcome offers: ``Outcome("Ready", next=next_.download(file))``.

Each takes a ``label``, the text of the button, in one line: longer ones than 256 characters are cut. What the wire cannot carry, such as line
breaks in a label or an address, raises pydantic's ValidationError, a ValueError.
"""

from collections.abc import Sequence

from ._links import check_file, file_link
from ._text import clean
from .protocol.jobs import File
from .protocol.outcomes import (
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
    """Open a resource of your product, such as a workbook.

    - ``id``: the resource's id
    - ``path``, ``query``: appended to its address, as they are
    """
    return NextId(id=id, label=_label(label), path=path, query=query)


def url(url: str, *, label: str | None = None, replace: bool | None = None) -> NextUrl:
    """Open a link.

    - ``url``: an address that begins with ``http://``, ``https://``, ``mailto:`` or ``/``
    - ``replace``: open it in place of the page instead of in a new tab
    """
    return NextUrl(url=url, label=_label(label), replace=replace)


def download(file: File | str, *, label: str | None = None, file_name: str | None = None) -> NextDownload:
    """Download a file.

    - ``file``: what ``job.attach`` gave, a stored file's id, or an address (``http://``, ``https://`` or ``/``)
    - ``file_name``: the name to save it under; that of an attached file is known

    The link of a stored file is made fresh whenever the outcome is read, and expires after an hour by default. TypeError for what
    is no file, such as a ``job.attach(...)`` that was not awaited.
    """
    check_file(file, "next_.download")
    if isinstance(file, File):
        return NextDownload(file_id=file.id, file_name=_label(file_name or file.name), label=_label(label))
    if file.startswith(("http://", "https://", "/")):
        return NextDownload(url=file, file_name=file_name, label=_label(label))
    return NextDownload(file_id=file, file_name=file_name, label=_label(label))


def files(files: Sequence[File | str], *, label: str | None = None) -> NextFiles:
    """Download several files.

    - ``files``: 1 to 100 of what ``job.attach`` gave, or ids of stored files

    Their links are made as for `download`. TypeError for what is no file.
    """
    links = [file_link(file, "next_.files") for file in files]
    return NextFiles(files=links, label=_label(label))


def wait(*, label: str | None = None, fade: bool | None = None, confetti: bool | None = None) -> NextWait:
    """Show a waiting screen, with a ``fade`` or ``confetti`` where the page that shows it can."""
    return NextWait(label=_label(label), fade=fade, confetti=confetti)


def snapshot(snapshot_id: str, sheet_id: str, *, label: str | None = None) -> NextSnapshot:
    """Open the snapshot ``snapshot_id`` of the sheet ``sheet_id``."""
    return NextSnapshot(snapshot_id=snapshot_id, sheet_id=sheet_id, label=_label(label))


def retry(*, label: str | None = None) -> NextRetry:
    """Offer to run the job again, as a new job."""
    return NextRetry(label=_label(label))


def view(sheet_id: str, hidden_columns: Sequence[str] = (), *, label: str | None = None) -> NextView:
    """Show the sheet ``sheet_id`` without its ``hidden_columns`` (field names)."""
    return NextView(sheet_id=sheet_id, hidden_columns=list(hidden_columns), label=_label(label))


def _label(label: str | None) -> str | None:
    return None if label is None else clean(label, 256)
