"""Deliveries are taken with a lease, and only who holds it ends them."""

from notified import member, set_aside

from server.commands.notification_decisions import Group, Noted, Target
from server.commands.notification_deliveries import (
    CLAIM_DELIVERIES,
    END_DELIVERY,
    LEASE_MS,
    LONGEST_MESSAGE,
    Claim,
    Ended,
)
from server.commands.notification_messages import NOTE
from server.core.notifications import RuleKey, named_by
from server.store import notification_rules as sql

FAILED = {"result": "failed", "jobId": "us_jb_0000000001"}


async def noted(stage, **rule):
    cursor = await stage.node.read(sql.cursor)
    whom = named_by({"channels": ["email"], **rule})
    target = Target(whom, "Nightly", "nightly", "nightly:run")
    await stage.do(NOTE, Noted(cursor, 1, [Group(RuleKey(1, "definition", 4, 0), target, (FAILED,))]))


async def claim(stage, count=9):
    ids = [one[0] for one in await stage.rows("SELECT id FROM notification_delivery ORDER BY due_at, id")]
    return await stage.do(CLAIM_DELIVERIES, Claim(stage.node.sealer, ids[:count]))


async def test_a_claim_is_good_for_a_lease(stage):
    await noted(stage, addresses=["a@b.example", "b@b.example"])
    [first] = await claim(stage, 1)
    [second] = await claim(stage)
    assert (first.where, second.where) == ("a@b.example", "b@b.example")
    assert first.id != second.id
    assert await claim(stage) == []
    stage.clock.forward(LEASE_MS / 1000)
    assert [parcel.id for parcel in await claim(stage)] == [first.id, second.id]


async def test_an_end_counts_once_and_of_the_newest_attempt(stage):
    await noted(stage, addresses=["a@b.example"])
    [old] = await claim(stage)
    stage.clock.forward(LEASE_MS / 1000)
    [new] = await claim(stage)
    assert await stage.do(END_DELIVERY, Ended(old.row, "failed", "late")) is None
    assert await stage.do(END_DELIVERY, Ended(new.row, "delivered")) == "delivered"
    assert await stage.do(END_DELIVERY, Ended(new.row, "delivered")) is None
    [event] = await stage.events("notification:delivered")
    assert event["context"]["jobId"] == FAILED["jobId"]
    assert event["payload"] == {
        "channel": "email",
        "recipients": ["a***@b.example"],
        "deliveryId": new.id,
        "attempts": 2,
        "definition": "nightly",
        "rule": {"kind": "definition", "number": 0},
        "result": "failed",
        "runs": 1,
    }


async def test_only_the_first_delay_is_told(stage):
    await noted(stage, addresses=["a@b.example"])
    for _ in range(3):
        [parcel] = await claim(stage)
        assert await stage.do(END_DELIVERY, Ended(parcel.row, "again", "m" * 900)) == "again"
        stage.clock.forward(1_000)
    [event] = await stage.events("notification:delayed")
    assert event["payload"]["message"] == "m" * LONGEST_MESSAGE
    assert event["payload"]["nextAttemptAt"] > event["createdAt"]


async def test_a_member_is_written_to_at_the_address_of_now(stage):
    ada, bob = await member(stage), await member(stage, "Bob")
    await noted(stage, members=[ada.public_id, bob.public_id])
    await set_aside(stage, bob)
    one, two = await claim(stage)
    assert (one.where, one.problem) == ("ada@example.com", None)
    assert (two.where, two.problem) == (None, "The member was set aside or removed meanwhile.")


async def test_what_hides_secrets_is_not_shown(stage):
    await noted(stage, channels=["slack"], slack="https://x.example/{{ secrets.NONE }}")
    [parcel] = await claim(stage)
    assert parcel.problem == "There is no secret NONE in this space any more."
    assert parcel.where is None
