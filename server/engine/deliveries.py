"""The loop that hands messages over: spaces and addresses in turn, each message taken with a lease, and each attempt shorter than that."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from listener_sdk.protocol.redaction import Redaction
from listener_sdk.protocol.signatures import standard_headers
from listener_sdk.protocol.times import to_wire

from ..channels.undelivered import Undelivered
from ..core.delivery_turns import MAILS, POSTS, Waiting, chosen, full_spaces, room
from ..core.foreign_texts import line
from ..core.later import later
from ..core.mail import Mail
from ..core.notifications import without_addresses
from ..core.pages import run_page
from ..security.links import Links as FileLinks
from ..security.sealing import Sealer
from ..settings import Settings
from ..store import notification_messages as sql
from ..store.database import Reader
from .sender import Sender

if TYPE_CHECKING:
    from ..channels import email, posts
    from ..commands import notification_deliveries as commands
    from ..core import notification_texts as texts
    from ..outbound import requests
else:
    email = later("..channels.email", __package__)
    posts = later("..channels.posts", __package__)
    commands = later("..commands.notification_deliveries", __package__)
    texts = later("..core.notification_texts", __package__)

ATTEMPT_S: Final = 60.0
"""How long an attempt may take: half of its lease."""
LINK_LIFETIME_S: Final = 7 * 86_400.0
"""How long links of files in messages open: people read mails after a weekend."""
NO_MAIL: Final = "The server sends no mail: TICKWIRE_SMTP_URL and TICKWIRE_SMTP_FROM are not set."


class Deliveries(Sender[Waiting]):
    """``submit`` and ``read`` are the node's; ``link_secret`` signs links of files."""

    name = "deliveries"
    at_once = MAILS + POSTS

    def __init__(
        self,
        settings: Settings,
        link_secret: bytes,
        sealer: Sealer,
        submit: Callable[..., Any],
        read: Callable[..., Any],
        clock: Callable[[], int],
    ) -> None:
        super().__init__(submit, read, clock)
        self._settings = settings
        self._link_secret = link_secret
        self._sealer = sealer
        self._mail = settings.mail
        self._outbound: requests.Outbound | None = None

    async def _look(self, free: int) -> int:
        if not await self._read(partial(sql.are_due, now=self._clock())):
            return 0
        running = list(self._tasks.values())
        found = await self._read(partial(_waiting, now=self._clock(), running=running))
        ids = [one.id for one in chosen(found, running)][:free]
        parcels: list[commands.Parcel] = (
            await self._submit(commands.CLAIM_DELIVERIES, commands.Claim(self._sealer, ids)) if ids else []
        )
        for parcel in parcels:
            row = parcel.row
            self._begin(self._deliver(parcel), Waiting(row.id, row.space_id, row.channel, row.recipient))
        return len(parcels)

    async def stop(self) -> None:
        """As of any sender; connections end with it."""
        await super().stop()
        if self._outbound is not None:
            await self._outbound.close()

    # ---- one delivery

    async def _deliver(self, parcel: "commands.Parcel") -> None:
        ended = await self._attempt(parcel)
        if await self._tell(commands.END_DELIVERY, ended) == "failed":
            channel = parcel.row.channel
            self._told.warning("not_delivered", delivery=parcel.id, channel=channel, reason=ended.message)

    async def _attempt(self, parcel: "commands.Parcel") -> "commands.Ended":
        hidden = Redaction(parcel.hidden)
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._send(parcel)
        except Undelivered as error:
            message = without_addresses(error.message)
            return commands.Ended(
                parcel.row, "again" if error.retry else "failed", message, error.retry_after_s
            )
        except TimeoutError:
            return commands.Ended(parcel.row, "again", "The other side took too long.")
        except Exception as error:  # noqa: BLE001 - one message that cannot be made must not keep the others
            self._told.error("delivery_failed", delivery=parcel.id, error=hidden.text(repr(error)))
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
            headers = standard_headers(parcel.id, now // 1000, posts.encoded(body), secrets)
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
            self._outbound = posts.outbound(self._settings.allow_addresses)
        secrets = parcel.hidden if parcel.is_secret else ()
        assert parcel.where is not None, "only what has an address is posted"
        await posts.post(
            parcel.where,
            body,
            self._outbound,
            lambda: self._clock() / 1000,
            headers,
            secrets=secrets,
            # The server's own words are not redacted: a path such as ``/answered`` would black them out. What
            # is quoted has been made readable before, and so may differ from what is hidden.
            hide=Redaction({*parcel.hidden, *map(line, parcel.hidden)}).cut,
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
