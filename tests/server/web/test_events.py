"""Events over REST: publishing, lists for pollers, acknowledging."""

import pytest

from listener_sdk.protocol.events import FLATFILE_TOPICS, Event
from listener_sdk.protocol.ids import encode
from server.commands import retention
from server.store.command import Command

BODY = {"topic": "invoice:paid", "domain": "invoice", "payload": {"amount": 5}, "context": {"invoiceId": "7"}}


async def publish(server, **fields):
    return (await server.call("POST", "/v1/events", BODY | fields)).data


async def topics(server, query=""):
    return [event["topic"] for event in (await server.call("GET", f"/v1/events?pageSize=100&{query}")).data]


async def test_an_event_is_published_read_and_acknowledged(server):
    event = await publish(server)
    assert event["payload"] == {"amount": 5}
    assert event["context"]["invoiceId"] == "7"
    assert {"accountId", "environmentId", "spaceId", "actorId"} <= set(event["context"])
    assert event["position"] == str(server.node.log.head)
    path = f"/v1/events/{event['id']}"
    assert (await server.call("GET", path)).data == event
    assert (await server.call("POST", f"{path}/ack", raw=b"")).data == {"success": True}
    found = (await server.call("GET", path)).data
    assert found["acknowledgedBy"] == "us_key_0000000000"
    Event.model_validate(found)


async def test_by_default_only_topics_that_flatfiles_client_can_read(server):
    await publish(server)
    await publish(server, topic="workbook:updated", domain="workbook")
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/cancel")
    found = await topics(server)
    assert set(found) <= FLATFILE_TOPICS
    assert {"job:created", "job:ready", "job:updated", "workbook:updated"} <= set(found)
    assert {"invoice:paid", "job:canceled", "key:created"} <= set(await topics(server, "topics=**"))
    assert await topics(server, "topic=job:canceled") == ["job:canceled"]


async def test_lists_are_oldest_first_and_filter(server):
    for number in range(3):
        await publish(server, topic=f"invoice:n{number}")
    assert await topics(server, "topics=invoice:*") == ["invoice:n0", "invoice:n1", "invoice:n2"]
    assert await topics(server, "topic=invoice:n1,invoice:n2") == ["invoice:n1", "invoice:n2"]
    assert await topics(server, "topics=**&domain=invoice") == ["invoice:n0", "invoice:n1", "invoice:n2"]
    assert await topics(server, "topics=**&domain=invoice&pageSize=1") == [
        "invoice:n0",
        "invoice:n1",
        "invoice:n2",
    ]
    answer = await server.call("GET", "/v1/events?topics=**&environmentId=us_env_other")
    assert (answer.status, answer.error["key"]) == (404, "environmentId")


async def test_the_newest_first_page_by_page(server):
    for number in range(5):
        await publish(server, topic=f"invoice:n{number}")
    path, found = "/v1/events?topics=invoice:*&sortDirection=desc&pageSize=2", []
    answer = (await server.call("GET", path)).body
    head = answer["asOf"]
    while True:
        found += [event["topic"] for event in answer["data"]]
        if answer["cursor"] is None:
            break
        await publish(server, topic="invoice:late")
        answer = (await server.call("GET", f"{path}&cursor={answer['cursor']}")).body
    assert found == [f"invoice:n{number}" for number in (4, 3, 2, 1, 0)]
    assert await topics(server, f"topics=invoice:*&sortDirection=desc&after={head}") == ["invoice:late"] * 2
    answer = await server.call("GET", "/v1/events?sortDirection=up")
    assert (answer.status, answer.error["key"]) == (400, "sortDirection")


async def test_the_events_of_one_job(server):
    await server.job()
    job = await server.job()
    await server.call("POST", f"/v1/jobs/{job['id']}/cancel")
    found = await topics(server, f"topics=job:*&jobId={job['id']}")
    assert found == ["job:created", "job:ready", "job:updated", "job:canceled"]
    assert (await server.call("GET", "/v1/events?jobId=x")).status == 404


async def test_since_includes_its_own_instant(server):
    server.clock.forward(100)
    event = await publish(server)
    assert await topics(server, f"topics=**&since={event['createdAt']}") == ["invoice:paid"]
    assert await topics(server, "topics=**&since=2999-01-01T00:00:00Z") == []


async def test_acknowledged_events_leave_the_default_list(server):
    event = await publish(server)
    await server.call("POST", f"/v1/events/{event['id']}/ack")
    assert await topics(server, "topic=invoice:paid") == []
    assert await topics(server, "topic=invoice:paid&includeAcknowledged=true") == ["invoice:paid"]


async def test_after_a_position_nothing_is_missed(server):
    start = str(server.node.log.head)
    for number in range(5):
        await publish(server, topic=f"invoice:n{number}")
    found, position = [], start
    while True:
        page = (await server.call("GET", f"/v1/events?topics=**&pageSize=2&after={position}")).data
        if not page:
            break
        found += [event["topic"] for event in page]
        position = page[-1]["position"]
    assert found == [f"invoice:n{number}" for number in range(5)]
    assert await topics(server, "topics=**&after=now") == []
    assert len(await topics(server, "topics=**&after=oldest")) == 6


