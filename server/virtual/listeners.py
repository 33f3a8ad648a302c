"""Simulated listeners: they speak the frames of the stream, and run what the simulation gives them as handlers.

They keep the rules that the SDK keeps: one session over many connections, leases renewed in time, endings said again until they are
answered. What they can do beside: stop for a while in the midst of it (``freeze``), be killed, and lose their connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..commands.moves import job_number
from .history import OK, End
from .wire import Frame, Wire

if TYPE_CHECKING:
    from .world import World

RECONNECT_S: Final = 5.0
"""How long a listener waits at most before it connects again."""
AGAIN_S: Final = 1.0
"""When an ending is said again that the server could not take."""
PASSING: Final = frozenset({"unavailable", "disk_full", "internal"})
"""Errors of a server that may take later what it does not take now."""

Key = tuple[str, int]
"""A job and the fence of its lease."""


class Failed(Exception):  # noqa: N818 - says what happened
    """The attempt ends badly; ``retry`` says whether another may follow, ``retry_at`` when."""

    def __init__(self, message: str, *, retry: bool = True, retry_at: str | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_at = retry_at


@dataclass(slots=True)
class Job:
    """What a handler holds: a lease, and the job as it was granted."""

    listener: "Listener"
    id: str
    fence: int
    attempt: int
    facts: dict[str, Any] = field(repr=False)
    """The job as the server shows it."""
    watermark: str | None = None
    """How far it has come, should it end well."""

    @property
    def input(self) -> dict[str, Any]:
        """The job's input."""
        found: dict[str, Any] = self.facts.get("input") or {}
        return found

    def tick(self, percent: float | None = None, **more: Any) -> None:
        """Say how far it is."""
        self.say("tick", percent=percent, **more)

    def advance(self, to: str) -> None:
        """Say up to where the run of a definition has read."""
        self.watermark = to

    def log(self, message: str) -> None:
        """Write a line into the job's log."""
        self.say("log", lines=[{"level": "info", "message": message}])

    def say(self, kind: str, **fields: Any) -> None:
        """A frame about the lease, in the words of the protocol."""
        known = {name: value for name, value in fields.items() if value is not None}
        self.listener.say({"type": kind, "job": self.id, "fence": self.fence, **known})


Work = Callable[[Job], Awaitable[dict[str, Any] | None]]
"""A handler. What it returns is the job's result; `Failed` fails the attempt."""


