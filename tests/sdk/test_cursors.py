from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from listener_sdk._cursors import Cursors, Cut, Delivered
from listener_sdk.protocol.frames import Error, Events, LiveProgress, PositionFrame, Subscribe, Subscribed
from tests.sdk.fake_server import wire_event


def subscribed(asked, start, id_=None):
    return Subscribed.model_validate(
        {"id": id_ or asked.id, "sub": "s", "from": start, "head": "e:9", "oldest": "e:1"}
    )


def test_frames_of_an_older_subscription_are_dropped_until_the_new_one_stands():
    cursors = Cursors(count(1).__next__)
    cursors.open(Subscribe(sub="s"))
    (asked,) = cursors.ask("s")
    assert cursors.subscribed(subscribed(asked, "e:1", id_=1)) == []
    assert cursors.events(Events(sub="s", prev="e:1", events=[wire_event(2)])) == ([], [])
    assert cursors.moved(PositionFrame(sub="s", prev="e:1", position="e:2")) == []
    assert cursors.progress(LiveProgress(sub="s", jobs=[{}])) == []
    assert len(cursors.subscribed(subscribed(asked, "e:1"))) == 1
    assert cursors.position("s") == "e:1"


def test_frames_of_no_subscription_mean_nothing():
    cursors = Cursors(count(1).__next__)
    assert cursors.events(Events(sub="x", prev="e:1", events=[wire_event(2)])) == ([], [])
    assert cursors.moved(PositionFrame(sub="x", prev="e:1", position="e:2")) == []
    assert cursors.refused(Error(code="invalid", message="no")) is None
    assert cursors.refused(Error(id=7, code="invalid", message="no")) is None
    assert cursors.ask("x") == []


def test_a_gap_in_idle_positions_is_noticed_too():
    cursors = Cursors(count(1).__next__)
    (asked,) = cursors.open(Subscribe(sub="s"))
    cursors.subscribed(subscribed(asked, "e:1"))
    (again,) = cursors.moved(PositionFrame(sub="s", prev="e:4", position="e:9"))
    assert again.after == "e:1"


def test_a_subscription_that_the_server_ends_by_name_is_cut():
    cursors = Cursors(count(1).__next__)
    (asked,) = cursors.open(Subscribe(sub="s"))
    cursors.subscribed(subscribed(asked, "e:1"))
    (cut,) = cursors.refused(Error(sub="s", code="epoch_changed", message="restored"))
    assert isinstance(cut, Cut)
    assert cursors.resumed() == []


@given(st.lists(st.sampled_from(["send", "lose", "break"]), max_size=40))
def test_whatever_is_lost_on_the_way_every_event_comes_once_in_order(acts):
    cursors = Cursors(count(1).__next__)
    log, seen = 0, []
    sent = 0

    def subscribe(frame):
        nonlocal sent
        sent = 0 if frame.after == "oldest" else int(frame.after.split(":")[1])
        cursors.subscribed(subscribed(frame, f"e:{sent}"))

    def send(*, lost):
        nonlocal sent
        frame = Events(
            sub="s", prev=f"e:{sent}", events=[wire_event(seq) for seq in range(sent + 1, log + 1)]
        )
        sent = log
        if lost:
            return
        calls, frames = cursors.events(frame)
        seen.extend(
            event["position"] for call in calls if isinstance(call, Delivered) for event in call.events
        )
        for asked in frames:
            subscribe(asked)

    subscribe(cursors.open(Subscribe(sub="s", after="oldest"))[0])
    for act in acts:
        if act == "break":
            subscribe(cursors.resumed()[0])
        else:
            log += 1
            send(lost=act == "lose")
    for _ in range(2):
        log += 1
        send(lost=False)
    log += 1
    send(lost=False)
    assert seen == [f"e:{seq}" for seq in range(1, log + 1)]


def test_after_its_end_a_subscription_hears_nothing():
    cursors = Cursors(count(1).__next__)
    (asked,) = cursors.open(Subscribe(sub="s"))
    (end,) = cursors.close("s")
    assert (end.type, end.sub) == ("unsubscribe", "s")
    assert cursors.subscribed(subscribed(asked, "e:1")) == []
    assert cursors.events(Events(sub="s", prev="e:1", events=[wire_event(2)])) == ([], [])
    assert cursors.close("s") == []


def durable():
    cursors = Cursors(count(1).__next__)
    (asked,) = cursors.open(Subscribe(sub="s", durable="billing"))
    return cursors, asked


def test_an_ack_is_said_once_its_subscription_stands_the_newest_of_several():
    cursors, asked = durable()
    cursors.ack("s", "e:1")
    cursors.ack("nobody's", "e:1")
    assert (cursors.acks_wait, cursors.acks()) == (False, [])
    cursors.subscribed(subscribed(asked, "e:0"))
    cursors.ack("s", "e:2")
    assert cursors.acks_wait
    (acked,) = cursors.acks()
    assert (acked.sub, acked.position, acked.id) == ("s", "e:2", None)
    assert (cursors.acks_wait, cursors.acks()) == (False, [])


def test_an_ack_that_may_have_been_lost_is_said_again():
    cursors, asked = durable()
    cursors.subscribed(subscribed(asked, "e:0"))
    cursors.ack("s", "e:2")
    cursors.acks()
    (again,) = cursors.resumed()
    assert cursors.acks() == []
    cursors.subscribed(subscribed(again, "e:2"))
    assert [frame.position for frame in cursors.acks()] == ["e:2"]


def test_an_ack_that_is_waited_for_has_an_id_until_it_is_answered():
    cursors, asked = durable()
    cursors.subscribed(subscribed(asked, "e:0"))
    cursors.ack("s", "e:2")
    number = cursors.confirm("s")
    (acked,) = cursors.acks()
    assert acked.id == number
    (again,) = cursors.resumed()
    cursors.subscribed(subscribed(again, "e:2"))
    assert [frame.id for frame in cursors.acks()] == [number]
    assert not cursors.confirmed(number + 1)
    assert cursors.confirmed(number)
    assert not cursors.confirmed(number)
