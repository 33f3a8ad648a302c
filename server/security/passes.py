"""What lets browsers in: the cookie of a session, the token of a link that logs in once, the ticket of a stream.

Each is ``tw<kind>_<number>_<secret>`` with 256 random bits; only the hash of the secret is stored, as with API keys.
"""

import hmac
import re
from hashlib import sha256
from typing import Final

from listener_sdk.protocol.ids import WIDTH, decode, encode

SESSION: Final = "c"
LINK: Final = "l"
TICKET: Final = "t"
_PASS: Final = re.compile(r"tw([clt])_([0-9a-z]{10})_([0-9a-f]{64})")


def pass_text(kind: str, number: int, secret: str) -> str:
    """The text as its holder keeps it."""
    return f"tw{kind}_{encode('', number)[-WIDTH:]}_{secret}"


def parse_pass(kind: str, text: str) -> tuple[int, str] | None:
    """The row's number and the secret; None when the text is none of this kind."""
    found = _PASS.fullmatch(text)
    number = decode("", f"us__{found[2]}") if found and found[1] == kind else None
    return (number, found[3]) if found and number is not None else None


def csrf_token(secret: str) -> str:
    """What a page sends beside its cookie: made of the cookie's secret, so each session has its own and none is stored."""
    return hmac.new(secret.encode(), b"csrf", sha256).hexdigest()
