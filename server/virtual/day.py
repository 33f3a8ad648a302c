"""A day that goes badly: listeners fail, freeze, vanish and are killed, the clock is set, the server crashes; and all its jobs get done."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from .listeners import Failed, Job, Listener
from .world import World

NAMES: Final = ("report:make", "mail:send", "sheet:import")
WATCHER: Final = "subscriber-of-all"


@dataclass(frozen=True)
class Plan:
    """How much happens. ``trouble_s`` is the mean time between two faults; 0 for a day without any."""

    jobs: int = 300
    listeners: int = 6
    hours: float = 2.0
    trouble_s: float = 120.0


async def day(world: World, plan: Plan = Plan()) -> None:
    """Live through it, mend all, and check what was promised. AssertionError when a promise was broken."""
    crew = _Crew(world, plan)
    crew.hire()
    world.subscriber("**", name=WATCHER)
    trouble = asyncio.ensure_future(crew.trouble())
    await crew.ask()
    trouble.cancel()
    crew.hire()
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

    def hire(self) -> None:
        """As many listeners as the plan says."""
        while len(self._world.listeners) < self._plan.listeners:
            self._number += 1
            jobs = ("**",) if self._number % 3 else NAMES[:1]
            credit = self._faults.randint(1, 5)
            self._world.listener(*jobs, work=self._work, credit=credit, name=f"listener-{self._number:04}")

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
