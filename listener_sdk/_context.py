"""What handlers know of their job, alike for async and plain ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ._channel import Channel, JobLog, plain_input
from ._given import body, check_names, names_of
from ._granted import Granted, whole
from ._secrets import Secrets
from .client_events import event_of
from .errors import Canceled
from .protocol.events import EventCreate
from .protocol.jobs import Job as RawJob
from .protocol.jobs import JobCreate
from .protocol.redaction import Redaction
from .watermark import Watermark

if TYPE_CHECKING:
    from .client import Client

Input = TypeVar("Input")
_NONE: Final = Secrets()


class Context(Generic[Input]):
    """The facts of a job, alike for async and sync handlers."""

    input: Input
    """What the job was given to work with, as its annotation says: ``Job[Model]``, else a dict."""
    id: str
    """The job's id, the same in every attempt: the key by which an effect elsewhere can be made once."""
    name: str
    """``type:operation``."""
    type: str
    """What stands before the first colon of the name."""
    operation: str
    """What stands after it."""
    attempt: int
    """Which attempt this is, from 1; ``raw.max_attempts`` is how many there may be (5 by default)."""
    fence: int
    """A number that rises whenever the job is given to a listener: send it along to what can refuse lower ones."""
    trigger: str | None
    """``immediate`` or ``manual``: what made the job ready."""
    metadata: dict[str, Any]
    """What the creator noted beside the input."""
    part: int | None
    """Which part of its parent this job is, from 0; None when it is none."""
    part_data: dict[str, Any]
    """What this part shall work on, as `split` was told; empty when it is no part. The input is the parent's."""
    run_mode: str
    """``delta`` when the run works on what is new since the last one, else ``full``: on all of it."""
    secrets: Secrets
    """The secrets that the handler declared, ``@listener.job("crm:sync", secrets=["crm_token"])``, by name; KeyError for any other.
    Their values are shown as ``***`` in what this run logs, ticks and ends with."""
    log: JobLog
    """The job's own log: ``job.log.info("read", rows=3)``, and ``debug``, ``warning``, ``error``."""

    def __init__(
        self,
        raw: RawJob | Granted,
        input: Input,  # noqa: A002 - the wire's word
        channel: Channel,
        client: "Client | None" = None,
        *,
        fence: int | None = None,
        attempt: int | None = None,
    ) -> None:
        self._raw = raw
        self.input = input
        self.id = raw.id
        self.name = raw.job
        self.type = raw.type
        self.operation = raw.operation
        self.attempt = raw.attempt if attempt is None else attempt
        self.fence = raw.fence if fence is None else fence
        self.trigger = raw.trigger
        self.metadata: dict[str, Any] = raw.metadata or {}
        self.part = raw.part
        self.part_data: dict[str, Any] = raw.part_data or {}
        self.run_mode = raw.run_mode or "full"
        self._mark: Watermark | None = None
        self._channel = channel
        self._client = client
        self._stopping = False
        self.secrets = _NONE
        self.redaction: Redaction | None = None
        self.fetching = False

    @property
    def raw(self) -> RawJob:
        """The job as it was when it was granted: ``file_id``, ``parent_id``, ``started_by`` and all other fields."""
        return whole(self._raw)

    @property
    def source(self) -> str:
        """The id of what the job works on, such as a workbook's; the space's where nothing else was named."""
        return self.raw.source

    @property
    def subject(self) -> dict[str, Any]:
        """What was selected: ``{"type": "resource", "id": …}`` or ``{"type": "collection", "resource": …, "query": …}``; empty for nothing.
        Of an action on a column it says which: ``subject["params"]["columnKey"]``.
        """
        return self.raw.subject or {}

    @property
    def is_part(self) -> bool:
        """Whether this job is a part of another, ``raw.parent_id``. Parts have their parent's name: the same handler runs them."""
        return self.part is not None

    @property
    def watermark(self) -> Watermark:
        """How far the runs of this job's definition have come: ``since`` when this one reads, and ``advance(to)``."""
        if self._mark is None:
            self._mark = Watermark(self._raw.watermark, is_part=self.part is not None)
        return self._mark

    @property
    def advanced_to(self) -> str | None:
        """What the handler has said of the watermark, if its job has one."""
        return None if self._mark is None or not self._mark.is_kept else self._mark.to

    @property
    def cancelled(self) -> bool:
        """Whether the handler was asked to stop: the job is to be canceled, its lease was lost, or the listener stops."""
        return self._stopping

    @property
    def client(self) -> "Client":
        """The listener's `Client`. RuntimeError in `run_job`, unless it was given one."""
        if self._client is None:
            raise RuntimeError("this job runs without a server: give run_job a client=")
        return self._client

    @property
    def forgotten(self) -> str | None:
        """What to write where an ``await`` is missing so far; None when none is."""
        return None

    def ask_to_stop(self) -> None:
        """Make `cancelled` true: the next verb raises Canceled."""
        self._stopping = True

    async def fetch_secrets(self, names: Sequence[str]) -> None:
        """Have these secrets, before the handler begins; nothing that it says shows them."""
        self.fetching = True
        try:
            self.secrets = Secrets(await self._channel.secrets(names))
        finally:
            self.fetching = False
        self.redaction = Redaction(self.secrets.values())
        self.log._redact(self.redaction.text)  # noqa: SLF001 - users write to the log, only its job sets it up

    def _shown(self, text: str | None) -> str | None:
        """What may be told of a text."""
        return text if text is None or self.redaction is None else self.redaction.text(str(text))

    def _go_on(self) -> None:
        if self._stopping:
            raise Canceled("the job was asked to stop")

    def _event(
        self, topic: str, payload: Any, context: dict[str, Any] | None, fields: dict[str, Any]
    ) -> EventCreate:
        given = {name: value for name, value in (context or {}).items() if name != "job_id"}
        return event_of(topic, payload, {**given, "jobId": self.id}, fields)

    def _child(self, name: str, input: Any, fields: dict[str, Any]) -> JobCreate:  # noqa: A002 - the wire's word
        kind, _, operation = name.partition(":")
        check_names("start", fields, names_of(JobCreate, "type", "operation", "parent_id"))
        own = {"type": kind, "operation": operation, "input": plain_input(input), "parent_id": self.id}
        return body(JobCreate, {**fields, **own})
