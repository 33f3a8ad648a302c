"""Schedules by the client."""

from datetime import datetime

import pytest

from listener_sdk.errors import InvalidError
from tests.sdk.fake_server import AT, wire_job

ID = "us_sch_0000000001"
PATH = f"/v1/schedules/{ID}"
SCHEDULE = {
    "id": ID, "name": "Mornings", "origin": "own", "definition": "nightly", "enabled": True, "state": "active", "words": "At 09:00",
    "cron": "0 9 * * *", "timeZone": "UTC", "late": "latest", "overlap": "skip", "owner": "us_mem_0000000001", "version": 1,
    "createdAt": AT, "createdBy": "us_mem_0000000001", "updatedAt": AT, "updatedBy": "us_mem_0000000001",
}  # fmt: skip
HANDED = {"schedules": [ID], "owner": "us_mem_0000000002", "stillRecipient": 1}


async def test_one_is_made_read_changed_and_removed(server, client):
    server.routes["POST", "/v1/schedules"] = {"data": SCHEDULE}
    server.routes["GET", PATH] = server.routes["PATCH", PATH] = {"data": SCHEDULE}
    server.routes["DELETE", PATH] = {"data": {"success": True}}
    made = await client.schedules.create("nightly", "0 9 * * *", time_zone="UTC", pause_after=3)
    assert server.requests[-1][2] == {
        "definition": "nightly", "cron": "0 9 * * *", "timeZone": "UTC", "pauseAfter": 3
    }  # fmt: skip
    assert await client.schedules.get(ID) == made
    await client.schedules.update(ID, time_zone="Europe/Paris", pause_after=None)
    assert server.requests[-1] == ("PATCH", PATH, {"timeZone": "Europe/Paris", "pauseAfter": None})
    await client.schedules.enable(ID)
    assert server.requests[-1][2] == {"enabled": True}
    await client.schedules.disable(ID)
    assert server.requests[-1][2] == {"enabled": False}
    await client.schedules.delete(ID)
    assert server.requests[-1][:2] == ("DELETE", PATH)


async def test_times_may_be_given_as_such(server, client):
    server.routes["POST", "/v1/schedules"] = {"data": SCHEDULE}
    await client.schedules.create("nightly", once=datetime(2026, 12, 24, 9))
    assert server.requests[-1][2] == {"definition": "nightly", "once": "2026-12-24T09:00:00"}


async def test_the_list_is_filtered(server, client):
    server.routes["GET", "/v1/schedules"] = {"data": [SCHEDULE], "cursor": ID}
    page = await client.schedules.list(definition="nightly", enabled=True)
    assert (page.items[0].name, page.cursor) == ("Mornings", ID)
    assert server.requests[-1][1] == "/v1/schedules?definition=nightly&enabled=true"


async def test_a_run_gives_the_job(server, client):
    job = wire_job()
    server.routes["POST", f"{PATH}/run"] = {"data": {"jobId": job["id"]}}
    server.routes["GET", f"/v1/jobs/{job['id']}"] = {"data": job}
    assert (await client.schedules.run(ID, idempotency_key="k")).id == job["id"]


async def test_hand_overs(server, client):
    server.routes["POST", f"{PATH}/owner"] = {"data": HANDED}
    server.routes["POST", "/v1/schedules/hand-over"] = {"data": HANDED}
    assert (await client.schedules.hand_over(ID)).still_recipient == 1
    assert server.requests[-1][2] == {"replaceRecipient": False}
    await client.schedules.hand_over_all("us_mem_0000000001", "us_mem_0000000002", replace_recipient=True)
    assert server.requests[-1][2] == {
        "owner": "us_mem_0000000002", "replaceRecipient": True, "former": "us_mem_0000000001"
    }  # fmt: skip


async def test_what_does_not_fit_is_not_sent(server, client):
    with pytest.raises(TypeError, match="did you mean 'time_zone'"):
        await client.schedules.create("nightly", "0 9 * * *", timezone="UTC")
    for fields in ({"cron": "x" * 300}, {"cron": "0 9 * * *", "late": "never"}, {}):
        with pytest.raises(InvalidError):
            await client.schedules.create("nightly", **fields)
    with pytest.raises(TypeError):
        await client.schedules.list(owners="x")
    assert server.requests == []
