"""A day that goes badly: listeners fail, freeze, vanish and are killed, the clock is set, the server crashes; and all its jobs get done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from random import Random
from typing import Any, Final

from listener_sdk.protocol.definitions import DefinitionCreate
from listener_sdk.protocol.schedules import Overlap, ScheduleCreate, ScheduleUpdate

from ..commands.definitions import CREATE_DEFINITION, CreateDefinition
from ..commands.schedules import CREATE_SCHEDULE, UPDATE_SCHEDULE, CreateSchedule, UpdateSchedule
from ..core.occurrences import Occurrence
from ..core.schedules import ScheduleRow
from ..store.schedules import COLUMNS
from .listeners import Failed, Job, Listener
from .world import World

NAMES: Final = ("report:make", "mail:send", "sheet:import")
WATCHER: Final = "subscriber-of-all"
SCHEDULED: Final = "nightly"
TYPES: Final = ({"name": "report:make", "code": SCHEDULED},)
OVERLAPS: Final[tuple[Overlap, ...]] = ("skip", "queue_one", "allow")
SLOTS: Final = "SELECT schedule_id, due_at, until_at FROM slot ORDER BY due_at"
_SCHEDULES: Final = f"SELECT {', '.join(COLUMNS)} FROM schedule ORDER BY id"  # noqa: S608 - names of our own fields


@dataclass(frozen=True)
class Plan:
    """How much happens. ``trouble_s`` is the mean time between two faults; 0 for a day without any."""

    jobs: int = 300
    listeners: int = 6
    hours: float = 2.0
    trouble_s: float = 120.0
    schedules: int = 0


async def day(world: World, plan: Plan = Plan()) -> None:
    """Live through it, mend all, and check what was promised. AssertionError when a promise was broken."""
    crew = _Crew(world, plan)
    crew.hire()
    world.subscriber("**", name=WATCHER)
    await crew.plan_ahead()
    trouble = asyncio.ensure_future(crew.trouble())
    await crew.ask()
    trouble.cancel()
    crew.hire()
    if not world.up:
        await world.start()
    crew.check_due_times()
    await crew.switch_off()
    await world.settle(days=3)
    world.check()


class _Crew:
    """Who works, and what befalls them."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._moods = world.loop.chance("moods")
        self._faults = world.loop.chance("faults")
        self._number = 0
        self._schedules: list[int] = []

    def hire(self) -> None:
        """As many listeners as the plan says."""
        while len(self._world.listeners) < self._plan.listeners:
            self._number += 1
            jobs = ("**",) if self._number % 3 else NAMES[:1]
            credit = self._faults.randint(1, 5)
            self._world.listener(
                *jobs, work=self._work, credit=credit, name=f"listener-{self._number:04}", types=TYPES
            )

    async def plan_ahead(self) -> None:
        """Make schedules, each with jobs of its own."""
        world = self._world
        if not self._plan.schedules:
            return
        await world.advance(seconds=10)  # until the listeners have declared their types
        for number in range(self._plan.schedules):
            code = f"every-{number}"
            made = DefinitionCreate(job_definition_code=code, job_type=SCHEDULED, enabled=True)
            await world.do(CREATE_DEFINITION, CreateDefinition(world.admin, made))
            timing = ScheduleCreate(
                cron=f"*/{5 + 2 * number} * * * *", time_zone="UTC", overlap=OVERLAPS[number % 3]
            )
            made_of = await world.do(CREATE_SCHEDULE, CreateSchedule(world.admin, code, timing))
            self._schedules.append(made_of.id)

    async def switch_off(self) -> None:
        """Let nothing more be due, so that the day comes to an end."""
        off = ScheduleUpdate(enabled=False)
        for number in self._schedules:
            await self._world.do(UPDATE_SCHEDULE, UpdateSchedule(self._world.admin, number, off))

    def check_due_times(self) -> None:
        """AssertionError unless every due time became a job, or a record of why there is none."""
        slots: dict[int, list[tuple[int, int]]] = {}
        for schedule_id, first, last in self._world.rows(SLOTS):
            slots.setdefault(schedule_id, []).append((first, last or first))
        for row in (ScheduleRow(*one) for one in self._world.rows(_SCHEDULES)):
            known = [(row.queued_at or 0, row.queued_at or 0), *slots.get(row.id, [])]
            due = takewhile(_before(row.next_at), row.said.occurrences.each(row.created_at))
            lost = [one.at for one in due if not any(first <= one.at <= last for first, last in known)]
            if lost:
                told = f"nothing is known of the due times {lost[:10]} of {row.public_id}"
                raise AssertionError(f"seed {self._world.loop.seed}: {told}")

    async def ask(self) -> None:
        """Make the jobs, in bursts."""
        left = self._plan.jobs
        pause_s = 3600 * self._plan.hours / max(1, left)
        while left > 0:
            burst = min(left, self._moods.choice((1, 1, 1, 5, 20)))
            await asyncio.gather(*(self._one() for _ in range(burst)))
            left -= burst
            await asyncio.sleep(self._moods.uniform(0, 2 * pause_s * burst))

    async def _one(self) -> None:
        fields: dict[str, Any] = {"input": {"n": self._moods.randint(1, 100)}}
        if self._moods.random() < 0.1:
            fields["maxAttempts"] = self._moods.randint(1, 3)
        await self._world.create(self._moods.choice(NAMES), **fields)

    # ---- what listeners do

    async def _work(self, job: Job) -> dict[str, Any]:
        mood = self._moods.random()
        for percent in range(0, 100, 25):
            job.tick(percent)
            await asyncio.sleep(self._moods.expovariate(1 / 5))
        if mood < 0.05:
            raise Failed("It did not work.", retry=mood < 0.04)
        if mood < 0.06:
            await asyncio.sleep(600)
        return {"n": job.input["n"]}

    # ---- what befalls them

    async def trouble(self) -> None:
        """One fault after the other, until cancelled."""
        while self._plan.trouble_s:
            await asyncio.sleep(self._faults.expovariate(1 / self._plan.trouble_s))
            kinds = (
                self._cut,
                self._cut,
                self._freeze,
                self._vanish,
                self._kill,
                self._jump,
                self._watcher,
                self._crash,
            )
            await self._faults.choice(kinds)(self._faults)

    def _one_of(self, chance: Random) -> Listener:
        self.hire()
        return chance.choice([*self._world.listeners.values()])

    async def _cut(self, chance: Random) -> None:
        self._one_of(chance).cut()

    async def _freeze(self, chance: Random) -> None:
        self._one_of(chance).freeze(chance.expovariate(1 / 45))

    async def _vanish(self, chance: Random) -> None:
        self._one_of(chance).vanish()

    async def _kill(self, chance: Random) -> None:
        self._one_of(chance).kill()

    async def _jump(self, chance: Random) -> None:
        self._world.jump(seconds=chance.choice((-3600, -30, 30, 3600)))

    async def _watcher(self, chance: Random) -> None:
        self._world.subscribers[WATCHER].cut()

    async def _crash(self, chance: Random) -> None:
        if chance.random() < 0.5:
            self._world.crash()
            await asyncio.sleep(chance.uniform(0, 60))
            await self._world.start()
        else:
            await self._world.restart()


def _before(at: int | None) -> Callable[[Occurrence], bool]:
    return lambda one: one.at < (at or 0)
