from itertools import count

from listener_sdk._granted import Granted
from listener_sdk._leases import LeaseKey, Leases, LinesRefused, Lost
from listener_sdk.protocol.frames import MAX_CREDIT, Complete, Error, Fail
from listener_sdk.protocol.jobs import LogLine
from listener_sdk.protocol.progress import Progress
from tests.sdk.fake_server import wire_job

ONE = LeaseKey("us_jb_0000000001", 1)


def granted(job):
    return Granted({"job": job, "fence": 1, "attempt": 1})


def held():
    leases = Leases(count(1).__next__)
    leases.granted([granted(wire_job())])
    return leases


def test_lines_leave_in_frames_of_their_lease():
    leases = held()
    for number in range(600):
        assert leases.log(ONE, LogLine(message=str(number)))
    frames = leases.flush()
    assert [(frame.job, frame.fence, frame.first, len(frame.lines)) for frame in frames] == [
        (ONE.job, 1, 0, 500),
        (ONE.job, 1, 500, 100),
    ]
    assert leases.flush() == []
    assert [leases.answered(frame.id) for frame in frames] == [[], []]
    assert leases.answered(frames[0].id) is None


def test_a_lease_that_is_let_go_waits_for_no_answer_to_its_lines():
    leases = held()
    leases.log(ONE, LogLine(message="x"))
    (sent,) = leases.flush()
    assert leases.lost([ONE]) == [Lost(ONE)]
    assert leases.answered(sent.id) is None
    assert leases.refused(Error(id=sent.id, code="stale_lease", message="gone")) is None


def test_lines_that_are_refused_for_good_are_told_and_left_out():
    leases = held()
    leases.log(ONE, LogLine(message="x"))
    (sent,) = leases.flush()
    error = Error(id=sent.id, code="invalid", message="no such level")
    calls, (notice,) = leases.refused(error)
    assert calls == [LinesRefused(ONE, error)]
    assert (notice.first, notice.lines[0].message) == (0, "1 line was left out here: no such level")
    error = Error(id=notice.id, code="invalid", message="no")
    assert leases.refused(error) == ([LinesRefused(ONE, error)], [])
    assert leases.flush() == []


def test_a_tick_says_all_that_is_known():
    leases = held()
    leases.tick(ONE, Progress(done=1, total=4, text="rows"))
    leases.tick(ONE, Progress(done=2, eta_ms=1_767_225_600_000))
    (tick,) = leases.flush()
    assert tick.model_dump(mode="json", exclude_none=True) == {
        "type": "tick", "job": ONE.job, "fence": 1, "done": 2.0, "total": 4.0, "text": "rows",
        "estimatedCompletionAt": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip


def test_a_refused_failure_is_the_end_and_unknown_answers_are_none_of_ours():
    leases = held()
    ending = leases.end(ONE, Fail(job=ONE.job, fence=1, message="x"))[-1]
    assert leases.answered(99) is None
    assert leases.refused(Error(id=99, code="invalid", message="no")) is None
    calls, frames = leases.refused(Error(id=ending.id, code="invalid", message="no"))
    assert calls[0].refused.code == "invalid"
    assert frames == []
    assert ONE not in leases
    leases.begin(ONE)
    assert leases.acks() == []
    assert leases.end(ONE, Complete(job=ONE.job, fence=1)) == []
    assert leases.renew() == []


def test_all_leases_are_renewed_however_many_wait_for_their_parts():
    leases = Leases(count(1).__next__)
    jobs = [granted(wire_job(number)) for number in range(MAX_CREDIT + 5)]
    leases.granted(jobs)
    frames = leases.renew()
    assert [len(frame.leases) for frame in frames] == [MAX_CREDIT, 5]
    assert [lease.job for frame in frames for lease in frame.leases] == [job.id for job in jobs]
