"""``tickwire notifications``: whether and how people can be told of runs."""

import click

from ..protocol.notifications import MailStatus
from .connection import call, connection_options, json_option
from .groups import DefaultGroup
from .output import emit, say, spelled, wire


@click.group("notifications", cls=DefaultGroup)
def command() -> None:
    """Say whether mails can be sent (list, the default), and send a test mail. Inboxes: tickwire inbox."""


@command.command("list")
@connection_options
@json_option
def list_channels(url: str | None, key: str | None, as_json: bool) -> None:
    """Say by which channels people can be told of runs."""
    found = call(url, key, lambda client: client.notifications.channels())
    if as_json:
        emit(wire(found))
        return
    say("inbox: always there")
    say(f"email: {mail_words(found)}")
    if found.configured:
        say(f"try it: {spelled('notifications test you@example.com')}", "cyan")
    say("slack, webhook: where a rule names their address")


def mail_words(found: MailStatus) -> str:
    """``by smtp://mail.example.com:587, from jobs@example.com``."""
    if not found.configured:
        return f"not set up{'' if found.problem is None else f': {found.problem}'}"
    links = "" if found.public_url else ", without links (TICKWIRE_PUBLIC_URL is not set)"
    return f"by {found.server}, from {found.sender}{links}"


@command.command("test")
@click.argument("address")
@connection_options
@json_option
def test(address: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Send a mail to ADDRESS now, and say whether the mail server took it."""
    call(url, key, lambda client: client.notifications.test(address))
    if as_json:
        emit({"address": address, "delivered": True})
    else:
        say(f"The mail server has taken a mail to {address}.")
