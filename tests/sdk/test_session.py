"""The client's end of the stream as lists of frames: no network, no clock."""

from session_frames import ONE, connected, done, grant, hear, kinds, welcome

from listener_sdk._cursors import Again, Cut, Delivered, Opened
from listener_sdk._leases import Ended, LeaseKey, Lost, Start, Stop
from listener_sdk._session import Answered, ListenRefused, Refused, Session, Trouble, Welcomed
from listener_sdk.protocol.frames import MAX_CREDIT, Create, Lease, Release, Subscribe, Taking
from listener_sdk.protocol.jobs import JobCreate, LogLine
from listener_sdk.protocol.progress import Progress
from tests.sdk.fake_server import wire_event


def test_nothing_leaves_before_welcome_and_all_of_it_leaves_after():
    session = Session("session-1", "me")
    session.listen([Taking(job="a:b")], 5)
    session.request(Create(job=JobCreate(type="a", operation="b"), idempotency_key="k"))
    session.subscribe(Subscribe(sub="s"))
    assert session.take() == []
    assert session.hello().model_dump(exclude_none=True) == {
        "type": "hello", "versions": [1], "session": "session-1", "held": [], "client": "me",
    }  # fmt: skip
    assert welcome(session) == [Welcomed(30.0)]
    assert kinds(session.take()) == ["listen", "create", "subscribe"]
    assert session.take() == []


# ---- leases, their ticks and their endings


def test_a_grant_starts_once_and_hello_says_that_it_is_held():
    session = connected()
    (start,) = grant(session)
    assert isinstance(start, Start)
    assert start.lease == ONE
    assert grant(session) == []
    session.begin(ONE)
    assert kinds(session.take()) == ["ack"]
    assert session.hello().held == [Lease(job=ONE.job, fence=1)]


def test_a_newer_fence_of_the_same_job_ends_the_older_lease():
    session = connected()
    grant(session)
    newer = LeaseKey(ONE.job, 2)
    lost, start = grant(session, newer)
    assert lost == Lost(ONE)
    assert isinstance(start, Start)
    assert start.lease == newer


def test_ticks_merge_and_leave_at_a_flush():
    session = connected()
    grant(session)
    assert session.tick(ONE, Progress(percent=10, text="ten"))
    assert session.tick(ONE, Progress(percent=40))
    session.flush()
    session.flush()
    (tick,) = session.take()
    assert (tick.percent, tick.text) == (40, "ten")


def test_ticks_and_lines_of_a_lost_lease_are_dropped():
    session = connected()
    assert not session.tick(ONE, Progress(percent=1))
    assert not session.log(ONE, LogLine(message="x"))
    session.begin(ONE)
    session.end(ONE, done())
    assert session.take() == []


def test_without_a_connection_ticks_wait_and_the_newest_leaves_after_welcome():
    session = connected()
    grant(session)
    session.begin(ONE)
    session.disconnected()
    session.tick(ONE, Progress(percent=10))
    session.tick(ONE, Progress(percent=20))
    session.log(ONE, LogLine(message="offline"))
    session.flush()
    assert session.take() == []
    welcome(session)
    ack, log, tick = session.take()
    assert (ack.type, log.lines[0].message, tick.percent) == ("ack", "offline", 20)


def test_an_ending_is_sent_again_with_what_belongs_to_it_until_it_is_answered():
    session = connected()
    grant(session)
    session.begin(ONE)
    session.tick(ONE, Progress(percent=90))
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    first = session.take()
    assert kinds(first) == ["ack", "log", "tick", "complete"]
    session.disconnected()
    welcome(session)
    second = session.take()
    assert kinds(second) == ["ack", "log", "tick", "complete"]
    assert first[-1] == second[-1]
    assert hear(session, type="ok", id=first[-1].id) == [Ended(ONE)]
    assert session.held == 0
    session.disconnected()
    welcome(session)
    assert session.take() == []


def test_of_a_stale_lease_only_the_unanswered_ending_is_said_again():
    session = connected()
    grant(session)
    session.begin(ONE)
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    session.disconnected()
    assert welcome(session, [ONE]) == [Welcomed(30.0)]
    assert kinds(session.take()) == ["complete"]


def test_a_stale_lease_without_an_ending_is_lost():
    session = connected()
    grant(session)
    session.disconnected()
    assert welcome(session, [ONE]) == [Welcomed(30.0), Lost(ONE)]
    assert session.held == 0


def test_a_lease_has_one_ending():
    session = connected()
    grant(session)
    session.end(ONE, Release(leases=[ONE.wire()]))
    session.end(ONE, done())
    assert kinds(session.take()) == ["release"]


def test_a_cancel_reaches_running_handlers_only():
    session = connected()
    grant(session)
    cancel = {"type": "cancel", "job": ONE.job, "fence": 1, "graceS": 30, "reason": "enough"}
    assert hear(session, **cancel) == [Stop(ONE, "enough", 30)]
    session.end(ONE, done())
    assert hear(session, **cancel) == []


def test_a_refusal_that_may_pass_is_tried_again_later():
    session = connected()
    grant(session)
    session.end(ONE, done())
    (sent,) = session.take()
    assert hear(session, type="error", id=sent.id, code="disk_full", message="full") == [Again(ONE)]
    session.again(ONE)
    assert session.take() == [sent]
    assert hear(session, type="ok", id=sent.id) == [Ended(ONE)]
    session.again(ONE)
    assert session.take() == []


