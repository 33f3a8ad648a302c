"""Requests: which sockets are made, where redirects go, and what another server can do to us."""

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from server.outbound.addresses import Guard, read_networks
from server.outbound.failures import Failure
from server.outbound.redirects import MOST_REDIRECTS, Request
from server.outbound.requests import (
    HEAD_BYTES,
    BlockedAddressError,
    GuardedConnector,
    GuardedResolver,
    NameResolver,
    Outbound,
)
from server.outbound.targets import read_target

ELSEWHERE = "127.0.0.2"
"""Stands for the public address, as 127.0.0.1 does for the one inside."""
ONLY_ELSEWHERE = Guard(read_networks([ELSEWHERE]))


def each(text):
    """The words of a text, one case each."""
    return text.split()


async def got(outbound, url, *, total_s=20, **request):
    request.setdefault("headers", {})
    async with outbound.send(Request(url=read_target(url), **request), total_s=total_s) as response:
        return response.status, await response.read()


async def refusal(outbound, url, **request):
    with pytest.raises(Refusal) as caught:
        await got(outbound, url, **request)
    assert caught.value.code == "blocked_address"
    return caught.value.message


async def failure(outbound, url, code, **request):
    with pytest.raises(Failure) as caught:
        await got(outbound, url, **request)
    assert caught.value.code == code
    return caught.value


SPELLINGS = each("""127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0177.0.0.1 0177.1 017700000001 0x7f000001 0x7f.1 0X7F.0.0.0x1
①②⑦.0.0.1 127。0。0。1 %31%32%37.0.0.1 127%2e0%2e0%2e1 localhost LOCALHOST localhost. a.localhost a.b.Localhost. user@127.0.0.1 user:pass@127.1
example.com@127.0.0.1 example.com:80@127.1 0.0.0.0 0 0.0 [::1] [::1%25lo] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1]
[::ffff:7f00:1] [::127.0.0.1] [::] [64:ff9b::7f00:1]""")


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_this_machine_is_connected_to(host, wire, opened):
    inside = await wire(host="127.0.0.1")
    both = await wire(host="::1", port=inside.port)
    message = await refusal(opened(Guard()), f"http://{host}:{inside.port}/x")
    assert "TICKWIRE_ALLOW_ADDRESSES" in message
    assert (inside.connections, both.connections) == (0, 0)


@pytest.mark.parametrize(
    "host",
    each("""169.254.169.254 169.254.169.254. 2852039166 0xa9fea9fe 0251.0376.0251.0376 [::ffff:169.254.169.254] [fd00:ec2::254]
    100.100.100.200 168.63.129.16 10.0.0.1 192.168.0.1 [fe80::1%25eth0] [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::] 224.0.0.1"""),
)
async def test_no_address_inside_is_connected_to(host, opened, monkeypatch):
    def never(*_):
        raise AssertionError("a socket was made")

    outbound = opened(Guard())
    monkeypatch.setattr("server.outbound.requests.socket.socket", never)
    await refusal(outbound, f"http://{host}/")
    await refusal(outbound, f"https://{host}/latest/meta-data")


async def test_the_answer_is_the_same_whether_something_listens_or_not(wire, opened):
    listening = await wire()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        silent_port = free.getsockname()[1]
    outbound = opened(Guard())
    told = await refusal(outbound, f"http://127.0.0.1:{listening.port}/")
    other = await refusal(outbound, f"http://127.0.0.1:{silent_port}/")
    assert told.replace(str(listening.port), "") == other.replace(str(silent_port), "")


async def test_a_name_is_reached_at_the_addresses_that_may_be(wire, opened, names):
    public = await wire(host=ELSEWHERE)
    private = await wire(host="127.0.0.1", port=public.port)
    found = names(mixed_test=[f"127.0.0.1 10.0.0.1 {ELSEWHERE}"], inside_test=["127.0.0.1"])
    outbound = opened(ONLY_ELSEWHERE, found)
    assert await got(outbound, f"http://mixed.test:{public.port}/") == (200, b"ok")
    assert "127.0.0.1" not in await refusal(outbound, f"http://inside.test:{public.port}/")
    assert (public.connections, private.connections) == (1, 0)


async def test_a_name_that_changes_its_address_between_two_calls_is_refused(wire, opened, names):
    public = await wire(host=ELSEWHERE)
    private = await wire(host="127.0.0.1", port=public.port)
    found = names(turning_test=[ELSEWHERE, "127.0.0.1"])
    outbound = opened(ONLY_ELSEWHERE, found)
    assert await got(outbound, f"http://turning.test:{public.port}/") == (200, b"ok")
    await refusal(outbound, f"http://turning.test:{public.port}/")
    assert found.asked == ["turning.test"] * 2
    assert private.connections == 0


