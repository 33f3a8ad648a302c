"""``client.schedules``: previews of timings."""

from datetime import UTC, datetime

import pytest

from listener_sdk.errors import InvalidError

SHOWN = {
    "dialect": "unix",
    "words": "Every day at 09:00",
    "times": [{"utc": "2026-01-01T08:00:00.000Z", "local": "2026-01-01T09:00:00+01:00", "note": "so"}],
}


@pytest.fixture
def asked(server):
    server.routes["POST", "/v1/schedules/preview"] = {"data": SHOWN}
    return lambda: server.requests[-1][2]


async def test_a_preview_shows_words_and_times(client, asked):
    found = await client.schedules.preview("0 9 * * *", time_zone="Europe/Paris")
    assert (found.dialect, found.words) == ("unix", "Every day at 09:00")
    assert (found.times[0].utc, found.times[0].note) == (datetime(2026, 1, 1, 8, tzinfo=UTC), "so")
    assert (asked()["cron"], asked()["timeZone"], asked()["count"]) == ("0 9 * * *", "Europe/Paris", 10)


async def test_all_of_a_timing_can_be_said(client, asked):
    await client.schedules.preview(
        time_zone="UTC",
        once=datetime(2026, 12, 24, 9),
        end=datetime(2026, 12, 25, tzinfo=UTC),
        gap="skip",
        fold="both",
        after=datetime(2026, 1, 1, tzinfo=UTC),
        count=3,
    )
    assert asked() == {
        "once": "2026-12-24T09:00:00", "end": "2026-12-25T00:00:00+00:00", "timeZone": "UTC", "gap": "skip", "fold": "both",
        "from": "2026-01-01T00:00:00+00:00", "count": 3,
    }  # fmt: skip
    await client.schedules.preview(time_zone="UTC", repeat={"unit": "days", "start": "2026-01-01T09:00"})
    assert asked()["repeat"] == {"every": 1, "unit": "days", "start": "2026-01-01T09:00:00"}


async def test_what_is_no_timing_is_not_sent(client, server):
    with pytest.raises(InvalidError, match="takes one of cron, repeat and once"):
        await client.schedules.preview(time_zone="UTC")
    with pytest.raises(TypeError, match="did you mean 'dialect'"):
        await client.schedules.preview("0 9 * * *", time_zone="UTC", dialekt="unix")
    with pytest.raises(InvalidError, match=r"^from: must lie between 1970 and 2199"):
        await client.schedules.preview("0 9 * * *", time_zone="UTC", after=datetime(2200, 1, 1))
    assert server.requests == []
