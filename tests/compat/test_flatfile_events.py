"""Flatfile's client reads, publishes and acknowledges events; it can read every event that it is given."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from flatfile import Event
from flatfile.commons import BadRequestError, NotFoundError
from flatfile.events import Context, CreateEventConfig, EventAttributes, EventContextSlugs, Origin, Progress
from processes import until
from pydantic.alias_generators import to_camel

from listener_sdk.protocol.events import RESERVED_DOMAINS, SERVER_TOPICS

pytestmark = pytest.mark.must_run

READABLE = {get_args(member.model_fields["topic"].annotation)[0] for member in get_args(Event)}
SPACE = {"environment_id": "us_env_default", "space_id": "us_sp_default"}
MINE = {"account_id": "us_acc_x", "environment_id": "us_env_default"}
CONTEXT = {
    "namespaces": ["space:portal"],
    "slugs": EventContextSlugs(space="portal", workbook="contacts", sheet="people"),
    "action_name": "workbook:export",
    "workbook_id": "us_wb_1",
    "sheet_id": "us_sh_1",
    "sheet_slug": "people",
    "snapshot_id": "us_ss_1",
    "version_id": "us_vr_1",
    "commit_id": "us_vr_2",
    "job_id": "us_jb_1",
    "program_id": "us_pg_1",
    "file_id": "us_fl_1",
    "document_id": "us_dc_1",
    "preceding_event_id": "us_ev_1",
    "app_id": "us_app_1",
    "action_id": "us_ac_1",
    "data_clip_id": "us_dcl_1",
}
OF_THE_SERVER = {"account_id", "environment_id", "space_id", "actor_id"}
EVENT = {
    "topic": "workbook:updated",
    "domain": "workbook",
    "payload": {"recordsAdded": 100, "nothing": None},
    "context": Context(**MINE, **CONTEXT, space_id="us_sp_default", actor_id="us_usr_x"),
    "attributes": EventAttributes(
        target_updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        progress=Progress(current=1, total=2, percent=50),
    ),
    "callback_url": "https://example.com/call",
    "data_url": "v1/sheets/us_sh_1/records",
    "target": "sandbox",
    "origin": Origin(id="us_wb_1", slug="contacts"),
    "namespaces": ["space:portal", "workbook:staging"],
}


@pytest.fixture(scope="module")
def publish(flatfile):
    def send(topic="workbook:updated", **fields):
        given = {"domain": topic.split(":")[0], "payload": {}, "context": Context(**MINE)} | fields
        return flatfile.events.create(topic=topic, **given).data

    return send


def ids(found):
    return [event.id for event in found.data]


# ---- what the server says


@pytest.fixture(scope="module")
def stories(flatfile, create, begin, listed):
    """Jobs, by what becomes of them, that cause every event of a job: those the client can read and the others."""

    def late(**fields):
        return {"request_options": {"additional_body_parameters": fields}}

    job = {"type": "sheet", "operation": "export", "source": "us_sh_1", "trigger": "immediate"}
    made = {
        "split": begin(),
        "deleted": create("manual"),
        "scheduled": flatfile.jobs.create(**job, **late(scheduledAt="2031-01-01T00:00:00Z")).data,
        "out of time": flatfile.jobs.create(**job, **late(runTimeoutS=0.01, maxAttempts=1)).data,
        "again": flatfile.jobs.create(**job, **late(runTimeoutS=0.01, maxAttempts=2)).data,
    }
    for name in ("out of time", "again"):
        flatfile.jobs.ack(made[name].id)
    made["waiting"] = create(predecessor_ids=[made["split"].id])
    flatfile.jobs.split(made["split"].id, parts=1)
    (part,) = flatfile.jobs.list(parent_id=made["split"].id).data
    flatfile.jobs.cancel(part.id)
    flatfile.jobs.complete(made["split"].id)
    flatfile.jobs.ack_outcome(made["split"].id)
    flatfile.jobs.delete(made["deleted"].id)
    until(lambda: flatfile.jobs.get(made["out of time"].id).data.status == "failed", "the job is out of time")
    until(lambda: listed(made["again"], topics="job:attempt-failed"), "another attempt follows")
    flatfile.jobs.cancel(made["again"].id)  # so that nothing is said of it in the middle of another test
    return {**made, "part": part}


def test_every_event_of_a_job_is_read_by_the_client_or_kept_from_it(flatfile, stories, listed):
    since = min(job.created_at for job in stories.values())
    told = [
        event for job in stories.values() for event in listed(job, topics="job:**", since=since.isoformat())
    ]
    of_jobs = {topic for topic in SERVER_TOPICS if topic.startswith("job:")}
    assert {event["topic"] for event in told} == of_jobs
    for topic in sorted(of_jobs & READABLE):
        wanted = [event["id"] for event in told if event["topic"] == topic]
        (found,) = flatfile.events.list(topic=topic, since=since, page_size=1).data
        assert found.topic == topic
        assert flatfile.events.get(wanted[0]).data.topic == topic
    everything = flatfile.events.list(since=since, page_size=100).data
    shown = {event.id for event in everything}
    assert {event["topic"] for event in told if event["id"] not in shown} == of_jobs - READABLE


def test_topics_may_be_asked_for_by_pattern(flatfile, stories):
    job = stories["scheduled"]
    options = {"additional_query_parameters": {"topics": "job:created,job:sched*"}}
    found = flatfile.events.list(since=job.created_at, page_size=100, request_options=options).data
    assert [event.topic for event in found if event.context.job_id == job.id] == [
        "job:created",
        "job:scheduled",
    ]


def test_an_event_tells_of_its_job_what_listeners_look_for(flatfile, create):
    job = create("manual", input={"rows": 5}, info="Made", file_id="us_fl_1")
    (event,) = flatfile.events.list(since=job.created_at, topic="job:created").data
    assert (event.domain, event.context.job_id, event.context.actor_id) == ("job", job.id, job.createdBy)
    assert (event.context.environment_id, event.context.space_id) == (job.environment_id, job.spaceId)
    assert (event.context.workbook_id, event.context.file_id) == ("us_wb_1", "us_fl_1")
    expected = {
        "domain": "workbook",
        "operation": "export",
        "job": "workbook:export",
        "status": "created",
        "isPart": False,
        "info": "Made",
        "input": {"rows": 5},
    }
    assert {name: event.payload.get(name) for name in expected} == expected


# ---- what clients say


def test_an_event_is_published_with_all_that_it_may_have(flatfile, publish, parameters):
    given = {**EVENT, "deleted_at": datetime(2026, 1, 1, tzinfo=UTC)}
    assert set(given) == parameters(flatfile.events.create) == set(CreateEventConfig.model_fields)
    assert set(Context.model_fields) == {*CONTEXT, *OF_THE_SERVER}
    made = publish(**given)
    kept = {name: value for name, value in EVENT.items() if name != "context"}
    assert {name: getattr(made, name) for name in kept} == kept
    assert {name: getattr(made.context, name) for name in CONTEXT} == CONTEXT
    # Who speaks, and where, is not for the client to say; nor that an event is gone.
    assert (made.context.environment_id, made.context.space_id) == tuple(SPACE.values())
    assert made.context.actor_id.startswith("us_key_")
    assert made.deleted_at is None
    assert flatfile.events.get(made.id).data == made
    assert flatfile.events.list(topic=made.topic, since=made.created_at).data == [made]


@pytest.mark.parametrize("domain", ["workbook", "sheet", "records", "document"])
def test_topics_of_the_product_are_the_clients_to_publish(flatfile, publish, domain):
    topics = sorted(topic for topic in READABLE if topic.startswith(f"{domain}:"))
    made = [publish(topic) for topic in topics]
    assert [(event.topic, event.domain) for event in made] == [(topic, domain) for topic in topics]
    (found,) = flatfile.events.list(domain=domain, since=made[-1].created_at, page_size=1).data
    assert found.domain == domain


def test_an_event_is_taken_off_the_list_once_acknowledged(flatfile, publish):
    made, other = publish(), publish()
    asked = {"topic": made.topic, "since": made.created_at}
    for _ in range(2):
        assert flatfile.events.ack(made.id).data.success is True
        assert ids(flatfile.events.list(**asked)) == [other.id]
    assert ids(flatfile.events.list(**asked, include_acknowledged=False)) == [other.id]
    found = flatfile.events.list(**asked, include_acknowledged=True)
    assert ids(found) == [made.id, other.id]
    seen = found.data[0]
    assert (seen.acknowledged_by, seen.acknowledged_at >= made.created_at) == (made.context.actor_id, True)
    assert flatfile.events.get(made.id).data == seen


# ---- lists


def test_every_parameter_of_the_list_together(flatfile, publish, parameters):
    made = [
        publish(topic) for topic in ("sheet:updated", "sheet:created", "workbook:updated", "sheet:updated")
    ]
    given = {
        **SPACE,
        "domain": "sheet",
        "topic": "sheet:updated",
        "since": made[0].created_at,
        "page_size": 1,
        "page_number": 2,
        "include_acknowledged": True,
    }
    assert set(given) == parameters(flatfile.events.list)
    assert ids(flatfile.events.list(**given)) == [made[3].id]


def test_every_filter_alone(flatfile, publish, refused):
    made = [publish(topic) for topic in ("records:created", "sheet:deleted", "records:deleted")]
    since = {"since": made[0].created_at}

    def found(**given):
        return [event.topic for event in flatfile.events.list(**since, **given).data]

    everything = [event.topic for event in made]
    assert found() == everything
    assert found(environment_id="us_env_default") == found(space_id="us_sp_default") == everything
    for key, other in (
        ("environmentId", {"environment_id": "us_env_other"}),
        ("spaceId", {"space_id": "us_sp_other"}),
    ):
        with refused(404, "not_found", key=key):
            found(**other)
    assert found(domain="records") == ["records:created", "records:deleted"]
    assert found(domain="sheet", topic="records:created") == []
    assert found(topic="sheet:deleted") == ["sheet:deleted"]
    assert found(domain="invoice") == []
    last = flatfile.events.list(since=made[-1].created_at + timedelta(milliseconds=1)).data
    assert [event for event in last if event.id in {one.id for one in made}] == []


def test_every_page_to_the_end(flatfile, publish):
    made = [publish("document:updated") for _ in range(11)]
    asked = {"topic": "document:updated", "since": made[0].created_at}
    expected = [event.id for event in made]
    assert ids(flatfile.events.list(**asked)) == expected[:10]
    assert ids(flatfile.events.list(**asked, page_number=2)) == expected[10:]
    found = [ids(flatfile.events.list(**asked, page_size=4, page_number=number)) for number in (2, 3, 4)]
    assert found == [expected[4:8], expected[8:], []]


# ---- refusals


@pytest.mark.parametrize(
    ("given", "key"),
    [({"page_size": 0}, "pageSize"), ({"page_size": 1001}, "pageSize"), ({"page_number": 0}, "pageNumber")],
)
def test_a_bad_parameter_is_named(flatfile, refused, given, key):
    with refused(400, "invalid", key=key):
        flatfile.events.list(**given)


@pytest.mark.parametrize("domain", sorted(RESERVED_DOMAINS & {topic.split(":")[0] for topic in READABLE}))
def test_a_topic_of_the_server_is_an_error_of_the_clients_own_type(publish, refused, domain):
    with refused(400, "reserved_topic", kind=BadRequestError, key="topic"):
        publish(f"{domain}:created")


def test_what_is_no_event_is_refused(flatfile, publish, refused):
    for given, key in (({"payload": "all"}, "payload"), ({"namespaces": ["x"] * 33}, "namespaces")):
        with refused(400, "invalid", kind=BadRequestError, key=key):
            publish(**given)
    with refused(400, "bad_topic", kind=BadRequestError, key="topic"):
        publish("nonsense")
    with refused(413, "too_large", key="event"):
        publish(payload={"text": "x" * 70_000})
    for unknown in ("us_ev_none", "us_ev_zzzzzzzzzz"):
        with refused(404, "not_found", key="id"):
            flatfile.events.get(unknown)
        with refused(404, "not_found", key="id"):
            flatfile.events.ack(unknown)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"attributes": {"progress": "half"}}, "attributes.progress"),
        ({"attributes": {"targetUpdatedAt": "soon"}}, "attributes.targetUpdatedAt"),
        ({"attributes": {"progress": {"current": 1.5}}}, "attributes.progress.current"),
        ({"origin": {"id": 5}}, "origin.id"),
        ({"context": {"slugs": "x"}}, "context.slugs"),
        ({"context": {"namespaces": [1]}}, "context.namespaces[0]"),
        ({"context": {"sheetSlug": {}}}, "context.sheetSlug"),
    ],
)
def test_no_client_can_publish_what_would_spoil_the_list_of_another(http, given, key):
    answer = http.post("/v1/events", json={"topic": "sheet:updated", **given})
    assert (answer.status_code, answer.json()["errors"][0]["key"]) == (400, key)


def test_every_name_of_a_context_that_the_client_knows_has_its_shape(http):
    for name in map(to_camel, Context.model_fields):
        answer = http.post("/v1/events", json={"topic": "sheet:updated", "context": {name: 5}})
        # What the server says itself it also overwrites.
        given = name not in {"accountId", "environmentId", "spaceId", "actorId"}
        assert answer.status_code == (400 if given else 200), name


def test_there_is_no_token_for_another_service(flatfile, refused, parameters):
    given = {"scope": "us_env_default", "space_id": "us_sp_default"}
    assert set(given) == parameters(flatfile.events.get_event_token)
    for asked in ({}, given):
        with refused(404, "not_supported", kind=NotFoundError):
            flatfile.events.get_event_token(**asked)
