"""Outcomes: what a person is told when a job ends, and what they may do next."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from .model import WireModel
from .texts import Label, one_line

Count = Annotated[int, Field(ge=0, le=2**53)]
Url = Annotated[str, Field(max_length=4096, pattern=r"^(https?://|/|mailto:)"), AfterValidator(one_line)]
UrlPart = Annotated[str, Field(max_length=2048), AfterValidator(one_line)]


class _Next(WireModel):
    model_config = ConfigDict(extra="allow")

    label: Label | None = None


class NextId(_Next):
    """Open a resource of the product; ``path`` and ``query`` are appended to its address."""

    type: Literal["id"] = "id"
    id: str = Field(max_length=256)
    path: UrlPart | None = None
    query: UrlPart | None = None


class NextUrl(_Next):
    """Open a link, in a new tab unless ``replace``."""

    type: Literal["url"] = "url"
    url: Url
    replace: bool | None = None


class NextDownload(_Next):
    """Download a file: a hosted one by ``fileId`` (its link is made fresh at each read), or any ``url``."""

    type: Literal["download"] = "download"
    url: Url | None = None
    file_id: str | None = Field(default=None, max_length=64)
    file_name: Label | None = None


class FileLink(WireModel):
    """One hosted file of a ``files`` action; ``url`` is filled in at each read."""

    file_id: str = Field(max_length=64)
    label: Label | None = None
    url: Url | None = None


class NextFiles(_Next):
    """Download several hosted files."""

    type: Literal["files"] = "files"
    files: list[FileLink] = Field(min_length=1, max_length=100)


class NextWait(_Next):
    """Show a waiting screen."""

    type: Literal["wait"] = "wait"
    fade: bool | None = None
    confetti: bool | None = None


class NextSnapshot(_Next):
    """Open a snapshot of a sheet."""

    type: Literal["snapshot"] = "snapshot"
    snapshot_id: str = Field(max_length=256)
    sheet_id: str = Field(max_length=256)


class NextRetry(_Next):
    """Offer to run the job again."""

    type: Literal["retry"] = "retry"


class NextView(_Next):
    """Change the visible columns of a sheet."""

    type: Literal["view"] = "view"
    sheet_id: str = Field(max_length=256)
    hidden_columns: list[str] = Field(default_factory=list, max_length=1000)


class NextClearFilters(_Next):
    """Clear the filters of sheets (Flatfile's Node client only)."""

    type: Literal["clearFilters"] = "clearFilters"
    sheet_ids: list[str] | None = Field(default=None, max_length=1000)


Next = Annotated[
    NextId
    | NextUrl
    | NextDownload
    | NextFiles
    | NextWait
    | NextSnapshot
    | NextRetry
    | NextView
    | NextClearFilters,
    Field(discriminator="type"),
]

TriggerKind = Literal["manual", "automatic", "automatic_silent"]


class Audience(WireModel):
    """For whom the next action happens by itself."""

    type: TriggerKind
    audience: Literal["originator", "all"] | None = None


class Counts(WireModel):
    """What became of the items of a run."""

    total: Count | None = None
    ok: Count | None = None
    failed: Count | None = None
    skipped: Count | None = None


class Outcome(WireModel):
    """What a job offers at its end. ``result`` is ``partial`` when some items failed; the status is still complete.

    A failed job has no ``result``, whatever was sent.
    """

    model_config = ConfigDict(extra="allow")

    message: str | None = Field(default=None, max_length=4096)
    heading: str | None = Field(default=None, max_length=256)
    acknowledge: bool | None = None
    button_text: Label | None = None
    hide_default_button: bool | None = None
    trigger: TriggerKind | Audience | None = None
    next: Next | None = None
    result: Literal["success", "partial"] | None = None
    counts: Counts | None = None
    error_files: list[FileLink] | None = Field(default=None, max_length=100)
    """What went wrong with the items that failed; links as for a ``files`` action."""

    def file_ids(self) -> list[str]:
        """The files for which readers are given links."""
        found = [link.file_id for link in self.error_files or ()]
        if isinstance(self.next, NextFiles):
            found += [link.file_id for link in self.next.files]
        elif isinstance(self.next, NextDownload) and self.next.file_id is not None:
            found.append(self.next.file_id)
        return found

    def to_wire(self) -> dict[str, Any]:
        """The JSON object that is stored and echoed: only what was given."""
        return self.model_dump(mode="json", exclude_none=True)
