"""The one place that wires a server together, and the only one that takes the clock of the machine."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog
from aiohttp import web

from listener_sdk.protocol.codes import CLOSES, Refusal

from .commands.first_start import first_start
from .commands.master_key import master_keys
from .core.actors import Space
from .core.deadlines import Limits
from .core.queue_bound import QueueBound
from .engine.clock import StoreClock
from .engine.node import Node, wall_ms
from .security.keys import digest, stamp
from .security.sealing import Sealer
from .settings import Settings
from .store import files, spaces
from .store.database import Database, StartError, StoreError
from .store.meta import Meta
from .store.sqlite import SqliteDatabase
from .store.transaction import Facts
from .telemetry.logs import configure
from .web.application import make_runner
from .web.departure import hurry

COLLECTED: Final = (10_000, 10, 5)
"""When garbage is looked for: a batch makes thousands of objects that end by themselves, and with Python's own numbers
looking at them is a tenth of all that the server does."""
_log = structlog.get_logger("tickwire")


async def serve(settings: Settings) -> None:
    """Run one server until SIGTERM or SIGINT, then drain: connections end with 1012, leases are kept."""
    configure(settings.log_level, settings.log_format, secrets=settings.secrets)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no handlers on the loop
            loop.add_signal_handler(number, stop.set)
    async with running(settings) as (node, url):
        settle()
        if not url.endswith(f":{Settings.model_fields['port'].default}"):
            _log.info("not_the_usual_port", advice=f"Commands find it by TICKWIRE_URL={url} (or --url).")
        print(f"tickwire ready {url}", flush=True)  # noqa: T201 - the one line of standard output
        await _invite(node, url)
        await stop.wait()
        _log.info("draining")


async def _invite(node: Node, url: str) -> None:
    """Say where the console is. The link that lets in is for eyes at a terminal: logs are kept, and read by others."""
    if not sys.stderr.isatty():
        _log.info(
            "console", url=f"{url}/console/", advice="tickwire login-link prints an address that logs in."
        )
        return
    from .web.invitation import invitation  # noqa: PLC0415 - other servers need it not

    try:
        address = await invitation(node, url)
    except (Refusal, StoreError) as error:
        _log.info("console", url=f"{url}/console/", advice=str(error))
        return
    shown = f"{url}/console/" if address is None else f"{address}  (logs in once, within 15 minutes)"
    print(f"console  {shown}", file=sys.stderr, flush=True)  # noqa: T201 - for who sits there, and in no log


def settle() -> None:
    """What is there at the start stays: garbage is looked for in the rest, and less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


@contextlib.asynccontextmanager
async def running(settings: Settings, clock: Callable[[], int] = wall_ms) -> AsyncIterator[tuple[Node, str]]:
    """A server that answers at the address given; on leaving it has drained and stopped. Raises StartError."""
    database = open_database(settings)
    try:
        node = await _node(settings, database, clock)
        runner = make_runner(node, node.blobs)
        await runner.setup()
        try:
            yield node, await _listen(runner, settings)
        finally:
            await _drain(node, runner)
    finally:
        database.close()


def open_database(settings: Settings) -> Database:
    """The store of the settings, its schema up to date. Raises StartError."""
    url = settings.postgres_url
    database: Database = SqliteDatabase(settings.database_path) if url is None else _postgres(url)
    database.prepare()
    return database


def _postgres(url: str) -> Database:
    try:
        from .store.postgres import PostgresDatabase  # noqa: PLC0415 - its library is an extra
    except ImportError as error:
        raise StartError(
            f"PostgreSQL needs a library that is not there ({error}): pip install 'tickwire[postgres]'."
        ) from error
    return PostgresDatabase(url)


async def _node(settings: Settings, database: Database, clock: Callable[[], int]) -> Node:
    try:
        if database.shared:
            clock = StoreClock(clock)
            clock.compare(database.time_ms)
        meta, facts, known = _read(settings, database, clock())
        node = Node(settings, database, meta, facts, clock, _sealer(settings, meta, shared=database.shared))
        node.blobs.prepare(known, clock() / 1000, _files_kept_ms(settings, facts) / 1000)
        await node.start()
    except StoreError as error:
        raise StartError(f"The store cannot be used: {error}") from error
    _log.info("started", spaces=len(facts.spaces), store=database.kind)
    return node


def _files_kept_ms(settings: Settings, facts: Facts) -> int:
    """How long files are kept where they are kept longest."""
    return max([settings.retention.file_ms, *(space.file_ms or 0 for space in facts.spaces.values())])


def _sealer(settings: Settings, meta: Meta, *, shared: bool) -> Sealer:
    keys, made = master_keys(
        settings.data_dir, settings.master_key, settings.master_key_file, settings.master_key_previous
    )
    if made is not None and shared:
        _log.warning(
            "master_key_made", file=str(made), advice="Every server of this database needs the same."
        )
    return Sealer(meta.account_id, keys)


def _read(settings: Settings, database: Database, now: int) -> tuple[Meta, Facts, set[str]]:
    """What the store says of itself, and the names of the bytes that its files have."""
    connection = database.connect()
    try:
        meta = first_start(connection, settings.data_dir, now, own_admin_key=settings.admin_key is not None)
        return meta, facts_of(settings, meta, spaces.every(connection)), files.blobs(connection)
    finally:
        connection.close()


def facts_of(settings: Settings, meta: Meta, known: dict[int, Space]) -> Facts:
    """What every command may know, by the settings and the store."""
    limits = Limits(
        lease_ms=int(settings.lease_s * 1000),
        ack_ms=int(settings.ack_deadline_s * 1000),
        grace_ms=int(settings.grace_s * 1000),
    )
    own = None if settings.admin_key is None else stamp(digest(settings.admin_key))
    return Facts(meta.account_id, known, limits, QueueBound(settings.max_ready_jobs), own)


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        raise StartError(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}): "
            "stop what uses it, or choose another --port."
        ) from error
    host, port = runner.addresses[0][:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


async def _drain(node: Node, runner: web.AppRunner) -> None:
    """No new work, a last word to every connection, then the end: what was taken is finished."""
    await node.drain()
    node.sockets.drain(CLOSES["restart"].code)
    hurrying = asyncio.create_task(hurry(runner))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(node.settings.drain_s):
            await runner.cleanup()
    hurrying.cancel()
    await node.stop()
