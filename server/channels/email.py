"""Mails: one for each recipient, as text and HTML, handed over to the mail server of the settings."""

import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from listener_sdk.protocol.mail_addresses import address_problem
from listener_sdk.protocol.times import to_datetime

from ..core.foreign_texts import line
from ..core.mail import Mail
from ..core.notifications import HIDDEN, without_addresses
from .undelivered import Undelivered

if TYPE_CHECKING:
    import aiosmtplib

TIMEOUT_S: Final = 15.0
"""For each answer of the mail server."""
LEAVE_S: Final = 1.0
"""For its answer to QUIT, which nothing depends on any more."""
_CODES: Final = range(200, 600)
"""What SMTP answers. The client makes -1 of what is no answer at all."""
_OURS: Final = frozenset({502, 503, 530, 534, 535, 538})
"""Refusals that the recipient has no part in: somebody mends the settings, and the next attempt succeeds."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said to one recipient. ``id`` is the same at each attempt, and ``at`` (ms) the time of this one."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    at: int


def composed(letter: Letter, mail: Mail) -> EmailMessage:
    """The mail. Undelivered for a recipient whom no header can name."""
    message = EmailMessage(policy=SMTP)
    try:
        message["To"] = _address("", letter.to)
        message["From"] = _address(mail.sender.name, mail.sender.address)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(to_datetime(letter.at))
        message["Message-ID"] = f"<{letter.id}@{mail.sender.domain}>"
    except (ValueError, MessageError, HeaderParseError) as error:
        raise Undelivered(f"No mail can be sent to this address: {error}", retry=False) from None
    # Answers of machines would come back to nobody.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _address(name: str, text: str) -> Address:
    if address_problem(text) is not None:
        raise ValueError(address_problem(text))
    user, _, domain = text.rpartition("@")
    return Address(name, user, domain)


async def send(letter: Letter, mail: Mail, tls: ssl.SSLContext | None = None) -> None:
    """Hand a mail over. Undelivered where the server does not take it."""
    message = composed(letter, mail)
    async with _session(mail, tls, letter.to) as client:
        await client.send_message(message, sender=mail.sender.address, recipients=[letter.to])


def without_name(text: str, address: str) -> str:
    """What a mail server says of a recipient, without the part of the address that says who it is."""
    name = address.rpartition("@")[0]
    return (
        re.sub(rf"(?<![\w.@]){re.escape(name)}(?![\w.])", HIDDEN, text, flags=re.IGNORECASE) if name else text
    )


async def reach(mail: Mail, tls: ssl.SSLContext | None = None) -> None:
    """Greet the mail server as before a mail, log in where that is set up, and leave. Undelivered where that is not possible."""
    async with _session(mail, tls):
        pass


@asynccontextmanager
async def _session(mail: Mail, tls: ssl.SSLContext | None, to: str = "") -> "AsyncIterator[aiosmtplib.SMTP]":
    """A client that has logged in; what goes wrong while it is used is Undelivered."""
    import aiosmtplib  # noqa: PLC0415 - servers that send no mail do without it

    server = mail.server
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.is_tls,
        start_tls=mail.starts_tls,
        timeout=TIMEOUT_S,
        # Else the library asks the name server, while the whole event loop waits.
        local_hostname=socket.gethostname(),
        tls_context=tls,
    )
    try:
        await client.connect()
        try:
            yield client
        finally:
            await _leave(client)
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused(mail, error.recipients[0].code, error.recipients[0].message, to) from None
    except aiosmtplib.SMTPNotSupported as error:
        raise Undelivered(
            f"The mail server cannot do what this needs: {_words(error)}", retry=False
        ) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(mail, error.code, error.message, to) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Undelivered(
            f"The mail server {server.shown} cannot be reached: {_words(error)}", retry=True
        ) from None


async def _leave(client: "aiosmtplib.SMTP") -> None:
    import aiosmtplib  # noqa: PLC0415 - as above

    try:
        await client.quit(timeout=LEAVE_S)
    except (aiosmtplib.SMTPException, OSError):
        # What was handed over stays so, whatever the server makes of a farewell.
        pass
    finally:
        client.close()


def _refused(mail: Mail, code: int, text: str, to: str) -> Undelivered:
    if code not in _CODES:
        return Undelivered(f"The mail server {mail.server.shown} does not speak SMTP.", retry=True)
    said = without_name(without_addresses(line(text)), to)
    return Undelivered(f"The mail server answers {code}: {said}", retry=code < 500 or code in _OURS)


def _words(error: Exception) -> str:
    return line(str(error)) or type(error).__name__
