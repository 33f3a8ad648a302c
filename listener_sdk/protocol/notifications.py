"""Notifications on the wire: who is told of which runs and by what channel, and the inbox of a member."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from .ids import decode
from .mail_addresses import LONGEST, checked_address
from .model import WireModel
from .times import Time

MOST_RULES: Final = 16
MOST_RECIPIENTS: Final = 50
"""Members of one rule, and as many addresses."""
LONGEST_URL: Final = 2_048


def _member(text: str) -> str:
    if decode("mem", text) is None:
        raise ValueError("must be the id of a member, such as tickwire members shows; addresses take e-mails")
    return text


def _url(text: str) -> str:
    if not text.isprintable() or " " in text.strip().partition("{{")[0]:
        raise ValueError(
            "must be an address such as https://hooks.example.com/x, or a secret: {{ secrets.NAME }}"
        )
    if not text.startswith(("https://", "http://", "{{")):
        raise ValueError("must begin with https:// or http://, or be a secret: {{ secrets.NAME }}")
    return text


def _secret(text: str) -> str:
    if not re.fullmatch(r"\{\{\s*secrets\.[A-Za-z_][A-Za-z0-9_]*\s*\}\}", text):
        raise ValueError("must be a secret: {{ secrets.NAME }}")
    return text


def _each_once(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))


Address = Annotated[str, Field(max_length=LONGEST), AfterValidator(checked_address)]
MemberId = Annotated[str, Field(max_length=64), AfterValidator(_member)]
Url = Annotated[str, Field(min_length=1, max_length=LONGEST_URL), AfterValidator(_url)]
SecretText = Annotated[str, Field(max_length=256), AfterValidator(_secret)]
Channel = Literal["inbox", "email", "slack", "webhook"]
On = Literal["failed", "failedAndPartial", "completed", "all", "none"]


class NotificationRule(WireModel):
    """Who is told of which runs, and how.

    - ``on``: runs that ``failed``, that failed or were complete only in part (``failedAndPartial``), that were ``completed``, whole or in
      part, ``all`` that have ended, or ``none``
    - ``recovered``: also of the first success after a failure
    - ``missed``: also of runs that did not happen
    - ``channels``: ``inbox`` (members), ``email`` (members and ``addresses``), ``slack``, ``webhook``
    - ``starter``: whoever started the run is told too, by inbox and e-mail
    - ``slack``, ``webhook``: where these post to; a text with ``{{ secrets.NAME }}`` in it, or nothing else
    - ``webhookSecret``: ``{{ secrets.NAME }}``, by which posts of the webhook are signed
    """

    model_config = ConfigDict(extra="forbid")

    on: On = "failed"
    recovered: bool = False
    missed: bool = False
    channels: Annotated[list[Channel], Field(min_length=1, max_length=4), AfterValidator(_each_once)]
    members: Annotated[list[MemberId], Field(max_length=MOST_RECIPIENTS), AfterValidator(_each_once)] = Field(
        default_factory=list
    )
    addresses: Annotated[list[Address], Field(max_length=MOST_RECIPIENTS), AfterValidator(_each_once)] = (
        Field(default_factory=list)
    )
    starter: bool = False
    slack: Url | None = None
    webhook: Url | None = None
    webhook_secret: SecretText | None = None

    @model_validator(mode="before")
    @classmethod
    def _said(cls, value: Any) -> Any:
        if isinstance(value, dict) and "channels" not in value:
            raise ValueError(
                "channels must say how people are told: by inbox, email, slack or webhook, or several of them"
            )
        return value

    @model_validator(mode="after")
    def _whole(self) -> "NotificationRule":
        people = bool(self.members or self.starter)
        problems = [
            ("inbox" in self.channels and not people, "inbox tells members: name some, or say starter: true"),
            (
                "email" in self.channels and not (people or self.addresses),
                "email needs members, addresses or starter: true",
            ),
            (
                bool(self.addresses) and "email" not in self.channels,
                "addresses are told by the channel email",
            ),
            (
                people and not {"inbox", "email"} & {*self.channels},
                "members are told by the channels inbox and email",
            ),
            (
                ("slack" in self.channels) != (self.slack is not None),
                "the channel slack and its address slack belong together",
            ),
            (
                ("webhook" in self.channels) != (self.webhook is not None),
                "the channel webhook and its address webhook belong together",
            ),
            (
                self.webhook_secret is not None and self.webhook is None,
                "webhookSecret signs posts to webhook",
            ),
            (
                self.on == "none" and not (self.recovered or self.missed),
                "on: none tells of nothing, unless recovered or missed is true",
            ),
        ]
        for wrong, problem in problems:
            if wrong:
                raise ValueError(problem)
        return self


Rules = Annotated[list[NotificationRule], Field(max_length=MOST_RULES)]


def implied(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rules that Conscia's options of a definition stand for. Each keeps its place whatever the others are; one without channels tells nobody."""
    completed, failed = options.get("sendCompletionEmail"), options.get("sendFailureEmail")
    listed = options.get("emailList", [])
    silent = {"on": "none", "channels": [], "starter": False}
    yield silent if options.get("skipNotification") else {"on": "all", "channels": ["inbox"], "starter": True}
    on = "all" if bool(completed) == bool(failed) else "completed" if completed else "failed"
    asked = bool(completed or failed)
    if asked or listed:
        yield {"on": on, "channels": ["email"], "starter": asked, "addresses": listed}
    else:
        yield silent


class Notification(WireModel):
    """One notification in the inbox of a member.

    ``result`` is that of the run or runs it tells of: ``failed``, ``partial``, ``success``, ``canceled``, ``recovered``, ``missed``,
    ``paused`` (a schedule, after failures), ``disabled`` (an endpoint, by the server), or ``mixed``. ``counts`` says of how many with
    which result, ``runs`` are the first of them.
    """

    id: str
    at: Time
    title: str
    text: str = ""
    result: str
    read_at: Time | None = None
    member_id: str | None = None
    job_definition_code: str | None = None
    job_id: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    runs: list[dict[str, Any]] = Field(default_factory=list)


class NotificationsRead(WireModel):
    """``POST /v1/notifications/read``: all that are unread by now, or up to and with one; those of a member for an administrator."""

    model_config = ConfigDict(extra="forbid")

    up_to: str | None = Field(default=None, max_length=64)
    member: MemberId | None = None


class NotificationTest(WireModel):
    """``POST /v1/notifications/test``: send a test mail."""

    model_config = ConfigDict(extra="forbid")

    address: Address


class MailStatus(WireModel):
    """Whether the server sends mail, and as whom.

    ``reachable`` is told where it was asked for: whether the mail server answers and takes the password. ``problem`` says what is wrong.
    """

    configured: bool
    sender: str | None = None
    server: str | None = None
    public_url: str | None = None
    reachable: bool | None = None
    problem: str | None = None
