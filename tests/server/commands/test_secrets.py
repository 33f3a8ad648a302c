"""Secrets as commands set, use and remove them."""

from dataclasses import replace

import pytest
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.secrets import SecretWrite
from server.commands import secrets as module
from server.commands.secrets import (
    DELETE_SECRET,
    SET_SECRET,
    DeleteSecret,
    SetSecret,
    opened,
)
from server.core.reach import Reach
from server.security.sealing import Sealer, new_master_key, parse_master_key
from server.store import audit
from server.store import secrets as sql

VALUE = "canary-of-the-commands"


async def put(stage, name="crm_token", value=VALUE, actor=ADMIN, **fields):
    body = SecretWrite.model_validate({"name": name, "value": value, **fields})
    return await stage.do(SET_SECRET, SetSecret(actor, body, stage.node.sealer))


async def refusal(act):
    with pytest.raises(Refusal) as caught:
        await act
    return caught.value


async def load(stage, secret_id):
    return await stage.node.read(lambda reader: sql.load(reader, 1, secret_id))


async def test_a_secret_is_sealed_and_told_without_its_value(stage):
    row = await put(stage, jobs=["crm:*"], description="of the CRM")
    assert await load(stage, row.id) == row
    assert (row.version, row.size, row.globs) == (1, len(VALUE), ["crm:*"])
    assert opened(stage.node.sealer, row) == VALUE
    (event,) = await stage.events("secret:created")
    assert event["payload"] == {"secretId": "us_sec_0000000001", "name": "crm_token", "version": 1}
    (line,) = await stage.node.read(lambda reader: audit.page(reader, 1, 10**9, 10))
    assert (line.action, line.target, line.before) == ("secret:created", "us_sec_0000000001", None)
    assert '"jobs":["crm:*"]' in line.after


async def test_another_value_is_another_version_and_keeps_what_is_left_out(stage):
    first = await put(stage, jobs=["crm:*"], description="of the CRM")
    second = await put(stage, value="other")
    assert (second.id, second.version, second.globs, second.description) == (
        first.id,
        2,
        ["crm:*"],
        "of the CRM",
    )
    assert second.created_at == first.created_at
    assert opened(stage.node.sealer, second) == "other"
    assert (await put(stage, value="x", jobs=None)).globs == ["**"]
    assert [event["payload"]["version"] for event in await stage.events("secret:updated")] == [2, 3]


async def test_a_name_stands_once_for_each_actor_and_once_for_each_space(stage):
    rows = [await put(stage), await put(stage, actorId="us_usr_1"), await put(stage, actor=STRANGER)]
    assert len({row.id for row in rows}) == 3
    assert [row.version for row in rows] == [1, 1, 1]


async def test_a_deleted_secret_is_gone_and_another_space_s_is_not_found(stage):
    row = await put(stage)
    assert (await refusal(stage.do(DELETE_SECRET, DeleteSecret(STRANGER, row.id)))).code == "not_found"
    await stage.do(DELETE_SECRET, DeleteSecret(ADMIN, row.id))
    assert (await refusal(stage.do(DELETE_SECRET, DeleteSecret(ADMIN, row.id)))).code == "not_found"
    (event,) = await stage.events("secret:deleted")
    assert event["payload"]["name"] == "crm_token"
    assert (await put(stage)).version == 1


async def test_how_many_and_how_large_is_bounded(stage, monkeypatch):
    monkeypatch.setattr(module, "MOST_SECRETS", 2)
    monkeypatch.setattr(module, "LARGEST_SPACE", 10)
    await put(stage, "a", "12345")
    await put(stage, "b", "12345")
    assert (await refusal(put(stage, "c", "1"))).code == "limit"
    assert (await refusal(put(stage, "a", "123456"))).code == "limit"
    await put(stage, "a", "54321")
    await put(stage, "a", "x", actor=STRANGER)
    assert len(await stage.events("secret:created")) == 3


async def test_two_of_the_same_name_in_one_batch_are_two_versions(stage):
    done = []
    for value in ("one", "two"):
        body = SecretWrite(name="twice", value=value)
        item = SetSecret(ADMIN, body, stage.node.sealer)
        stage.node.writer.post(SET_SECRET, item, lambda row, error: done.append((row, error)))
    await stage.idle()
    assert [(row.version, error) for row, error in done] == [(1, None), (2, None)]


# ---- used by a listener


