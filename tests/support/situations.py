"""Jobs brought to every place of their life, by the commands that lead there."""

from dataclasses import dataclass
from typing import Any, Final

from stage import ADMIN, OTHER, Listener, Stage

from listener_sdk.protocol.jobs import JobAck, JobEnd, JobUpdate
from listener_sdk.protocol.times import to_wire
from server.commands import jobs, moves, rest
from server.core.jobs import JobRow
from server.store.command import Command

EVERYWHERE: Final = (
    "created", "planning", "scheduled", "ready", "waiting", "granted", "executing", "held by a key",
    "complete", "failed", "canceled",
)  # fmt: skip
"""Every status; ``ready`` also granted to a session, ``executing`` also held by a key over REST."""


@dataclass(frozen=True)
class Situation:
    """A job, and who holds it on the stream."""

    job: JobRow
    listener: Listener | None = None
    grant: dict[str, Any] | None = None

    def frame(self, kind: str, **more: Any) -> dict[str, Any]:
        """A frame of the holder about its lease."""
        assert self.listener is not None
        assert self.grant is not None
        return self.listener.about(kind, self.grant, **more)

    async def ask(self, kind: str, **more: Any) -> Any:
        assert self.listener is not None
        return await self.listener.ask(**self.frame(kind, **more))


def _force(tx: Any, item: tuple[int, str]) -> None:
    row = tx.job(item[0])
    row.status = item[1]
    moves.touch(tx, row)


FORCE: Final = Command("force", _force, lambda item: (item[0],))
"""Puts a job into a status that no command leads to yet."""


async def reach(stage: Stage, place: str, **fields: Any) -> Situation:
    """A job of ADMIN's space that stands there."""
    if place in {"granted", "executing"}:
        return await _on_stream(stage, place, fields)
    trigger = "manual" if place in {"created", "planning", "waiting"} else "immediate"
    if place == "scheduled":
        fields["scheduledAt"] = to_wire(stage.clock() + 60_000)
    job = await stage.create(trigger=trigger, **fields)
    if place == "waiting":
        await stage.do(FORCE, (job.id, place))
    elif place == "planning":
        await stage.do(*act("patch status=planning", job))
    elif place in {"held by a key", "complete", "failed"}:
        await stage.do(rest.ACK, rest.AckJob(ADMIN, job.id, JobAck()))
    if place in {"complete", "failed"}:
        command = rest.COMPLETE if place == "complete" else rest.FAIL
        await stage.do(command, rest.EndJob(ADMIN, job.id, JobEnd.model_validate(_THE_END)))
    elif place == "canceled":
        await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
    return Situation(await stage.row(job))


async def _on_stream(stage: Stage, place: str, fields: dict[str, Any]) -> Situation:
    listener = await stage.listener()
    job = await stage.create(**fields)
    grant = await listener.grant()
    found = Situation(job, listener, grant)
    if place == "executing":
        await found.ask("ack")
    return Situation(await stage.row(job), listener, grant)


_THE_END: Final = {"outcome": {"message": "The end"}}
_ANOTHER_END: Final = {"outcome": {"message": "Another end"}}


def act(name: str, job: JobRow, actor: Any = ADMIN) -> tuple[Command[Any, Any], Any]:
    """The command and item of an act on a job: ``execute``, ``patch status=ready``, ``patch progress`` ..."""
    if name.startswith("patch "):
        field, _, value = name.removeprefix("patch ").partition("=")
        body = JobUpdate.model_validate({field: value} if value else {field: 50})
        return rest.UPDATE, jobs.UpdateJob(actor, job.id, body)
    plain = {
        "execute": jobs.EXECUTE,
        "retry": jobs.RETRY,
        "ack outcome": jobs.ACK_OUTCOME,
        "delete": jobs.DELETE,
    }
    if name in plain:
        return plain[name], jobs.JobAct(actor, job.id)
    if name == "cancel":
        return jobs.CANCEL, jobs.CancelJob(actor, job.id)
    if name == "ack":
        return rest.ACK, rest.AckJob(actor, job.id, JobAck())
    ends = {"complete": rest.COMPLETE, "fail": rest.FAIL}
    return ends[name], rest.EndJob(actor, job.id, JobEnd.model_validate(_ANOTHER_END))


STRANGE_KEY: Final = OTHER
"""Another key of the same space."""
