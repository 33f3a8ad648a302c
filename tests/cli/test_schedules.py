"""``tickwire schedules explain``: what a text means, and when it is due."""

import json

import pytest

PARIS = ("--zone", "Europe/Paris")


def test_an_expression_is_explained(api, tickwire):
    shown = tickwire("schedules", "explain", "0 9 * * 1-5", *PARIS, "--count", "2").stdout
    assert shown.splitlines() == [
        "At 09:00, Monday to Friday",
        "time zone: Europe/Paris, dialect: unix",
        "EUROPE/PARIS                 UTC",
        "Fri 2026-01-02 09:00 +01:00  Fri 2026-01-02 08:00",
        "Mon 2026-01-05 09:00 +01:00  Mon 2026-01-05 08:00",
    ]
    assert api.schedules.asked == [
        {
            "cron": "0 9 * * 1-5",
            "timeZone": "Europe/Paris",
            "gap": "next-valid",
            "fold": "first",
            "count": 2,
            "neighbours": True,
        }
    ]


def test_what_else_is_due_in_the_minute_is_told_with_a_free_one(api, tickwire):
    free = {"utc": "2026-01-02T08:03:00.000Z", "local": "2026-01-02T09:03:00+01:00"}
    api.schedules.neighbours = {"count": 2, "names": ["Import", "Mornings"], "free": free}
    shown = tickwire("schedules", "explain", "0 9 * * *", *PARIS).stdout.splitlines()
    assert shown[-1] == "2 schedules of the space in the first minute: Import, Mornings. Free is 09:03."
    api.schedules.neighbours = {"count": 12, "names": ["Import"], "free": None}
    shown = tickwire("schedules", "explain", "* * * * *", *PARIS).stdout.splitlines()
    assert shown[-1] == "12 schedules of the space in the first minute: Import and 11 more."


def test_clock_changes_are_told(api, tickwire):
    asked = ("30 2 * * *", *PARIS, "--from", "2026-03-28T12:00+01:00", "-n", "1")
    shown = tickwire("schedules", "explain", *asked).stdout.splitlines()
    assert shown[2].split() == ["EUROPE/PARIS", "UTC", "NOTE"]
    assert shown[3].startswith(
        "Sun 2026-03-29 03:00 +02:00  Sun 2026-03-29 01:00  02:30 does not exist on 29 March"
    )
    skipped = tickwire("schedules", "explain", *asked, "--gap", "skip", "--fold", "both").stdout
    assert "Mon 2026-03-30 02:30 +02:00" in skipped
    assert (api.schedules.asked[1]["gap"], api.schedules.asked[1]["fold"]) == ("skip", "both")


def test_a_time_without_an_offset_is_of_the_zone_of_the_schedule(api, tickwire):
    for zone, offset in (("Asia/Tokyo", "+09:00"), ("America/New_York", "-05:00")):
        asked = ("0 * * * *", "--zone", zone, "-n", "1", "--from", "2026-01-05T08:30")
        shown = tickwire("schedules", "explain", *asked)
        assert f"Mon 2026-01-05 09:00 {offset}" in shown.stdout, shown.output


def test_the_help_shows_each_example_on_a_line_of_its_own(tickwire):
    shown = tickwire("schedules", "explain", "--help").stdout
    assert "\\b" not in shown
    examples = [
        line.strip()
        for line in shown.splitlines()
        if "tickwire schedules explain" in line and "Usage" not in line
    ]
    assert len(examples) == 3


def test_the_zone_is_that_of_the_space_unless_it_is_named(api, tickwire):
    api.spaces["default"] = {
        "id": "us_sp_default", "environmentId": "us_env_default", "code": "default", "name": "Default", "status": "active",
        "timeZone": "UTC", "createdAt": "2026-01-01T12:00:00.000Z", "updatedAt": "2026-01-01T12:00:00.000Z",
    }  # fmt: skip
    shown = tickwire("schedules", "explain", "*/15 * * * * ?", "--dialect", "quartz", "-n", "1").stdout
    assert shown.splitlines() == [
        "Every 15 seconds",
        "time zone: UTC, dialect: quartz",
        "UTC",
        "Thu 2026-01-01 12:00:15",
    ]


def test_a_repetition_and_a_time_are_explained_too(api, tickwire):
    text = '{"every": 2, "unit": "weeks", "start": "2026-01-05T09:00"}'
    shown = tickwire("schedules", "explain", text, *PARIS).stdout
    assert "Every 2 weeks on Monday at 09:00" in shown
    assert "time zone: Europe/Paris\n" in shown
    once = json.loads(tickwire("schedules", "explain", "2026-12-24T09:00", *PARIS, "--json").stdout)
    assert once == {
        "words": "Once, on Thursday 24 December 2026 at 09:00",
        "times": [{"utc": "2026-12-24T08:00:00.000Z", "local": "2026-12-24T09:00:00+01:00"}],
    }


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("0 0 30 2 *", *PARIS), 1, "never due"),
        (("0 0 9 * * 1", *PARIS), 1, "Seconds first, Sunday 1 (quartz): At 09:00 on Sundays."),
        (("0 9 * * *", "--zone", "Europe/Pariss"), 1, "Did you mean Europe/Paris"),
        (("@reboot", *PARIS), 1, "@reboot names no time"),
        (("x" * 257, *PARIS), 2, "at most 256 characters"),
        (("{", *PARIS), 2, "TEXT is not JSON"),
        (('{"unit": "weeks"}', *PARIS), 2, "repeat.start"),
        (("0 9 * * *", *PARIS, "--from", "soon"), 2, "--from 'soon' is no time"),
        (("0 9 * * *", *PARIS, "--from", "2200-01-01"), 2, "from: must lie between 1970 and 2199."),
        (("0 9 * * *", *PARIS, "--count", "101"), 2, "101 is not in the range 1<=x<=100"),
    ],
)
def test_what_has_no_meaning_is_told(api, tickwire, args, code, told):
    refused = tickwire("schedules", "explain", *args)
    assert refused.exit_code == code, refused.output
    assert told in refused.stderr