async def using(stage, name="crm:sync", **fields):
    listener = await stage.listener("**")
    await stage.create(name)
    return listener, await listener.grant()


async def asked(listener, grant, *names):
    return await listener.ask(**listener.about("secrets", grant, names=list(names)))


async def test_the_holder_of_a_job_has_its_secrets(stage):
    await put(stage)
    await put(stage, "other", "2")
    await put(stage, "crm_token", "of an actor", actorId="us_usr_1")
    listener, grant = await using(stage)
    assert await asked(listener, grant, "crm_token", "other") == {
        "values": {"crm_token": VALUE, "other": "2"}
    }


async def test_a_missing_one_and_one_for_other_jobs_are_refused_by_name(stage):
    await put(stage, "elsewhere", actor=STRANGER)
    await put(stage, "limited", jobs=["import:*"])
    listener, grant = await using(stage)
    for name in ("elsewhere", "nothing"):
        answer = await asked(listener, grant, name)
        assert (answer["code"], answer["key"]) == ("not_found", "names")
        assert f"tickwire secrets set {name}" in answer["message"]
    answer = await asked(listener, grant, "limited")
    assert (answer["code"], answer["key"]) == ("forbidden", "names")
    assert "import:*" in answer["message"]


async def test_without_a_live_lease_there_is_none(stage):
    await put(stage)
    listener, grant = await using(stage)
    other = await stage.listener("none:*", session="session-two")
    assert (await asked(other, grant, "crm_token"))["code"] == "stale_lease"
    stranger = stage.connect(STRANGER)
    await stranger.hello("session-three")
    assert (await asked(stranger, grant, "crm_token"))["code"] == "not_found"
    wrong = grant | {"fence": grant["fence"] + 1}
    assert (await asked(listener, wrong, "crm_token"))["code"] == "stale_lease"
    await listener.ask(**listener.about("complete", grant))
    assert (await asked(listener, grant, "crm_token"))["code"] == "stale_lease"


async def test_one_that_no_master_key_opens_is_locked_until_it_is_set_anew(stage):
    row = await put(stage)
    other = Sealer(stage.meta.account_id, [parse_master_key(new_master_key())])
    stage.node.hub.sealer = stage.node.sealer = other
    listener, grant = await using(stage)
    answer = await asked(listener, grant, "crm_token")
    assert answer["code"] == "secret_locked"
    assert "TICKWIRE_MASTER_KEY_PREVIOUS" in answer["message"]
    assert (await put(stage)).id == row.id
    assert await asked(listener, grant, "crm_token") == {"values": {"crm_token": VALUE}}


async def test_no_value_stands_in_the_store_or_in_the_text_of_an_item(stage):
    await put(stage)
    listener, grant = await using(stage)
    await asked(listener, grant, "crm_token")
    item = SetSecret(ADMIN, SecretWrite(name="a", value=VALUE), stage.node.sealer)
    assert VALUE not in repr(item)
    await stage.stop()
    written = b"".join(path.read_bytes() for path in stage.path.rglob("*") if path.is_file())
    assert b"crm_token" in written
    assert VALUE.encode() not in written


async def test_a_key_that_is_restricted_to_jobs_touches_the_secrets_of_these_alone(stage):
    mine = replace(ADMIN, reach=Reach(("mine:*",)))
    for name, jobs in (("of_all", None), ("of_others", ["other:run"]), ("of_both", ["mine:a", "other:run"])):
        row = await put(stage, name, jobs=jobs)
        for act in (
            put(stage, name, "overwritten", mine),
            put(stage, name, "overwritten", mine, jobs=["mine:*"]),
            stage.do(DELETE_SECRET, DeleteSecret(mine, row.id)),
        ):
            found = await refusal(act)
            assert (found.code, found.key) == ("forbidden", "jobs")
        assert await load(stage, row.id) == row
    for jobs in ({}, {"jobs": None}, {"jobs": ["**"]}, {"jobs": ["mine:a", "other:run"]}):
        assert (await refusal(put(stage, "new", actor=mine, **jobs))).code == "forbidden"
    row = await put(stage, "new", actor=mine, jobs=["mine:a"])
    await put(stage, "new", "next", mine)
    await stage.do(DELETE_SECRET, DeleteSecret(mine, row.id))
    # Topics are another matter.
    await put(stage, "new", actor=replace(ADMIN, reach=Reach(topics=("a:*",))))