async def test_within_a_call_a_name_is_looked_up_once(wire, opened, names):
    public = await wire(host=ELSEWHERE)
    found = names(turning_test=[ELSEWHERE, "127.0.0.1"])
    await got(opened(ONLY_ELSEWHERE, found), f"http://turning.test:{public.port}/")
    assert found.asked == ["turning.test"]


async def test_the_filter_leaves_out_what_may_not_be_reached(names):
    found = names(
        mixed_test=[f"127.0.0.1 {ELSEWHERE} 10.0.0.1"], inside_test=["127.0.0.1 10.0.0.1"], empty_test=[""]
    )
    filtered = GuardedResolver(ONLY_ELSEWHERE, found)
    assert [one["host"] for one in await filtered.resolve("mixed.test", 80)] == [ELSEWHERE]
    with pytest.raises(BlockedAddressError):
        await filtered.resolve("inside.test", 80)


async def test_a_resolver_that_slips_past_the_filter_gets_no_socket(wire, names):
    inside = await wire()
    connector = GuardedConnector(
        ONLY_ELSEWHERE, names(sly_test=["127.0.0.1"], two_test=["127.0.0.1 127.0.0.3"])
    )
    async with aiohttp.ClientSession(connector=connector) as session:
        for name in ("sly.test", "two.test"):
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://{name}:{inside.port}/")
    assert inside.connections == 0


async def test_the_peer_is_looked_at_before_a_byte_is_written(wire):
    """A guard that lets the socket pass and knows better once it is connected: the server sees a connection and no request."""

    class Late:
        calls = 0

        def permits(self, host, port):
            self.calls += 1
            return self.calls == 1

    closed = asyncio.get_running_loop().create_future()

    async def listen(reader, writer):
        closed.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Outbound(Late()) as outbound, server:
        await refusal(outbound, f"http://127.0.0.1:{port}/")
        async with asyncio.timeout(20):
            assert await closed == b""


async def test_an_unknown_name_is_a_failure_that_may_pass(opened, names):
    found = await failure(opened(Guard(), names()), "http://nowhere.test/", "unreachable")
    assert found.retry
    assert "nowhere.test" in found.message


async def test_a_name_without_addresses_is_a_failure(opened, names):
    await failure(opened(Guard(), names(empty_test=[""])), "http://empty.test/", "unreachable")


async def test_names_are_asked_of_the_system():
    resolver = NameResolver()
    found = await resolver.resolve("127.0.0.1", 80)
    await resolver.close()
    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 80)]


def leading_to(location, status=302):
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f000001", "[::1]", "inside.test", "user@127.0.0.1", "169.254.169.254"]
)
async def test_a_redirect_to_the_inside_is_refused(host, wire, opened, names):
    inside = await wire()
    public = await wire(leading_to(f"http://{host}:{inside.port}/secret"), host=ELSEWHERE)
    outbound = opened(ONLY_ELSEWHERE, names(inside_test=["127.0.0.1"]))
    await refusal(outbound, public.url)
    assert (public.connections, inside.connections) == (1, 0)


async def test_a_name_that_turns_between_the_redirects_is_refused(wire, opened, names):
    public = await wire(leading_to("/again"), host=ELSEWHERE)
    inside = await wire(host="127.0.0.1", port=public.port)
    await refusal(
        opened(ONLY_ELSEWHERE, names(turning_test=[ELSEWHERE, "127.0.0.1"])),
        f"http://turning.test:{public.port}/",
    )
    assert (public.connections, inside.connections) == (1, 0)


async def test_five_redirects_are_followed_and_no_more(wire, outbound):
    near = await wire(
        *[leading_to("/next")] * MOST_REDIRECTS, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )
    assert await got(outbound, near.url) == (200, b"ok")
    assert near.connections == MOST_REDIRECTS + 1
    endless = await wire(leading_to("/next"))
    found = await failure(outbound, endless.url, "bad_answer")
    assert not found.retry
    assert endless.connections == MOST_REDIRECTS + 1


async def test_keys_stay_with_the_origin_that_they_were_given_for(wire, outbound):
    other = await wire()
    first = await wire(leading_to(f"{other.url}/y", 307))
    secret = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Accept": "a/b"}
    await got(outbound, first.url, method="POST", headers=secret, body=b"x")
    assert first.heads[0].count("secret") == 2
    assert "secret" not in other.heads[0]
    assert other.heads[0].startswith("POST /y")
    assert "Accept: a/b" in other.heads[0]


async def test_a_user_in_the_url_is_sent_as_a_header(wire, outbound):
    found = await wire()
    await got(outbound, f"http://us:pw@127.0.0.1:{found.port}/")
    assert "Authorization: Basic dXM6cHc=" in found.heads[0]


