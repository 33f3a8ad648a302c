"""Flatfile's client creates jobs: each field comes back as it was sent, or is the server's to give."""

import pytest
from flatfile.jobs import (
    DeleteRecordsJobConfig,
    EmptyObject,
    ExportJobConfig,
    ExportOptions,
    FileJobConfig,
    JobConfig,
    JobSubject_Collection,
    JobSubject_Resource,
    MutateJobConfig,
    PipelineJobConfig,
)

pytestmark = pytest.mark.must_run

JOB = {"type": "workbook", "operation": "export", "source": "us_wb_1"}
KEPT = {
    "destination": "us_wb_2",
    "config": ExportJobConfig(options=ExportOptions(file_name="contacts.csv")),
    "trigger": "manual",
    "progress": 5,
    "file_id": "us_fl_1",
    "mode": "foreground",
    "input": {"rows": 5, "nested": {"list": [1, None, {"a": True}]}, "nothing": None},
    "subject": JobSubject_Resource(id="us_wb_1"),
    "info": "Made",
    "managed": True,
    "environment_id": "us_env_default",
    "part_data": {"page": 3},
    "part_execution": "parallel",
    "metadata": {"who": "me"},
}
OF_THE_SERVER = {"status": "complete", "outcome": {"message": "Done"}, "part": 7}
CONFIGS = {
    "none": EmptyObject(),
    "free": EmptyObject(anything={"goes": [1]}),
    "delete": DeleteRecordsJobConfig(sheet="us_sh_1", exceptions=["us_rc_1"]),
    "file": FileJobConfig(driver="csv", options={"a": 1}, detected_header_row=2),
    "mutate": MutateJobConfig(sheet_id="us_sh_1", mutate_record="(record) => record"),
    "pipeline": PipelineJobConfig(source_sheet_id="us_sh_1", destination_sheet_id="us_sh_2"),
}


def plain(value):
    return value.dict(by_alias=True, exclude_none=True) if hasattr(value, "dict") else value


@pytest.mark.parametrize("name", KEPT)
def test_each_field_comes_back_as_it_was_sent(flatfile, name):
    made = flatfile.jobs.create(**JOB, **{name: KEPT[name]}).data
    assert plain(getattr(made, name)) == plain(KEPT[name])
    assert flatfile.jobs.get(made.id).data == made


def test_all_fields_are_taken_together(flatfile, create, parameters):
    parent, before = create("manual"), create("manual")
    others = {"parent_id": parent.id, "predecessor_ids": [before.id]}
    given = {**JOB, **KEPT, **OF_THE_SERVER, **others}
    assert set(given) == parameters(flatfile.jobs.create) == set(JobConfig.model_fields)
    made = flatfile.jobs.create(**given).data
    kept = {**JOB, **KEPT, **others}
    assert {name: plain(getattr(made, name)) for name in kept} == {
        name: plain(value) for name, value in kept.items()
    }


def test_status_outcome_and_part_are_the_servers_to_give(flatfile):
    for name, value in OF_THE_SERVER.items():
        made = flatfile.jobs.create(**JOB, **{name: value}).data
        assert (made.status, made.outcome, made.part, made.finished_at) == ("created", None, None, None)


def test_null_is_as_good_as_nothing(flatfile):
    optional = set(JobConfig.model_fields) - set(JOB)
    made = flatfile.jobs.create(**JOB, **dict.fromkeys(optional)).data
    assert (made.status, made.trigger, made.input, made.subject) == ("created", "manual", None, None)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_kind_of_config_is_kept(create, name):
    config = CONFIGS[name]
    assert plain(create("manual", config=config).config) == plain(config)


def test_a_subject_may_be_a_collection(flatfile, create):
    subject = JobSubject_Collection(resource="records", params={"columnKey": "email"}, query={"q": "a"})
    made = create("manual", subject=subject)
    assert made.subject == subject
    assert flatfile.jobs.list(page_size=1).data[0].subject == subject


@pytest.mark.parametrize(
    "kind", ["file", "workbook", "sheet", "space", "document", "app", "agent", "autobuild"]
)
def test_every_type_of_job_is_known(create, kind):
    made = create("manual", type=kind, operation="contacts:submit")
    assert (made.type, made.operation, made.job) == (kind, "contacts:submit", f"{kind}:contacts:submit")


@pytest.mark.parametrize("mode", ["foreground", "background", "toolbarBlocking"])
def test_every_mode_is_known(create, mode):
    assert create("manual", mode=mode).mode == mode


def test_a_manual_job_waits_and_an_immediate_one_is_ready(flatfile, create):
    assert (create("manual").status, create("immediate").status) == ("created", "ready")
    assert flatfile.jobs.create(**JOB).data.status == "created"


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"type": "Not a type"}, "type"),
        ({"operation": ""}, "operation"),
        ({"source": ""}, "source"),
        ({"mode": "sideways"}, "mode"),
        ({"trigger": "later"}, "trigger"),
        ({"progress": 101}, "progress"),
        ({"info": "x" * 5000}, "info"),
        ({"part_data": "page 1"}, "partData"),
        ({"part_execution": "sideways"}, "partExecution"),
        ({"predecessor_ids": ["us_jb_none"] * 101}, "predecessorIds"),
    ],
)
def test_a_bad_field_is_named(flatfile, refused, given, key):
    with refused(400, "invalid", key=key):
        flatfile.jobs.create(**JOB | given)


def test_large_data_and_unknown_names_are_refused(flatfile, refused):
    with refused(413, "too_large", key="metadata"):
        flatfile.jobs.create(**JOB, metadata={"text": "x" * 70_000})
    with refused(413, "too_large", key="partData"):
        flatfile.jobs.create(**JOB, part_data={"text": "x" * 270_000})
    for name in ({"parent_id": "us_jb_none"}, {"predecessor_ids": ["us_jb_none"]}):
        with refused(404, "not_found"):
            flatfile.jobs.create(**JOB, **name)
    with refused(404, "not_found", key="environmentId"):
        flatfile.jobs.create(**JOB, environment_id="us_env_other")
