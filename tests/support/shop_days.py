"""The shop of examples/ in virtual time: its definitions and timetable on a whole server, with simulated listeners and a web shop that answers."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from defined import KEEP
from notified import as_member, member

import import_orders
import remove_assets
import set_up
import timetable
from listener_sdk.protocol.definitions import DefinitionCreate
from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.ids import encode
from listener_sdk.protocol.schedules import ScheduleCreate
from listener_sdk.protocol.secrets import SecretWrite
from listener_sdk.protocol.times import from_wire, to_datetime
from server.commands.definitions import CREATE_DEFINITION, CreateDefinition
from server.commands.events import PUBLISH, PublishEvent
from server.commands.schedules import CREATE_SCHEDULE, CreateSchedule
from server.commands.secrets import SET_SECRET, SetSecret
from server.core.job_types import declared
from server.virtual import Failed, World

IMPORT_S, CLEAN_UP_S = 600, 90
EXAMPLES = (import_orders, remove_assets)
SHOWN = "%m-%d %H:%M:%S"
_JOBS = (
    "SELECT j.id FROM job j JOIN definition d ON d.id = j.definition_id WHERE d.code = :code ORDER BY j.id"
)


@dataclass
class WebShop:
    """In the place of what the server sends to the outside: each call is answered, and noted by the moment and its query."""

    world: World
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @asynccontextmanager
    async def send(self, request: Any, **_: Any) -> Any:
        await asyncio.sleep(1)
        self.calls.append((at(self.world.clock()), dict(request.url.query)))
        content = SimpleNamespace(iter_chunked=self._body)
        yield SimpleNamespace(
            status=200, headers={"Content-Type": "application/json"}, content_type="application/json", charset=None,
            url=request.url, content=content,
        )  # fmt: skip

    async def _body(self, _: int) -> Any:
        yield b'{"open": true}'

    async def close(self) -> None:
        """There is no connection."""


@dataclass
class Shop:
    """Its world. ``fails`` has the runs of the import that fail, by their number from 1 on."""

    world: World
    web: WebShop
    fails: set[int] = field(default_factory=set)
    schedules: dict[str, Any] = field(default_factory=dict)
    owner: Any = None
    imports: list[tuple[str, str | None]] = field(default_factory=list)
    """Mode and beginning of each run of the import."""

    async def work(self, job: Any) -> dict[str, Any] | None:
        if job.facts["job"] == "sheet:remove-assets":
            await asyncio.sleep(CLEAN_UP_S)
            return {"removed": 0}
        self.imports.append((job.facts["runMode"], job.facts["watermark"]["since"]))
        number = len(self.imports)
        await asyncio.sleep(IMPORT_S)
        if number in self.fails:
            raise Failed("The shop does not know the token.", retry=False)
        job.advance(f"read by run {number}")
        return None

    def start(self) -> None:
        """What has to be done of every server that begins."""
        self.world.node.runner.outbound = self.web

    async def publish(self, *skus: str) -> None:
        body = EventCreate(topic="shop:products-removed", payload={"skus": skus})
        await self.world.do(PUBLISH, PublishEvent(self.world.admin, body))

    def runs(self, code: str) -> list[tuple[str, str]]:
        """Jobs of a definition: for which time each was planned (of others, what started it), and when it began."""
        rows = self.world.rows(_JOBS, code=code)
        jobs = [self.world.job(encode("jb", number)) for (number,) in rows]
        assert all(job.status in {"complete", "failed"} for job in jobs), "all have ended"
        return [(planned(job.started_by), f"{job.created_at:{SHOWN}}") for job in jobs]

    def skipped(self, code: str) -> list[tuple[str, str, int]]:
        """Due times for which there was no job: the first, why, and of how many."""
        rows = self.world.rows(
            "SELECT due_at, reason, count FROM slot WHERE schedule_id = :id AND result = 'skipped' ORDER BY due_at",
            id=self.schedules[code].id,
        )
        return [(at(due), reason, count) for due, reason, count in rows]

    def slots(self, code: str) -> int:
        """How many due times were dealt with."""
        rows = self.world.rows("SELECT count FROM slot WHERE schedule_id = :id", id=self.schedules[code].id)
        return sum(count for (count,) in rows)


def at(ms: int) -> str:
    """A moment as these tests write it: ``03-29 01:00:00``, in UTC."""
    return f"{to_datetime(ms):{SHOWN}}"


def planned(by: dict[str, Any]) -> str:
    """For which time a job was planned; of one that was not, what started it."""
    return at(from_wire(by["dueTime"])) if by["kind"] == "schedule" else by["kind"]


async def opened(world: World, zone: str, **changes: dict[str, Any]) -> Shop:
    """The shop is set up as the examples do it, by a member who is told of the import; ``changes`` of schedules by definition, ``-`` as ``_``."""
    shop = Shop(world, WebShop(world))
    shop.start()
    world.listener("shop:*", "sheet:*", work=shop.work, name="shop-listener")
    for example in EXAMPLES:
        for handler in example.listener.handlers:
            await world.do(KEEP, (declared(handler.declares), world.admin))
    secret = SecretWrite(name="webshop_token", value="open-sesame")
    await world.do(SET_SECRET, SetSecret(world.admin, secret, world.node.sealer))
    for code, fields in set_up.definitions("https://shop.example").items():
        body = DefinitionCreate.model_validate({"job_definition_code": code, **fields})
        await world.do(CREATE_DEFINITION, CreateDefinition(world.admin, body, enabled=True))
    shop.owner = await member(world, "Ada", "admin", world.admin)
    told = timetable.rules([shop.owner.public_id], None)
    for code, fields in timetable.timetable(zone, told).items():
        body = ScheduleCreate.model_validate({**fields, **changes.get(code.replace("-", "_"), {})})
        item = CreateSchedule(as_member(shop.owner), code, body)
        shop.schedules[code] = await world.do(CREATE_SCHEDULE, item)
    return shop