async def test_the_environments_proxy_and_netrc_and_cookies_are_not_used(
    wire, outbound, monkeypatch, tmp_path
):
    proxy = await wire()
    server = await wire(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    await got(outbound, server.url)
    await got(outbound, server.url)
    assert (proxy.connections, server.connections) == (0, 2)
    assert not any("Cookie" in head or "Authorization" in head for head in server.heads)


async def test_a_request_says_who_asks_and_wants_nothing_compressed(wire, outbound):
    found = await wire()
    await got(outbound, found.url)
    assert "User-Agent: Tickwire/" in found.heads[0]
    assert "Accept-Encoding: identity" in found.heads[0]


def head(*headers):
    return b"HTTP/1.1 200 OK\r\n" + b"".join(one + b"\r\n" for one in headers) + b"Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 abc\r\n\r\n",
        head(b"no colon"),
        head(b"A: " + b"a" * HEAD_BYTES),
        head(*[b"A%d: b" % n for n in range(1000)]),
        head(*[b"A%d: " % n + b"b" * 8000 for n in range(9)]),
        leading_to("http://[::1/"),
        leading_to("file:///etc/passwd"),
    ],
)
async def test_what_is_no_http_or_too_large_a_head_is_a_failure_for_good(answer, wire, outbound):
    found = await wire(answer)
    assert not (await failure(outbound, found.url, "bad_answer")).retry


async def test_an_endless_head_ends(wire, outbound):
    async def endless(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"A: b\r\n" * 100)
            await writer.drain()

    await failure(outbound, (await wire(endless)).url, "bad_answer")


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"]
)
async def test_an_answer_that_breaks_off_is_a_failure_that_may_pass(answer, wire, outbound):
    assert (await failure(outbound, (await wire(answer)).url, "unreachable")).retry


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "POST"])
async def test_a_request_is_sent_once_whatever_happens_to_it(method, wire, outbound):
    found = await wire(b"")
    await failure(outbound, found.url, "unreachable", method=method)
    assert found.connections == 1


async def test_a_refused_connection_is_a_failure_that_may_pass_and_does_not_tell_the_address(opened, names):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://inner.test:{free.getsockname()[1]}/"
        found = await failure(opened(names=names(inner_test=["127.0.0.1"])), url, "unreachable")
    assert found.retry
    assert found.message == "inner.test cannot be reached: Connection refused."


async def test_a_server_without_tls_is_a_failure(outbound):
    async def plainly(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plainly, "127.0.0.1", 0) as server:
        await failure(outbound, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "unreachable")


async def hang(reader, writer):
    await reader.read()


async def test_a_server_that_hangs_is_left_when_the_time_is_over(wire, outbound):
    found = await wire(hang)
    assert (await failure(outbound, found.url, "timed_out", total_s=0.05)).retry


class Silent(NameResolver):
    """A name server that does not answer."""

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        await asyncio.Event().wait()


async def test_connecting_has_a_time_of_its_own(loopback):
    async with Outbound(loopback, resolver=Silent(), connect_s=0.05) as outbound:
        found = await failure(outbound, "http://a.example/", "timed_out", total_s=60)
    assert (found.retry, found.message) == (True, "a.example did not take a connection in time.")


async def test_the_time_counts_for_the_body_too(wire, outbound):
    async def begin(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nabc")
        await reader.read()

    assert (await failure(outbound, (await wire(begin)).url, "timed_out", total_s=0.05)).retry


async def test_a_body_that_stands_still_is_left_after_the_idle_time(wire, outbound):
    async def begin(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nabc")
        await reader.read()

    request = Request(url=read_target((await wire(begin)).url), headers={})
    with pytest.raises(Failure, match="in time"):
        async with outbound.send(request, idle_s=0.05) as response:
            await response.read()


async def test_a_body_that_nobody_reads_to_its_end_is_not_waited_for(wire, outbound):
    ended = asyncio.get_running_loop().create_future()

    async def endless(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(bytes(65536))
                await writer.drain()
        finally:
            ended.set_result(True)

    request = Request(url=read_target((await wire(endless)).url), headers={})
    async with asyncio.timeout(20):
        async with outbound.send(request) as response:
            await response.content.readany()
        assert await ended


async def test_what_the_block_raises_passes_through(wire, outbound):
    request = Request(url=read_target((await wire()).url), headers={})
    with pytest.raises(ZeroDivisionError):
        async with outbound.send(request):
            raise ZeroDivisionError


async def test_a_real_server_gets_method_path_headers_and_body(served, outbound):
    async def echo(request):
        return web.json_response(
            [request.method, request.path_qs, request.headers["X-A"], await request.text()]
        )

    url = await served(echo)
    status, raw = await got(outbound, f"{url}/p?q=%2B+1", method="PUT", headers={"X-A": "é"}, body=b"text")
    assert (status, raw.decode()) == (200, '["PUT", "/p?q=%2B+1", "\\u00e9", "text"]')
