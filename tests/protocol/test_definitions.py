"""Definitions on the wire: what is taken, what is refused by name, and what a change sends."""

import pytest
from pydantic import ValidationError

from listener_sdk.protocol.definitions import (
    Definition,
    DefinitionCreate,
    DefinitionExecute,
    DefinitionToCreate,
    DefinitionUpdate,
    StartContext,
)

LEAST = {"jobDefinitionCode": "web-test", "jobType": "callWebserviceEndpoint"}


def refused(model, **fields):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    return {".".join(map(str, one["loc"])): one["msg"] for one in caught.value.errors()}


def test_conscia_s_example_is_taken():
    body = {
        **LEAST,
        "name": "Call My favourite webservice",
        "schedule": {"cron": "* * * * *"},
        "params": {
            "url": "https://a.example/posts",
            "method": "GET",
            "headers": {"Content-Type": "application/json"},
        },
        "options": {
            "skipNotification": True,
            "sendCompletionEmail": True,
            "sendFailureEmail": True,
            "emailList": ["ada@example.com"],
        },
    }
    made = DefinitionToCreate.model_validate({"jobDefinition": body}).job_definition
    assert made.model_dump(mode="json", by_alias=True, exclude_unset=True) == body


def test_what_is_left_out_or_null_has_its_default():
    made = DefinitionCreate.model_validate(
        {**LEAST, "params": None, "options": None, "triggers": None, "modes": None}
    )
    assert (made.params, made.triggers, made.modes.on_partial, made.enabled) == ({}, [], "keep", None)
    assert made.options.send_failure_email is False


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"jobDefinitionCode": ""}, "jobDefinitionCode"),
        ({"jobDefinitionCode": "a b"}, "jobDefinitionCode"),
        ({"jobDefinitionCode": "a/b"}, "jobDefinitionCode"),
        ({"jobDefinitionCode": "_dry-run"}, "jobDefinitionCode"),
        ({"jobDefinitionCode": "us_def_0000000001"}, "jobDefinitionCode"),
        ({"jobDefinitionCode": "x" * 129}, "jobDefinitionCode"),
        ({"name": "\n"}, "name"),
        ({"name": "x" * 257}, "name"),
        ({"description": "x" * 4097}, "description"),
        ({"target": "x" * 257}, "target"),
        ({"schedule": {"cron": "* * * *"}}, "schedule.cron"),
        ({"schedule": {"cron": "* * * * * * * *"}}, "schedule.cron"),
        ({"schedule": {"cron": "* * * * *" + " " * 256}}, "schedule.cron"),
        ({"schedule": {"cron": "* * * * *", "every": "day"}}, "schedule.every"),
        ({"schedule": {"cron": "* * * * *", "timeZone": "Europe/Paris"}}, "schedule"),
        ({"options": {"sendEmail": True}}, "options.sendEmail"),
        ({"options": {"emailList": ["nobody"]}}, "options.emailList.0"),
        ({"options": {"emailList": ["a@b"] * 51}}, "options.emailList"),
        ({"params": []}, "params"),
        ({"triggers": [{"topic": "a:b"}] * 17}, "triggers"),
        ({"triggers": [{}]}, "triggers.0.topic"),
        ({"triggers": [{"topic": "no topic"}]}, "triggers.0.topic"),
        ({"triggers": [{"topic": "job:failed, notification:created"}]}, "triggers.0.topic"),
        ({"triggers": [{"topic": "notification:r*"}]}, "triggers.0.topic"),
        ({"triggers": [{"topic": "a:b", "filter": {"x": {}}}]}, "triggers.0.filter"),
        ({"triggers": [{"topic": "a:b", "maxPerMinute": 0}]}, "triggers.0.maxPerMinute"),
        ({"triggers": [{"topic": "a:b", "mode": "half"}]}, "triggers.0.mode"),
        ({"modes": {"default": "half"}}, "modes.default"),
        ({"modes": {"onPartial": "stop"}}, "modes.onPartial"),
        ({"modes": {"delta": {"startDate": "yesterday"}}}, "modes.delta.startDate"),
        ({"parameters": {}}, "parameters"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(fields, key):
    assert refused(DefinitionCreate, **{**LEAST, **fields}).keys() == {key}


def test_a_schedule_with_a_zone_is_told_where_that_is_said():
    problem = refused(DefinitionCreate, **LEAST, schedule={"cron": "0 9 * * *", "timeZone": "UTC"})[
        "schedule"
    ]
    assert "in the time zone of the space" in str(problem)
    assert "POST /v1/job-definitions/{code}/schedules" in str(problem)


def test_a_cron_expression_has_five_to_seven_fields():
    for cron in ("*/5 * * * *", "0 0 12 * * ?", "0 0 12 * * ? 2030"):
        assert DefinitionCreate.model_validate({**LEAST, "schedule": {"cron": cron}}).schedule.cron == cron
    assert (
        DefinitionCreate.model_validate({**LEAST, "schedule": {"cron": " 1  2 3 4 5 "}}).schedule.cron
        == "1 2 3 4 5"
    )


def test_a_start_date_is_a_day_or_a_time():
    for text in ("2026-01-31", "2026-01-31T00:00:00Z"):
        made = DefinitionUpdate.model_validate({"modes": {"delta": {"startDate": text}}})
        assert made.sent() == {
            "modes": {"delta": {"startDate": "2026-01-31T00:00:00.000Z"}, "onPartial": "keep"}
        }


def test_a_change_is_what_was_sent():
    given = {
        "jobDefinitionCode": "a",
        "name": None,
        "schedule": None,
        "target": "t",
        "params": {"a": None},
        "enabled": False,
    }
    assert DefinitionUpdate.model_validate(given).sent() == {
        "schedule": None, "target": "t", "params": {"a": None}, "enabled": False
    }  # fmt: skip
    assert DefinitionUpdate.model_validate({"jobType": "x"}).sent() == {"job_type": "x"}


def test_an_execution_takes_what_belongs_to_the_job():
    body = DefinitionExecute.model_validate(
        {"params": {"a": 1}, "context": {"dueTime": "2026-01-31T00:00:00Z"}}
    )
    assert body.context.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "dueTime": "2026-01-31T00:00:00.000Z"
    }
    assert refused(DefinitionExecute, parms={}).keys() == {"parms"}
    assert refused(StartContext, hok={}).keys() == {"hok"}


def test_readers_take_what_newer_servers_add():
    seen = {
        "id": "us_def_1", "jobDefinitionCode": "a", "jobType": "t", "name": "A", "enabled": True, "version": 1, "createdAt": "2026-01-31T00:00:00Z",
        "updatedAt": "2026-01-31T00:00:00Z", "color": "red", "lastJob": {"jobId": "j", "status": "new", "createdAt": "2026-01-31T00:00:00Z"},
    }  # fmt: skip
    assert Definition.model_validate(seen).last_job.status == "new"
