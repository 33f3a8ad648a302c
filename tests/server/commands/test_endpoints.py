"""Endpoints are made, changed and removed by those who may, within their number, and every change is told."""

import pytest
from posted import SECRET, change, endpoint, state, told
from stage import ADMIN, STRANGER, opened

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.spaces import SpaceUpdate
from server.commands import endpoints as commands
from server.commands import spaces
from server.commands.endpoints import DELETE_ENDPOINT, ROTATE_ENDPOINT, DeleteEndpoint, RotateEndpoint
from server.commands.signing_secrets import Signing
from server.store import signing_secrets

URL = "https://a.example/"


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def test_every_change_is_told_once_by_what_differs(stage):
    row = await endpoint(stage, URL, name="A")
    await change(stage, row, name="A")
    await change(stage, row, name="B", enabled=False)
    await change(stage, row, enabled=True)
    await stage.do(DELETE_ENDPOINT, DeleteEndpoint(ADMIN, row.id))
    assert await told(stage) == ["created", "updated", "disabled", "enabled", "deleted"]
    [updated] = await stage.events("endpoint:updated")
    assert updated["payload"] == {
        "endpointId": row.public_id, "name": "B", "version": 2, "changed": ["name"],
    }  # fmt: skip
    lines = await stage.rows("SELECT action, before, after FROM audit WHERE action = 'endpoint:updated'")
    assert lines[0][1:] == ('{"name":"A","version":1}', '{"name":"B","version":2}')


async def test_who_is_elsewhere_finds_nothing(stage):
    row = await endpoint(stage, URL)
    with pytest.raises(Refusal, match="no endpoint"):
        await stage.do(DELETE_ENDPOINT, DeleteEndpoint(STRANGER, row.id))


async def test_a_space_has_so_many_and_an_archived_one_gets_no_more(stage, monkeypatch):
    monkeypatch.setattr(commands, "MOST_ENDPOINTS", 1)
    await endpoint(stage, URL)
    with pytest.raises(Refusal) as refused:
        await endpoint(stage, URL)
    assert refused.value.code == "limit"
    await stage.do(spaces.UPDATE_SPACE, spaces.UpdateSpace(ADMIN, 1, SpaceUpdate(archived=True)))
    with pytest.raises(Refusal) as refused:
        await endpoint(stage, URL)
    assert refused.value.code == "space_archived"


async def test_a_secret_goes_with_its_endpoint(stage):
    row = await endpoint(stage, URL)
    signing = Signing(SECRET, stage.node.sealer)
    await stage.do(ROTATE_ENDPOINT, RotateEndpoint(ADMIN, row.id, signing, 60_000))
    assert len(await stage.rows("SELECT id FROM signing_secret")) == 2
    await stage.do(ROTATE_ENDPOINT, RotateEndpoint(ADMIN, row.id, signing, 0))
    kept = await stage.node.read(lambda r: signing_secrets.valid(r, row.public_id, stage.clock()))
    assert [one.until for one in kept] == [None]
    await stage.do(DELETE_ENDPOINT, DeleteEndpoint(ADMIN, row.id))
    assert await stage.rows("SELECT id FROM signing_secret") == []


async def test_what_happened_before_it_was_switched_on_is_not_for_it(stage):
    row = await endpoint(stage, URL)
    begun = (await state(stage, row)).heard_after
    await change(stage, row, enabled=False)
    await change(stage, row, name="B")
    assert (await state(stage, row)).heard_after == begun
    await change(stage, row, enabled=True)
    [event] = await stage.events("endpoint:enabled")
    assert (await state(stage, row)).heard_after == event["seq"]
