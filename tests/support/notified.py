"""People who are told of runs: a mail server, a chat's webhook, members, and runs of definitions that end as a test says."""

import asyncio
import contextlib
import email
import email.policy
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP
from defined import START, declare, define
from stage import ADMIN, Listener, Stage

from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from server.commands import launches
from server.commands.definition_starts import Start
from server.commands.members import CREATE_MEMBER, UPDATE_MEMBER, CreateMember, UpdateMember
from server.core.actors import Actor
from server.core.definitions import DefinitionRow
from server.core.members import MemberRow
from server.core.notifications import notification_wire
from server.store import notifications
from server.store.command import Command
from server.store.pages import Window
from server.store.transaction import NewEvent, Transaction

ANY = {"type": "object"}
SENDER = "Tickwire <jobs@tickwire.example>"


@dataclass
class PostOffice:
    """A mail server: ``refusals`` are answered to the next recipients in the place of taking the mail."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Any] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    held: asyncio.Event | None = None
    listening: asyncio.Server | None = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.held is not None:
            await self.held.wait()
        self.envelopes.append(envelope)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        return {"smtp_url": self.url, "smtp_from": SENDER}

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"].addresses[0].addr_spec == address]


@contextlib.asynccontextmanager
async def post_office(office: PostOffice | None = None, **protocol: Any) -> AsyncIterator[PostOffice]:
    """A mail server on this machine; ``protocol`` are aiosmtpd's own settings."""
    office = office or PostOffice()
    loop = asyncio.get_running_loop()

    def talk() -> SMTP:
        with warnings.catch_warnings():
            # It warns of names and passwords without TLS, which never leave the machine.
            warnings.simplefilter("ignore")
            return SMTP(office, hostname="mail.example", enable_SMTPUTF8=True, loop=loop, **protocol)

    server = await loop.create_server(talk, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    office.listening = server
    async with server:
        yield office


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    return mail.get_body((kind,)).get_content()


@dataclass
class Receiver:
    """A webhook's other side: what was posted, and the statuses that it answers next."""

    url: str = ""
    bodies: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    answer: str | None = None
    answer_type: str = "text/plain"
    held: asyncio.Event | None = None
    """What posts to a path with the word ``held`` wait for."""

    async def take(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        self.bodies.append(await request.json())
        self.headers.append(request.headers)
        self.paths.append(request.path)
        if self.held is not None and "held" in request.path:
            await self.held.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        more = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        said = "ok" if status == 200 else self.answer or f"no: {request.path_qs}"
        return web.Response(status=status, text=said, headers=more, content_type=self.answer_type)


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/{rest:.*}", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


async def member(stage: Stage, name: str = "Ada", role: str = "viewer", actor: Actor = ADMIN) -> MemberRow:
    body = MemberCreate(name=name, email=f"{name.lower()}@example.com", role=role)
    return await stage.do(CREATE_MEMBER, CreateMember(actor, body))


async def set_aside(stage: Stage, row: MemberRow) -> None:
    await stage.do(UPDATE_MEMBER, UpdateMember(ADMIN, row.id, MemberUpdate(active=False)))


def _say(tx: Transaction, item: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    topic, payload, context = item
    body = {"topic": topic, "domain": topic.partition(":")[0], "context": context, "payload": payload}
    tx.append(NewEvent(1, topic, None, terminal=False, body=body))


SAY: Command[Any, None] = Command("say", _say)


async def say(stage: Stage, topic: str, payload: dict[str, Any], **context: Any) -> None:
    """The server says this, as another part of it would."""
    stage.is_checked = False
    await stage.do(SAY, (topic, payload, context))


def as_member(row: MemberRow) -> Actor:
    return Actor(row.public_id, row.role, ADMIN.space)


async def told(
    stage: Stage, code: str, *rules: dict[str, Any], actor: Actor = ADMIN, **fields: Any
) -> DefinitionRow:
    """An enabled definition with these rules, whose jobs are ``<code>:run``."""
    await declare(stage, actor, name=f"{code}:run", code=code, inputSchema=ANY)
    given = {"params": {}, "notifications": list(rules), "name": fields.pop("name", code), **fields}
    return await define(stage, actor, jobDefinitionCode=code, jobType=code, **given)


class Runs:
    """Runs of definitions, taken by one listener."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.listener: Listener | None = None

    async def end(
        self,
        row: DefinitionRow,
        result: str = "failed",
        actor: Actor = ADMIN,
        by: dict[str, Any] | None = None,
        **outcome: Any,
    ) -> str:
        """A run that ends like this; the job's id. ``by`` is what started it, if not the actor."""
        if self.listener is None:
            self.listener = await self.stage.listener("**", credit=100)
        await self.stage.do(START, (row, Start(actor, by or launches.started_by(actor))))
        grant = await self.listener.grant()
        self.listener.say(**self.listener.about("ack", grant))
        if result == "failed":
            said = {"message": outcome.get("message", "It broke"), "outcome": outcome or None}
            frame = self.listener.about("fail", grant, retry=False, **said)
        else:
            partial = {"result": "partial"} if result == "partial" else {}
            frame = self.listener.about("complete", grant, outcome={"message": "Done", **partial, **outcome})
        answer = await self.listener.ask(**frame)
        assert answer is None or answer.get("type") != "error", answer
        return grant["job"]["id"]


async def tell(stage: Stage) -> int:
    """Let the loops do their work once: how many messages were made."""
    await stage.idle()
    made = await stage.node.notifier.look()
    while await stage.node.deliveries.look():
        await stage.node.deliveries.settle()
    return made


async def inbox(stage: Stage, row: MemberRow) -> list[dict[str, Any]]:
    rows, _ = await stage.node.read(
        lambda reader: notifications.page(
            reader, row.space_id, row.id, Window(100, after=2**50 - 1), unread=False
        )
    )
    return [notification_wire(one) for one in rows]
