"""A session against a server that remembers, over a connection that breaks anywhere."""

from hypothesis import given, settings
from hypothesis import strategies as st
from session_frames import connected, done, grant, hear, welcome

from listener_sdk._leases import LeaseKey
from listener_sdk.protocol.jobs import LogLine
from listener_sdk.protocol.progress import Progress


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
            assert self.leases.get(frame.job) != frame.fence or (frame.job, frame.fence) in self.acked
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
        assert not fresh or (frame.job, frame.fence) in self.acked
        stored |= fresh
        return {"type": "ok", "id": frame.id}

    def complete(self, frame):
        key = (frame.job, frame.fence)
        if key not in self.outcomes:
            assert self.leases.get(frame.job) == frame.fence
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
