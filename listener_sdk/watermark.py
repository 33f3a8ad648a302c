"""What a handler holds of its definition's watermark: from where on it reads, and how far it has come."""

from datetime import UTC, datetime

from .protocol.jobs import JsonObject
from .protocol.texts import visible
from .protocol.watermarks import LONGEST_WATERMARK


class Watermark:
    """How far the runs of a definition have come, as ``job.watermark``.

    A job that no definition has started, or one whose job type has no mode ``delta``, has none: ``since`` is None, and ``advance`` is checked
    but has no effect, so that the same handler serves both.
    """

    since: str | None
    """From where on this run reads: how far the runs before it have come; in a first run the start date of the definition, if it has one.
    None: read all."""
    to: str | None
    """What `advance` was told last."""
    is_kept: bool
    """Whether the job has one: somebody will read what `advance` is told."""

    def __init__(self, wire: JsonObject | None, *, is_part: bool = False) -> None:
        self.since = None if wire is None else wire.get("since")
        self.to = None
        self.is_kept = wire is not None and not is_part
        self._is_part = is_part

    def advance(self, to: str | datetime | int) -> None:
        """Say how far this run has come: from there on the next delta run reads. The last call counts, and only if the job ends well.

        - ``to``: a text of at most 256 characters, an integer, or a time with a zone; kept as a text, such a time in UTC with microseconds.
          Take it from the data (the newest change that was read), not from the clock of this machine

        It moves together with the job's success; not of a run that was complete only in part, unless the definition says so
        (``onPartial``), and not if it was moved or reset elsewhere since this job was leased: then the job's log says so.

        TypeError and ValueError for what is no such value, RuntimeError in a part: the job that was split says how far all of them came.
        """
        if self._is_part:
            raise RuntimeError(
                "a part does not move the watermark: return how far it came, and let the job that was split call advance"
            )
        self.to = watermark_text(to)


def watermark_text(to: str | datetime | int) -> str:
    """What is kept of it; TypeError and ValueError for what is none."""
    if isinstance(to, datetime):
        return _moment(to)
    if isinstance(to, bool) or not isinstance(to, str | int):
        raise TypeError(f"a watermark is a text, a time or an integer, not {to!r:.80}")
    text = str(to)
    if len(text) > LONGEST_WATERMARK:
        raise ValueError(f"a watermark has at most {LONGEST_WATERMARK} characters, not {len(text):,}")
    try:
        return visible(text)
    except ValueError as error:
        raise ValueError(f"a watermark {error}: {text!r:.80}") from None


def _moment(to: datetime) -> str:
    if to.tzinfo is None:
        raise ValueError(
            "a watermark is a time with a zone: moment.astimezone() adds that of this machine, moment.replace(tzinfo=UTC) says it is UTC"
        )
    return f"{to.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
