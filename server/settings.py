"""Settings: one table of name, environment variable, flag, default and meaning, and their reading.

A flag wins over the environment. Sizes are bytes and times seconds, as the names say.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, unquote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .core.mail import Mail, read_mail_server, read_sender
from .core.retention import DAY_MS, Retention
from .outbound.addresses import Network, read_networks
from .security.sealing import parse_master_key
from .store.database import StartError

PREFIX: Final = "TICKWIRE_"
KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

NO_FLAG: Final = frozenset({"admin_key", "master_key", "master_key_previous", "smtp_url"})
"""Every user of the machine can read the flags of a process: secrets come by the environment alone."""
UNSHOWN: Final = NO_FLAG | {"database_url"}
"""Values that may hold a secret: messages do not repeat them."""


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    if not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s?#]*)?", text):
        raise ValueError("must be an address such as https://jobs.example.com, without query")
    return text.rstrip("/").removesuffix("/v1")


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    return read_networks(str(one) for one in _listed(value))


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#@,]+", text):
        raise ValueError("must be origins such as https://app.example.com, separated by commas")
    return text.lower()


def _mail_server(text: str | None) -> str | None:
    if text is not None:
        read_mail_server(text)
    return text


def _sender(text: str | None) -> str | None:
    if text is not None:
        read_sender(text)
    return text


def _store(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"sqlite:///(?!:memory:).+|postgres(ql)?://.+", text):
        raise ValueError("must be sqlite:///<path> or postgresql://<user>@<host>/<database>")
    return text


def _one_word(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("must be printable ASCII without spaces")
    return text


def _master_key(text: str) -> str:
    parse_master_key(text)
    return text


Seconds = Annotated[float, Field(gt=0, le=30 * 86_400, allow_inf_nan=False)]
Stay = Annotated[float, Field(ge=300, le=366 * 86_400, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, le=36_500, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Size = Annotated[int, Field(ge=KIB, le=1024 * GIB)]
Reserve = Annotated[int, Field(ge=0, le=1024 * GIB)]
Key = Annotated[str, Field(min_length=32, max_length=512), AfterValidator(_one_word)]
MasterKeyText = Annotated[str, AfterValidator(_master_key)]
MasterKeyTexts = Annotated[tuple[MasterKeyText, ...], Field(max_length=16), BeforeValidator(_listed)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_listed)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]


class Settings(BaseModel):
    """All settings of one server, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", min_length=1, max_length=253, description="Address to listen on.")
    port: int = Field(8420, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    public_url: Annotated[str | None, AfterValidator(_address)] = Field(
        None,
        description="Address by which clients reach the server; links are made of it. Else each request's host.",
    )
    data_dir: Path = Field(
        Path("./.tickwire"), description="Folder of the store, the files, admin.key and master.key."
    )
    database_url: Annotated[str | None, AfterValidator(_store)] = Field(
        None,
        repr=False,
        description="The store: sqlite:///<path>, or postgresql://<user>@<host>/<database> with the password in PGPASSWORD. "
        "Else tickwire.db in the data directory.",
    )
    admin_key: Key | None = Field(
        None,
        repr=False,
        description="The administrator's key, 32 characters or more, instead of the one in admin.key while it is set.",
    )
    master_key: MasterKeyText | None = Field(
        None,
        repr=False,
        description="The key that seals secrets: 32 bytes in hex or base64. Else the first line of the master key's file.",
    )
    master_key_file: Path | None = Field(
        None,
        description="File with that key, and earlier ones on further lines. Else master.key in the data directory, which the first start makes.",
    )
    master_key_previous: MasterKeyTexts = Field(
        (),
        repr=False,
        description="Earlier master keys, separated by commas: what they sealed is opened, and sealed anew under the newest.",
    )
    allow_origins: Origins = Field(
        (), description="Origins of web pages whose scripts may call the server, separated by commas."
    )
    allow_addresses: Networks = Field(
        (),
        description="Networks that the server may reach although they are not public, such as 10.1.0.0/16, separated by commas.",
    )
    smtp_url: Annotated[str | None, AfterValidator(_mail_server)] = Field(
        None,
        repr=False,
        description="The mail server: smtp://host:587, or smtps:// for TLS from the start, with user:password@ before the host where it asks for them.",
    )
    smtp_from: Annotated[str | None, AfterValidator(_sender)] = Field(
        None,
        description="Who sends mails: jobs@example.com, or Tickwire <jobs@example.com>. Without it no mail is sent.",
    )
    smtp_tls: Literal["auto", "required", "off"] = Field(
        "auto",
        description="STARTTLS on smtp://: auto takes it where the server offers it, and sends no password without it but to this machine; required, or off.",
    )
    public_docs: bool = Field(
        False,
        description="Whether /docs, /openapi.json and /asyncapi.json are shown without a key: true or false.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Networks of the proxies in front of the server, separated by commas: their X-Forwarded-For says where calls come from.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="The least level that is logged: debug, info, warning or error. Debug shows every request.",
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="json, text, or auto: text on a terminal, else JSON lines."
    )

    lease_s: Seconds = Field(30, description="A lease that is not renewed for this long is lost.")
    ack_deadline_s: Seconds = Field(10, description="A granted job must be acknowledged within this time.")
    grace_s: Seconds = Field(30, description="How long a canceled job's handler may take to stop.")
    drain_s: Seconds = Field(25, description="How long the server waits for its connections when it stops.")
    hello_timeout_s: Seconds = Field(5, description="A new socket must say hello within this time.")
    head_timeout_s: Seconds = Field(10, description="A request's headers must come in this time.")
    body_timeout_s: Seconds = Field(
        30, description="A request's body, or an upload's next part, must come in this time."
    )
    hook_body_timeout_s: Seconds = Field(
        10, description="The body of a call of a hook, whose sender is not known yet, must come in this time."
    )
    link_lifetime_s: Seconds = Field(3600, description="How long a signed link of a file is valid.")

    session_s: Stay = Field(
        7 * 86_400, description="How long a person stays logged in at most, before logging in again."
    )
    session_idle_s: Stay = Field(
        12 * 3600, description="How long a person stays logged in without doing anything."
    )

    log_days: Days = Field(7, description="How long events are kept.")
    log_events: Count = Field(10_000_000, description="How many events are kept; beyond it the oldest go.")
    job_days: Days = Field(
        90, description="How long jobs are kept after their end, with their attempts and logs."
    )
    definition_runs: Count = Field(
        1_000_000,
        description="Runs that are kept of a job definition; beyond it the oldest go, an hour after their end at the earliest.",
    )
    file_days: Days = Field(30, description="How long files are kept.")
    audit_days: Days = Field(400, description="How long it is kept who has changed what.")
    notification_days: Days = Field(90, description="How long notifications stay in inboxes, read or not.")
    delivery_days: Days = Field(
        30, description="How long it is kept what came to hooks and what was posted to endpoints."
    )
    deliveries: Count = Field(
        1_000_000,
        description="Calls of hooks that are kept, in all, and as many deliveries to endpoints; the oldest go first.",
    )

    max_body_bytes: Size = Field(1 * MIB, description="Largest body of a call.")
    max_bulk_bytes: Size = Field(16 * MIB, description="Largest body of a call that creates many jobs.")
    max_hook_bytes: Size = Field(5 * MIB, description="Largest body of a call of a hook.")
    max_frame_bytes: Size = Field(1 * MIB, description="Largest message on the stream.")
    max_upload_bytes: Size = Field(5 * GIB, description="Largest file.")
    min_free_bytes: Reserve = Field(
        500 * MIB,
        description="Below this much free disk, or 5 % of a small one, nothing new is stored (507); 0 stores on.",
    )
    max_ready_jobs: Count = Field(1_000_000, description="Jobs that may wait in a space.")
    schedules_per_definition: Count = Field(16, description="Schedules that a definition may have.")
    built_in_jobs: int = Field(
        20,
        ge=0,
        le=1_000,
        description="Jobs of built-in types that the server runs at once; 0 leaves them to the other servers of the store.",
    )
    max_connections: Count = Field(12_000, description="Open connections, sockets of the stream among them.")
    strangers_per_address: Count = Field(
        200,
        description="Open connections of one address that have not sent a valid key; beyond it the oldest gives way. Behind a proxy that is not trusted all have its address: raise it there.",
    )
    max_sockets: Count = Field(10_000, description="Open sockets of the stream.")
    sockets_per_key: Count = Field(100, description="Open sockets of one key.")
    subscriptions_per_socket: Count = Field(100, description="Subscriptions of one socket.")
    rate_per_key: Count = Field(5_000, description="Calls a second of one key.")
    rate_per_hook: Count = Field(2_000, description="Calls a second of one hook; twice as many at once.")
    rate_per_token: Count = Field(
        100, description="Calls a second of one subscriber token; twice as many at once."
    )
    frames_per_token: Count = Field(
        200, description="Frames a second on a socket of a subscriber token; twice as many at once."
    )
    sockets_per_token: Count = Field(20, description="Open sockets of one subscriber token.")
    auth_failures_per_minute: Count = Field(
        10,
        description="Wrong keys, links and tickets that one address may send in a minute; as many wrong passwords, and as many for one e-mail.",
    )
    send_queue_frames: Count = Field(
        1_000, description="Frames that may wait for a slow reader before it is cut."
    )
    send_queue_bytes: Size = Field(
        1 * MIB, description="Bytes that may wait for a slow reader before it is cut."
    )
    slow_reader_s: Seconds = Field(
        10, description="How long a frame may wait for a slow reader before it is cut."
    )

    @property
    def retention(self) -> Retention:
        """How long things are kept."""
        return Retention(
            log_ms=int(self.log_days * DAY_MS),
            log_events=self.log_events,
            job_ms=int(self.job_days * DAY_MS),
            file_ms=int(self.file_days * DAY_MS),
            audit_ms=int(self.audit_days * DAY_MS),
            notification_ms=int(self.notification_days * DAY_MS),
            delivery_ms=int(self.delivery_days * DAY_MS),
            deliveries=self.deliveries,
            definition_runs=self.definition_runs,
        )

    @property
    def postgres_url(self) -> str | None:
        """The address of the PostgreSQL store, which may hold a password; None when the store is a file."""
        url = self.database_url or ""
        return url if url.startswith("postgres") else None

    @property
    def database_path(self) -> Path:
        """The file of the SQLite store."""
        if self.database_url is None:
            return self.data_dir / "tickwire.db"
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must never be seen: keys, and the database's password, as written and as meant."""
        found = re.match(
            r"[^:]+://[^:@/?]*:([^@]*)@|[^?]+\?(?:.*&)?password=([^&]*)", self.postgres_url or ""
        )
        password = (found[1] or found[2]) if found else None
        keys = (self.admin_key, self.master_key, *self.master_key_previous)
        mail = self.mail.server.password if self.mail is not None else None
        mail_as_written = quote(mail, safe="") if mail else None
        return tuple(filter(None, (*keys, password, password and unquote(password), mail, mail_as_written)))

    @property
    def mail(self) -> Mail | None:
        """How mails are sent; None where nothing says by which server and from whom."""
        if self.smtp_url is None or self.smtp_from is None:
            return None
        return Mail(read_mail_server(self.smtp_url), read_sender(self.smtp_from), self.smtp_tls)

    @property
    def disks(self) -> dict[str, Path]:
        """The folders that the server fills, by what they hold."""
        files = {"files": self.data_dir}
        return files if self.postgres_url else {"store": self.database_path.parent, **files}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: ``default`` as it would be written, empty for none; ``flag`` None for secrets."""

    name: str
    env: str
    flag: str | None
    default: str
    help: str


def _row(name: str) -> Setting:
    field = Settings.model_fields[name]
    flag = None if name in NO_FLAG else f"--{name.replace('_', '-')}"
    return Setting(name, PREFIX + name.upper(), flag, _written(field.default), field.description or "")


def _written(default: Any) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return "./.tickwire" if isinstance(default, Path) else str(default)


SETTINGS: Final[tuple[Setting, ...]] = tuple(_row(name) for name in Settings.model_fields)
"""Every setting, in the order of docs/reference/settings.md."""


def read_settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Settings from flags, else the environment, else the defaults.

    StartError names the flag or variable that is wrong and what it takes. ``--help`` and unknown flags leave by SystemExit.
    """
    flags = {name: value for name, value in vars(_parser().parse_args(argv)).items() if value is not None}
    given = {s.name: environ[s.env] for s in SETTINGS if environ.get(s.env)} | flags
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise StartError(" ".join(_explained(problem, flags) for problem in error.errors())) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tickwire server", description="Start the Tickwire server.", allow_abbrev=False
    )
    for setting in SETTINGS:
        if setting.flag:
            shown = f" (default: {setting.default})" if setting.default else ""
            parser.add_argument(
                setting.flag,
                dest=setting.name,
                metavar="VALUE",
                help=f"{setting.help} {setting.env}{shown}".replace("%", "%%"),
            )
    return parser


def _explained(problem: Any, flags: Mapping[str, Any]) -> str:
    setting = next(s for s in SETTINGS if s.name == problem["loc"][0])
    where = setting.flag if setting.name in flags else setting.env
    value = "" if setting.name in UNSHOWN else f" {str(problem['input'])[:80]!r}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}{value}: {message[:1].lower()}{message[1:]}. {setting.help}"
