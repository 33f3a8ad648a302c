"""The outcome that a handler returns: what a person is told, and what they may do next."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from ._links import file_links
from ._text import check_json, clean
from .protocol import outcomes as wire
from .protocol.jobs import File


class Outcome:
    """The good end of a job: what a person is told, and what they may do next.

    - ``message``: the text, at most 4,096 characters
    - ``heading``: its title, at most 256
    - ``next``: what the person may do next, made by `next_`
    - ``acknowledge``: show it as a dialog that the person dismisses
    - ``button_text``, ``hide_default_button``: the dialog's button, or none
    - ``trigger``: ``automatic`` or ``automatic_silent`` make the next action happen by itself, ``manual`` does not
    - ``result``: ``partial`` says that some items failed; the job's status is ``complete`` all the same. A failed job has none
    - ``counts``: how many items there were: ``{"total": 3, "ok": 2, "failed": 1, "skipped": 0}``, or some of them
    - ``errors``: the file that lists the failed items, or several (at most 100): what ``job.attach_errors`` or ``job.attach``
      gave, or ids of stored files; their links are made fresh whenever the outcome is read
    - ``data``: the job's ``result``, a JSON object for programs

    Texts that are too long are cut. ValueError for what the wire cannot carry, TypeError for what is no file.
    """

    __slots__ = ("data", "wire")

    def __init__(
        self,
        message: str | None = None,
        *,
        heading: str | None = None,
        next: wire.Next | None = None,  # noqa: A002 - the wire's word
        acknowledge: bool | None = None,
        button_text: str | None = None,
        hide_default_button: bool | None = None,
        trigger: wire.TriggerKind | wire.Audience | None = None,
        result: Literal["success", "partial"] = "success",
        counts: wire.Counts | Mapping[str, int] | None = None,
        errors: File | str | Sequence[File | str] | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        if data is not None:
            check_json(data)
        self.data = data
        self.wire = wire.Outcome(
            message=_cut(message, 4096),
            heading=_cut(heading, 256),
            next=next,
            acknowledge=acknowledge,
            button_text=_cut(button_text, 256),
            hide_default_button=hide_default_button,
            trigger=trigger,
            result=result,
            counts=counts if counts is None else wire.Counts.model_validate(counts),
            error_files=file_links(errors, "Outcome(errors=...)"),
        )

    @classmethod
    def partial(
        cls, message: str | None = None, *, ok: int, failed: int, skipped: int = 0, **fields: Any
    ) -> Self:
        """An outcome of which some items failed: ``Outcome.partial("3 of 1,000 rows failed.", ok=997, failed=3, errors=file)``.

        - ``ok``, ``failed``, ``skipped``: how many items; their sum is the total
        - ``fields``: the rest of an `Outcome`: ``errors`` takes the file of the failed items
        """
        counts = wire.Counts(total=ok + failed + skipped, ok=ok, failed=failed, skipped=skipped)
        return cls(message, result="partial", counts=counts, **fields)

    @property
    def message(self) -> str | None:
        return self.wire.message

    @property
    def heading(self) -> str | None:
        return self.wire.heading

    @property
    def next(self) -> wire.Next | None:
        return self.wire.next

    @property
    def result(self) -> str | None:
        return self.wire.result

    @property
    def counts(self) -> wire.Counts | None:
        return self.wire.counts

    @property
    def error_files(self) -> list[wire.FileLink]:
        """The files that list the failed items."""
        return self.wire.error_files or []

    def __repr__(self) -> str:
        return f"Outcome({self.wire.to_wire()!r}, data={self.data!r})"


def _cut(text: str | None, limit: int) -> str | None:
    return None if text is None else clean(text, limit)
