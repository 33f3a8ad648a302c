"""Flatfile's client splits jobs, works through the parts, and lets jobs wait for others."""

import pytest
from flatfile.jobs import JobAckDetails

pytestmark = pytest.mark.must_run


@pytest.fixture(scope="module")
def parts_of(flatfile):
    return lambda job: flatfile.jobs.list(parent_id=job.id, sort_direction="asc").data


@pytest.mark.parametrize("parts", [3, [{"page": "a"}, {"page": None}]])
@pytest.mark.parametrize("parallel", [True, False])
def test_parts_run_and_the_listener_ends_their_job(
    flatfile, begin, parts_of, topics, parameters, parts, parallel
):
    given = {"parts": parts, "run_in_parallel": parallel}
    assert set(given) == parameters(flatfile.jobs.split)
    job = begin(input={"rows": 5})
    answer = flatfile.jobs.split(job.id, **given).data
    assert (answer.id, answer.status, answer.progress) == (job.id, "executing", 0)
    made = parts_of(job)
    data = parts if isinstance(parts, list) else [{"part": number} for number in range(parts)]
    assert [(part.part, part.part_data, part.parent_id, part.input) for part in made] == [
        (number, one, job.id, {"rows": 5}) for number, one in enumerate(data)
    ]
    assert {part.part_execution for part in made} == {"parallel" if parallel else "sequential"}
    assert [part.status for part in made[1:]] == ["ready" if parallel else "waiting"] * (len(made) - 1)
    for part in made:
        assert flatfile.jobs.get(part.id).data.status == "ready"
        flatfile.jobs.ack(part.id, request=JobAckDetails(progress=50))
        flatfile.jobs.complete(part.id)
    (event,) = flatfile.events.list(topic="job:parts-completed", since=job.created_at).data
    assert (event.context.job_id, event.payload["job"], event.payload["isPart"]) == (
        job.id,
        "workbook:export",
        False,
    )
    assert event.payload["parts"] == {"total": len(made), "completed": len(made), "failed": 0, "canceled": 0}
    assert flatfile.jobs.get(job.id).data.progress == 100
    assert flatfile.jobs.complete(event.context.job_id).data.status == "complete"
    assert topics(job)[-2:] == ["job:parts-completed", "job:completed"]
    assert topics(made[-1])[-1] == "job:completed"


def test_parts_that_fail_or_are_canceled_are_counted(flatfile, begin, parts_of, listed):
    job = begin()
    flatfile.jobs.split(job.id, parts=3, run_in_parallel=True)
    first, second, third = parts_of(job)
    flatfile.jobs.ack(first.id)
    flatfile.jobs.fail(first.id)
    flatfile.jobs.cancel(second.id)
    flatfile.jobs.ack(third.id)
    flatfile.jobs.complete(third.id)
    (event,) = listed(job, topic="job:parts-completed")
    assert event["payload"]["parts"] == {"total": 3, "completed": 1, "failed": 1, "canceled": 1}
    assert flatfile.jobs.fail(job.id).data.status == "failed"


def test_a_left_out_order_is_one_after_the_other(flatfile, begin, parts_of):
    job = begin()
    flatfile.jobs.split(job.id, parts=2)
    assert [part.status for part in parts_of(job)] == ["ready", "waiting"]


def test_a_job_may_be_split_before_it_begins(flatfile, create, parts_of):
    job = create()
    assert flatfile.jobs.split(job.id, parts=1).data.status == "ready"
    assert len(parts_of(job)) == 1


def test_parts_can_be_split_again(flatfile, begin, parts_of):
    job = begin()
    flatfile.jobs.split(job.id, parts=1)
    (part,) = parts_of(job)
    flatfile.jobs.split(part.id, parts=[{"half": 1}, {"half": 2}])
    assert [one.part_data for one in parts_of(part)] == [{"half": 1}, {"half": 2}]
    assert [one.id for one in parts_of(job)] == [part.id]


@pytest.mark.parametrize("parts", [0, -1, 1001, [], [1], "three", [{}] * 1001])
def test_a_number_of_parts_that_cannot_be_is_refused(flatfile, begin, refused, parts):
    job = begin()
    with refused(400, "invalid", key="parts"):
        flatfile.jobs.split(job.id, parts=parts)
    assert flatfile.jobs.complete(job.id).data.status == "complete"


def test_a_split_that_comes_too_late_or_twice_is_refused(flatfile, begin, refused):
    job = begin()
    flatfile.jobs.split(job.id, parts=2)
    with refused(409, "already_split", key="parts"):
        flatfile.jobs.split(job.id, parts=3)
    job = begin()
    flatfile.jobs.complete(job.id)
    with refused(409, "illegal_move", status="complete"):
        flatfile.jobs.split(job.id, parts=2)
    with refused(404, "not_found"):
        flatfile.jobs.split("us_jb_none", parts=2)


# ---- predecessors


def test_a_job_waits_for_its_predecessors(flatfile, create, begin, topics):
    first, second = begin(), begin()
    job = create(predecessor_ids=[first.id, second.id])
    assert (job.status, job.predecessor_ids) == ("waiting", [first.id, second.id])
    flatfile.jobs.complete(first.id)
    assert flatfile.jobs.get(job.id).data.status == "waiting"
    flatfile.jobs.complete(second.id)
    assert flatfile.jobs.get(job.id).data.status == "ready"
    # Flatfile has no topic of its own for waiting.
    assert topics(job) == ["job:created", "job:ready"]
    flatfile.jobs.ack(job.id)
    assert flatfile.jobs.complete(job.id).data.status == "complete"


def test_a_manual_job_waits_once_it_is_executed(flatfile, create, begin):
    first = begin()
    job = create("manual", predecessor_ids=[first.id])
    assert job.status == "created"
    flatfile.jobs.execute(job.id)
    assert flatfile.jobs.get(job.id).data.status == "waiting"
    flatfile.jobs.complete(first.id)
    assert flatfile.jobs.get(job.id).data.status == "ready"