def test_an_outcome_that_is_no_good_becomes_a_failure_and_that_is_the_end():
    session = connected()
    grant(session)
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    sent = session.take()[-1]
    assert hear(session, type="error", id=sent.id, code="too_large", message="300 KiB") == []
    (fail,) = session.take()
    assert (fail.type, fail.retry, fail.fence) == ("fail", False, 1)
    (ended,) = hear(session, type="error", id=fail.id, code="stale_lease", message="gone")
    assert (ended.lease, ended.refused.code) == (ONE, "stale_lease")
    assert session.held == 0


# ---- the rest of the stream


def test_a_refusal_without_id_for_a_stale_lease_asks_for_the_truth():
    session = connected()
    grant(session)
    (trouble,) = hear(session, type="error", code="stale_lease", message="gone", job=ONE.job)
    assert isinstance(trouble, Trouble)
    assert kinds(session.take()) == ["renew"]
    assert hear(session, type="stale", leases=[{"job": ONE.job, "fence": 1}]) == [Lost(ONE)]


def test_requests_are_answered_once_and_sent_again_until_then():
    session = connected()
    number = session.request(Create(job=JobCreate(type="a", operation="b"), idempotency_key="k"))
    session.disconnected()
    welcome(session)
    (create,) = session.take()
    assert (create.id, create.idempotency_key) == (number, "k")
    assert hear(session, type="ok", id=number, data={"x": 1}) == [Answered(number, {"x": 1})]
    assert hear(session, type="ok", id=number) == []
    other = session.request(Create(job=JobCreate(type="a", operation="b"), idempotency_key="k"))
    (refused,) = hear(session, type="error", id=other, code="queue_full", message="full")
    assert isinstance(refused, Refused)


def test_a_refused_listen_is_told():
    session = connected()
    session.listen([Taking(job="a:b")], 1)
    (listen,) = session.take()
    (refused,) = hear(session, type="error", id=listen.id, code="bad_filter", message="no")
    assert isinstance(refused, ListenRefused)


def test_what_is_listened_to_is_said_again_unless_something_newer_was_said():
    session = connected()
    session.listen([Taking(job="a:b")], 1)
    (older,) = session.take()
    session.again(older.id)
    assert session.take() == [older]
    session.listen([Taking(job="a:b")], 2)
    (newer,) = session.take()
    session.again(older.id)
    assert session.take() == []
    session.disconnected()
    session.again(newer.id)
    assert session.take() == []
    welcome(session)
    assert session.take() == [newer]


def test_a_subscription_goes_on_after_its_last_position():
    session = connected()
    session.subscribe(Subscribe(sub="s", after="now"))
    (asked,) = session.take()
    subscribed = {"type": "subscribed", "sub": "s", "from": "e:5", "head": "e:5", "oldest": "e:1"}
    assert hear(session, id=asked.id, **subscribed) == [Opened("s", "e:5")]
    (delivered,) = hear(session, type="events", sub="s", prev="e:5", events=[wire_event(7)])
    assert isinstance(delivered, Delivered)
    hear(session, type="position", sub="s", prev="e:7", position="e:20")
    assert session.position("s") == "e:20"
    session.disconnected()
    welcome(session)
    (again,) = session.take()
    assert again.after == "e:20"
    hear(session, id=again.id, **{**subscribed, "from": "e:20"})
    assert hear(session, type="events", sub="s", prev="e:19", events=[wire_event(25)]) == []
    (third,) = session.take()
    assert third.after == "e:20"


def test_a_subscription_that_cannot_go_on_is_cut_and_one_that_waits_is_asked_again():
    session = connected()
    session.subscribe(Subscribe(sub="s", after="e:1"))
    (asked,) = session.take()
    assert hear(session, type="error", id=asked.id, code="unavailable", message="later") == [Again("s")]
    session.again("s")
    (asked,) = session.take()
    refusal = {
        "type": "error",
        "id": asked.id,
        "sub": "s",
        "code": "cursor_too_old",
        "message": "old",
        "oldest": "e:9",
    }
    (cut,) = hear(session, **refusal)
    assert isinstance(cut, Cut)
    assert cut.error.oldest == "e:9"
    session.again("s")
    assert session.take() == []


def test_a_drain_changes_nothing_until_the_socket_closes():
    session = connected()
    grant(session)
    assert hear(session, type="drain") == []
    assert session.held == 1


def test_more_leases_than_a_frame_holds_are_named_as_far_as_they_go():
    session = connected()
    for number in range(MAX_CREDIT + 1):
        grant(session, LeaseKey(f"us_jb_{number:010d}", 1))
    assert len(session.hello().held) == MAX_CREDIT
    session.renew()
    assert [len(frame.leases) for frame in session.take()] == [MAX_CREDIT, 1]
    hear(session, type="stale", leases=[{"job": "us_jb_0000000000", "fence": 1}])
    assert [len(frame.leases) for frame in session.take()] == [MAX_CREDIT]


def test_a_subscription_is_ended_once_and_not_asked_for_again():
    session = connected()
    session.subscribe(Subscribe(sub="s"))
    session.unsubscribe("s")
    session.unsubscribe("s")
    assert kinds(session.take()) == ["subscribe", "unsubscribe"]
    session.disconnected()
    welcome(session)
    assert session.take() == []
