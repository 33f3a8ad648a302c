"""One run of a built-in job: its secrets and parameters, the work, and how it ends, whatever happens."""

import asyncio
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from listener_sdk.protocol import frames as f
from listener_sdk.protocol.codes import ERRORS, Refusal
from listener_sdk.protocol.outcomes import NextRetry, Outcome
from listener_sdk.protocol.redaction import Redaction
from listener_sdk.protocol.secrets import MOST_FETCHED
from listener_sdk.protocol.times import to_datetime

from ..commands.built_in import KINDS, BuiltIn
from ..core.built_in import DOMAIN, check_name
from ..core.refusals import Refusals
from ..core.templates import Resolved, SecretRef, secret_places, with_secrets
from ..outbound.failures import Failure
from ..outbound.spellings import spelled_value, spellings
from ..store.database import StoreError
from .built_in import WORKS, FailedCall
from .own_sessions import OwnSession
from .own_work import Done, Tools, Work

AGAIN_S: Final = 1.0
"""Between two tries to tell the store of the end."""
LONGEST_MESSAGE: Final = 2_000
LONGEST_DETAIL: Final = 60_000
_GONE: Final = frozenset({"stale_lease", "not_found"})
_log = structlog.get_logger("tickwire.runner")


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an attempt ended badly. ``retry_after_s`` is how long the other server asks to wait, ``detail`` is for the job's log."""

    code: str
    message: str
    retry: bool
    retry_after_s: float | None = None
    detail: str | None = None


