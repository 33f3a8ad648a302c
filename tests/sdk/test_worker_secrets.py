"""Secrets in handlers: fetched before they begin, and left out of all that they say."""

import json
import logging
from urllib.parse import quote

import pytest
from served_listener import served

from listener_sdk import Fatal, Job, Listener, Outcome, RegistrationError, Retry, SyncJob, next_
from tests.sdk.fake_server import error, ok, wire_job

CANARY = "canary'4f9a77e1"


def gives(frame):
    return [ok(frame, {"values": {name: f"{CANARY} {name}" for name in frame["names"]}})]


def silent(_):
    return []


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_handler_has_what_it_declared(server, in_thread):
    server.answers["secrets"] = gives
    listener, seen = Listener(), []

    def plain(job: SyncJob) -> None:
        seen.append((dict(job.secrets), repr(job.secrets)))

    async def handler(job: Job) -> None:
        seen.append((dict(job.secrets), repr(job.secrets)))

    listener.job("workbook:export", secrets=["a", "b", "a"])(plain if in_thread else handler)
    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("complete")
    assert seen == [({"a": f"{CANARY} a", "b": f"{CANARY} b"}, "Secrets(a=***, b=***)")]
    (asked,) = server.said("secrets")
    assert (asked["job"], asked["fence"], asked["names"]) == ("us_jb_0000000001", 1, ["a", "b"])
    assert [frame["type"] for frame in server.heard if frame["type"] in {"ack", "secrets"}] == [
        "ack",
        "secrets",
    ]


async def test_many_are_asked_for_in_several_frames(server):
    server.answers["secrets"] = gives
    names = [f"s{number}" for number in range(20)]
    listener, seen = Listener(), []

    @listener.job("workbook:export", secrets=names)
    async def export(job: Job) -> None:
        seen.extend(job.secrets)

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("complete")
    assert seen == names
    assert [len(frame["names"]) for frame in server.said("secrets")] == [8, 8, 4]


@pytest.mark.parametrize("code", ["not_found", "forbidden", "secret_locked"])
async def test_a_missing_one_fails_the_attempt_before_the_handler(server, code):
    server.answers["secrets"] = lambda frame: [error(frame, code, "There is no secret a.", key="names")]
    listener = Listener()

    @listener.job("workbook:export", secrets=["a"])
    async def export(job: Job) -> None:
        raise AssertionError("not reached")

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert (fail["message"], fail["retry"], fail.get("detail")) == ("There is no secret a.", True, None)


@pytest.mark.parametrize("refusal", [("stale_lease", "fence"), ("not_found", "job")])
async def test_a_lease_that_is_over_ends_without_an_outcome(server, refusal):
    code, key = refusal
    server.answers["secrets"] = lambda frame: [error(frame, code, "Over.", key=key)]
    listener = Listener()

    @listener.job("workbook:export", secrets=["a"])
    async def export(job: Job) -> None:
        raise AssertionError("not reached")

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("release")
    assert not server.said("fail")
    assert not server.said("complete")


async def test_what_the_server_cannot_answer_now_is_asked_again(server):
    def first_unavailable(frame):
        return gives(frame) if len(server.said("secrets")) > 1 else [error(frame, "unavailable")]

    server.answers["secrets"] = first_unavailable
    listener = Listener()

    @listener.job("workbook:export", secrets=["a"])
    async def export(job: Job) -> str:
        return "done"

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("complete")
    assert len(server.said("secrets")) == 2


async def test_a_connection_that_breaks_meanwhile_is_mended_and_asked_again(server):
    server.answers["secrets"] = silent
    listener = Listener()

    @listener.job("workbook:export", secrets=["a"])
    async def export(job: Job) -> str:
        return "done"

    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("secrets")
        server.answers["secrets"] = gives
        await server.drop()
        await server.until_said("complete")


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_stop_ends_the_waiting(server, in_thread):
    server.answers["secrets"] = silent
    listener = Listener()

    async def handler(job: Job) -> None:
        raise AssertionError("not reached")

    def plain(job: SyncJob) -> None:
        raise AssertionError("not reached")

    listener.job("workbook:export", secrets=["a"])(plain if in_thread else handler)
    async with served(listener, server):
        await server.grant(wire_job())
        await server.until_said("secrets")
        await server.send({"type": "cancel", "job": "us_jb_0000000001", "fence": 1, "graceS": 30})
        await server.until_said("release")
    assert not server.said("fail")


