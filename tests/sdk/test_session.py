"""The client's end of the stream as lists of frames: no network, no clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener_sdk._cursors import Again, Cut, Delivered, Opened
from listener_sdk._leases import Ended, LeaseKey, LinesRefused, Lost, Start, Stop
from listener_sdk._session import Answered, ListenRefused, Refused, Session, Trouble, Welcomed
from listener_sdk.protocol.frames import Complete, Create, Lease, Release, Subscribe, Taking, server_frame
from listener_sdk.protocol.jobs import JobCreate, LogLine
from listener_sdk.protocol.progress import Progress
from tests.sdk.fake_server import wire_event, wire_job

ONE = LeaseKey("us_jb_0000000001", 1)


def hear(session, /, **frame):
    return session.receive(server_frame.validate_python(frame))


def welcome(session, stale=()):
    session.hello()
    return hear(
        session, type="welcome", version=1, session=session.name, server="s", space="default", leaseS=30, graceS=30,
        now="2026-01-01T00:00:00Z", stale=[{"job": job, "fence": fence} for job, fence in stale],
    )  # fmt: skip


def grant(session, lease=ONE):
    job = wire_job(id=lease.job, fence=lease.fence)
    return hear(session, type="grants", jobs=[{"job": job, "fence": lease.fence, "attempt": 1}])


def kinds(frames):
    return [frame.type for frame in frames]


def done(lease=ONE):
    return Complete(job=lease.job, fence=lease.fence)


def connected():
    session = Session("session-1")
    welcome(session)
    session.take()
    return session


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


# ---- log lines


def said(frames):
    """Indexes and texts of the lines in these frames, and the types of the other frames."""
    return [
        (frame.first, *(line.message for line in frame.lines)) if frame.type == "log" else frame.type
        for frame in frames
    ]


def write(session, *messages):
    for message in messages:
        assert session.log(ONE, LogLine(message=message))
    session.flush()


def running():
    session = connected()
    grant(session)
    session.begin(ONE)
    session.take()
    return session


def test_lines_whose_answer_was_lost_are_sent_again_with_their_indexes_until_it_comes():
    session = running()
    write(session, "a", "b")
    (first,) = session.take()
    write(session, "c")
    assert hear(session, type="ok", id=first.id) == []
    assert said(session.take()) == [(2, "c")]
    session.disconnected()
    write(session, "d")
    welcome(session)
    ack, *logs = session.take()
    assert said([ack, *logs]) == ["ack", (2, "c"), (3, "d")]
    for frame in logs:
        assert hear(session, type="ok", id=frame.id) == []
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack"]


def test_lines_that_never_left_the_broken_connection_are_sent_on_the_next():
    session = running()
    write(session, "a")
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack", (0, "a")]


def test_after_a_reconnect_lines_come_before_the_last_tick_and_that_before_the_ending():
    session = running()
    write(session, "a")
    session.tick(ONE, Progress(percent=90))
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    assert said(session.take()) == [(0, "a"), (1, "last"), "tick", "complete"]
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack", (0, "a"), (1, "last"), "tick", "complete"]


def test_an_answered_ending_forgets_its_lines():
    session = running()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    log, complete = session.take()
    assert hear(session, type="ok", id=complete.id) == [Ended(ONE)]
    assert hear(session, type="ok", id=log.id) == []
    assert session.held == 0


def test_lines_that_cannot_be_taken_now_come_again_later_and_in_order():
    session = running()
    write(session, "a")
    write(session, "b")
    refused, kept = session.take()
    assert hear(session, type="error", id=refused.id, code="disk_full", message="full") == [Again(ONE)]
    assert hear(session, type="error", id=kept.id, code="disk_full", message="full") == []
    write(session, "c")
    assert session.take() == [], "what comes later waits"
    session.again(ONE)
    assert said(session.take()) == [(0, "a"), (1, "b"), (2, "c")]
    session.again(ONE)
    assert session.take() == []


def test_an_ending_takes_along_the_lines_that_could_not_be_taken_before():
    session = running()
    write(session, "a")
    (refused,) = session.take()
    hear(session, type="error", id=refused.id, code="unavailable", message="later")
    session.log(ONE, LogLine(message="b"))
    session.end(ONE, done())
    frames = session.take()
    assert said(frames) == [(0, "a"), (1, "b"), "complete"]
    calls = [
        call
        for frame in frames
        for call in hear(session, type="error", id=frame.id, code="unavailable", message="later")
    ]
    assert calls == [Again(ONE)]
    session.again(ONE)
    assert session.take() == frames


def test_lines_that_the_ending_overtook_are_told():
    session = running()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    log, complete = session.take()
    assert hear(session, type="error", id=log.id, code="disk_full", message="full") == [Again(ONE)]
    ended, refused = hear(session, type="ok", id=complete.id)
    assert ended == Ended(ONE)
    assert (refused.lease, refused.error.code) == (ONE, "disk_full")
    session.again(ONE)
    assert session.take() == []


def test_a_reconnect_does_not_wait_for_the_pause_to_end():
    session = running()
    write(session, "a")
    (refused,) = session.take()
    hear(session, type="error", id=refused.id, code="disk_full", message="full")
    session.disconnected()
    session.again(ONE)
    welcome(session)
    write(session, "b")
    assert said(session.take()) == ["ack", (0, "a"), (1, "b")]


@pytest.mark.parametrize("code", ["invalid", "too_large", "a code of a newer server"])
def test_lines_that_are_refused_for_good_do_not_loop(code):
    session = running()
    write(session, "a", "b")
    (sent,) = session.take()
    (told,) = hear(session, type="error", id=sent.id, code=code, message="no good")
    assert (type(told), told.lease, told.error.message) == (LinesRefused, ONE, "no good")
    (notice,) = session.take()
    assert said([notice]) == [(0, "2 lines were left out here: no good")]
    (told,) = hear(session, type="error", id=notice.id, code=code, message="no good")
    assert isinstance(told, LinesRefused)
    assert session.take() == []
    session.disconnected()
    welcome(session)
    assert said(session.take()) == ["ack"]


@pytest.mark.parametrize("code", ["stale_lease", "not_found"])
def test_a_refusal_of_lines_whose_lease_is_over_ends_the_handler(code):
    session = running()
    write(session, "a")
    write(session, "b")
    first, second = session.take()
    assert hear(session, type="error", id=first.id, code=code, message="gone") == [Lost(ONE)]
    assert session.held == 0
    assert hear(session, type="error", id=second.id, code="stale_lease", message="gone") == []
    assert session.take() == []


def test_a_refusal_of_the_last_lines_leaves_the_ending_to_its_own_answer():
    session = running()
    session.log(ONE, LogLine(message="last"))
    session.end(ONE, done())
    log, complete = session.take()
    assert hear(session, type="error", id=log.id, code="stale_lease", message="gone") == []
    (ended,) = hear(session, type="error", id=complete.id, code="stale_lease", message="gone")
    assert (ended.lease, ended.refused.code) == (ONE, "stale_lease")


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
    session.unsubscribe("s")
    assert session.take() == []


def test_a_drain_changes_nothing_until_the_socket_closes():
    session = connected()
    grant(session)
    assert hear(session, type="drain") == []
    assert session.held == 1


class LossyServer:
    """Takes the frames that arrive, in order; remembers leases and outcomes as the true server does."""

    def __init__(self):
        self.leases = {}
        self.acked = set()
        self.outcomes = {}
        self.ticks = {}
        self.lines = {}
        self.fence = 0

    def lease(self, job):
        self.fence += 1
        self.leases[job] = self.fence
        return LeaseKey(job, self.fence)

    def take(self, frame):
        if frame.type == "ack" and self.leases.get(frame.job) == frame.fence:
            self.acked.add((frame.job, frame.fence))
        if frame.type == "tick":
            assert (frame.job, frame.fence) not in self.outcomes
            self.ticks[frame.job] = frame.percent
        if frame.type == "log":
            return self.write(frame)
        if frame.type == "complete":
            return self.complete(frame)
        return None

    def write(self, frame):
        stored = self.lines.setdefault((frame.job, frame.fence), {})
        fresh = {
            index: line.message for index, line in enumerate(frame.lines, frame.first) if index not in stored
        }
        if fresh and self.leases.get(frame.job) != frame.fence:
            return {"type": "error", "id": frame.id, "code": "stale_lease", "message": "over"}
        stored |= fresh
        return {"type": "ok", "id": frame.id}

    def complete(self, frame):
        key = (frame.job, frame.fence)
        if key not in self.outcomes:
            assert self.leases.get(frame.job) == frame.fence
            assert key in self.acked
            self.outcomes[key] = self.ticks.get(frame.job)
            del self.leases[frame.job]
        return {"type": "ok", "id": frame.id}


ACTS = st.lists(
    st.sampled_from(
        [
            "grant",
            "tick",
            "write",
            "flush",
            "end",
            "deliver",
            "answer",
            "deliver but lose the answer",
            "break",
        ]
    ),
    max_size=60,
)


@given(ACTS)
@settings(max_examples=300, deadline=None)
def test_every_outcome_arrives_once_with_its_last_tick_and_all_lines_however_the_connection_breaks(acts):
    session, server = connected(), LossyServer()
    jobs, answers, percent, last_tick, written = [], [], 0, {}, {}

    def reconnect():
        session.disconnected()
        answers.clear()
        held = {(lease.job, lease.fence) for lease in session.hello().held}
        known = {(job, fence) for job, fence in server.leases.items()}
        welcome(session, held - known)

    def deliver(keep):
        for frame in session.take():
            answer = server.take(frame)
            if answer is not None and keep:
                answers.append(answer)

    for act in acts:
        open_jobs = [lease for lease in jobs if server.leases.get(lease.job) == lease.fence]
        if act == "grant":
            lease = server.lease(f"us_jb_{len(jobs):010d}")
            grant(session, lease)
            session.begin(lease)
            jobs.append(lease)
        elif act == "tick" and open_jobs:
            percent += 0.5
            if session.tick(open_jobs[0], Progress(percent=percent)):
                last_tick[open_jobs[0]] = percent
        elif act == "write" and open_jobs:
            message = f"line {len(written.get(open_jobs[-1], []))}"
            if session.log(open_jobs[-1], LogLine(message=message)):
                written.setdefault(open_jobs[-1], []).append(message)
        elif act == "flush":
            session.flush()
        elif act == "end" and open_jobs:
            session.end(open_jobs[-1], done(open_jobs[-1]))
        elif act.startswith("deliver"):
            deliver(keep=act == "deliver")
        elif act == "answer":
            for answer in answers:
                hear(session, **answer)
            answers.clear()
        elif act == "break":
            reconnect()

    for lease in jobs:
        session.end(lease, done(lease))
    reconnect()
    deliver(keep=True)
    for answer in answers:
        hear(session, **answer)
    assert session.held == 0
    assert set(server.outcomes) == {tuple(lease) for lease in jobs}
    for lease in jobs:
        assert server.outcomes[tuple(lease)] == last_tick.get(lease)
        stored = server.lines.get(tuple(lease), {})
        assert [*stored.items()] == [*enumerate(written.get(lease, []))]
