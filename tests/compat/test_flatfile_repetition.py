"""Flatfile's clients send a call again whose answer was a 5xx: the server may have done it by then."""

import pytest
from flatfile.core.api_error import ApiError
from flatfile.events import Context
from flatfile.jobs import JobAckDetails, JobCompleteDetails, JobOutcome
from processes import server

pytestmark = pytest.mark.must_run

AGAIN = {"max_retries": 2}


@pytest.fixture
def spoiled(connected):
    """A client that takes the first answer to each POST for a 503, and how often it asked."""
    asked = []

    def spoil(response):
        asked.append(response.request.url.path)
        if response.request.method == "POST" and asked.count(asked[-1]) == 1:
            assert response.status_code == 200
            response.status_code = 503
            response.headers["Retry-After"] = "0"

    return connected(answered=spoil), asked


@pytest.mark.parametrize("act", ["ack", "complete", "fail"])
@pytest.mark.parametrize("said", [True, False])
def test_an_act_is_done_once(spoiled, begin, topics, act, said):
    flatfile, asked = spoiled
    job = begin()
    end = JobCompleteDetails(info="So", outcome=JobOutcome(message="It is over"))
    body = JobAckDetails(info="On", progress=50) if act == "ack" else end
    given = {"request": body} if said else {}
    found = getattr(flatfile.jobs, act)(job.id, **given, request_options=AGAIN).data
    assert len(asked) == 2
    assert found.status == {"ack": "executing", "complete": "complete", "fail": "failed"}[act]
    assert flatfile.jobs.get(job.id).data == found
    told = {"complete": ["job:completed"], "fail": ["job:failed"], "ack": ["job:updated"] * 2}
    assert topics(job)[3:] == told[act]


def test_a_job_is_begun_once(spoiled, create):
    flatfile, asked = spoiled
    found = flatfile.jobs.ack(create().id, request_options=AGAIN).data
    assert (len(asked), found.status, found.attempt) == (2, "executing", 1)


@pytest.mark.parametrize("parts", [2, [{"page": 1}, {"page": 2}]])
def test_a_job_is_split_once(spoiled, begin, parts):
    flatfile, asked = spoiled
    job = begin()
    found = flatfile.jobs.split(job.id, parts=parts, run_in_parallel=True, request_options=AGAIN).data
    assert (len(asked), found.parts) == (2, 2)
    assert flatfile.jobs.list(parent_id=job.id).pagination.total_count == 2


def test_an_outcome_is_seen_once(spoiled, begin, topics):
    flatfile, asked = spoiled
    job = begin()
    flatfile.jobs.complete(job.id, request_options=AGAIN)
    flatfile.jobs.ack_outcome(job.id, request_options=AGAIN)
    assert len(asked) == 4
    assert topics(job)[3:] == ["job:completed", "job:outcome-acknowledged"]


def test_an_event_is_acknowledged_once(spoiled, connected):
    flatfile, asked = spoiled
    context = Context(account_id="us_acc_x", environment_id="us_env_default")
    made = connected().events.create(topic="sheet:updated", domain="sheet", payload={}, context=context).data
    assert flatfile.events.ack(made.id, request_options=AGAIN).data.success is True
    assert len(asked) == 2


@pytest.mark.parametrize("name", ["create", "execute", "cancel", "retry"])
def test_an_idempotency_key_makes_every_call_repeatable(spoiled, create, begin, topics, name):
    flatfile, asked = spoiled
    book = create("manual").id
    options = {**AGAIN, "additional_headers": {"Idempotency-Key": f"{book} {name}"}}
    if name == "create":
        job = {"type": "workbook", "operation": "export", "source": book}
        made = flatfile.jobs.create(**job, request_options=options).data
        assert [one.id for one in flatfile.jobs.list(workbook_id=book).data] == [made.id]
    elif name == "execute":
        assert flatfile.jobs.execute(book, request_options=options).data.success is True
        assert topics(flatfile.jobs.get(book).data) == ["job:created", "job:ready"]
    elif name == "cancel":
        assert flatfile.jobs.cancel(book, request_options=options).data.status == "canceled"
    else:
        old = begin(source=book)
        flatfile.jobs.fail(old.id, request_options=AGAIN)
        again = flatfile.jobs.retry(old.id, request_options=options).data
        assert {one.id for one in flatfile.jobs.list(workbook_id=book).data} == {old.id, again.id}
    assert asked.count(next(path for path in asked if path.endswith(("jobs", name)))) >= 2


def test_without_such_a_key_a_late_repetition_tells_what_became_of_the_job(spoiled, create, refused):
    flatfile, _ = spoiled
    for act, status in (("execute", "ready"), ("cancel", "canceled")):
        job = create("manual")
        with refused(409, "illegal_move", status=status):
            getattr(flatfile.jobs, act)(job.id, request_options={"max_retries": 1})


def test_a_client_that_does_not_repeat_gets_the_error(spoiled, begin):
    flatfile, asked = spoiled
    with pytest.raises(ApiError) as caught:
        flatfile.jobs.complete(begin().id)
    assert (caught.value.status_code, len(asked)) == (503, 1)


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A server that lets a key make one call a second."""
    with server(tmp_path_factory.mktemp("busy"), rate_per_key=1) as started:
        yield started


def test_a_key_that_calls_too_often_is_told_when_to_come_back(busy, connected, refused):
    told = []
    flatfile = connected(to=busy, answered=lambda response: told.append(response.headers.get("Retry-After")))
    with refused(429, "rate_limited"):
        for _ in range(20):
            flatfile.jobs.list()
    assert told[-1] == "1"
