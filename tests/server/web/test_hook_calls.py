"""The door of hooks: calls that prove from whom they come start something, once; all others leave no row."""

import asyncio
import time

import pytest

from listener_sdk.protocol.hooks import HookReceipt
from listener_sdk.protocol.signatures import sign, way_of

DEADLINE_S = 20.0
BODY = b'{"action":"opened","number":7}'


@pytest.fixture
async def defined(server):
    body = {
        "jobDefinitionCode": "web",
        "jobType": "noop",
        "enabled": True,
        "params": {"echo": "{{ hook.body.number }}"},
    }
    answer = await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    assert answer.status == 200, answer.raw
    return server


async def make(server, kind="standard", **fields):
    body = {"name": "Shop", "verification": {"kind": kind}, "definition": "web", **fields}
    answer = await server.call("POST", "/v1/hooks", body)
    assert answer.status == 200, answer.raw
    return answer.data


def signed(hook, raw=BODY, *, secret=None, at_s=None, id_="msg_1"):
    facts = {**hook["verification"]}
    way = way_of(facts.pop("kind"), {})
    at_s = int(time.time()) if at_s is None else at_s
    return sign(way, secret or hook["secret"], raw, at_s=at_s, id_=id_)


async def knock(server, hook, raw=BODY, headers=None, content_type="application/json", path=None):
    sent = {"Content-Type": content_type, **(signed(hook, raw) if headers is None else headers)}
    return await server.call("POST", path or hook["path"], raw=raw, headers=sent, key=None)


def told(answer):
    assert answer.status in {200, 202}, answer.raw
    return answer.body["data"]


async def rows(server, table):
    return (await server.node.read(lambda reader: reader.rows(f"SELECT COUNT(*) FROM {table}")))[0][0]


async def events(server, topic):
    found = (await server.call("GET", f"/v1/events?topics={topic}&pageSize=100")).body
    return found["data"]


@pytest.mark.parametrize("kind", ["standard", "github", "stripe", "slack", "bearer"])
async def test_a_call_that_proves_from_whom_it_comes_starts_a_job_once(defined, kind):
    hook = await make(defined, kind)
    headers = {**signed(hook), "Idempotency-Key": "one"}
    answer = await knock(defined, hook, headers=headers)
    assert answer.status == 202, answer.raw
    receipt = HookReceipt.model_validate(told(answer))
    assert (receipt.status, receipt.duplicate) == ("started", False)
    job = (await defined.call("GET", f"/v1/jobs/{receipt.job_id}")).data
    assert job["input"]["echo"] == 7
    by = {"kind": "hook", "hookId": hook["id"], "name": "Shop", "deliveryId": receipt.delivery_id}
    assert job["startedBy"] == by
    again = await knock(defined, hook, headers=headers)
    assert (again.status, told(again)["duplicate"], told(again)["jobId"]) == (200, True, receipt.job_id)
    assert await rows(defined, "hook_delivery") == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-signature": None}, "missing"),
        ({"webhook-id": None}, "missing"),
        ({"webhook-id": "msg_2"}, "wrong"),
        ({"webhook-timestamp": "x"}, "wrong"),
        ({"webhook-signature": "v1,AAAA"}, "wrong"),
        ({"webhook-signature": "\xe9"}, "wrong"),
    ],
)
async def test_a_call_that_proves_nothing_leaves_no_row(defined, change, reason):
    hook = await make(defined)
    headers = {**signed(hook), **change}
    answer = await knock(defined, hook, headers={n: v for n, v in headers.items() if v is not None})
    assert (answer.status, answer.error["code"], answer.error["reason"]) == (401, "bad_signature", reason)
    assert hook["secret"] not in answer.raw.decode()
    for table in ("hook_delivery", "hook_replay"):
        assert await rows(defined, table) == 0


async def test_old_and_future_and_altered_calls_are_refused(defined):
    hook = await make(defined)
    now = int(time.time())
    for at_s, reason in ((now - 400, "too_old"), (now + 400, "too_new")):
        answer = await knock(defined, hook, headers=signed(hook, at_s=at_s))
        assert (answer.status, answer.error["reason"]) == (401, reason)
    for raw in (BODY + b" ", BODY.replace(b"7", b"8"), b'{"number": 7, "action": "opened"}'):
        answer = await knock(defined, hook, raw=raw, headers=signed(hook))
        assert (answer.status, answer.error["reason"]) == (401, "wrong")
    other = await make(defined)
    answer = await knock(defined, hook, headers=signed(hook, secret=other["secret"]))
    assert answer.status == 401


