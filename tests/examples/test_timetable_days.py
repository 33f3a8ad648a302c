"""The timetable of examples/ on whole servers in virtual time: nights of clock changes, and a server that was away.

All expected times are UTC, reckoned by hand from when clocks change, and written down here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from notified import inbox
from shop_days import opened

from server.virtual import run

CALL = timedelta(minutes=5)


@dataclass(frozen=True)
class Night:
    """A Sunday on which clocks change: its midnights, the clean-up at 01:45, and the imports at 02:15 of it and of the Monday."""

    zone: str
    begins: str
    ends: str
    calls: int
    clean_up: str
    imports: tuple[str, str]


NIGHTS = {
    # 02:00 is 03:00, at 01:00 UTC: 02:15 does not exist.
    "Paris in spring": Night(
        "Europe/Paris", "2026-03-28 23:00", "2026-03-29 22:00", 276, "03-29 00:45:00", ("03-29 01:00:00", "03-30 00:15:00")
    ),
    # 03:00 is 02:00, at 01:00 UTC: 02:15 comes twice.
    "Paris in autumn": Night(
        "Europe/Paris", "2026-10-24 22:00", "2026-10-25 23:00", 300, "10-24 23:45:00", ("10-25 00:15:00", "10-26 01:15:00")
    ),
    # 02:00 is 03:00, at 07:00 UTC: 02:15 does not exist.
    "New York in spring": Night(
        "America/New_York", "2026-03-08 05:00", "2026-03-09 04:00", 276, "03-08 06:45:00", ("03-08 07:00:00", "03-09 06:15:00")
    ),
    # 02:00 is 01:00, at 06:00 UTC: 01:45 comes twice.
    "New York in autumn": Night(
        "America/New_York", "2026-11-01 04:00", "2026-11-02 05:00", 300, "11-01 05:45:00", ("11-01 07:15:00", "11-02 07:15:00")
    ),
    # 02:00 is 02:30, at 15:30 UTC of the day before: 02:15 does not exist.
    "Lord Howe in spring": Night(
        "Australia/Lord_Howe", "2026-10-03 13:30", "2026-10-04 13:00", 282, "10-03 15:15:00", ("10-03 15:30:00", "10-04 15:15:00")
    ),
    # 02:00 is 01:30, at 15:00 UTC of the day before: 01:45 comes twice.
    "Lord Howe in autumn": Night(
        "Australia/Lord_Howe", "2026-04-04 13:00", "2026-04-05 13:30", 294, "04-04 14:45:00", ("04-04 15:45:00", "04-05 15:45:00")
    ),
}  # fmt: skip


FIRST = ("full", "2025-06-01T00:00:00.000Z")


def moment(text):
    return datetime.fromisoformat(f"{text}+00:00")


def shown(when):
    return f"{when:%m-%d %H:%M:%S}"


def every_five_minutes(begins, count):
    return [shown(begins + number * CALL) for number in range(count)]


async def until(world, when):
    await world.advance(seconds=(when - world.now).total_seconds())


async def asleep(world, begins, ends, how):
    """The server is away between two moments."""
    await until(world, begins)
    await world.stop() if how == "stopped" else world.crash()
    await until(world, ends)
    await world.start()


# ---- nights of clock changes


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NIGHTS]
)
def lived(request):
    """The Sunday and the night after it; an event starts the clean-up half a minute before the timetable does.

    Of one group, so that a night is lived through once, not by each worker.
    """
    night = NIGHTS[request.param]

    async def scenario(world):
        shop = await opened(world, night.zone)
        await until(world, moment(f"2026-{night.clean_up}") - timedelta(seconds=30))
        await shop.publish("TOO-001")
        await until(world, moment(night.ends) + timedelta(hours=4))
        await world.settle()
        world.check()
        missed = [one for code in shop.schedules for one in shop.skipped(code)]
        return night, {code: shop.runs(code) for code in shop.schedules}, missed, shop

    return run(scenario, start=moment(night.begins) - timedelta(minutes=2))


def test_the_import_runs_once_a_night(lived):
    night, runs, _, shop = lived
    assert tuple(due for due, _ in runs["orders-import"]) == night.imports
    assert [began for _, began in runs["orders-import"]] == [*night.imports], "at its time"
    assert shop.imports == [FIRST, ("delta", "read by run 1")]


def test_calls_are_five_minutes_apart_whatever_clocks_show(lived):
    night, runs, _, shop = lived
    sunday = every_five_minutes(moment(night.begins), night.calls)
    assert shown(moment(night.ends) - CALL) == sunday[-1]
    assert [due for due, _ in runs["watch-webshop"]][: night.calls] == sunday
    assert [due for due, _ in runs["watch-webshop"]][night.calls :] == every_five_minutes(
        moment(night.ends), 49
    )
    assert [due for due, began in runs["watch-webshop"] if due != began] == []
    asked = [shown(datetime.fromisoformat(query["at"])) for _, query in shop.web.calls]
    assert asked == [due for due, _ in runs["watch-webshop"]]


def test_the_clean_up_runs_on_the_event_and_once_by_the_timetable(lived):
    night, runs, _, _ = lived
    (by_event, _), (due, began) = runs["remove-assets"]
    assert (by_event, due) == ("event", night.clean_up)
    late_s = (moment(f"2026-{began}") - moment(f"2026-{due}")).total_seconds()
    assert 60 <= late_s <= 63, "behind the job of the event"


def test_nothing_is_left_out(lived):
    assert lived[2] == []


# ---- a server that was away: from 00:42 to 04:03 UTC of the night on which clocks go forward in Paris

AWAY = (moment("2026-03-29 00:42"), moment("2026-03-29 04:03"))
DUE_MEANWHILE = 40
"""Calls, from 00:45 to 04:00."""


@pytest.fixture(params=["stopped", "killed"])
def how(request):
    return request.param


def came_back(how, **changes):
    """What became of the due times of these hours."""

    async def scenario(world):
        shop = await opened(world, "Europe/Paris", **changes)
        await asleep(world, *AWAY, how)
        shop.start()
        await until(world, moment("2026-03-29 04:12"))
        await world.settle()
        world.check()
        return {code: (shop.runs(code), shop.skipped(code), shop.slots(code)) for code in shop.schedules}

    return run(scenario, start=moment("2026-03-29 00:38"))


def test_of_what_was_missed_the_latest_runs_and_calls_do_not(how):
    found = came_back(how)
    for code, due in (("orders-import", "03-29 01:00:00"), ("remove-assets", "03-29 00:45:00")):
        [(planned, began)], skipped, slots = found[code]
        assert (planned, skipped, slots) == (due, [], 1)
        assert began[:11] == "03-29 04:03"
    runs, skipped, slots = found["watch-webshop"]
    assert [due for due, _ in runs] == ["03-29 00:40:00", "03-29 04:05:00", "03-29 04:10:00"]
    assert skipped == [("03-29 00:45:00", "late", DUE_MEANWHILE)]
    assert slots == len(runs) + DUE_MEANWHILE


@pytest.mark.parametrize(
    ("changes", "started", "left_out"),
    [
        ({"late": "latest"}, ["03-29 04:00:00"], [("03-29 00:45:00", "late", 39)]),
        ({"late": "all", "overlap": "allow"}, every_five_minutes(moment("2026-03-29 00:45"), 40), []),
        (
            {"late": "all"},
            ["03-29 00:45:00"],
            [(due, "still_running", 1) for due in every_five_minutes(moment("2026-03-29 00:50"), 39)],
        ),
    ],
)
def test_every_due_time_is_a_job_or_a_reason(how, changes, started, left_out):
    runs, skipped, slots = came_back(how, watch_webshop=changes)["watch-webshop"]
    assert [due for due, _ in runs] == ["03-29 00:40:00", *started, "03-29 04:05:00", "03-29 04:10:00"]
    assert skipped == left_out
    assert len(started) + sum(count for _, _, count in skipped) == DUE_MEANWHILE
    assert slots == DUE_MEANWHILE + 3


# ---- who is told


def test_a_night_that_fails_and_the_next_that_is_well_are_told_once_each():
    async def scenario(world):
        shop = await opened(world, "Europe/Paris")
        shop.fails = {2}
        await until(world, moment("2026-10-27 06:00"))
        found = [(one["at"][5:16], one["title"]) for one in reversed(await inbox(world, shop.owner))]
        await world.settle()
        world.check()
        return found, shop.imports

    found, imports = run(scenario, start=moment("2026-10-24 23:30"))
    assert found == [
        ("10-26T01:25", "Orders of the web shop failed"),
        ("10-27T01:25", "Orders of the web shop has recovered"),
    ]
    # What the failed run should have brought comes with the next.
    assert imports == [FIRST, ("delta", "read by run 1"), ("delta", "read by run 1")]
