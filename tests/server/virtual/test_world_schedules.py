"""Schedules in virtual time: nights of a clock change, and a server that was away."""

import re
from datetime import UTC, datetime
from pathlib import Path

from defined import declare, define, start
from notified import inbox, member
from scheduled import ANY, schedule, scheduled
from triggered import publish

from server.core.actors import Actor
from server.virtual import Failed
from server.virtual.world import run


async def at_once(job):
    return None


def starts(world):
    return [
        f"{datetime.fromtimestamp(at / 1000, UTC):%d %H:%M:%S}"
        for (at,) in world.rows("SELECT created_at FROM job ORDER BY id")
    ]


def test_a_night_that_skips_an_hour():
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="nightly", cron="30 2 * * *", timeZone="Europe/Paris")
        await world.advance(days=3)
        await world.settle()
        world.check()
        return starts(world)

    at = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert run(scenario, start=at) == ["28 01:30:00", "29 01:00:00", "30 00:30:00"]


def test_due_times_while_the_server_was_away_are_all_accounted_for():
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="hourly", cron="0 * * * *", timeZone="UTC")
        await world.advance(hours=2, minutes=30)
        world.crash()
        await world.advance(hours=5)
        await world.start()
        await world.advance(hours=2)
        await world.settle()
        world.check()
        slots = world.rows("SELECT due_at, result, count FROM slot ORDER BY due_at")
        return len(world.rows("SELECT id FROM job")), sum(count for _, _, count in slots)

    jobs, slots = run(scenario, start=datetime(2026, 3, 1, tzinfo=UTC))
    assert slots == 9
    assert 4 <= jobs <= 9


def test_after_a_crash_jobs_are_taken_as_fast_as_ever():
    async def scenario(world):
        world.listener(work=at_once)
        await declare(world, world.admin, inputSchema=ANY)
        await define(world, world.admin)
        for _ in range(10):
            await schedule(world, world.admin, cron="* * * * *", overlap="allow", late="all")
        await world.advance(minutes=5, seconds=10)
        world.crash()
        await world.advance(minutes=5, seconds=30)
        await world.start()
        back = world.clock()
        await world.advance(minutes=5)
        await world.settle()
        return back, world.rows("SELECT created_at, started_at FROM job ORDER BY id")

    back, jobs = run(scenario, start=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert len(jobs) >= 10 * 15
    made_up = [created for created, _ in jobs if back <= created < back + 10_000]
    assert len(made_up) == 10 * 5
    # The listener rests for a time of chance before it connects again.
    again = min(started for _, started in jobs if started >= back)
    assert again - back < 5_000
    assert max(started - max(created, again) for created, started in jobs if created >= back) < 500
    assert max(started - created for created, started in jobs if created < back) < 500


def test_twenty_schedules_through_a_week():
    async def scenario(world):
        world.listener(work=at_once)
        await scheduled(world, world.admin, code="nightly", cron="0 3 * * *", timeZone="UTC")
        for minute in range(10):
            await schedule(world, world.admin, definition="nightly", cron=f"{minute} 4 * * *", timeZone="UTC")
        await define(world, world.admin, jobDefinitionCode="other", jobType="nightly", params={})
        for minute in range(9):
            await schedule(world, world.admin, definition="other", cron=f"{minute} 5 * * *", timeZone="UTC")
        await world.advance(days=7)
        await world.settle()
        world.check()
        return len(world.rows("SELECT id FROM job"))

    assert run(scenario, start=datetime(2026, 2, 1, tzinfo=UTC)) == 7 * 20


def test_a_schedule_that_pauses_says_so_to_its_owner_and_to_who_hears_of_failures():
    async def work(job):
        raise Failed("No.", retry=False)

    async def scenario(world):
        world.listener(work=work)
        names = (("Ada", "operator"), ("Bea", "viewer"), ("Cy", "viewer"), ("Di", "viewer"))
        ada, bea, cy, di = [await member(world, name, role, actor=world.admin) for name, role in names]
        rules = [
            {"channels": ["inbox"], "members": [bea.public_id]},
            {"on": "none", "missed": True, "channels": ["inbox"], "members": [cy.public_id]},
            {"on": "completed", "channels": ["inbox"], "members": [di.public_id]},
        ]
        await declare(world, world.admin, inputSchema=ANY)
        await define(world, world.admin, notifications=rules, name="Import")
        owner = Actor(ada.public_id, "operator", world.admin.space)
        row = await schedule(world, owner, name="Hourly", pauseAfter=2)
        await world.advance(hours=4)
        return row.public_id, [await inbox(world, one) for one in (ada, bea, cy, di)]

    number, (ada, bea, cy, di) = run(scenario, start=datetime(2026, 3, 1, 12, tzinfo=UTC))
    words = (
        "2 runs in a row have failed, so the schedule Hourly is paused. Mend the cause, then: tickwire schedules enable "
        f"{number}."
    )
    alone = [("Import has a schedule that is paused now", words)]
    assert [(one["title"], one["text"]) for one in ada] == alone
    assert [(one["title"], one["text"]) for one in cy] == alone
    assert [(one["title"], one["text"]) for one in bea] == [
        ("Import: 1 run failed, 1 schedule paused", words),
        ("Import failed", "Job failed. No."),
    ]
    assert di == []


def test_what_was_folded_is_told_a_minute_after_the_first_message():
    async def work(job):
        raise Failed("No.", retry=False)

    async def scenario(world):
        world.listener(work=work)
        ada = await member(world, actor=world.admin)
        rule = {"channels": ["inbox"], "members": [ada.public_id]}
        await declare(world, world.admin, inputSchema=ANY)
        row = await define(world, world.admin, notifications=[rule])
        for _ in range(3):
            await start(world, row, world.admin)
            await world.advance(seconds=10)
        await world.advance(hours=2)
        return [(one["at"][14:19], one["counts"]) for one in reversed(await inbox(world, ada))]

    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert run(scenario, start=at) == [("00:00", {"failed": 1}), ("01:00", {"failed": 2})]


def test_an_event_that_comes_after_hours_without_one_starts_its_job_at_once():
    async def scenario(world):
        world.listener(work=at_once)
        await declare(world, world.admin, inputSchema=ANY)
        await define(world, world.admin, triggers=[{"topic": "shop:closed"}])
        await world.advance(hours=3)
        await publish(world, "shop:closed")
        await world.settle()
        return starts(world)

    assert run(scenario, start=datetime(2026, 3, 1, tzinfo=UTC)) == ["01 03:00:00"]


def test_the_example_of_the_docs_prints_what_they_say(capsys):
    page = (Path(__file__).parents[3] / "docs" / "virtual-time.md").read_text("utf-8")
    blocks = re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL)
    [(number, code)] = [
        (number, text) for number, (_, text) in enumerate(blocks) if "CREATE_SCHEDULE, CreateSchedule" in text
    ]
    exec(compile(code, "nights.py", "exec"), {"__name__": "nights"})
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert shown == blocks[number + 1][1].splitlines()