async def test_many_refused_calls_are_told_by_one_event_without_the_secret(defined):
    hook = await make(defined, "bearer")
    for _ in range(5):
        assert (await knock(defined, hook, headers={"Authorization": "Bearer wrong"})).status == 401
    async with asyncio.timeout(DEADLINE_S):
        while not (found := await events(defined, "hook:rejected")):  # noqa: ASYNC110 - nothing here is told of what is committed
            await asyncio.sleep(0.02)
    assert [one["payload"] for one in found] == [
        {"hookId": hook["id"], "name": "Shop", "reason": "wrong", "count": 1}
    ]


async def test_who_sends_many_wrong_calls_waits_and_others_do_not(defined):
    hook, other = await make(defined, "bearer"), await make(defined, "bearer")
    statuses = []
    # On a slow machine what is allowed in a second comes back while the calls go on.
    while len(statuses) < 2_000 and 429 not in statuses:
        statuses.append((await knock(defined, hook, headers={"Authorization": "x"})).status)
    assert set(statuses[:-1]) == {401}
    assert len(statuses) > 100
    assert statuses[-1] == 429
    assert (await knock(defined, other)).status == 202


async def test_addresses_that_are_no_hooks_are_not_found(defined):
    hook = await make(defined, "none")
    for path in (
        "/v1/hooks/x",
        f"/v1/hooks/{hook['id']}",
        hook["path"][:-1],
        hook["path"].upper()[:9] + "a" * 32,
    ):
        answer = await knock(defined, hook, headers={}, path=path)
        assert (answer.status, answer.error["code"]) in {(404, "not_found"), (404, "no_route")}, path


async def test_what_templates_cannot_read_is_kept_and_can_be_replayed(defined):
    hook = await make(defined)
    answer = await knock(defined, hook, raw=b"{}", headers=signed(hook, b"{}"))
    assert (answer.status, told(answer)["status"]) == (202, "failed")
    path = f"/v1/hook-deliveries/{told(answer)['deliveryId']}"
    kept = (await defined.call("GET", path)).data
    assert kept["body"] == "{}"
    assert kept["problems"][0]["path"] == "params.echo"
    assert kept["headers"]["webhook-signature"] == "***"
    assert (await events(defined, "hook:failed"))[0]["payload"]["deliveryId"] == kept["id"]
    change = {"jobDefinition": {"params": {"echo": "{{? hook.body.number }}"}}}
    assert (await defined.call("PATCH", "/v1/job-definitions/web", change)).status == 200
    again = (await defined.call("POST", f"{path}/replay", {})).data
    assert (again["status"], again["duplicate"]) == ("started", False)
    shown = (await defined.call("GET", f"/v1/hooks/{hook['id']}/deliveries")).body
    assert [(one["status"], one.get("replayOf")) for one in shown["data"]] == [
        ("started", kept["id"]),
        ("failed", None),
    ]
    assert shown["asOf"]
    job = (await defined.call("GET", f"/v1/jobs/{again['jobId']}")).data
    assert job["startedBy"]["replayOf"] == kept["id"]


async def test_a_call_finds_the_definition_as_it_is_now_although_it_is_remembered(defined):
    hook = await make(defined, "none")

    async def called():
        answer = told(await knock(defined, hook, headers={}))
        if answer["status"] == "started":
            return (await defined.call("GET", f"/v1/jobs/{answer['jobId']}")).data["input"]["echo"]
        kept = (await defined.call("GET", f"/v1/hook-deliveries/{answer['deliveryId']}")).data
        return kept["problems"][0]["code"]

    async def change(**fields):
        answer = await defined.call("PATCH", "/v1/job-definitions/web", {"jobDefinition": fields})
        assert answer.status == 200, answer.raw

    assert [await called(), await called()] == [7, 7]
    await change(params={"echo": "new"})
    assert await called() == "new"
    await change(enabled=False)
    assert await called() == "disabled"
    await change(enabled=True)
    assert await called() == "new"
    assert (await defined.call("DELETE", "/v1/job-definitions/web")).status == 200
    assert await called() == "not_found"


async def test_a_filter_ignores_and_keeps(defined):
    hook = await make(defined, "none", filter={"body.action": "closed"})
    assert told(await knock(defined, hook, headers={}))["status"] == "ignored"
    hook = await make(defined, "none", filter={"headers.x-kind": "a*"})
    assert told(await knock(defined, hook, headers={"X-Kind": "abc"}))["status"] == "started"