class Listener:
    """One session. Made by `World.listener`."""

    def __init__(
        self,
        world: "World",
        name: str,
        jobs: tuple[str, ...],
        work: Work,
        credit: int,
        types: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.name = name
        self.frozen = False
        self.alive = True
        self._world = world
        self._random = world.loop.chance(f"listener {name}")
        self._jobs = jobs
        self._work = work
        self._credit = credit
        self._types = list(types)
        self._wire: Wire | None = None
        self._welcomed = False
        self._numbers = 10
        self._held: dict[Key, asyncio.Task[None] | None] = {}
        """Leases, with what runs; None once it has ended."""
        self._attempts: dict[Key, int] = {}
        self._endings: dict[Key, Frame] = {}
        """What was not answered yet."""
        self._asked: dict[int, tuple[Key, End]] = {}
        self._buffer: list[Callable[[], None]] = []
        """What a frozen process finds when it goes on."""
        self._renewal: asyncio.TimerHandle | None = None
        self._lease_s = 30.0
        self._connect()

    # ---- what may befall it

    @property
    def wire(self) -> Wire | None:
        """Its connection, if it has one."""
        return self._wire

    def cut(self) -> None:
        """Its connection breaks; it comes again."""
        if self._wire is not None:
            self._wire.cut()

    def vanish(self) -> None:
        """Its packets get lost from now on, and nobody is told."""
        if self._wire is not None:
            self._wire.held = True

    def freeze(self, seconds: float) -> None:
        """Its process stands still; afterwards it goes on where it was."""
        self.frozen = True
        self._note(f"frozen for {seconds:.1f} s")
        self._world.loop.call_later(seconds, self.thaw)

    def thaw(self) -> None:
        """Its process goes on."""
        if self.frozen and self.alive:
            self.frozen = False
            self._note("goes on")
            waited, self._buffer = self._buffer, []
            for act in waited:
                act()

    def kill(self) -> None:
        """Its process ends at once, and never comes back."""
        if self.alive:
            self.alive = False
            self._note("killed")
            self._stop_all()
            self.cut()
            self._world.left(self)

    async def stop(self) -> None:
        """It takes nothing more, lets its handlers end, and leaves."""
        self._credit = 0
        self._listen()
        await self._world.run_until(lambda: not (self._held or self._endings))
        self.alive = False
        self.cut()
        self._world.left(self)

    # ---- its connection

    def _connect(self) -> None:
        if not self.alive or self._wire is not None:
            return
        if not self._world.up:
            self._soon()
            return
        self._wire = self._world.wire(self, self._random)
        held = [{"job": job, "fence": fence} for job, fence in self._held]
        self.say({"type": "hello", "session": self.name, "held": held, "id": 1})

    def _soon(self) -> None:
        self._world.loop.call_later(self._random.uniform(0.05, RECONNECT_S), self._gated, self._connect)

    def closed(self, code: int | None) -> None:
        """Its connection is over."""
        self._wire, self._welcomed = None, False
        self._note(f"disconnected ({code or 'cut'})")
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        self._asked.clear()
        self._soon()

    def say(self, frame: Frame) -> None:
        """Send a frame, if there is a connection to send it by."""
        self._gated(lambda: self._wire.say(frame) if self._wire is not None else None)

    def _gated(self, act: Callable[[], object]) -> None:
        """Now, or when the process goes on."""
        if self.frozen:
            self._buffer.append(lambda: self._gated(act))
        elif self.alive:
            act()

    def _listen(self) -> None:
        if self._welcomed:
            jobs = [{"job": name} for name in self._jobs]
            self.say({"type": "listen", "jobs": jobs, "credit": self._credit, "types": self._types, "id": 2})

    # ---- what it hears

    def hear(self, frame: Frame) -> None:
        """A frame has come."""
        self._gated(lambda: getattr(self, f"_on_{frame['type']}", self._pass)(frame))

    def _pass(self, frame: Frame) -> None:
        """Nothing is to be done about a frame of this type."""

    def _on_welcome(self, frame: Frame) -> None:
        self._welcomed = True
        self._lease_s = frame["leaseS"]
        self._note("connected")
        self._on_stale({"leases": frame.get("stale", [])})
        self._listen()
        for key in list(self._endings):
            self._end(key)
        self._renew_soon()

    def _renew(self) -> None:
        self._renewal = None
        if self._held and self._welcomed:
            self.say({"type": "renew", "leases": [{"job": job, "fence": fence} for job, fence in self._held]})
            self._renew_soon()

    def _renew_soon(self) -> None:
        if self._renewal is None:
            self._renewal = self._world.loop.call_later(self._lease_s / 3, self._gated, self._renew)

    def _on_grants(self, frame: Frame) -> None:
        for grant in frame["jobs"]:
            self._granted(grant)

    def _granted(self, grant: dict[str, Any]) -> None:
        job = Job(self, grant["job"]["id"], grant["fence"], grant["attempt"], grant["job"])
        key = job.id, job.fence
        again = grant.get("again", False)
        self._note(f"granted {job.id} fence {job.fence} attempt {job.attempt}{' again' if again else ''}")
        self._world.history.heard.add((self.name, job_number(job.id, "job"), job.fence))
        if key in self._held or key in self._endings:
            return
        self._attempts[key] = job.attempt
        self._held[key] = self._world.loop.create_task(self._run(job, key))
        self._renew_soon()
        if grant.get("cancel"):
            self._stop(key)

    def _on_cancel(self, frame: Frame) -> None:
        self._stop((frame["job"], frame["fence"]))

    def _on_stale(self, frame: Frame) -> None:
        for lease in frame["leases"]:
            key = lease["job"], lease["fence"]
            self._note(f"lost {lease['job']} fence {lease['fence']}")
            if key in self._held and key not in self._endings:
                task = self._held.pop(key)
                if task is not None:
                    task.cancel()
        # Who let a lease run out gets no job until it has spoken again.
        if frame["leases"]:
            self.say({"type": "renew", "leases": []})

    def _on_ok(self, frame: Frame) -> None:
        self._answered(frame["id"], OK)

    def _on_error(self, frame: Frame) -> None:
        self._answered(frame.get("id"), frame["code"])

    # ---- what it runs

    async def _run(self, job: Job, key: Key) -> None:
        job.say("ack")
        try:
            result = await self._work(job)
            told = {"result": result or None, "watermark": job.watermark}
            ending: Frame = {"type": "complete", **{name: said for name, said in told.items() if said}}
        except Failed as failed:
            ending = {"type": "fail", "message": str(failed), "retry": failed.retry}
            if failed.retry_at is not None:
                ending["retryAt"] = failed.retry_at
        except asyncio.CancelledError:
            if key not in self._held:
                return
            ending = {"type": "release"}
        self._gated(lambda: self._ended(key, ending))

    def _stop(self, key: Key) -> None:
        task = self._held.get(key)
        if task is not None:
            task.cancel()

    def _stop_all(self) -> None:
        tasks, self._held = self._held, {}
        for task in tasks.values():
            if task is not None:
                task.cancel()

    def _ended(self, key: Key, ending: Frame) -> None:
        if key not in self._held:
            return
        self._held[key] = None
        lease = {"job": key[0], "fence": key[1]}
        about = {"leases": [lease]} if ending["type"] == "release" else lease
        self._endings[key] = {**ending, **about}
        self._end(key)

    def _end(self, key: Key) -> None:
        """Say how the attempt has ended, and note that it was said."""
        frame = self._endings.get(key)
        if frame is None or not self._welcomed:
            return
        self._numbers += 1
        self._note(f"{frame['type']} {key[0]} fence {key[1]}")
        said = End(
            self._world.loop.time(),
            self.name,
            job_number(key[0], "job"),
            key[1],
            self._attempts[key],
            frame["type"],
        )
        self._world.history.ends.append(said)
        self._asked[self._numbers] = key, said
        self.say({**frame, "id": self._numbers})

    def _answered(self, number: int | None, answer: str) -> None:
        if number not in self._asked:
            return
        key, said = self._asked.pop(number)
        said.answer = answer
        self._note(f"{said.kind} {key[0]} fence {key[1]}: {answer}")
        if answer in PASSING:
            self._world.loop.call_later(AGAIN_S, self._gated, lambda: self._end(key))
        else:
            self._endings.pop(key, None)
            self._held.pop(key, None)

    def _note(self, what: str) -> None:
        self._world.note(self.name, what)


class Subscriber:
    """Follows the log over a connection that may break, and writes down what it hears. Made by `World.subscriber`."""

    def __init__(self, world: "World", name: str, topics: tuple[str, ...]) -> None:
        self.name = name
        self._world = world
        self._random = world.loop.chance(f"subscriber {name}")
        self._position: str | None = None
        self._wire: Wire | None = None
        self._followed = world.follow(name, topics)
        self._connect()

    @property
    def wire(self) -> Wire | None:
        """Its connection, if it has one."""
        return self._wire

    def cut(self) -> None:
        """Its connection breaks; it comes again."""
        if self._wire is not None:
            self._wire.cut()

    def vanish(self) -> None:
        """Its packets get lost from now on, and nobody is told."""
        if self._wire is not None:
            self._wire.held = True

    def _connect(self) -> None:
        if self._world.up:
            self._wire = self._world.wire(self, self._random)
            self._wire.say({"type": "hello", "session": self.name, "id": 1})
        else:
            self._soon()

    def _soon(self) -> None:
        self._world.loop.call_later(self._random.uniform(0.05, RECONNECT_S), self._connect)

    def closed(self, code: int | None) -> None:
        """Its connection is over."""
        self._wire = None
        self._soon()

    def hear(self, frame: Frame) -> None:
        """A frame has come."""
        kind = frame["type"]
        if kind == "welcome" and self._wire is not None:
            after = self._position or f"{self._world.epoch}:{self._followed.after}"
            topics = [*self._followed.topics]
            self._wire.say({"type": "subscribe", "sub": "all", "topics": topics, "after": after, "id": 2})
        elif kind == "subscribed":
            self._position = frame["from"]
        elif kind in {"events", "position"}:
            if frame["prev"] != self._position:
                self._followed.gaps.append(f"{frame['prev']} after {self._position}")
            self._followed.heard += [_place(event["position"]) for event in frame.get("events", ())]
            self._position = frame["position"] if kind == "position" else frame["events"][-1]["position"]


def _place(position: str) -> int:
    with suppress(ValueError):
        return int(position.rpartition(":")[2])
    return -1
