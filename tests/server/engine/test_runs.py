"""One run of a built-in job: secrets and parameters, faults, cancels, and an end that is always told."""

import asyncio
import json
import socket
from base64 import b64encode

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from own_jobs import Gate, allow_loopback, ended, having, outcome, ran, result, until, website, with_refs
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.secrets import SecretWrite
from server.commands import jobs
from server.commands.outcomes import COMPLETE
from server.commands.secrets import SET_SECRET, SetSecret
from server.engine import built_in, runs
from server.engine.own_work import Done
from server.store.database import DiskFullError, StoreError

CANARY = "canary-of-the-run"


async def put(stage, name="token", value=CANARY, actor=ADMIN, **fields):
    body = SecretWrite.model_validate({"name": name, "value": value, **fields})
    return await stage.do(SET_SECRET, SetSecret(actor, body, stage.node.sealer))


async def echo(request):
    """An answer that repeats all that came."""
    return web.json_response(
        {"headers": dict(request.headers), "body": await request.text(), "query": dict(request.query)},
        headers={"X-Echo": request.headers.get("X-Key", "")},
    )


async def everything(stage):
    """All that the store keeps of jobs, as text."""
    tables = ("job", "event", "attempt", "job_log", "audit", "idempotency", "file")
    return "".join([str(await stage.rows(f"SELECT * FROM {table}")) for table in tables])


def working(monkeypatch, act):
    """``noop`` does this instead."""

    async def work(work, params):
        return await act(work, params)

    monkeypatch.setitem(built_in.WORKS, "noop", work)


def failing(monkeypatch, error):
    async def fail(_work, _params):
        raise error

    working(monkeypatch, fail)


# ---- parameters


async def test_parameters_that_do_not_fit_fail_the_job_for_good_with_all_that_is_wrong(stage):
    params = {"method": "get", "timeoutS": "30", "headers": {"Host": "x"}}
    row = await ran(stage, "callWebserviceEndpoint", params, maxAttempts=5)
    assert (row.status, row.attempt) == ("failed", 1)
    told = outcome(row)
    assert told["heading"] == "Call a web service: failed"
    assert (told["code"], told["next"]["type"], told["acknowledge"]) == ("invalid", "retry", True)
    assert told["message"] == row.info
    for place in ("params.url", "params.method", "params.timeoutS", "params.headers"):
        assert place in row.info


async def test_a_message_that_is_too_long_is_whole_in_the_jobs_log(stage):
    row = await ran(stage, "noop", {f"{'name' * 40}{n}": n for n in range(200)})
    assert len(row.info) < runs.LONGEST_MESSAGE + 10
    assert row.info.endswith("…")
    ((line,),) = await stage.rows("SELECT message FROM job_log WHERE level = 'error'")
    assert line.startswith(row.info[:1000])
    assert len(line) > len(row.info)


async def test_a_job_of_a_type_that_this_server_does_not_know_fails_for_good(stage, monkeypatch):
    monkeypatch.setattr("server.commands.jobs.check_name", lambda _: None)
    monkeypatch.setattr("server.engine.own_sessions._TAKING", [runs.f.Taking(job="system:*")])
    row = await ended(stage, await stage.create("system:later"))
    assert (row.status, row.attempt) == ("failed", 1)
    assert "no built-in job system:later" in row.info


# ---- secrets


async def test_secrets_are_filled_in_and_kept_out_of_all_that_is_told(stage):
    await put(stage)
    await put(stage, "other", "second-canary-of-the-run")
    allow_loopback(stage)
    async with website(echo) as url:
        params = {
            "url": url, "headers": {"X-Key": "{{secrets.token}}"}, "method": "POST",
            "body": {"deep": ["a {{secrets.other}} b"]}, "searchParams": {"k": "{{secrets.token}}"},
        }  # fmt: skip
        job = await with_refs(
            stage, "callWebserviceEndpoint", params,
            ["token", ["headers", "X-Key"], 0, 17],
            ["other", ["body", "deep", 0], 2, 19],
            ["token", ["searchParams", "k"], 0, 17],
        )  # fmt: skip
        found = result(await ended(stage, job))
    assert found["body"]["headers"]["X-Key"] == found["headers"]["x-echo"] == "***"
    assert found["body"]["query"] == {"k": "***"}
    assert json.loads(found["body"]["body"]) == {"deep": ["a *** b"]}
    assert "canary" not in await everything(stage)