async def test_pages_by_number_and_cursor(server):
    for number in range(3):
        await publish(server, topic=f"invoice:n{number}")
    second = await server.call("GET", "/v1/events?topics=invoice:*&pageSize=2&pageNumber=2")
    assert [event["topic"] for event in second.data] == ["invoice:n2"]
    first = await server.call("GET", "/v1/events?topics=invoice:*&pageSize=2")
    rest = await server.call("GET", f"/v1/events?topics=invoice:*&pageSize=2&cursor={first.body['cursor']}")
    assert [event["topic"] for event in rest.data] == ["invoice:n2"]
    assert rest.body["cursor"] is None


async def test_positions_that_cannot_be_continued_say_why(server):
    epoch = server.node.epoch
    other = ("0" if epoch[0] != "0" else "1") + epoch[1:]
    for position, status, code in (
        (f"{other}:1", 410, "epoch_changed"),
        (f"{epoch}:999999", 410, "cursor_ahead"),
        ("nonsense", 400, "bad_cursor"),
        (f"{epoch}:-1", 400, "bad_cursor"),
    ):
        answer = await server.call("GET", f"/v1/events?after={position}")
        assert (answer.status, answer.error["code"]) == (status, code)
    assert (await server.call("GET", f"/v1/events?after={epoch}:999999")).error["head"] == str(
        server.node.log.head
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"topic": "job:completed"}, "reserved_topic"), ({"topic": "key:created"}, "reserved_topic"), ({"topic": "nonsense"}, "bad_topic"),
        ({"topic": "A:b"}, "bad_topic"), ({"topic": None}, "invalid"), ({"payload": []}, "invalid"), ({"context": "x"}, "invalid"),
        ({"topic": "a:" + "b" * 200}, "invalid"), ({"payload": {"x": "y" * 70_000}}, "too_large"),
    ],
)  # fmt: skip
async def test_unfit_events_are_refused(server, fields, code):
    answer = await server.call("POST", "/v1/events", BODY | fields)
    assert answer.error["code"] == code
    assert answer.status == (413 if code == "too_large" else 400)
    assert await topics(server, "topics=invoice:*") == []


async def test_a_client_cannot_speak_in_anothers_name(server):
    event = await publish(
        server,
        context={"actorId": "us_key_0000000009", "accountId": "x"},
        deletedAt="2020-01-01T00:00:00Z",
    )
    assert event["context"]["actorId"] == "us_key_0000000000"
    assert event["context"]["spaceId"] == "us_sp_default"
    assert "deletedAt" not in event


# ---- events that retention has removed


async def remove_before(server, seq):
    await server.node.submit(Command("remove", retention.remove_events), retention.OldEvents(seq))


async def test_a_list_begins_with_the_oldest_event_that_is_kept(server):
    for number in range(3):
        await publish(server, topic=f"invoice:n{number}")
    seq = server.node.log.head.seq
    await remove_before(server, seq)
    assert await topics(server, "topics=**") == ["invoice:n2"]
    assert await topics(server, "topics=**&after=oldest") == ["invoice:n2"]
    gone = await server.call("GET", f"/v1/events/{encode('ev', seq - 1)}")
    assert (gone.status, gone.error["code"]) == (404, "not_found")


async def test_a_position_behind_which_events_are_gone_is_refused_and_the_one_before_the_oldest_is_not(
    server,
):
    for number in range(3):
        await publish(server, topic=f"invoice:n{number}")
    head = server.node.log.head
    await remove_before(server, head.seq)
    answer = await server.call("GET", f"/v1/events?topics=**&after={head.epoch}:{head.seq - 2}")
    oldest = f"{head.epoch}:{head.seq - 1}"
    assert (answer.status, answer.error["code"], answer.error["oldest"]) == (410, "cursor_too_old", oldest)
    assert await topics(server, f"topics=**&after={oldest}") == ["invoice:n2"]


async def test_a_page_that_was_to_follow_is_never_given_with_a_gap(server):
    for number in range(6):
        await publish(server, topic=f"invoice:n{number}")
    head = server.node.log.head.seq
    first = (await server.call("GET", "/v1/events?topics=invoice:*&pageSize=2")).body
    await remove_before(server, head - 3)
    second = (
        await server.call("GET", f"/v1/events?topics=invoice:*&pageSize=2&cursor={first['cursor']}")
    ).body
    assert [event["topic"] for event in second["data"]] == ["invoice:n2", "invoice:n3"]
    await remove_before(server, head)
    answer = await server.call("GET", f"/v1/events?topics=invoice:*&pageSize=2&cursor={second['cursor']}")
    assert (answer.status, answer.error["code"]) == (410, "cursor_too_old")
