"""``tickwire hooks sign``: the headers by which a call proves from whom it comes, and the options that say how."""

import sys
from collections.abc import Callable
from secrets import token_hex
from typing import Any, Final

import click

from ..protocol.hooks import Verification, check_secret
from ..protocol.signatures import ALGORITHMS, ENCODINGS, KINDS, PUBLIC_KEY, Way, way_of
from ..protocol.signatures import sign as headers_of
from .connection import Command, json_option
from .failures import Misuse
from .moments import ago
from .output import emit
from .progress import wall_clock

LARGEST_SECRET: Final = 4_096
SIGNED: Final = tuple(kind for kind in KINDS if kind != "none")
FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True)
_OPTIONS: Final = (
    click.option("--header", metavar="NAME", help="Of hmac and bearer: the header of the signature or token."),
    click.option("--prefix", metavar="TEXT", help="What stands before it there, such as 'sha256='."),
    click.option("--encoding", type=click.Choice(ENCODINGS), help="Of hmac: how it is written; hex unless said."),
    click.option("--algorithm", type=click.Choice(ALGORITHMS), help="Of hmac; sha256 unless said."),
    click.option("--signed", metavar="TEXT", help="Of hmac, what is signed: {body}, or such as {timestamp}.{body}."),
    click.option("--timestamp-header", metavar="NAME", help="Of hmac: where {timestamp} stands."),
    click.option("--id-header", metavar="NAME", help="Of hmac: where {id} stands."),
)  # fmt: skip
_NAMES: Final = (
    "header",
    "prefix",
    "encoding",
    "algorithm",
    "signed",
    "timestamp_header",
    "id_header",
    "tolerance_s",
)


def way_options(found: Command) -> Command:
    """Add what may be said of the way in which calls are signed."""
    for option in reversed(_OPTIONS):
        found = option(found)
    return found


def verification_of(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """The verification that the options describe, which are taken out of those given."""
    said = {name: given.pop(name, None) for name in _NAMES}
    return {"kind": kind, **{name: value for name, value in said.items() if value is not None}}


def secret_option(text: str) -> Callable[[Command], Command]:
    """Add ``--secret-file``: a secret never stands on a command line, which every user of the machine can read."""
    return click.option("--secret-file", type=FILE, metavar="FILE|-", help=text)


def bytes_in(path: str) -> bytes:
    """What stands in a file, or with ``-`` on standard input."""
    with click.open_file(path, "rb") as file:
        found: bytes = file.read()
    return found


def secret_in(path: str | None) -> str | None:
    """The secret in a file, without the end of its line."""
    if path is None:
        return None
    raw = bytes_in(path)
    try:
        found = raw.decode("ascii").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise Misuse("--secret-file holds no secret: those are printable ASCII.") from error
    if not found or len(raw) > LARGEST_SECRET:
        raise Misuse("--secret-file must hold the secret, and nothing else.")
    return found


@click.command("sign")
@click.argument("kind", type=click.Choice(SIGNED))
@click.argument("body", type=FILE, metavar="FILE|-")
@secret_option("The secret; else it is asked for.")
@way_options
@click.option("--id", "id_", metavar="TEXT", help="What tells this message from others; random unless said.")
@click.option("--at", metavar="SPAN|TIME", help="As if it were signed then, rather than now.")
@json_option
def sign(
    kind: str,
    body: str,
    secret_file: str | None,
    id_: str | None,
    at: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Print the headers that a call of a hook of this KIND needs, for the bytes of a file. No server is asked.

    curl "$HOOK_URL" -H @<(tickwire hooks sign github push.json --secret-file hook.secret) -H "Content-Type: application/json"
    --data-binary @push.json
    """
    way = _way(verification_of(kind, given))
    for option, value, name in (("--at", at, "timestamp"), ("--id", id_, "id")):
        if value is not None and f"{{{name}}}" not in way.signed:
            raise Misuse(f"{option}: a call of this kind carries no {name}, so there is nothing to sign.")
    if {body, secret_file} == {"-"}:
        raise Misuse("Standard input holds either the body or the secret: name a file for one of them.")
    secret = secret_in(secret_file) or _typed()
    try:
        check_secret(kind, secret)
    except ValueError as error:
        raise Misuse(f"--secret-file: {error}.") from error
    if kind == "standard" and secret.startswith(PUBLIC_KEY):
        raise Misuse(f"{PUBLIC_KEY} is a public key, which signs nothing: whoever has the private one signs.")
    now = wall_clock()
    moment = now if at is None else ago(at, "--at", now)
    headers = headers_of(
        way,
        secret,
        bytes_in(body),
        at_s=int(moment.timestamp()),
        id_=f"msg_{token_hex(12)}" if id_ is None else id_,
    )
    if as_json:
        emit(headers)
        return
    for name, value in headers.items():
        click.echo(f"{name}: {value}")


def _way(said: dict[str, Any]) -> Way:
    found = Verification.model_validate(said)
    return way_of(found.kind, {name: getattr(found, name) for name in _NAMES})


def _typed() -> str:
    if not sys.stdin.isatty():
        raise Misuse("Say where the secret is: --secret-file FILE, or - for standard input.")
    typed: str = click.prompt("Secret of the hook", hide_input=True, err=True)
    return typed
