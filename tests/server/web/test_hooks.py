"""Hooks over REST: made, shown, changed, tried, given new secrets, removed; and what is refused."""

import pytest

from listener_sdk.protocol.hooks import CreatedHook, Hook, HookTrial
from server.web.hook_calls import receipt_wire

LEAST = {"name": "Shop", "verification": {"kind": "github"}, "definition": "web"}
HMAC = {"kind": "hmac", "header": "X-Sig"}
SECRET = "It's a Secret to Everybody"


@pytest.fixture
async def defined(server):
    body = {"jobDefinitionCode": "web", "jobType": "noop", "enabled": True}
    answer = await server.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    assert answer.status == 200, answer.raw
    return server


async def make(server, **fields):
    answer = await server.call("POST", "/v1/hooks", {**LEAST, **fields})
    assert answer.status == 200, answer.raw
    return answer.data


async def key_of(server, role, **fields):
    return (await server.call("POST", "/v1/keys", {"name": role, "role": role, **fields})).data["key"]


async def audit(server, action):
    return (await server.call("GET", f"/v1/audit?action={action}&pageSize=100")).data


async def test_one_is_made_shown_changed_and_removed(defined):
    made = await make(defined, params={"echo": "{{ hook.body.a }}"})
    CreatedHook.model_validate(made)
    secret = made.pop("secret")
    path = f"/v1/hooks/{made['id']}"
    shown = (await defined.call("GET", path)).data
    assert shown == made
    Hook.model_validate(shown)
    assert (shown["replayBy"], shown["accepts"], shown["waitS"], shown["version"]) == ("body", "auto", 0, 1)
    assert shown["url"] == f"{defined.url}{shown['path']}"
    changed = (await defined.call("PATCH", path, {"waitS": 5, "params": None, "event": None})).data
    assert (changed["waitS"], changed["version"], "params" in changed) == (5, 2, False)
    same = (await defined.call("PATCH", path, {"waitS": 5})).data
    assert same["version"] == 2
    turned = (await defined.call("PATCH", path, {"jobType": "noop", "waitS": 0})).data
    assert (turned["jobType"], "definition" in turned) == ("noop", False)
    listed = (await defined.call("GET", "/v1/hooks")).body
    assert [one["id"] for one in listed["data"]] == [made["id"]]
    assert listed["asOf"]
    await defined.call("PATCH", path, {"enabled": False})
    await defined.call("POST", f"{path}/rotate", {})
    assert (await defined.call("DELETE", path)).status == 200
    assert (await defined.call("GET", path)).status == 404
    topics = {
        one["topic"]
        for one in (await defined.call("GET", "/v1/events?topics=hook:*&pageSize=50")).body["data"]
    }
    assert topics == {f"hook:{act}" for act in ("created", "updated", "disabled", "rotated", "deleted")}
    told = (await defined.call("GET", "/v1/events?topics=hook:*&pageSize=50")).raw
    lines = str(await audit(defined, "hook:*"))
    for hidden in (secret, made["path"].rpartition("/")[2]):
        assert hidden not in told.decode()
        assert hidden not in lines


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"name": ""}, "name"),
        ({"verification": {"kind": "md5"}}, "verification.kind"),
        ({"verification": {"kind": "hmac"}}, "verification"),
        ({"verification": {"kind": "github", "header": "X"}}, "verification"),
        ({"verification": {**HMAC, "signed": "{timestamp}"}}, "verification.signed"),
        ({"verification": {**HMAC, "timestampHeader": "X-T"}}, "verification"),
        ({"verification": {**HMAC, "header": "X Sig"}}, "verification.header"),
        ({"verification": {**HMAC, "algorithm": "md5"}}, "verification.algorithm"),
        ({"definition": None}, None),
        ({"event": "a:b"}, None),
        ({"event": "job:created", "definition": None}, "event"),
        ({"waitS": 61}, "waitS"),
        ({"replayBy": "header"}, None),
        ({"replayBy": "id"}, None),
        ({"filter": {"a": {"b": {"c": {"d": {"e": 1}}}}}}, "filter"),
        ({"secret": "short"}, "secret"),
        ({"unknown": 1}, "unknown"),
        ({"verification": {"kind": "none"}, "secret": SECRET}, None),
        ({"verification": {"kind": "standard"}, "secret": SECRET}, None),
        ({"params": {"echo": "{{ hook.body. }}"}}, "params.echo"),
        ({"params": {"echo": "{{ event.payload }}"}}, "params.echo"),
        ({"params": {"echo": "{{ secrets.none }}"}}, "params.echo"),
        ({"params": {"seconds": -1}}, "params.seconds"),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_repeated(defined, change, key):
    answer = await defined.call("POST", "/v1/hooks", {**LEAST, **change})
    assert answer.status == 400, answer.raw
    assert key is None or any(one.get("key", "").startswith(key) for one in answer.body["errors"]), answer.raw
    assert SECRET not in answer.raw.decode()
    assert (await defined.call("GET", "/v1/hooks")).data == []


async def test_what_it_starts_must_be_there(defined):
    for change in ({"definition": "wob"}, {"definition": None, "jobType": "no:such"}):
        answer = await defined.call("POST", "/v1/hooks", {**LEAST, **change})
        assert (answer.status, answer.error["code"]) == (404, "not_found")


async def test_the_kind_of_its_verification_stays(defined):
    made = await make(defined)
    answer = await defined.call("PATCH", f"/v1/hooks/{made['id']}", {"verification": {"kind": "none"}})
    assert (answer.status, answer.error["code"]) == (409, "conflict")