async def test_they_reach_the_other_server(stage):
    await put(stage)
    allow_loopback(stage)
    came = []

    async def note(request):
        came.append(request.headers["X-Key"])
        return web.Response()

    async with website(note) as url:
        params = {"url": url, "headers": {"X-Key": "Bearer {{secrets.token}}"}}
        ref = ["token", ["headers", "X-Key"], 7, 24]
        await ended(stage, await with_refs(stage, "callWebserviceEndpoint", params, ref))
    assert came == [f"Bearer {CANARY}"]


async def test_a_name_and_a_password_in_the_address_are_not_shown_as_the_header_that_they_become(stage):
    await put(stage)
    allow_loopback(stage)
    async with website(echo) as url:
        address = url.replace("://", "://ada:{{secrets.token}}@")
        start = address.index("{{")
        ref = ["token", ["url"], start, start + 17]
        found = result(
            await ended(stage, await with_refs(stage, "callWebserviceEndpoint", {"url": address}, ref))
        )
    assert found["body"]["headers"]["Authorization"] == "Basic ***"
    whole = await everything(stage)
    assert b64encode(f"ada:{CANARY}".encode()).decode() not in whole
    assert CANARY not in whole


class Nobody(AbstractResolver):
    """Knows no name."""

    async def resolve(self, host, port=0, family=0):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async def close(self):
        pass


WEBHOOK = "/api/webhooks/123/TOPSECRETTOKEN"


@pytest.mark.parametrize("code", ["callWebserviceEndpoint", "downloadDataFile"])
@pytest.mark.parametrize("status", [200, 404, 302])
async def test_an_address_that_is_a_secret_is_not_shown_in_any_spelling(stage, code, status):
    allow_loopback(stage)

    async def repeat(request):
        if status == 302 and not request.path.endswith("/"):
            return web.Response(status=302, headers={"Location": f"{request.path}/"})
        found = 200 if status == 302 else status
        return web.json_response({"no route": request.path_qs, "at": request.path}, status=found)

    async with website(repeat) as url:
        await put(stage, "hook", f"{url}{WEBHOOK}?wait=true")
        job = await with_refs(stage, code, {"url": "{{secrets.hook}}"}, ["hook", ["url"], 0, 16])
        row = await ended(stage, job)
    assert row.status == ("failed" if status == 404 else "complete")
    whole = (await everything(stage)).replace("wait=true&", "")
    for part in ("TOPSECRET", "webhooks", "wait=true", url.removeprefix("http://"), "127.0.0.1"):
        assert part not in whole
    if row.status == "complete" and code == "callWebserviceEndpoint":
        shown = result(row)
        assert shown["url"].startswith("***")
        assert shown["body"]["at"].strip("/") == "***"


@pytest.mark.parametrize("code", ["callWebserviceEndpoint", "downloadDataFile"])
async def test_a_host_is_not_shown_as_it_is_called(stage, code):
    await put(stage, value="MyTenantToken")
    allow_loopback(stage, Nobody())
    params = {"url": "http://{{secrets.token}}.host.example/x"}
    row = await ended(stage, await with_refs(stage, code, params, ["token", ["url"], 7, 24]))
    assert row.info == "*** cannot be reached: its name does not resolve."
    assert "mytenanttoken" not in (await everything(stage)).lower()


async def test_a_search_param_is_not_shown_as_it_is_sent(stage):
    await put(stage, value="pä ss/wörd~x")
    allow_loopback(stage)

    async def repeat(request):
        return web.Response(text=f"{request.raw_path} {request.raw_path.lower()}")

    async with website(repeat) as url:
        params = {"url": f"{url}/x", "searchParams": {"k": ["{{secrets.token}}"]}}
        ref = ["token", ["searchParams", "k", 0], 0, 17]
        shown = result(await ended(stage, await with_refs(stage, "callWebserviceEndpoint", params, ref)))
    assert shown["body"] == "/x?k=*** /x?k=***"


