"""Flatfile's client plans mapping jobs."""

import pytest
from flatfile.jobs import DestinationField, Edge, EnumDetails, JobExecutionPlan, Metadata, SourceField
from flatfile.jobs.types.category_mapping import CategoryMapping
from flatfile.property import Property_Enum, Property_String
from flatfile.property.types.enum_property_config import EnumPropertyConfig
from flatfile.property.types.enum_property_option import EnumPropertyOption

pytestmark = pytest.mark.must_run

FILE = "us_fl_1"
NAME = Property_String(key="firstName", label="First name")
EMAIL = Property_String(key="email")
COLOUR = Property_Enum(
    key="colour", config=EnumPropertyConfig(options=[EnumPropertyOption(value="red", label="Red")])
)
MAPPED = [
    Edge(
        source_field=NAME,
        destination_field=NAME,
        preview=["Ada", "Grace"],
        metadata=Metadata(certainty="absolute", confidence=1.0, source="exact", detected_delimiter=","),
    ),
    Edge(
        source_field=Property_String(key="color"),
        destination_field=COLOUR,
        enum_details=EnumDetails(
            mapping=[CategoryMapping(source_value="rouge", destination_value="red")],
            unused_source_values=["vert"],
            unused_destination_values=[],
        ),
    ),
]
PLAN = {
    "field_mapping": MAPPED,
    "unmapped_source_fields": [SourceField(source_field=EMAIL, preview=["a@b.example"])],
    "unmapped_destination_fields": [DestinationField(destination_field=EMAIL, preview=[])],
    "program_id": "us_pg_1",
}
EMPTY = {"field_mapping": [], "unmapped_source_fields": [], "unmapped_destination_fields": []}


@pytest.fixture(scope="module")
def mapping(create):
    return lambda trigger="manual", **fields: create(
        trigger, **{"type": "file", "operation": "map", "source": FILE} | fields
    )


def shown(plan, names=PLAN):
    return {name: getattr(plan, name) for name in names}


def test_a_new_job_has_an_empty_plan(flatfile, mapping):
    job = mapping()
    found = flatfile.jobs.get_execution_plan(job.id).data
    assert found.job == job
    assert shown(found.plan) == {**EMPTY, "program_id": None}


def test_a_whole_plan_comes_back_as_it_was_sent_and_the_job_runs(flatfile, mapping, topics, parameters):
    job = mapping(file_id=FILE)
    names = {"file_id": FILE, "job_id": job.id}
    assert {*PLAN, *names} == parameters(flatfile.jobs.update_execution_plan)
    assert set(PLAN) == set(JobExecutionPlan.model_fields)
    put = flatfile.jobs.update_execution_plan(job.id, **names, **PLAN).data
    assert put.job.status == "planning"
    assert shown(put.plan) == PLAN
    assert flatfile.jobs.get_execution_plan(job.id).data == put
    assert flatfile.jobs.execute(job.id).data.success is True
    flatfile.jobs.ack(job.id)
    assert flatfile.jobs.get_execution_plan(job.id).data.plan == put.plan
    assert flatfile.jobs.complete(job.id).data.status == "complete"
    assert topics(job) == ["job:created", "job:updated", "job:ready", "job:updated", "job:completed"]


def test_a_plan_is_replaced_whole(flatfile, mapping):
    job = mapping()
    put = flatfile.jobs.update_execution_plan
    put(job.id, file_id=FILE, job_id=job.id, **PLAN)
    found = put(job.id, file_id=FILE, job_id=job.id, **EMPTY).data
    assert shown(found.plan) == {**EMPTY, "program_id": None}
    assert flatfile.jobs.execute(job.id).data.success is True


@pytest.mark.parametrize("name", PLAN)
def test_a_field_of_a_plan_is_set_alone(flatfile, mapping, refused, parameters, name):
    job = mapping()
    names = {"file_id": FILE, "job_id": job.id}
    patch = flatfile.jobs.update_execution_plan_fields
    assert {*PLAN, *names} == parameters(patch)
    found = patch(job.id, **names, **{name: PLAN[name]}).data
    assert shown(found.plan) == {**EMPTY, "program_id": None, name: PLAN[name]}
    with refused(409, "no_plan", status="planning"):
        flatfile.jobs.execute(job.id)
    rest = {other: value for other, value in PLAN.items() if other != name}
    assert shown(patch(job.id, **names, **rest).data.plan) == PLAN
    assert flatfile.jobs.execute(job.id).data.success is True


def test_the_first_status_may_be_planning(flatfile, mapping):
    job = mapping()
    assert flatfile.jobs.update(job.id, status="planning").data.status == "planning"
    found = flatfile.jobs.update_execution_plan(job.id, file_id=FILE, job_id=job.id, **PLAN).data
    assert found.job.status == "planning"
    assert flatfile.jobs.update(job.id, status="ready").data.status == "ready"


def test_a_plan_for_the_wrong_job_or_file_is_refused(flatfile, mapping, refused, topics):
    job, other = mapping(file_id=FILE), mapping()
    for file_id, job_id, key in ((FILE, other.id, "jobId"), ("us_fl_2", job.id, "fileId")):
        with refused(409, "wrong_plan", key=key):
            flatfile.jobs.update_execution_plan(job.id, file_id=file_id, job_id=job_id, **EMPTY)
        with refused(409, "wrong_plan", key=key):
            flatfile.jobs.update_execution_plan_fields(job.id, file_id=file_id, job_id=job_id)
    assert topics(job) == ["job:created"]


def test_a_plan_comes_too_late_for_a_job_that_runs(flatfile, mapping, refused):
    job = mapping("immediate")
    flatfile.jobs.ack(job.id)
    with refused(409, "illegal_move", status="executing"):
        flatfile.jobs.update_execution_plan(job.id, file_id=FILE, job_id=job.id, **EMPTY)


def test_there_is_no_plan_of_an_unknown_job(flatfile, refused):
    ids = {"file_id": FILE, "job_id": "us_jb_none"}
    with refused(404, "not_found", key="id"):
        flatfile.jobs.get_execution_plan("us_jb_none")
    with refused(404, "not_found", key="id"):
        flatfile.jobs.update_execution_plan("us_jb_none", **ids, **EMPTY)
    with refused(404, "not_found", key="id"):
        flatfile.jobs.update_execution_plan_fields("us_jb_none", **ids)


def test_a_bad_plan_is_refused(flatfile, mapping, refused):
    job = mapping()
    given = {"file_id": FILE, "job_id": job.id}
    with refused(400, "invalid", key="fieldMapping"):
        flatfile.jobs.update_execution_plan(job.id, **given, **{**EMPTY, "field_mapping": "all"})
    with refused(413, "too_large", key="plan"):
        large = [SourceField(source_field=EMAIL, preview=["x" * 300_000])]
        flatfile.jobs.update_execution_plan_fields(job.id, **given, unmapped_source_fields=large)
    assert flatfile.jobs.get(job.id).data.status == "created"
