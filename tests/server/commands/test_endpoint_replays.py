"""Events that never became deliveries are found in the log, and each of them is delivered once, whoever asks for it how often."""

import asyncio

import pytest
from posted import change, endpoint, make, publish, state
from stage import ADMIN, STRANGER, opened

from listener_sdk.protocol.codes import Refusal
from server.commands import endpoint_messages
from server.commands import endpoint_replays as commands
from server.commands.endpoint_deliveries import (
    CLAIM_ENDPOINT_DELIVERIES,
    END_ENDPOINT_DELIVERY,
    Attempted,
    Claim,
)
from server.commands.endpoint_messages import Wanted
from server.commands.endpoint_replays import REPLAY_MISSED, find

URL = "https://a.example/"
EVER = (0, 2**45)


@pytest.fixture
async def stage(tmp_path):
    async with opened(tmp_path) as found:
        yield found


async def found(stage, row, since=0, until=2**45, after=0, actor=ADMIN):
    return await stage.node.read(lambda reader: find(reader, actor, row.id, since, until, after))


async def replay(stage, row, **span):
    """How many were made, call by call."""
    counts, after = [], 0
    while after is not None:
        done = await stage.do(REPLAY_MISSED, await found(stage, row, **span, after=after))
        counts.append(done.count)
        after = done.after
    return counts


async def seqs(stage):
    return [row[0] for row in await stage.rows("SELECT seq FROM endpoint_message ORDER BY id")]


async def missed(stage, count=3, **fields):
    """An endpoint that was disabled while so many events came; the endpoint and their places."""
    row = await endpoint(stage, URL, **fields)
    await change(stage, row, enabled=False)
    places = [await publish(stage, number) for number in range(count)]
    await change(stage, row, enabled=True)
    await make(stage)
    return row, places


async def test_what_came_while_it_was_disabled_is_delivered_once(stage):
    row, places = await missed(stage)
    assert await seqs(stage) == []
    assert await replay(stage, row) == [3]
    assert await seqs(stage) == places
    assert await replay(stage, row) == [0]
    assert await make(stage) == 0
    [(body, status)] = await stage.rows(
        "SELECT body, status FROM endpoint_message WHERE seq = :s", s=places[1]
    )
    assert (status, '"n":1' in body) == ("pending", True)
    [(action,)] = await stage.rows("SELECT action FROM audit WHERE action = 'endpoint:replayed'")
    assert action == "endpoint:replayed"


async def test_it_ends_the_rest_that_the_receiver_has_asked_for(stage):
    row, _ = await missed(stage)
    await publish(stage, 3)
    await make(stage)
    [parcel] = await stage.do(CLAIM_ENDPOINT_DELIVERIES, Claim(stage.node.sealer, [row.id], []))
    refused = Attempted(parcel.row, stage.clock(), status=503, retry_after_s=600)
    await stage.do(END_ENDPOINT_DELIVERY, refused)
    assert (await state(stage, row)).rests_until == stage.clock() + 600_000
    assert await replay(stage, row) == [3]
    assert (await state(stage, row)).rests_until is None


async def test_what_was_left_out_while_too_many_waited_is_delivered(stage, monkeypatch):
    monkeypatch.setattr(endpoint_messages, "MOST_PENDING", 2)
    row = await endpoint(stage, URL)
    places = [await publish(stage, number) for number in range(5)]
    await make(stage)
    assert await seqs(stage) == places[:2]
    with pytest.raises(Refusal) as refused:
        await found(stage, row)
    assert refused.value.code == "limit"
    monkeypatch.setattr(endpoint_messages, "MOST_PENDING", 4)
    item = await found(stage, row)
    assert ([one.seq for one in item.wanted], item.after) == (places[2:4], places[3])
    monkeypatch.setattr(endpoint_messages, "MOST_PENDING", 9)
    assert await replay(stage, row) == [3]


async def test_what_will_come_by_itself_is_left_to_the_loop(stage):
    row = await endpoint(stage, URL)
    await make(stage)
    await publish(stage)
    assert await replay(stage, row) == [0]
    assert await make(stage) == 1


async def test_topics_filter_space_and_span_choose(stage):
    row, places = await missed(stage, 4, filter={"payload": {"n": [1, 2, 3]}})
    await publish(stage, 9, topic="other:thing")
    await publish(stage, 9, actor=STRANGER)
    at = stage.clock()
    assert [one.seq for one in (await found(stage, row)).wanted] == places[1:]
    assert (await found(stage, row, until=at)).wanted == []
    assert (await found(stage, row, since=at + 1)).wanted == []
    assert (await found(stage, row, since=at, until=at + 1)).wanted != []


async def test_it_goes_by_pages_of_what_is_looked_at_and_of_what_is_read(stage, monkeypatch):
    row, places = await missed(stage, 7)
    monkeypatch.setattr(commands, "LOOKED_AT", 3)
    counts = await replay(stage, row)
    assert (sum(counts), max(counts)) == (7, 3)
    assert await seqs(stage) == places
    stage.clock.forward(1)
    other, _ = await missed(stage, 5)
    monkeypatch.setattr(commands, "LOOKED_AT", 10_000)
    monkeypatch.setattr(commands, "PAGE", 2)
    assert await replay(stage, other) == [2, 2, 1]


async def test_large_events_make_small_pages(stage, monkeypatch):
    row, _ = await missed(stage, 3)
    monkeypatch.setattr(commands, "PAGE_BYTES", 1)
    assert await replay(stage, row) == [1, 1, 1]


async def test_two_who_ask_at_the_same_time_have_each_delivered_once(stage):
    row, places = await missed(stage, 5)
    counts = await asyncio.gather(*(replay(stage, row) for _ in range(4)))
    assert sum(count for each in counts for count in each) == 5
    assert await seqs(stage) == places


async def test_a_loop_that_is_behind_makes_nothing_twice(stage):
    row, places = await missed(stage, 2)
    wanted = [Wanted(1, row.id, seq, "invoice:paid", "{}") for seq in places]
    late = await stage.node.read(lambda reader: endpoint_messages.decide(reader, wanted, places[-1]))
    assert await replay(stage, row) == [2]
    assert await stage.do(endpoint_messages.MAKE_DELIVERIES, late) is None
    again = await stage.node.read(lambda reader: endpoint_messages.decide(reader, wanted, places[-1]))
    assert again.wanted == []


async def test_who_may_not_and_what_is_off_is_refused(stage):
    row, _ = await missed(stage)
    with pytest.raises(Refusal, match="no endpoint"):
        await found(stage, row, actor=STRANGER)
    item = await found(stage, row)
    await change(stage, row, enabled=False)
    for act in (found(stage, row), stage.do(REPLAY_MISSED, item)):
        with pytest.raises(Refusal) as refused:
            await act
        assert refused.value.code == "disabled"
