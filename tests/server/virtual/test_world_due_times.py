"""Every due time is one job, or one recorded skip, whatever befalls the server: told by a calendar that shares nothing with it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import wall_calendar
from defined import declare, define
from scheduled import ANY, edit, schedule

from server.virtual.world import run

NIGHT = datetime(2026, 3, 28, 15, tzinfo=UTC)
"""Before clocks change in Paris."""
TIMINGS = [
    ("*/10 * * * *", "UTC", "latest"),
    ("15 * * * *", "Europe/Paris", "all"),
    ("*/7 * * * *", "Europe/Paris", "none"),
    ("30 2 * * *", "Europe/Paris", "latest"),
    ("0 */2 * * *", "America/New_York", "all"),
]


async def at_once(job):
    return None


async def befall(world, random, rows):
    """A server that is killed, a clock that is set, a schedule that is switched off and on, or nothing."""
    what = random.choice(("nothing", "killed", "forward", "back", "switched"))
    if what == "killed":
        world.crash()
        await world.advance(minutes=random.randint(1, 90))
        await world.start()
    elif what == "forward":
        world.jump(minutes=random.randint(1, 90))
    elif what == "back":
        world.jump(minutes=-random.randint(1, 90))
    elif what == "switched":
        row = random.choice(rows)
        for enabled in (False, True):
            await edit(world, row, world.admin, enabled=enabled)


def accounted(rows, expected):
    """How often each of these due times was dealt with; the number that a span of them says is the number that it spans."""
    found = Counter()
    for due_at, until_at, count in rows:
        spanned = [at for at in expected if due_at <= at <= (until_at or due_at)]
        assert len(spanned) == count, (due_at, until_at, count, spanned)
        found.update(spanned)
    return found


@pytest.mark.parametrize("seed", range(24, 32))
def test_each_due_time_is_accounted_for_once(seed):
    async def scenario(world):
        random, latest = Random(seed), world.now
        world.listener(work=at_once)
        await declare(world, world.admin, inputSchema=ANY)
        await define(world, world.admin)
        made = [
            await schedule(world, world.admin, cron=cron, timeZone=zone, late=late, overlap="allow")
            for cron, zone, late in TIMINGS
        ]
        began = world.now
        for _ in range(10):
            await world.advance(minutes=random.randint(5, 60))
            latest = max(latest, world.now)
            await befall(world, random, made)
        await world.advance(seconds=(latest - world.now).total_seconds() + 180)
        await world.settle()
        world.check()
        now = world.now
        for row, (cron, zone, _) in zip(made, TIMINGS, strict=True):
            due = wall_calendar.due(cron, zone, began + timedelta(milliseconds=1), now)
            expected = [int(at.timestamp() * 1000) for at, _ in due]
            rows = world.rows(
                "SELECT due_at, until_at, count FROM slot WHERE schedule_id = :id ORDER BY due_at", id=row.id
            )
            assert accounted(rows, expected) == Counter(expected), (cron, zone)
        return len(world.rows("SELECT id FROM job"))

    assert run(scenario, seed=seed, start=NIGHT) > 0
