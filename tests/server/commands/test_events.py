"""Events of clients: what may be published, what the server sets itself, and acknowledging."""

import pytest
from stage import ADMIN, OTHER, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import RESERVED_DOMAINS, EventCreate
from server.commands.events import ACK_EVENT, PUBLISH, AckEvent, PublishEvent


async def publish(stage, topic="invoice:paid", actor=ADMIN, **body):
    item = PublishEvent(actor, EventCreate.model_validate({"topic": topic, **body}))
    return await stage.do(PUBLISH, item)


async def refusal(call):
    with pytest.raises(Refusal) as refused:
        await call
    return refused.value


async def test_an_event_is_kept_as_it_was_sent(stage):
    given = {
        "payload": {"rows": [1, {"deep": None}]},
        "attributes": {"progress": {"current": 1}},
        "namespaces": ["a", "b"],
        "origin": {"id": "x"},
        "target": "t",
        "callbackUrl": "https://example.com/back",
        "dataUrl": "https://example.com/data",
    }
    made = await publish(stage, **given, context={"sheetId": "us_sh_1"})
    event = (await stage.events())[-1]
    assert {name: event[name] for name in given} == given
    assert (event["topic"], event["domain"]) == ("invoice:paid", "invoice")
    assert event["position"] == f"{stage.node.epoch}:{made.seq}"
    assert event["context"]["sheetId"] == "us_sh_1"


@pytest.mark.parametrize(
    ("key", "named"), [("spaceId", "us_sp_elsewhere"), ("environmentId", "us_env_elsewhere")]
)
async def test_an_event_is_published_in_no_other_space(stage, key, named):
    with pytest.raises(Refusal) as caught:
        await publish(stage, context={key: named})
    assert (caught.value.code, caught.value.key, caught.value.named) == (
        "not_found",
        f"context.{key}",
        "us_sp_elsewhere",
    )
    assert await stage.events() == []


async def test_who_and_where_is_set_by_the_server(stage):
    lies = {"accountId": "us_acc_x", "actorId": "root"}
    await publish(
        stage, context=lies, domain="job", id="us_ev_1", position="e:1", createdAt="2020-01-01T00:00:00Z"
    )
    event = (await stage.events())[-1]
    assert event["context"] == {
        "accountId": stage.meta.account_id,
        "spaceId": "us_sp_default",
        "environmentId": "us_env_default",
        "actorId": ADMIN.key_id,
    }
    assert event["domain"] == "invoice"
    assert event["position"] == f"{stage.node.epoch}:{event['seq']}"
    assert event["createdAt"].startswith("2026-")


@pytest.mark.parametrize("domain", sorted(RESERVED_DOMAINS))
async def test_only_the_server_speaks_in_its_domains(stage, domain):
    error = await refusal(publish(stage, f"{domain}:created"))
    assert (error.code, error.key) == ("reserved_topic", "topic")
    assert not await stage.events()


@pytest.mark.parametrize("topic", ["", "paid", "Invoice:paid", "a:b:c", "a:", ":b", "a b:c", "1a:b", "a:b\n"])
async def test_a_topic_has_a_domain_and_an_operation(stage, topic):
    assert (await refusal(publish(stage, topic))).code == "bad_topic"


async def test_an_event_is_bounded(stage):
    error = await refusal(publish(stage, payload={"x": "y" * 65_536}))
    assert (error.code, error.key) == ("too_large", "event")
    assert not await stage.events()


async def test_an_acknowledgement_counts_once(stage):
    made = await publish(stage)
    await stage.do(ACK_EVENT, AckEvent(OTHER, made.seq))
    stage.clock.forward(5)
    await stage.do(ACK_EVENT, AckEvent(ADMIN, made.seq))
    assert await stage.rows("SELECT seq, at, actor FROM event_ack") == [
        (made.seq, stage.clock() - 5000, OTHER.key_id)
    ]


async def test_events_of_other_spaces_and_no_events_are_not_there(stage):
    made = await publish(stage)
    for actor, seq in ((STRANGER, made.seq), (ADMIN, made.seq + 1), (ADMIN, 0)):
        error = await refusal(stage.do(ACK_EVENT, AckEvent(actor, seq)))
        assert (error.code, error.key) == ("not_found", "id")