async def test_an_undeclared_one_is_a_key_error_with_advice(server):
    listener = Listener()

    @listener.job("workbook:export")
    async def export(job: Job) -> None:
        assert job.secrets["a"]

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert "secrets=['a']" in fail["message"]
    assert not server.said("secrets")


# ---- redaction


async def said_by(server, caplog, handler, **options):
    """All frames that a run sends, and what is logged here."""
    caplog.set_level(logging.DEBUG)
    server.answers["secrets"] = gives
    listener = Listener()
    listener.job("workbook:export", secrets=["a"])(handler)
    async with served(listener, server):
        await server.grant(wire_job())
        await server.until(lambda: server.said("complete") or server.said("fail"))
    return json.dumps(server.heard, ensure_ascii=False), caplog.text


async def test_lines_ticks_and_outcomes_do_not_show_it(server, caplog):
    async def handler(job: Job) -> Outcome:
        value = job.secrets["a"]
        line, long = f"with {value}", "x" * 65_530 + value
        job.log.info(line, header=f"Bearer {value}", deep={"x": [value]}, thing=Exception(value))
        job.log.info(long)
        await job.tick(10, f"using {value}")
        await server.until_said("tick")
        return Outcome(
            f"used {value}",
            heading=value,
            next=next_.url(f"https://crm.example/?token={quote(value)}", label=value),
            data={"token": value, value: 1},
        )

    said, logged = await said_by(server, caplog, handler)
    assert "canary" not in said
    assert "canary" not in logged
    for shown in ("with ***", "Bearer ***", "using ***", "used ***", "token=***"):
        assert shown in said


@pytest.mark.parametrize("kind", [ValueError, Fatal, Retry, KeyError])
async def test_failures_and_tracebacks_do_not_show_it(server, caplog, kind):
    async def handler(job: Job) -> None:
        try:
            raise RuntimeError("x" * 4090 + job.secrets["a"])
        except RuntimeError as error:
            raise kind(f"no entry with {job.secrets['a']}") from error

    said, logged = await said_by(server, caplog, handler)
    assert "canary" not in said
    assert "canary" not in logged
    assert "no entry with ***" in said


async def test_a_plain_handler_s_words_do_not_show_it(server, caplog):
    def handler(job: SyncJob) -> str:
        job.log.warning(job.secrets["a"])
        job.tick(10, job.secrets["a"])
        return job.secrets["a"]

    said, logged = await said_by(server, caplog, handler)
    assert "canary" not in said
    assert "canary" not in logged


async def test_an_outcome_that_cannot_do_without_it_fails_for_good(server, caplog):
    server.answers["secrets"] = lambda frame: [ok(frame, {"values": {"a": "https://hooks.example/x"}})]
    listener = Listener()

    @listener.job("workbook:export", secrets=["a"])
    async def export(job: Job) -> Outcome:
        return Outcome("Done", next=next_.url(job.secrets["a"]))

    async with served(listener, server):
        await server.grant(wire_job())
        (fail,) = await server.until_said("fail")
    assert "a secret stands where it cannot be left out" in fail["message"]
    assert "hooks.example" not in json.dumps(server.heard)


@pytest.mark.parametrize(
    "secrets", ["crm_token", ["two words"], [""], [7], ["x" * 129], [f"s{n}" for n in range(33)]]
)
def test_declarations_are_checked(secrets):
    with pytest.raises(RegistrationError, match="secrets"):

        @Listener().job("a:b", secrets=secrets)
        async def handler(job: Job) -> None: ...
