"""How mails are sent: by which server, from whom, and with how much care. Pure."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from listener_sdk.protocol.mail_addresses import address_problem

_PORTS: Final = {"smtp": 25, "smtps": 465}
_SENDER: Final = re.compile(r'(?:"?(?P<name>[^<>"@]*?)"?\s*<(?P<in>[^<>]+)>|(?P<bare>[^<>]+))')


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over."""

    host: str
    port: int
    is_tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """As it may be seen."""
        return f"{'smtps' if self.is_tls else 'smtp'}://{self.host}:{self.port}"

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that nobody listens between."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom mails come from; ``name`` may be empty."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """The end of the address."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Mail:
    """What is set up: ``tls`` is ``auto``, ``required`` or ``off``."""

    server: MailServer
    sender: Sender
    tls: str = "auto"

    @property
    def starts_tls(self) -> bool | None:
        """Whether the connection must become TLS (True), must not (False), or does where the server offers it (None)."""
        if self.server.is_tls or self.tls == "off":
            return False
        needs = self.tls == "required" or (self.server.password is not None and not self.server.is_here)
        return True if needs else None


def read_mail_server(text: str) -> MailServer:
    """The server of ``smtp://user:password@host:port``. ValueError says what it takes."""
    wrong = "must be smtp://host:587 or smtps://host, with user:password@ before the host where the server asks for them"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(wrong) from None
    if (
        parts.scheme not in _PORTS
        or not parts.hostname
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
    ):
        raise ValueError(wrong)
    if not text.isprintable() or " " in text or port == 0:
        raise ValueError(wrong)
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def read_sender(text: str) -> Sender:
    """The sender of ``Name <address>`` or an address. ValueError says what it takes."""
    found = _SENDER.fullmatch(text.strip()) if text.isprintable() else None
    address = (found["in"] or found["bare"]).strip() if found else ""
    if found is None or address_problem(address) is not None:
        raise ValueError("must be an address such as jobs@example.com, or Tickwire <jobs@example.com>")
    return Sender(address, (found["name"] or "").strip())
