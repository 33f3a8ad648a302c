"""The loop that hands messages over: spaces and addresses in turn, each message taken with a lease, and each attempt shorter than that."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from listener_sdk.protocol.redaction import Redaction
from listener_sdk.protocol.times import to_wire

from ..channels.undelivered import Undelivered
from ..core.delivery_turns import Waiting, chosen, full_spaces, room
from ..core.later import later
from ..core.mail import Mail
from ..core.notifications import without_addresses
from ..core.pages import run_page
from ..security.links import Links as FileLinks
from ..security.sealing import Sealer
from ..settings import Settings
from ..store import notification_messages as sql
from ..store.database import Reader, StoreError
from .calm import calmly

if TYPE_CHECKING:
    from ..channels import email, posts
    from ..commands import notification_deliveries as commands
    from ..core import notification_texts as texts
    from ..outbound import addresses, requests
else:
    email = later("..channels.email", __package__)
    posts = later("..channels.posts", __package__)
    commands = later("..commands.notification_deliveries", __package__)
    texts = later("..core.notification_texts", __package__)
    addresses = later("..outbound.addresses", __package__)
    requests = later("..outbound.requests", __package__)

ATTEMPT_S: Final = 60.0
"""How long an attempt may take: half of its lease."""
LOOK_EVERY_S: Final = 1.0
AFTER_ERROR_S: Final = 1.0
TELL_AGAIN_S: Final = 1.0
TELLS: Final = 30
"""How often the store is told of an end before it is left to the end of the lease."""
FINISH_S: Final = 5.0
LINK_LIFETIME_S: Final = 7 * 86_400.0
"""How long links of files in messages open: people read mails after a weekend."""
NO_MAIL: Final = "The server sends no mail: TICKWIRE_SMTP_URL and TICKWIRE_SMTP_FROM are not set."
_log = structlog.get_logger("tickwire.deliveries")


class Deliveries:
    """``submit`` and ``read`` are the node's; ``link_secret`` signs links of files."""

    def __init__(
        self,
        settings: Settings,
        link_secret: bytes,
        sealer: Sealer,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        clock: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._link_secret = link_secret
        self._sealer = sealer
        self._submit = submit
        self._read = read
        self._clock = clock
        self._mail = settings.mail
        self._outbound: requests.Outbound | None = None
        self._tasks: dict[asyncio.Task[None], Waiting] = {}
        """What is under way."""
        self._wake = asyncio.Event()
        self.longest_s: Callable[[], float] = lambda: LOOK_EVERY_S
        """How long it rests where nobody wakes it."""
        self._draining = False

    def wake(self) -> None:
        """There is something to deliver."""
        self._wake.set()

    # ---- the loop

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._wake.clear()
            if not await calmly(self._look_on, "deliveries_failed", _log):
                await asyncio.sleep(AFTER_ERROR_S)
            elif not self._wake.is_set():
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.longest_s()):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look_on(self) -> None:
        while await self.look():
            pass

    async def look(self) -> int:
        """Begin what is due, as far as there is room; how many were begun. Raises StoreError."""
        if self._draining or not await self._read(partial(sql.are_due, now=self._clock())):
            return 0
        running = list(self._tasks.values())
        found = await self._read(partial(_waiting, now=self._clock(), running=running))
        ids = [one.id for one in chosen(found, running)]
        parcels: list[commands.Parcel] = (
            await self._submit(commands.CLAIM_DELIVERIES, commands.Claim(self._sealer, ids)) if ids else []
        )
        for parcel in parcels:
            row = parcel.row
            task = asyncio.create_task(self._deliver(parcel))
            self._tasks[task] = Waiting(row.id, row.space_id, row.channel, row.recipient)
            task.add_done_callback(self._ended)
        return len(parcels)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._wake.set()

    def drain(self) -> None:
        """Begin nothing more."""
        self._draining = True

    async def settle(self) -> None:
        """Until what was begun has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """What is under way has a moment to end; the rest is sent once more when its lease has run out."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._outbound is not None:
            await self._outbound.close()

    # ---- one delivery

    async def _deliver(self, parcel: "commands.Parcel") -> None:
        ended = await self._attempt(parcel)
        for _ in range(TELLS):
            try:
                result = await self._submit(commands.END_DELIVERY, ended)
            except StoreError:
                await asyncio.sleep(TELL_AGAIN_S)
            else:
                if result == "failed":
                    _log.warning(
                        "not_delivered",
                        delivery=parcel.id,
                        channel=parcel.row.channel,
                        reason=ended.message,
                    )
                return

    async def _attempt(self, parcel: "commands.Parcel") -> "commands.Ended":
        hidden = Redaction(parcel.hidden)
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._send(parcel)
        except Undelivered as error:
            message = without_addresses(hidden.text(error.message))
            return commands.Ended(
                parcel.row, "again" if error.retry else "failed", message, error.retry_after_s
            )
        except TimeoutError:
            return commands.Ended(parcel.row, "again", "The other side took too long.")
        except Exception as error:  # noqa: BLE001 - one message that cannot be made must not keep the others
            _log.error("delivery_failed", delivery=parcel.id, error=hidden.text(repr(error)))
            return commands.Ended(parcel.row, "again", "The server failed; the reason stands in its log.")
        return commands.Ended(parcel.row, "delivered")

    async def _send(self, parcel: "commands.Parcel") -> None:
        if parcel.where is None:
            raise Undelivered(parcel.problem or "There is nobody to tell.", retry=False)
        now, told, links = self._clock(), parcel.told, self._links(parcel.row.space_id)
        if parcel.row.channel == "email":
            plain, html = texts.plain(told, links), texts.html(told, links)
            letter = email.Letter(parcel.id, parcel.where, texts.subject(told), plain, html, now)
            await self.send_mail(letter)
        elif parcel.row.channel == "slack":
            await self._post(parcel, texts.slack(told, links), {})
        else:
            body = texts.webhook(told, links, parcel.id, to_wire(now))
            secrets = [] if parcel.secret is None else [parcel.secret]
            headers = posts.signed(parcel.id, now // 1000, posts.encoded(body), secrets)
            await self._post(parcel, body, headers)

    @property
    def mail(self) -> Mail | None:
        """How mails are sent, where that is set up."""
        return self._mail

    async def send_mail(self, letter: "email.Letter") -> None:
        """Hand a mail over. Undelivered where that is not possible."""
        if self._mail is None:
            raise Undelivered(NO_MAIL, retry=False)
        await email.send(letter, self._mail)

    async def reach_mail(self) -> None:
        """Go as far as a mail would begin. Undelivered where the mail server does not answer, or wants another password."""
        if self._mail is None:
            raise Undelivered(NO_MAIL, retry=False)
        await email.reach(self._mail)

    async def send_trial(self, address: str, space: str) -> None:
        """Hand a mail over that says no more than that mails come. Undelivered where that is not possible."""
        now = self._clock()
        subject, plain, html = texts.trial_mail(space)
        await self.send_mail(email.Letter(f"test-{now}", address, subject, plain, html, now))

    async def _post(self, parcel: "commands.Parcel", body: dict[str, Any], headers: dict[str, str]) -> None:
        if self._outbound is None:
            self._outbound = requests.Outbound(addresses.Guard(self._settings.allow_addresses))
        secrets = parcel.hidden if parcel.is_secret else ()
        assert parcel.where is not None, "only what has an address is posted"
        await posts.post(
            parcel.where, body, self._outbound, lambda: self._clock() / 1000, headers, secrets=secrets
        )

    def _links(self, space_id: int) -> "texts.Links":
        base = self._settings.public_url
        if base is None:
            return texts.Links(lambda _: None, lambda _: None)
        file = FileLinks(self._link_secret, base, LINK_LIFETIME_S).of(space_id, self._clock())
        return texts.Links(
            lambda job_id: run_page(base, job_id),
            lambda file_id: file(file_id)[0] if file_id else None,
        )


def _waiting(reader: Reader, now: int, running: Sequence[Waiting]) -> list[Waiting]:
    """Among which is chosen."""
    return [
        one
        for mail in (True, False)
        if room(running, mail=mail) > 0
        for one in sql.waiting(reader, now, mail=mail, but=full_spaces(running, mail=mail))
    ]