async def test_an_event_is_published(defined):
    hook = await make(defined, "none", definition=None, event="shop:called")
    answer = await knock(defined, hook, headers={})
    assert told(answer)["status"] == "published"
    (event,) = await events(defined, "shop:called")
    assert event["payload"] == {"action": "opened", "number": 7}
    assert event["context"]["deliveryId"] == told(answer)["deliveryId"]


async def test_a_job_type_gets_the_body_or_what_the_templates_say(defined):
    hook = await make(defined, "none", definition=None, jobType="noop")
    job = told(await knock(defined, hook, raw=b'{"echo":"a"}', headers={}))["jobId"]
    assert (await defined.call("GET", f"/v1/jobs/{job}")).data["input"]["echo"] == "a"
    hook = await make(
        defined, "none", definition=None, jobType="noop", params={"echo": '{{ hook.headers."x-a" }}'}
    )
    job = told(await knock(defined, hook, headers={"X-A": "b"}))["jobId"]
    assert (await defined.call("GET", f"/v1/jobs/{job}")).data["input"]["echo"] == "b"


async def test_the_answer_waits_for_the_end_of_the_job(defined):
    hook = await make(defined, "none", waitS=20)
    answer = await knock(defined, hook, headers={})
    assert answer.status == 200, answer.raw
    assert (told(answer)["jobStatus"], told(answer)["result"]) == ("complete", "success")


async def test_the_answer_does_not_wait_longer_than_it_says(defined):
    change = {"jobDefinition": {"params": {"echo": 1, "seconds": 30}}}
    hook = await make(defined, "none", waitS=1)
    changed = await defined.call("PATCH", "/v1/job-definitions/web", change)
    assert changed.status == 200, changed.raw
    answer = await knock(defined, hook, headers={})
    assert answer.status == 202
    assert told(answer)["jobStatus"] in {"ready", "executing"}


