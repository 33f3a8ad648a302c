"""What ``tickwire doctor`` looks at: each check gives one finding with its fix."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import aiohttp
import orjson
import websockets

from .._version import __version__
from ..client import Client
from ..errors import ApiError, ConnectionFailed, SettingsError
from ..protocol.frames import Hello, Welcome
from ..protocol.secrets import Secret
from ..settings import DEFAULT_DATA_DIR, Connection, connection
from .failures import other_space, right_key, unreachable, unset
from .output import counted, size, span, spelled
from .progress import wall_clock
from .reasons import in_words, way_out

Level = Literal["ok", "warn", "fail"]
EXTRAS: Final = {
    "server": ("aiosmtplib", "croniter", "cryptography", "tzdata"),
    "postgres": ("aiosmtplib", "croniter", "cryptography", "tzdata", "psycopg"),
    "demo": ("croniter", "cryptography", "airportsdata", "tzdata", "xlsxwriter"),
}
LOW_DISK: Final = 1024**3
NO_DISK: Final = 100 * 1024**2
LARGEST_SKEW: Final = timedelta(seconds=5)
WAITING_TOO_LONG: Final = timedelta(minutes=1)
ANSWER_S: Final = 5.0
MEND_MAIL: Final = "Mend TICKWIRE_SMTP_URL and TICKWIRE_SMTP_TLS on the server, or the mail server"
MOST_SPACES: Final = 100
"""Spaces whose secrets are looked at, the oldest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; ``fix`` says what to do when it is not ok."""

    name: str
    level: Level
    text: str
    fix: str = ""


def of_machine(environ: dict[str, str]) -> Iterator[Finding]:
    """Findings that need no server."""
    yield python(sys.version_info[:3])
    for extra, modules in EXTRAS.items():
        yield installed(extra, [name for name in modules if find_spec(name) is None])
    folder = Path(environ.get("TICKWIRE_DATA_DIR") or DEFAULT_DATA_DIR)
    yield data_dir(folder)
    yield disk(shutil.disk_usage(_existing(folder)).free)


def python(version: tuple[int, ...]) -> Finding:
    """Whether Python is new enough."""
    text = ".".join(map(str, version))
    if version < (3, 11):
        return Finding("python", "fail", f"{text} is too old", "Install Python 3.11 or newer")
    return Finding("python", "ok", f"{text}, tickwire {__version__}")


def installed(extra: str, missing: list[str]) -> Finding:
    """Whether an extra's libraries are there."""
    if missing:
        return Finding(
            f"extra {extra}", "warn", f"without {', '.join(missing)}", f"pip install 'tickwire[{extra}]'"
        )
    return Finding(f"extra {extra}", "ok", "installed")


def data_dir(folder: Path) -> Finding:
    """Whether the data directory can be used, and the keys in it are for its owner alone."""
    if not folder.exists():
        return Finding("data dir", "ok", f"{folder} does not exist yet; the server makes it")
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "data dir",
            "fail",
            f"{folder} cannot be used",
            "Give this user the right to write there, or set TICKWIRE_DATA_DIR",
        )
    for key in (folder / "admin.key", folder / "master.key"):
        if os.name == "posix" and key.exists() and key.stat().st_mode & 0o077:
            return Finding("data dir", "fail", f"{key} can be read by others", f"chmod 600 {key}")
    return Finding("data dir", "ok", str(folder))


def disk(free: int) -> Finding:
    """Whether the disk of the data directory has room."""
    level: Level = "fail" if free < NO_DISK else "warn" if free < LOW_DISK else "ok"
    fix = "" if level == "ok" else "Free some space, or set TICKWIRE_DATA_DIR to another disk"
    return Finding("disk", level, f"{size(free)} free", fix)


async def of_server(url: str | None, key: str | None) -> AsyncIterator[Finding]:
    """Findings of the server, each only when those before it let it be asked."""
    try:
        found = connection(url, key)
    except SettingsError as error:
        yield Finding("settings", "fail", unset(error))
        with suppress(SettingsError):
            yield await reachable(connection(url, "any").url)
        return
    reached = await reachable(found.url)
    yield reached
    if reached.level == "fail":
        return
    async with Client(found.url, found.key) as client:
        valid = await key_valid(client, found)
        yield valid
        if valid.level != "fail":
            async for finding in stream(found):
                yield finding
            yield await taken(client, wall_clock())
            yield await secrets(client, found)
            yield await mail(client, is_admin="administer" in (await client.whoami()).permissions)


