"""Posts to webhooks: what counts as delivered, and what is tried again."""

import asyncio

import pytest
from notified import receiver

from listener_sdk.protocol.redaction import Redaction
from server.channels import posts
from server.channels.posts import post, send
from server.channels.undelivered import Undelivered
from server.outbound.addresses import Guard, read_networks
from server.outbound.requests import Outbound

BODY = {"text": "It failed"}


@pytest.fixture
async def hook():
    async with receiver() as found:
        yield found


@pytest.fixture
async def outbound():
    async with Outbound(Guard(read_networks(["127.0.0.0/8"]))) as found:
        yield found


async def posted(url, outbound, **headers):
    await post(url, BODY, outbound, lambda: 0.0, headers)


async def test_a_post_is_json_with_its_headers(hook, outbound):
    await posted(f"{hook.url}/a", outbound, **{"webhook-id": "us_nd_1"})
    assert (hook.bodies, hook.paths, hook.headers[0]["webhook-id"]) == ([BODY], ["/a"], "us_nd_1")
    assert hook.headers[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "retry"),
    [(400, False), (404, False), (410, False), (408, True), (429, True), (500, True), (503, True)],
)
async def test_only_success_counts_and_some_answers_ask_for_another_try(hook, outbound, status, retry):
    hook.statuses.append(status)
    with pytest.raises(Undelivered) as raised:
        await posted(f"{hook.url}/a", outbound)
    assert raised.value.retry is retry
    assert raised.value.message == f"It was answered {status}: no: /a."


async def test_a_redirect_is_not_followed(hook, outbound):
    hook.statuses.append(307)
    with pytest.raises(Undelivered) as raised:
        await posted(f"{hook.url}/a", outbound)
    assert hook.paths == ["/a"]
    assert not raised.value.retry
    assert "Give the address to which it redirects." in raised.value.message


async def test_an_address_that_is_not_public_is_not_reached(hook):
    async with Outbound(Guard(())) as outbound:
        with pytest.raises(Undelivered) as raised:
            await posted(f"{hook.url}/a", outbound)
    assert hook.bodies == []
    assert not raised.value.retry
    assert "may not be reached" in raised.value.message


@pytest.mark.parametrize("url", ["nonsense", "https://a b", "", f"https://x/{'y' * 9_000}"])
async def test_what_is_no_address_is_given_up(outbound, url):
    with pytest.raises(Undelivered) as raised:
        await posted(url, outbound)
    assert not raised.value.retry


async def test_posts_connect_within_five_of_their_fifteen_seconds():
    async with posts.outbound(read_networks(["127.0.0.0/8"])) as outbound:
        assert outbound.connect_s == 5 < posts.TIMEOUT_S


async def test_who_does_not_answer_is_tried_again(outbound):
    with pytest.raises(Undelivered) as raised:
        await posted("http://127.0.0.1:1/x", outbound)
    assert raised.value.retry


@pytest.mark.parametrize(
    ("answer", "secrets", "shown"),
    [
        ("channel_is_archived", ["https://x/T0/B0"], ": channel_is_archived"),
        ("no_service", ["https://x/no_service/B0"], ""),
        ("no: /T0/B0", ["https://x/T0/B0"], ""),
        ("no: /T0/B0", [], ": no: /T0/B0"),
    ],
)
async def test_an_answer_to_a_secret_address_is_quoted_where_it_is_a_mere_code(
    hook, outbound, answer, secrets, shown
):
    hook.statuses.append(404)
    hook.answer = answer
    with pytest.raises(Undelivered) as raised:
        await post(f"{hook.url}/a", BODY, outbound, lambda: 0.0, secrets=secrets)
    assert raised.value.message == f"It was answered 404{shown}."


@pytest.mark.parametrize("answer", ['{"ok":true,"why":null}', "[]", "0", "plain"])
async def test_an_answer_in_json_is_kept_as_it_is_written(hook, outbound, answer):
    hook.statuses.append(202)
    hook.answer, hook.answer_type = answer, "text/plain" if answer == "plain" else "application/json"
    found = await send(f"{hook.url}/a", b"{}", outbound, lambda: 0.0, {})
    assert found.text == answer


@pytest.mark.parametrize(
    ("status", "path", "message"),
    [
        (307, "/redir", "It was answered 307: no: ***. Give the address to which it redirects."),
        (400, "/answered", "It was answered 400: no: ***."),
    ],
)
async def test_what_is_hidden_leaves_our_own_words_alone(hook, outbound, status, path, message):
    hook.statuses.append(status)
    hide = Redaction([path, path[1:]]).cut
    with pytest.raises(Undelivered) as raised:
        await post(f"{hook.url}{path}", BODY, outbound, lambda: 0.0, hide=hide)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (["reached", "host"], "127.0.0.1 cannot be reached: Connection refused."),
        (["127.0.0.1"], "*** cannot be reached: Connection refused."),
    ],
)
async def test_a_host_is_hidden_and_not_the_words_around_it(outbound, hidden, message):
    with pytest.raises(Undelivered) as raised:
        await post("http://127.0.0.1:1/reached", BODY, outbound, lambda: 0.0, hide=Redaction(hidden).cut)
    assert raised.value.message == message


@pytest.mark.parametrize("line", [b"HTTP/1.1 tOpSeCrEt\r\n\r\n", b"x" * 190 + b"tOpSeCrEt\r\n\r\n"])
async def test_what_is_quoted_of_no_http_has_no_piece_of_what_is_hidden(outbound, line):
    async def talk(reader, writer):
        await reader.readline()
        writer.write(line)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(Undelivered) as raised:
            await post(url, BODY, outbound, lambda: 0.0, hide=Redaction(["tOpSeCrEt", "answers"]).cut)
    assert "answers what is no HTTP" in raised.value.message
    assert "tOp" not in raised.value.message


async def test_no_character_of_an_answer_is_obeyed(hook, outbound):
    hook.statuses.append(400)
    hook.answer = "\x1b[2J no\u202e \u200bx"
    with pytest.raises(Undelivered) as raised:
        await posted(f"{hook.url}/a", outbound)
    assert raised.value.message == "It was answered 400: \ufffd[2J no\ufffd \ufffdx."