async def test_secrets_that_are_words_of_a_result_leave_its_names(stage):
    await put(stage, value="truncated")
    allow_loopback(stage)
    async with website(echo) as url:
        params = {"url": f"{url}/x", "headers": {"X-Key": "{{secrets.token}}"}}
        job = await with_refs(stage, "callWebserviceEndpoint", params, ["token", ["headers", "X-Key"], 0, 17])
        shown = result(await ended(stage, job))
    assert (shown["truncated"], shown["headers"]["x-echo"]) == (False, "***")


async def test_failures_do_not_show_them_either(stage):
    await put(stage)
    allow_loopback(stage)

    async def refuse(request):
        return web.Response(status=401, text=f"no {request.headers['X-Key']}", reason=CANARY)

    async with website(refuse) as url:
        params = {"url": f"{url}/x", "headers": {"X-Key": "{{secrets.token}}"}}
        job = await with_refs(stage, "callWebserviceEndpoint", params, ["token", ["headers", "X-Key"], 0, 17])
        assert (await ended(stage, job)).status == "failed"
    whole = await everything(stage)
    assert CANARY not in whole
    assert "no ***" in whole


async def test_the_name_of_a_file_does_not_show_them_whoever_gives_it(stage):
    await put(stage)
    allow_loopback(stage)

    async def file(_request):
        return web.Response(body=b"bytes", headers={"Content-Type": f"text/{CANARY}"})

    async with website(file) as url:
        for params in (
            {"url": f"{url}/{{{{secrets.token}}}}"},
            {"url": f"{url}/x?k=", "fileName": "{{secrets.token}}"},
        ):
            name = "fileName" if "fileName" in params else "url"
            start = params[name].index("{{")
            job = await with_refs(stage, "downloadDataFile", params, ["token", [name], start, start + 17])
            assert result(await ended(stage, job))["name"] == "___"
    assert CANARY not in await everything(stage)


async def test_what_is_wrong_with_a_parameter_does_not_tell_the_secret_in_it(stage):
    await put(stage)
    ref = ["token", ["method"], 0, 17]
    params = {"url": "http://a.example", "method": "{{secrets.token}}"}
    row = await ended(stage, await with_refs(stage, "callWebserviceEndpoint", params, ref))
    assert row.status == "failed"
    assert "params.method" in row.info
    assert CANARY not in await everything(stage)


async def test_more_secrets_than_one_frame_holds(stage):
    allow_loopback(stage)
    refs = []
    for n in range(20):
        await put(stage, f"s{n:02}", f"value-number-{n}")
        refs.append([f"s{n:02}", ["body", n], 0, 15])
    came = []

    async def note(request):
        came.append(await request.json())
        return web.Response()

    async with website(note) as url:
        params = {"url": url, "method": "POST", "body": [f"{{{{secrets.s{n:02}}}}}" for n in range(20)]}
        await ended(stage, await with_refs(stage, "callWebserviceEndpoint", params, *refs))
    assert came == [[f"value-number-{n}" for n in range(20)]]


@pytest.mark.parametrize(
    ("fields", "code"),
    [(None, "not_found"), ({"jobs": ["crm:*"]}, "forbidden"), ({"actor": STRANGER}, "not_found")],
)
async def test_a_secret_that_is_not_there_or_not_for_it_fails_the_job_for_good(stage, fields, code):
    if fields is not None:
        await put(stage, **fields)
    params = {"url": "http://a.example/{{secrets.token}}"}
    job = await with_refs(stage, "callWebserviceEndpoint", params, ["token", ["url"], 17, 34])
    row = await ended(stage, job)
    assert (row.status, outcome(row)["code"]) == ("failed", code)
    assert "token" in row.info


@pytest.mark.parametrize("code", ["publishEvent", "noop"])
async def test_where_everybody_would_see_a_secret_none_is_taken(stage, code):
    await put(stage)
    params = (
        {"echo": "{{secrets.token}}"} if code == "noop" else {"topic": "a:b", "target": "{{secrets.token}}"}
    )
    place = "echo" if code == "noop" else "target"
    row = await ended(stage, await with_refs(stage, code, params, ["token", [place], 0, 17]))
    assert (row.status, outcome(row)["code"]) == ("failed", "invalid")
    assert f"{code} takes no secrets" in row.info
    assert await stage.events("a:b") == []


