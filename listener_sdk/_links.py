"""Files that an outcome offers, as links on the wire."""

from collections.abc import Iterable

from ._text import clean
from .protocol.jobs import File
from .protocol.outcomes import FileLink


def file_link(file: File | str, taker: str) -> FileLink:
    """The link of an attached file, with its name as label, or of a stored file's id; TypeError, naming ``taker``, for what is none."""
    check_file(file, taker)
    if isinstance(file, File):
        return FileLink(file_id=file.id, label=clean(file.name, 256))
    return FileLink(file_id=file)


def file_links(files: File | str | Iterable[File | str] | None, taker: str) -> list[FileLink] | None:
    """The links of one file or of several; None for none."""
    several = [files] if isinstance(files, File | str) else [*(files or ())]
    return [file_link(file, taker) for file in several] or None


def check_file(file: object, taker: str) -> None:
    """TypeError, naming ``taker``, for what is no file, such as a ``job.attach(...)`` that was not awaited."""
    if not isinstance(file, File | str):
        raise TypeError(f"{taker} takes what job.attach gave, or a file's id, not {file!r:.80}")
