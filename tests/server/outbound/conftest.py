"""Servers on loopback, which a test allows by name of its network, and a resolver that says what it is told to."""

import asyncio
import socket
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from server.outbound.addresses import Guard, read_networks
from server.outbound.requests import Outbound

LOOPBACK = Guard(read_networks(["127.0.0.0/8", "::1"]))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Names(AbstractResolver):
    """Resolves each name by a list of answers, one a look-up; the last one stays."""

    def __init__(self, **answers):
        self.answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked = []

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        self.asked.append(host)
        answers = self.answers.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in addresses.split()
        ]

    async def close(self):
        pass


class Wire:
    """A server of bytes: each connection is answered by the next script; the last one stays.

    A script is bytes, sent once the head of the request has come, or a coroutine function of reader and writer.
    """

    def __init__(self, scripts):
        self.scripts = list(scripts)
        self.connections = 0
        self.heads = []
        self.writers = []
        self.tasks = []

    async def __call__(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        self.tasks.append(asyncio.current_task())
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode("latin-1"))
            if callable(script):
                await script(reader, writer)
            else:
                writer.write(script)
                await writer.drain()
        writer.close()


@pytest.fixture
async def wire():
    """``await wire(*scripts)`` is a `Wire` with its ``port``."""
    servers = []

    async def start(*scripts, host="127.0.0.1", port=0):
        found = Wire(scripts or [OK])
        server = await asyncio.start_server(found, host, port)
        servers.append((server, found))
        found.port = server.sockets[0].getsockname()[1]
        found.url = f"http://{host}:{found.port}"
        return found

    yield start
    for server, found in servers:
        server.close()
        for writer in found.writers:
            writer.transport.abort()
        async with asyncio.timeout(20):
            await asyncio.gather(*found.tasks)


@pytest.fixture
async def served():
    """``await served(handler)`` is the address of a real server that answers every path by it."""
    runners = []

    async def start(handler):
        application = web.Application(client_max_size=4 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def outbound():
    async with Outbound(LOOPBACK) as found:
        yield found


@pytest.fixture
async def opened():
    """``opened(guard, names)`` is an Outbound of its own."""
    found = []

    def make(guard=LOOPBACK, names=None):
        found.append(Outbound(guard, resolver=names))
        return found[-1]

    yield make
    for one in found:
        await one.close()


@pytest.fixture
def names():
    return Names


@pytest.fixture
def loopback():
    return LOOPBACK
