"""The server's frames; granted jobs as they came: what the SDK goes by is looked at, the rest when a handler asks for it. Pure."""

from typing import Any, NamedTuple

from .protocol.frames import ServerFrame, server_frame
from .protocol.jobs import Job, JsonObject


class Granted:
    """A job that was leased. ValueError when it is none: the server is trusted with what only the handler reads.

    Most handlers look at no more than their input, and to read a whole `Job` takes some 6 us, of the 15 that all else of a short job takes.
    """

    __slots__ = (
        "_whole", "_wire", "attempt", "cancel", "fence", "id", "input", "job", "metadata", "operation", "part",
        "part_data", "run_mode", "trigger", "type", "watermark",
    )  # fmt: skip

    def __init__(self, grant: Any) -> None:
        wire = grant.get("job") if isinstance(grant, dict) else None
        if not isinstance(wire, dict):
            raise ValueError("a grant is an object with a job")  # noqa: TRY004 - a value of the wire
        self.id = _text(wire, "id")
        self.job = _text(wire, "job")
        self.fence = _number(grant, "fence")
        self.attempt = _number(grant, "attempt")
        self.cancel = grant.get("cancel") is True
        self.type, _, self.operation = self.job.partition(":")
        self.input: JsonObject | None = wire.get("input")
        self.trigger: str | None = wire.get("trigger")
        self.metadata: JsonObject | None = wire.get("metadata")
        self.part: int | None = wire.get("part")
        self.part_data: JsonObject | None = wire.get("partData")
        self.run_mode: str | None = wire.get("runMode")
        self.watermark: JsonObject | None = wire.get("watermark")
        self._wire: JsonObject = wire
        self._whole: Job | None = None

    def whole(self) -> Job:
        """All of the job; ValidationError when the server's is none."""
        if self._whole is None:
            self._whole = Job.model_validate(self._wire)
        return self._whole


class Leased(NamedTuple):
    """The server's ``grants`` frame."""

    jobs: list[Granted]


def read(raw: Any) -> ServerFrame | Leased:
    """A frame of the server; ValueError when it is none."""
    if isinstance(raw, dict) and raw.get("type") == "grants" and isinstance(raw.get("jobs"), list):
        return Leased([Granted(grant) for grant in raw["jobs"]])
    return server_frame.validate_python(raw)


def whole(job: Job | Granted) -> Job:
    """All of a job that may have been granted."""
    return job.whole() if isinstance(job, Granted) else job


def _text(wire: JsonObject, name: str) -> str:
    found = wire.get(name)
    if not isinstance(found, str):
        raise ValueError(f"a granted job's {name} is a text, not {found!r:.40}")  # noqa: TRY004 - a value of the wire
    return found


def _number(grant: JsonObject, name: str) -> int:
    found = grant.get(name)
    if not isinstance(found, int):
        raise ValueError(f"a grant's {name} is an integer, not {found!r:.40}")  # noqa: TRY004 - a value of the wire
    return found