async def test_a_secret_is_shown_once_also_under_an_idempotency_key(defined):
    once = {"Idempotency-Key": "one"}
    made = await defined.call("POST", "/v1/hooks", {**LEAST, "secret": SECRET}, headers=once)
    assert made.data["secret"] == SECRET
    again = await defined.call("POST", "/v1/hooks", {**LEAST, "secret": SECRET}, headers=once)
    assert (again.status, again.error["code"]) == (409, "conflict")
    assert SECRET not in again.raw.decode()
    assert len((await defined.call("GET", "/v1/hooks")).data) == 1


async def test_who_may_not_define_does_not_see_the_address(defined):
    made = await make(defined)
    viewer = await key_of(defined, "viewer")
    shown = (await defined.call("GET", f"/v1/hooks/{made['id']}", key=viewer)).data
    assert "path" not in shown
    assert "url" not in shown
    assert (await defined.call("POST", "/v1/hooks", LEAST, key=viewer)).status == 403


async def test_a_restricted_key_reaches_hooks_of_its_jobs_alone(defined):
    await make(defined)
    other = await key_of(defined, "developer", jobs=["shop:*"])
    mine = await key_of(defined, "developer", jobs=["system:*"])
    assert (await defined.call("GET", "/v1/hooks", key=other)).data == []
    (found,) = (await defined.call("GET", "/v1/hooks", key=mine)).data
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/deliveries"),
        ("POST", "/try"),
        ("POST", "/rotate"),
    ):
        answer = await defined.call(method, f"/v1/hooks/{found['id']}{path}", {}, key=other)
        assert answer.status == 404, (method, path)
    assert (await defined.call("POST", "/v1/hooks", LEAST, key=other)).status == 404


async def test_it_can_be_tried_before_anything_calls(defined):
    made = await make(defined, params={"echo": "{{ hook.body.user.name }}"}, filter={"body.kind": "x"})
    path = f"/v1/hooks/{made['id']}/try"
    good = (await defined.call("POST", path, {"body": {"kind": "x", "user": {"name": "Ada"}}})).data
    HookTrial.model_validate(good)
    assert (good["ignored"], good["params"]["echo"], good["problems"]) == (False, "Ada", [])
    bad = (await defined.call("POST", path, {"body": {"kind": "y"}})).data
    assert (bad["ignored"], bad["params"]) == (True, None)
    assert bad["problems"][0]["path"] == "params.echo"
    text = (
        await defined.call(
            "POST", path, {"text": "user=1", "contentType": "application/x-www-form-urlencoded"}
        )
    ).data
    assert text["hook"]["body"] == {"user": "1"}
    assert (await defined.call("GET", f"/v1/hooks/{made['id']}/deliveries")).data == []


async def test_what_came_can_be_tried_with_changes_that_are_not_kept(defined):
    made = await make(
        defined, verification={"kind": "none"}, accepts="json", params={"echo": "{{ hook.body.name }}"}
    )
    path = f"/v1/hooks/{made['id']}/try"
    sent = (await defined.call("POST", made["path"], {"user": {"name": "Ada"}}, key="none")).body["data"]
    tried = {"deliveryId": sent["deliveryId"]}
    bad = (await defined.call("POST", path, tried)).data
    assert (bad["hook"]["body"], bad["problems"][0]["path"]) == ({"user": {"name": "Ada"}}, "params.echo")
    changes = {"params": {"echo": "{{ hook.body.user.name }}"}, "filter": {"body.user.name": "Bob"}}
    good = (await defined.call("POST", path, {**tried, "changes": changes})).data
    HookTrial.model_validate(good)
    assert (good["params"]["echo"], good["problems"], good["ignored"]) == ("Ada", [], True)
    whole = {"params": None, "event": "shop:paid"}
    passed = (await defined.call("POST", path, {**tried, "changes": whole})).data
    assert passed["params"] == {"user": {"name": "Ada"}}
    kept = (await defined.call("GET", f"/v1/hooks/{made['id']}")).data
    assert (kept["params"], kept["version"]) == (made["params"], made["version"])


async def test_what_came_to_another_hook_is_not_tried(defined):
    other = await make(defined, verification={"kind": "none"}, accepts="json")
    sent = (await defined.call("POST", other["path"], {}, key="none")).body["data"]
    path = f"/v1/hooks/{(await make(defined))['id']}/try"
    for found in (sent["deliveryId"], "us_hd_9999999999", "nonsense"):
        answer = await defined.call("POST", path, {"deliveryId": found})
        assert (answer.status, answer.error["key"]) == (404, "deliveryId")
    answer = await defined.call("POST", path, {"deliveryId": sent["deliveryId"], "body": {}})
    assert (answer.status, "leave body out" in answer.error["message"]) == (400, True)
    answer = await defined.call("POST", path, {"body": {}, "changes": {"verification": {"kind": "stripe"}}})
    assert (answer.status, answer.error["key"]) == (409, "verification.kind")


async def test_a_space_has_a_bounded_number(defined, monkeypatch):
    from server.commands import hooks

    monkeypatch.setattr(hooks, "MOST_HOOKS", 1)
    await make(defined)
    answer = await defined.call("POST", "/v1/hooks", LEAST)
    assert (answer.status, answer.error["code"]) == (409, "limit")


def test_a_receipt_of_what_is_forgotten_says_so():
    from server.commands.hook_deliveries import Receipt

    assert receipt_wire(Receipt(1, None, None, is_repeated=True))["status"] == "forgotten"
