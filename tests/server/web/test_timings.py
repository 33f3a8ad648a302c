"""``POST /v1/schedules/preview``."""

import pytest

PARIS = {"timeZone": "Europe/Paris"}
FROM = "2026-03-28T12:00:00Z"


async def preview(server, **fields):
    return await server.call("POST", "/v1/schedules/preview", {**PARIS, **fields})


async def test_a_preview_is_shown_as_it_is_documented(server):
    answer = await preview(server, cron="30 2 * * *", count=2, **{"from": FROM})
    assert answer.body == {
        "data": {
            "dialect": "unix",
            "words": "Every day at 02:30",
            "times": [
                {
                    "utc": "2026-03-29T01:00:00.000Z",
                    "local": "2026-03-29T03:00:00+02:00",
                    "note": "02:30 does not exist on 29 March 2026: clocks go forward from 02:00 to 03:00. It runs at 03:00.",
                },
                {"utc": "2026-03-30T00:30:00.000Z", "local": "2026-03-30T02:30:00+02:00"},
            ],
        }
    }


async def test_times_come_after_now_unless_said_otherwise(server):
    data = (await preview(server, cron="* * * * *", count=100)).data
    assert len(data["times"]) == 100
    more = (await preview(server, cron="* * * * *", **{"from": data["times"][8]["utc"]})).data
    assert more["times"][0] == data["times"][9]
    assert len(more["times"]) == 10


@pytest.mark.parametrize(
    ("cron", "words", "local"),
    [
        ("0 0 * * *", "Every day at midnight", ["2026-03-02T00:00", "2026-03-03T00:00"]),
        ("0 */6 * * *", "Every 6 hours: at 00:00, 06:00, 12:00 and 18:00", ["2026-03-01T18:00", "2026-03-02T00:00", "2026-03-02T06:00"]),
        ("0 9 * * 1-5", "At 09:00, Monday to Friday", [f"2026-03-0{day}T09:00" for day in (2, 3, 4, 5, 6, 9)]),
        ("*/10 * * * *", "Every 10 minutes", ["2026-03-01T13:10", "2026-03-01T13:20", "2026-03-01T13:30"]),
        ("0 3 1 * *", "At 03:00 on the 1st of each month", ["2026-04-01T03:00", "2026-05-01T03:00"]),
        ("0 0 * * 7", "At midnight on Sundays", ["2026-03-08T00:00", "2026-03-15T00:00"]),
        ("0 0 * * 0", "At midnight on Sundays", ["2026-03-08T00:00", "2026-03-15T00:00"]),
        ("0 0 12 * * ?", "Every day at noon", ["2026-03-02T12:00", "2026-03-03T12:00"]),
        ("0 0 9 ? * 2", "At 09:00 on Mondays", ["2026-03-02T09:00", "2026-03-09T09:00"]),
    ],
)  # fmt: skip
async def test_what_other_programs_document_means_the_same_here(server, cron, words, local):
    # A Sunday, 13:00 in Paris.
    data = (await preview(server, cron=cron, count=len(local), **{"from": "2026-03-01T12:00:00Z"})).data
    assert (data["words"], [one["local"][:16] for one in data["times"]]) == (words, local)


@pytest.mark.parametrize(
    ("fields", "dialect", "words"),
    [
        ({"cron": "0 0 12 * * ?"}, "quartz", "Every day at noon"),
        ({"cron": "0 0 9 * * 1", "dialect": "quartz"}, "quartz", "At 09:00 on Sundays"),
        (
            {"repeat": {"unit": "days", "start": "2026-01-01T09:00"}},
            None,
            "Every day at 09:00, starting 1 January 2026 at 09:00",
        ),
        ({"once": "2190-12-24"}, None, "Once, on Friday 24 December 2190"),
    ],
)
async def test_every_kind_can_be_previewed(server, fields, dialect, words):
    data = (await preview(server, **fields)).data
    assert (data["dialect"], data["words"]) == (dialect, words)


async def test_it_may_begin_at_a_time_of_the_zone(server):
    data = (await preview(server, cron="0 9 * * *", count=1, **{"from": "2026-03-28T09:00"})).data
    assert data["times"][0]["local"] == "2026-03-29T09:00:00+02:00"
    data = (await preview(server, cron="0 9 * * *", count=1, **{"from": "2026-03-28T08:59"})).data
    assert data["times"][0]["local"] == "2026-03-28T09:00:00+01:00"


@pytest.mark.parametrize(
    ("fields", "status", "code", "keys"),
    [
        ({"cron": "0 0 30 2 *"}, 422, "bad_timing", ["cron"]),
        ({"cron": "99 99 * * *"}, 422, "bad_timing", ["cron", "cron"]),
        ({"cron": "0 0 9 * * 1"}, 422, "bad_timing", ["cron"]),
        ({"cron": "x", "timeZone": "Mars"}, 422, "bad_timing", ["timeZone", "cron"]),
        ({"cron": "0 0 9 * * ? 2020"}, 422, "bad_timing", ["cron"]),
        ({"once": "2020-01-01"}, 422, "bad_timing", ["once"]),
        ({"cron": "* * * * *", "from": "9990-01-01T00:00:00Z"}, 400, "invalid", ["from"]),
        ({"cron": "*" * 257}, 400, "invalid", ["cron"]),
        ({"cron": "* * * * *", "count": 101}, 400, "invalid", ["count"]),
        ({"cron": "* * * * *", "zone": "x"}, 400, "invalid", ["zone"]),
        ({}, 400, "invalid", ["body"]),
    ],
)
async def test_what_cannot_be_due_is_told(server, fields, status, code, keys):
    answer = await preview(server, **fields)
    assert answer.status == status, answer.raw
    errors = answer.body["errors"]
    assert {one["code"] for one in errors} == {code}
    assert [one["key"] for one in errors] == keys


async def test_a_viewer_may_ask(server):
    made = await server.call("POST", "/v1/keys", {"name": "v", "role": "viewer"})
    answer = await server.call(
        "POST", "/v1/schedules/preview", {**PARIS, "cron": "0 9 * * *"}, key=made.data["key"]
    )
    assert answer.status == 200


async def test_neighbours_are_those_schedules_that_the_caller_sees(server):
    body = {"jobDefinitionCode": "web", "jobType": "noop", "enabled": True}
    await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    for name, cron in (("Mornings", "0 9 * * *"), ("Noon", "0 12 * * *"), ("Off", "0 9 * * *")):
        fields = {"name": name, "cron": cron, "enabled": name != "Off", **PARIS}
        assert (await server.call("POST", "/v1/job-definitions/web/schedules", fields)).status == 200
    asked = {"cron": "0 9 * * 1", "neighbours": True, "from": "2190-01-01T00:00:00Z", "count": 1}
    found = (await preview(server, **asked)).data["neighbours"]
    assert (found["count"], found["names"], found["free"]["local"][11:16]) == (1, ["Mornings"], "09:01")
    [own] = [
        one["id"] for one in (await server.call("GET", "/v1/schedules")).data if one["name"] == "Mornings"
    ]
    assert (await preview(server, **asked, schedule=own)).data["neighbours"]["count"] == 0
    made = await server.call("POST", "/v1/keys", {"name": "v", "role": "viewer", "jobs": ["other:*"]})
    answer = await server.call("POST", "/v1/schedules/preview", {**PARIS, **asked}, key=made.data["key"])
    assert answer.data["neighbours"]["count"] == 0
    assert "neighbours" not in (await preview(server, cron="0 9 * * 1")).data