async def test_what_only_looks_like_a_secret_is_not_filled_in(stage):
    await put(stage)
    assert result(await ran(stage, "noop", {"echo": "{{secrets.token}}"})) == {"echo": "{{secrets.token}}"}


# ---- faults


async def test_a_fault_of_the_server_ends_the_attempt_and_is_told_to_its_log_alone(
    stage, monkeypatch, capsys
):
    failing(monkeypatch, ZeroDivisionError("the inner reason"))
    row = await ran(stage, "noop")
    assert (row.status, outcome(row)["code"]) == ("failed", "internal")
    assert "the inner reason" in capsys.readouterr().out
    assert "the inner reason" not in await everything(stage)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StoreError("not now"), True),
        (DiskFullError("full"), True),
        (Refusal("unavailable", "not now"), True),
        (Refusal("conflict", "never"), False),
        (ZeroDivisionError(), True),
    ],
)
async def test_what_may_pass_is_tried_again_and_the_rest_is_final(stage, monkeypatch, error, again):
    failing(monkeypatch, error)
    job = await stage.create("system:noop", maxAttempts=2)

    async def over():
        return (await stage.row(job)).status in {"scheduled", "failed"}

    await until(over, "the attempt is over")
    assert (await stage.row(job)).status == ("scheduled" if again else "failed")


async def test_a_result_that_is_too_large_is_a_failure_for_good_and_what_was_left_is_taken_back(
    stage, monkeypatch
):
    undone = []

    async def work(_work, _params):
        async def undo():
            undone.append(True)

        return Done({"echo": "x" * 300_000}, undo=undo)

    working(monkeypatch, work)
    row = await ran(stage, "noop", maxAttempts=5)
    assert (row.status, row.attempt, outcome(row)["code"]) == ("failed", 1, "too_large")
    assert undone == [True]


async def test_an_end_that_the_store_did_not_take_is_told_again(stage, monkeypatch):
    monkeypatch.setattr(runs, "AGAIN_S", 0)
    tries = []
    submit = stage.node.hub.post

    def post(command, item, done, once=None):
        if command is COMPLETE and not tries:
            tries.append(item)
            done(None, StoreError("not now"))
        else:
            submit(command, item, done, once)

    monkeypatch.setattr(stage.node.hub, "post", post)
    assert result(await ran(stage, "noop")) == {"echo": None}
    assert len(tries) == 1


# ---- cancels


@pytest.fixture
def gate(monkeypatch):
    found = Gate()
    monkeypatch.setitem(built_in.WORKS, "noop", found)
    return found


async def test_a_cancel_breaks_off_the_work_and_the_job_is_canceled_at_once(stage, gate):
    job = await stage.create("system:noop")
    (work,) = await gate.holds(1)
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
    row = await ended(stage, job)
    assert (row.status, gate.stopped) == ("canceled", [work.job["id"]])


async def test_a_cancel_that_comes_with_the_end_does_not_undo_it(stage, monkeypatch):
    telling = asyncio.Event()
    held = []
    submit = stage.node.hub.post

    def post(command, item, done, once=None):
        if command is COMPLETE:
            held.append((command, item, done, once))
            telling.set()
        else:
            submit(command, item, done, once)

    monkeypatch.setattr(stage.node.hub, "post", post)
    job = await stage.create("system:noop")
    await telling.wait()
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, job.id))
    await stage.idle()
    submit(*held[0])
    assert (await ended(stage, job)).status == "complete"


async def test_a_job_that_was_canceled_before_its_work_began_is_not_begun(stage, gate):
    stage.node.runner._limit = 1
    first = await stage.create("system:noop")
    await gate.holds(1)
    second = await stage.create("system:noop")
    await stage.do(jobs.CANCEL, jobs.CancelJob(ADMIN, second.id))
    gate.open()
    assert (await ended(stage, first)).status == "complete"
    assert (await ended(stage, second)).status == "canceled"


async def test_a_time_out_breaks_off_the_work(stage, gate):
    job = await stage.create("system:noop", runTimeoutS=5, maxAttempts=1)
    await gate.holds(1)
    await having(stage, job, "executing")
    stage.clock.forward(6)
    await stage.look()
    await gate.holds(0)
    assert (await stage.row(job)).status == "failed"
    assert gate.stopped
