"""Subscriber tokens ``tws_<facts>.<signature>``: signed with the store's own secret, and stored nowhere."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import orjson

from ..core.tokens import Claims
from .equal import equal

PREFIX: Final = "tws_"
_TOKEN: Final = re.compile(r"tws_([0-9A-Za-z_-]{1,300})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens; ``secret`` is the store's own."""

    secret: bytes = field(repr=False)

    def write(self, claims: Claims) -> str:
        """The token that says this."""
        facts = urlsafe_b64encode(orjson.dumps(claims.packed())).decode().rstrip("=")
        return f"{PREFIX}{facts}.{self._signature(facts)}"

    def read(self, token: str) -> Claims | None:
        """What a token says; None when this store has not signed it. Whether it is in time is for the caller to see."""
        found = _TOKEN.fullmatch(token)
        if found is None or not equal(found[2], self._signature(found[1])):
            return None
        facts = found[1]
        try:
            return Claims.unpacked(orjson.loads(urlsafe_b64decode(facts + "=" * (-len(facts) % 4))))
        except ValueError:
            # Signed by a release that knew other scopes.
            return None

    def _signature(self, facts: str) -> str:
        return hmac.new(self.secret, f"token\n{facts}".encode(), sha256).hexdigest()