@pytest.mark.parametrize(
    ("content_type", "raw", "status", "code"),
    [
        ("application/xml", b"<a/>", 415, "unsupported_media_type"),
        ("", b"x", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", b"--x--", 415, "unsupported_media_type"),
        ("application/json", b"{", 400, "bad_json"),
        ("application/json", b"\xff", 400, "bad_request"),
        ("text/plain", b"a\0b", 400, "bad_request"),
        ("application/x-www-form-urlencoded", b"a=%00", 400, "bad_request"),
        ("application/json", b'"' + b"x" * (5 * 1024 * 1024) + b'"', 413, "too_large"),
    ],
)
async def test_bodies_that_are_not_taken_leave_no_row(defined, content_type, raw, status, code):
    hook = await make(defined, "none")
    answer = await knock(defined, hook, raw=raw, headers={}, content_type=content_type)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert await rows(defined, "hook_delivery") == 0


async def test_large_bodies_within_the_limit_are_taken(defined):
    hook = await make(defined)
    raw = b'{"number":1,"more":"' + b"x" * (3 * 1024 * 1024) + b'"}'
    answer = await knock(defined, hook, raw=raw)
    assert (answer.status, told(answer)["status"]) == (202, "started")


async def test_forms_and_texts_are_read_as_what_they_are(defined):
    hook = await make(defined, "none", definition=None, event="shop:called")
    form = "application/x-www-form-urlencoded"
    for content_type, raw, payload in (
        (form, b"a=1&a=2&b=x%20y", {"a": ["1", "2"], "b": "x y"}),
        (form, b'{"a":1}', {"a": 1}),
        ("text/csv", b"a,b", {"body": "a,b"}),
        ("application/cloudevents+json; charset=utf-8", b"[1]", {"body": [1]}),
    ):
        answer = await knock(defined, hook, raw=raw, headers={}, content_type=content_type)
        assert told(answer)["status"] == "published"
        assert (await events(defined, "shop:called"))[-1]["payload"] == payload


async def test_github_and_slack_put_json_into_a_form_and_try_the_address_first(defined):
    github = await make(defined, "github")
    raw = b"payload=%7B%22number%22%3A9%7D"
    answer = await knock(defined, github, raw=raw, content_type="application/x-www-form-urlencoded")
    assert (await defined.call("GET", f"/v1/jobs/{told(answer)['jobId']}")).data["input"]["echo"] == 9
    ping = await knock(defined, github, headers={**signed(github), "X-GitHub-Event": "ping"})
    assert ping.status == 200
    slack = await make(defined, "slack")
    hello = await knock(defined, slack, raw=b'{"type":"url_verification","challenge":"abc"}')
    assert (hello.status, hello.raw) == (200, b"abc")
    assert await rows(defined, "hook_delivery") == 1


async def test_two_secrets_hold_while_one_is_changed(defined):
    hook = await make(defined)
    path = f"/v1/hooks/{hook['id']}"
    rotated = (await defined.call("POST", f"{path}/rotate", {})).data
    assert rotated["secret"] != hook["secret"]
    assert rotated["oldSecretUntil"]
    for number, secret in enumerate((hook["secret"], rotated["secret"])):
        headers = signed(hook, secret=secret, id_=f"m{number}")
        assert (await knock(defined, hook, headers=headers)).status == 202
    last = (await defined.call("POST", f"{path}/rotate", {"overlapS": 0})).data
    for secret, status in ((hook["secret"], 401), (rotated["secret"], 401), (last["secret"], 202)):
        headers = signed(hook, secret=secret, id_="m9")
        assert (await knock(defined, hook, headers=headers)).status == status


async def test_a_new_address_ends_the_old_one(defined):
    hook = await make(defined, "none")
    rotated = (await defined.call("POST", f"/v1/hooks/{hook['id']}/rotate", {"address": True})).data
    assert (await knock(defined, hook, headers={})).status == 404
    assert (await knock(defined, hook, headers={}, path=rotated["path"])).status == 202


async def test_a_hook_that_is_off_or_gone_takes_nothing(defined):
    hook = await make(defined, "bearer")
    path = f"/v1/hooks/{hook['id']}"
    await defined.call("PATCH", path, {"enabled": False})
    answer = await knock(defined, hook)
    assert (answer.status, answer.error["code"]) == (409, "disabled")
    assert (await knock(defined, hook, headers={})).status == 401
    await defined.call("PATCH", path, {"enabled": True})
    assert (await knock(defined, hook)).status == 202
    await defined.call("DELETE", path)
    assert (await knock(defined, hook)).status == 404


async def test_equal_calls_at_the_same_moment_start_one_job(defined):
    hook = await make(defined)
    headers = signed(hook)
    answers = await asyncio.gather(*(knock(defined, hook, headers=headers) for _ in range(20)))
    assert sorted(one.status for one in answers) == [200] * 19 + [202]
    assert len({told(one)["jobId"] for one in answers}) == 1
    assert await rows(defined, "job") == 1


async def test_a_failed_call_is_replayed_once_the_mapping_is_mended(defined):
    hook = await make(
        defined, definition=None, event="shop:called", params={"number": "{{ hook.body.count }}"}
    )
    headers = signed(hook)
    first = told(await knock(defined, hook, headers=headers))
    assert first["status"] == "failed"
    path = f"/v1/hook-deliveries/{first['deliveryId']}/replay"
    assert (await defined.call("POST", path, {})).data["status"] == "failed"
    mended = {"params": {"number": "{{ hook.body.number }}", "by": '{{ hook.headers."webhook-id" }}'}}
    assert (await defined.call("PATCH", f"/v1/hooks/{hook['id']}", mended)).status == 200
    once = {"Idempotency-Key": "k"}
    replayed = [(await defined.call("POST", path, {}, headers=once)).data for _ in range(2)]
    assert replayed[0] == replayed[1]
    assert (replayed[0]["status"], replayed[0]["duplicate"]) == ("published", False)
    (event,) = await events(defined, "shop:called")
    assert event["payload"] == {"number": 7, "by": "msg_1"}
    assert event["context"]["deliveryId"] == replayed[0]["deliveryId"]
    shown = (await defined.call("GET", f"/v1/hooks/{hook['id']}/deliveries")).data
    assert [(one["status"], one.get("replayOf")) for one in shown] == [
        ("published", first["deliveryId"]),
        ("failed", first["deliveryId"]),
        ("failed", None),
    ]
    # Its sender is told of what the call itself has become, as ever.
    again = await knock(defined, hook, headers=headers)
    assert (again.status, told(again)["deliveryId"]) == (200, first["deliveryId"])


async def test_what_the_filter_ignored_is_replayed_as_the_hook_is_now(defined):
    hook = await make(defined, "none", filter={"body.action": "closed"})
    ignored = told(await knock(defined, hook, headers={}))
    assert ignored["status"] == "ignored"
    assert (await defined.call("PATCH", f"/v1/hooks/{hook['id']}", {"filter": None})).status == 200
    path = f"/v1/hook-deliveries/{ignored['deliveryId']}/replay"
    assert (await defined.call("POST", path, {})).data["status"] == "started"
    await defined.call("PATCH", f"/v1/hooks/{hook['id']}", {"enabled": False})
    refused = await defined.call("POST", path, {})
    assert (refused.status, refused.error["code"]) == (409, "disabled")