async def reachable(url: str) -> Finding:
    """Whether the server answers and is ready."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}/readyz") as answer,
        ):
            body = (await answer.content.read(4096)).decode(errors="replace")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        words = in_words(str(error) or type(error).__name__)
        return Finding("server", "fail", f"{url} does not answer: {words}", way_out(url, words))
    if answer.content_type != "application/json":
        told = f"{url} is not a Tickwire server: it answers {answer.status} ({answer.content_type})"
        return Finding("server", "fail", told, "Check TICKWIRE_URL")
    if answer.status != 200:
        return Finding("server", "warn", f"{url} is not ready: {_reason(body)}", "Wait, or look into its log")
    return Finding("server", "ok", f"{url} is ready")


def _reason(body: str) -> str:
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        return str(orjson.loads(body)["reason"])
    return body.strip()


async def key_valid(client: Client, found: Connection) -> Finding:
    """Whether the key opens the server, and both are of the same version."""
    try:
        me = await client.whoami()
    except ApiError as error:
        return Finding("key", "fail", error.message, _way_in(error))
    except ConnectionFailed as error:
        return Finding("key", "fail", unreachable(error), "Look into the server's log")
    if me.version != __version__:
        return Finding(
            "key",
            "warn",
            f"the server is {me.version}, this is {__version__}",
            "Use the same version on both sides",
        )
    return Finding("key", "ok", f"{me.role} in space {me.space}")


def _way_in(error: ApiError) -> str:
    if error.may_retry:
        return "Wait, or look into the server's log"
    return other_space(error) or right_key()


async def stream(found: Connection) -> AsyncIterator[Finding]:
    """Whether listeners get through by websocket (a proxy may refuse the upgrade), and the difference of the clocks."""
    try:
        welcome = await _hello(found)
    except (OSError, TimeoutError, ValueError, websockets.WebSocketException) as error:
        closed = isinstance(error, websockets.ConnectionClosed)
        fix = (
            "Wait, or look into its log" if closed else "Let the proxy pass websocket upgrades on /v1/stream"
        )
        words = in_words(str(error) or type(error).__name__)
        yield Finding("stream", "fail", f"listeners cannot connect: {words}", fix)
        return
    yield Finding("stream", "ok", f"listeners can connect; leases last {span(welcome.lease_s)}")
    yield clock(welcome.now - wall_clock())


async def _hello(found: Connection) -> Welcome:
    hello = Hello(client="tickwire doctor").model_dump_json(exclude_none=True)
    async with (
        asyncio.timeout(ANSWER_S),
        websockets.connect(found.stream_url, additional_headers=found.headers, proxy=None) as socket,
    ):
        await socket.send(hello)
        frames = orjson.loads(await socket.recv())
    return Welcome.model_validate(frames[0] if isinstance(frames, list) else frames)


def clock(difference: timedelta) -> Finding:
    """Whether the clocks of this machine and the server agree; estimates are shown by both."""
    seconds = abs(difference.total_seconds())
    if difference > LARGEST_SKEW or -difference > LARGEST_SKEW:
        return Finding(
            "clock", "warn", f"{seconds:.0f} s apart from the server's", "Turn on time synchronisation (NTP)"
        )
    return Finding("clock", "ok", f"within {max(seconds, 0.1):.1f} s of the server's")


async def taken(client: Client, now: datetime) -> Finding:
    """Whether listeners take what is ready."""
    page = await client.jobs.list(status="ready", sort_direction="asc", page_size=100)
    old = [job for job in page.items if job.ready_at and now - job.ready_at > WAITING_TOO_LONG]
    if not old:
        ready = counted(len(page.items), "ready job")
        return Finding("listeners", "ok", f"{ready}, none for longer than a minute")
    names = ", ".join(sorted({job.job for job in old})[:5])
    return Finding(
        "listeners",
        "warn",
        f"no listener takes {counted(len(old), 'job')}: {names}",
        f"Start one: {spelled('listen SCRIPT')}",
    )


async def secrets(client: Client, found: Connection) -> Finding:
    """Whether the server has the master key of the secrets: those of the space that was named, else of all that the key opens."""
    try:
        listed = await _every_secret(client, found)
    except ApiError as error:
        return Finding("secrets", "warn", error.message, "Upgrade the server, or use a key that may read")
    locked = [(code, one.name) for code, secrets in listed.items() for one in secrets if one.locked]
    several = len(listed) > 1
    count = sum(map(len, listed.values()))
    if not locked:
        where = f" in {counted(len(listed), 'space')}" if several else ""
        return Finding("secrets", "ok", f"{counted(count, 'secret')}{where}")
    names = ", ".join(f"{name} (space {code})" if several else name for code, name in locked[:5])
    anew = spelled("secrets set NAME --space CODE" if several else "secrets set NAME")
    return Finding(
        "secrets",
        "fail",
        f"the server has not the master key of {counted(len(locked), 'secret')}: {names}",
        f"Put the lost line back into master.key and restart the server, or set them anew: {anew}",
    )


async def mail(client: Client, *, is_admin: bool) -> Finding:
    """Whether the server sends mails to people who are told of runs, and to administrators whether its mail server can be reached."""
    try:
        found = await client.notifications.channels(check=is_admin)
    except ApiError as error:
        return Finding("mail", "warn", error.message, "Upgrade the server, or use a key that may read")
    if not found.configured:
        if found.problem is not None:
            return Finding(
                "mail", "warn", f"is not sent: {found.problem}", "Set both on the server, and restart it"
            )
        fix = "For mails set TICKWIRE_SMTP_URL and TICKWIRE_SMTP_FROM on the server"
        return Finding("mail", "ok", "not set up: people are told by inbox and webhooks alone", fix)
    if found.reachable is False:
        return Finding("mail", "fail", found.problem or "the mail server cannot be reached", MEND_MAIL)
    if found.public_url is None:
        fix = "Set TICKWIRE_PUBLIC_URL on the server"
        return Finding("mail", "warn", f"sent by {found.server}, without links to runs", fix)
    asked = "" if found.reachable else " (only administrators may ask whether it answers)"
    return Finding("mail", "ok", f"sent by {found.server} from {found.sender}{asked}")


async def _every_secret(client: Client, found: Connection) -> dict[str, list[Secret]]:
    """The secrets of each space."""
    spaces = [] if found.space else (await client.spaces.list(page_size=MOST_SPACES)).items
    codes = [space.code for space in spaces if space.status != "deleting"]
    if len(codes) < 2:
        return {"": (await client.secrets.list()).items}
    listed = {}
    for code in codes:
        async with Client(found.url, found.key, space=code) as inside:
            listed[code] = (await inside.secrets.list()).items
    return listed


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    found = folder.resolve()
    while not found.exists():
        found = found.parent
    return found
