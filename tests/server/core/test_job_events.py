"""What events about jobs say: context as Flatfile's listeners expect it, and no more payload than is needed."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.events import SERVER_TOPICS
from listener_sdk.protocol.ids import encode
from server.core.job_events import LARGEST_INPUT, WITH_INPUT, job_event, progress_facts

SPEC = '{"input":{"rows":3},"metadata":{"team":"a"},"mode":"foreground","trigger":"manual","subject":{"type":"resource","id":"x"},"config":{"secret":1},"label":"L"}'


@pytest.fixture
def say(job, space):
    def event(topic="job:updated", extra=None, **changes):
        return job_event(topic, replace(job, **changes), space, "us_acc_1", "us_key_1", extra or {})

    return event


def test_context_and_payload_name_the_job_and_who_acted(say):
    assert say() == {
        "topic": "job:updated",
        "domain": "job",
        "context": {
            "accountId": "us_acc_1",
            "environmentId": "us_env_default",
            "spaceId": "us_sp_default",
            "jobId": encode("jb", 7),
            "actorId": "us_key_1",
        },
        "payload": {
            "domain": "workbook",
            "operation": "export",
            "job": "workbook:export",
            "status": "created",
            "isPart": False,
        },
    }


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("us_wb_0001", "workbookId"),
        ("us_sh_0001", "sheetId"),
        ("us_dc_0001", "documentId"),
        ("us_fl_0001", "fileId"),
    ],
)
def test_the_source_is_named_by_its_kind(say, source, name):
    context = say(source=source)["context"]
    assert context[name] == source
    assert {"workbookId", "sheetId", "documentId", "fileId"} & set(context) == {name}


@pytest.mark.parametrize("source", ["us_sp_default", "us_wbx_1", "my own text", "us_w", "wb"])
def test_other_sources_add_nothing(say, source):
    assert not {"workbookId", "sheetId", "documentId", "fileId"} & set(say(source=source)["context"])


def test_the_job_s_own_file_counts_before_its_source(say):
    assert say(file_id="us_fl_0002")["context"]["fileId"] == "us_fl_0002"
    assert say(file_id="us_fl_0002", source="us_fl_0001")["context"]["fileId"] == "us_fl_0002"
    assert say(file_id="us_fl_0002", source="us_wb_0001")["context"]["workbookId"] == "us_wb_0001"


@pytest.mark.parametrize("topic", sorted(topic for topic in SERVER_TOPICS if topic.startswith("job:")))
def test_only_created_and_ready_carry_the_description(say, topic):
    payload = say(topic, spec=SPEC)["payload"]
    described = {"input", "metadata", "mode", "trigger", "subject"}
    assert described & set(payload) == (described if topic in WITH_INPUT else set())
    assert not {"config", "label"} & set(payload)
    assert {"job:created", "job:ready"} == WITH_INPUT


def test_a_large_description_is_left_out_of_the_log(say):
    def spec(size):
        return '{"input":"' + "x" * (size - len('{"input":""}')) + '"}'

    assert "input" in say("job:ready", spec=spec(LARGEST_INPUT))["payload"]
    assert "input" not in say("job:ready", spec=spec(LARGEST_INPUT + 1))["payload"]


@pytest.mark.parametrize("topic", sorted(topic for topic in SERVER_TOPICS if topic.startswith("job:")))
def test_every_event_says_the_tags(say, topic):
    assert say(topic, spec='{"tags":["acme","vip"],"label":"L"}')["payload"]["tags"] == ["acme", "vip"]
    assert "tags" not in say(topic, spec=SPEC)["payload"]


def test_info_is_told_when_there_is_some(say):
    assert say(info="half way")["payload"]["info"] == "half way"
    assert say(info="")["payload"]["info"] == ""
    assert "info" not in say()["payload"]


def test_a_part_says_so(say):
    payload = say(parent_id=3, part=0)["payload"]
    assert (payload["isPart"], payload["parentId"]) == (True, encode("jb", 3))


def test_a_child_that_is_no_part_names_its_parent(say):
    payload = say(parent_id=3)["payload"]
    assert (payload["isPart"], payload["parentId"]) == (False, encode("jb", 3))


def test_what_else_is_said_joins_the_payload(say):
    payload = say(extra={"attempt": 2, "reason": "lease lost"})["payload"]
    assert (payload["attempt"], payload["reason"], payload["status"]) == (2, "lease lost", "created")


def test_an_operation_may_hold_colons(say):
    payload = say(name="workbook:export:all")["payload"]
    assert (payload["domain"], payload["operation"], payload["job"]) == (
        "workbook",
        "export:all",
        "workbook:export:all",
    )


# ---- progress


def test_progress_is_told_in_whole_percents_and_what_is_unknown_is_left_out(job, now):
    assert progress_facts(job) == {}
    row = replace(job, progress=99.9, done=999.0, total=1000.0, eta_at=now + 5)
    assert progress_facts(row) == {
        "progress": 99,
        "done": 999.0,
        "total": 1000.0,
        "estimatedCompletionAt": "2026-01-01T00:00:00.005Z",
    }
    assert type(progress_facts(row)["progress"]) is int


def test_of_a_job_that_stalls_nothing_is_promised(job, now):
    row = replace(job, progress=40.0, eta_at=now + 5, stalled_at=now)
    assert progress_facts(row) == {"progress": 40, "stalledSince": "2026-01-01T00:00:00.000Z"}


def test_nothing_done_is_known_and_told(job):
    assert progress_facts(replace(job, progress=0.0, done=0.0)) == {"progress": 0, "done": 0.0}


PRESSED = '{"startedBy":{"kind":"action","actionId":"us_ac_0000000005"},"trigger":"immediate"}'


@pytest.mark.parametrize("topic", sorted(WITH_INPUT))
def test_what_an_action_has_made_names_it(say, topic):
    context = say(topic, spec=PRESSED)["context"]
    assert (context["actionId"], context["actionName"]) == ("us_ac_0000000005", "workbook:export")


@pytest.mark.parametrize(
    ("topic", "spec"),
    [
        ("job:updated", PRESSED),
        ("job:ready", SPEC),
        ("job:ready", '{"input":{"startedBy":{"actionId":"us_ac_0000000005"}}}'),
        ("job:ready", '{"input":{"actionId":"us_ac_0000000005"},"startedBy":{"kind":"api"}}'),
    ],
)
def test_other_events_and_jobs_name_none(say, topic, spec):
    assert "actionId" not in say(topic, spec=spec)["context"]