@dataclass(slots=True)
class Run:
    """A run of the job that ``grant`` names; ``start`` begins it, and ``ended`` is called when it is over."""

    session: OwnSession
    grant: Mapping[str, Any]
    tools: Tools
    ended: Callable[["Run"], None]
    why: str | None = None
    """Why it was stopped."""
    _redaction: Redaction = field(default_factory=lambda: Redaction(()))
    _ending: bool = False
    _task: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        """The job's."""
        return str(self.grant["job"]["id"])

    @property
    def fence(self) -> int:
        """The lease's."""
        return int(self.grant["fence"])

    @property
    def task(self) -> asyncio.Task[None]:
        """What runs it."""
        assert self._task is not None
        return self._task

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._live())
        self._task.add_done_callback(lambda _: self.ended(self))
        if self.grant.get("cancel"):
            self.stop("cancel")

    def stop(self, why: str) -> None:
        """Break off the work. An end that is being told is told: the answer says whether it still counts."""
        if not self._ending:
            self.why = why
            self.task.cancel()

    # ---- the task

    async def _live(self) -> None:
        try:
            await self._run()
        except asyncio.CancelledError:
            if self.why is None:
                raise
            if self.why != "stale":
                self.session.tell(f.Release(leases=[f.Lease(job=self.id, fence=self.fence)]))

    async def _run(self) -> None:
        self.session.tell(f.Ack(job=self.id, fence=self.fence))
        end = await self._end_of_work()
        self._ending = True
        told = await self._tell(end)
        if not told and isinstance(end, Done) and end.undo is not None:
            await end.undo()

    async def _end_of_work(self) -> Done | Failed:
        try:
            return await self._worked()
        except FailedCall as failure:
            return Failed(failure.code, failure.message, failure.retry, failure.retry_after_s, failure.detail)
        except Failure as failure:
            return Failed(failure.code, failure.message, failure.retry, failure.retry_after_s)
        except Refusal as refusal:
            return _refused(refusal)
        except StoreError as error:
            return Failed(error.code, str(error), retry=True)
        except Exception:  # noqa: BLE001 - a fault of the server ends this attempt alone
            detail = self._redaction.text(traceback.format_exc())
            _log.error("run_failed", job=self.id, error=detail)
            return Failed("internal", ERRORS["internal"].meaning, retry=True)

    async def _worked(self) -> Done:
        job = self.grant["job"]
        check_name(job["job"])
        kind = KINDS[job["operation"]]
        params = kind.checked(await self._params(kind))
        work = Work(self.session, self.grant, self.tools, self._redaction)
        return await WORKS[kind.code](work, params)

    async def _params(self, kind: BuiltIn) -> Any:
        """The job's input, its secrets filled in."""
        job = self.grant["job"]
        given = job.get("input", {})
        refs = tuple(SecretRef.of(stored) for stored in job.get("secretRefs", ()))
        if not refs:
            return given
        if not kind.takes_secrets:
            raise Refusal(
                "invalid",
                f"{kind.code} takes no secrets: everybody who reads the space would see {refs[0].name}.",
                key="params",
            )
        secrets = await self._secrets(sorted({ref.name for ref in refs}))
        # Before the parameters are read: what is wrong with them must not tell a secret.
        self._redaction = Redaction(secrets.values())
        resolved = Resolved(given, refs)
        filled = with_secrets(resolved, secrets)
        self._redaction = Redaction([*secrets.values(), *_as_sent(resolved, secrets, filled)])
        return filled

    async def _secrets(self, names: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for first in range(0, len(names), MOST_FETCHED):
            frame = f.Secrets(job=self.id, fence=self.fence, names=names[first : first + MOST_FETCHED])
            found |= (await self.session.ask(frame))["values"]
        return found

    # ---- the end

    async def _tell(self, end: Done | Failed) -> bool:
        """Tell the store, again and again while it does not answer; False when the lease is over."""
        frame = self._frame(end)
        while True:
            try:
                await self.session.ask(frame)
            except Refusal as refusal:
                if refusal.code in _GONE:
                    return False
                if refusal.error.retry:
                    await asyncio.sleep(AGAIN_S)
                elif isinstance(end, Done):
                    # What cannot be kept, such as a result that is too large, will not be smaller the next time.
                    if end.undo is not None:
                        await end.undo()
                    end = _refused(refusal)
                    frame = self._frame(end)
                else:
                    _log.error("end_refused", job=self.id, code=refusal.code)
                    return False
            else:
                return True

    def _frame(self, end: Done | Failed) -> f.Complete | f.Fail:
        if isinstance(end, Done):
            return f.Complete(job=self.id, fence=self.fence, outcome=end.outcome, result=end.result)
        whole = self._redaction.text(end.message)
        message = whole if len(whole) <= LONGEST_MESSAGE else f"{whole[:LONGEST_MESSAGE]} …"
        retry_at = None
        if end.retry_after_s is not None:
            retry_at = to_datetime(self.tools.clock() + int(end.retry_after_s * 1000))
        detail = end.detail and self._redaction.text(end.detail)[:LONGEST_DETAIL]
        return f.Fail(
            job=self.id,
            fence=self.fence,
            message=message,
            outcome=_outcome(self.grant["job"], end.code, message),
            detail=detail if message == whole else f"{whole}\n{detail or ''}"[:LONGEST_DETAIL],
            retry=end.retry,
            retry_at=retry_at,
        )


def _refused(refusal: Refusal) -> Failed:
    """All that was refused, with the code of the first."""
    every = refusal.all if isinstance(refusal, Refusals) else [refusal]
    message = " ".join(one.message for one in every)
    shown = message if refusal.code == "invalid" else f"{message} ({refusal.code})"
    return Failed(refusal.code, shown, retry=refusal.error.retry)


def _outcome(job: Mapping[str, Any], code: str, message: str) -> Outcome:
    kind = KINDS.get(job["operation"]) if job["type"] == DOMAIN else None
    heading = "Job failed" if kind is None else f"{kind.label}: failed"
    again = NextRetry(type="retry", label="Try again")
    told = {"heading": heading, "message": message, "acknowledge": True, "next": again, "code": code}
    return Outcome.model_validate(told)


def _as_sent(resolved: Resolved, secrets: Mapping[str, str], filled: Any) -> Iterator[str]:
    """What becomes of secrets in the address and its query: other servers repeat it, and the result names it."""
    places = secret_places(resolved, secrets, ("url",))
    if places:
        yield from spellings(filled["url"], places)
    for ref in resolved.secret_refs:
        if ref.path[0] in {"url", "searchParams"}:
            yield spelled_value(secrets[ref.name])
