"""What a call of a hook is to start, found out beside the writer."""

import pytest
from hooked import hook, prepared
from stage import ADMIN

from listener_sdk.protocol.codes import Refusal
from server.commands.hook_starts import problems, trial
from server.core.refusals import Refusals
from server.store.transaction import NewEvent


async def result(stage, raw=b"{}", **fields):
    row = await hook(stage, **fields)
    return (await prepared(stage, row, raw)).result


async def test_an_event_has_the_body_or_what_the_templates_say(stage):
    event = await result(stage, b'{"a":1}')
    assert isinstance(event, NewEvent)
    assert event.body == {"topic": "shop:called", "domain": "shop", "payload": {"a": 1}}
    assert (await result(stage, b"[1]")).body["payload"] == {"body": [1]}
    templates = {"a": "{{ hook.body.a }}", "by": "{{ trigger.name }}"}
    assert (await result(stage, b'{"a":1}', params=templates)).body["payload"] == {"a": 1, "by": "Shop"}


async def test_what_a_filter_leaves_out_starts_nothing(stage):
    assert await result(stage, b'{"a":1}', filter={"body.a": 2}) is None


@pytest.mark.parametrize(
    ("raw", "fields", "code"),
    [
        (b"{}", {"params": {"a": "{{ hook.body.a }}"}}, "invalid"),
        (b'{"a":"' + b"x" * 70_000 + b'"}', {}, "too_large"),
        (b"[]", {"job_type": "noop"}, "invalid"),
        (b'{"seconds":"x"}', {"job_type": "noop"}, "invalid"),
    ],
)
async def test_what_cannot_be_started_is_kept_as_a_refusal(stage, raw, fields, code):
    found = await result(stage, raw, **fields)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert problems(found)[0]["message"]


def test_many_problems_are_told_up_to_a_number():
    told = problems(Refusals([Refusal("invalid", "x" * 600, key="a")] * 30))
    assert len(told) == 20
    assert told[0] == {"code": "invalid", "message": "x" * 500, "path": "a"}


async def test_a_trial_of_what_takes_the_body_says_what_would_come(stage):
    row = await hook(stage, job_type="noop")
    seen = {"body": {"seconds": 1}, "headers": {}, "query": {}}
    shown = await stage.node.read(lambda reader: trial(reader, ADMIN, row, seen))
    assert (shown["ignored"], shown["params"]["seconds"], shown["problems"]) == (False, 1, [])
    shown = await stage.node.read(lambda reader: trial(reader, ADMIN, row, {**seen, "body": 5}))
    assert shown["params"] is None
    assert shown["problems"][0]["path"] == "params"
