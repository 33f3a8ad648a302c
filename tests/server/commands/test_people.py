"""Members who are named by id or e-mail."""

import pytest
from notified import as_member, member
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from server.commands.people import member_id


async def named(stage, name, actor=ADMIN):
    return await stage.node.read(lambda reader: member_id(reader, actor, name, "owner"))


async def test_an_e_mail_stands_for_an_id(stage):
    ada = await member(stage)
    assert await named(stage, "ADA@example.com") == ada.public_id
    assert await named(stage, "us_key_0000000001") == "us_key_0000000001"
    with pytest.raises(Refusal) as caught:
        await named(stage, "nobody@example.com")
    assert (caught.value.code, caught.value.key) == ("not_found", "owner")


async def test_others_than_administrators_learn_of_no_e_mail_but_their_own(stage):
    ada = await member(stage, "Ada", "operator")
    await member(stage, "Bea")
    assert await named(stage, "ada@example.com", as_member(ada)) == ada.public_id
    told = []
    for name in ("bea@example.com", "nobody@example.com"):
        with pytest.raises(Refusal) as caught:
            await named(stage, name, as_member(ada))
        told.append((caught.value.code, caught.value.message))
    assert told[0] == told[1]
    assert told[0][0] == "forbidden"
