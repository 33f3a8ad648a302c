"""Signed links: who holds one may fetch that one file, until it expires."""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from listener_sdk.protocol.codes import Refusal

from .equal import equal


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks links. ``base_url`` has no trailing slash; ``secret`` is the store's own.

    The signature covers the space of the reader for whom the link was made, so that naming another space's file in an
    outcome gives a link that opens nothing.
    """

    secret: bytes = field(repr=False)
    base_url: str
    lifetime_s: float

    def of(self, space_id: int, now: int) -> Callable[[str], tuple[str, int]]:
        """A function from a file id to its absolute link and when that expires (ms)."""
        expires_at = now + int(self.lifetime_s * 1000)

        def link(file_id: str) -> tuple[str, int]:
            signature = self._signature(space_id, file_id, expires_at)
            path = f"/v1/files/{file_id}/content?space={space_id}&expires={expires_at}&signature={signature}"
            return self.base_url + path, expires_at

        return link

    def check(self, space: str, file_id: str, expires: str, signature: str, now: int) -> int:
        """The space for whose readers it was made; Refusal ``link_invalid`` or ``link_expired`` unless it was, and is in time."""
        numbers = all(re.fullmatch(r"[0-9]{1,15}", text) for text in (space, expires))
        if not numbers or not equal(signature, self._signature(int(space), file_id, int(expires))):
            raise Refusal(
                "link_invalid", "This link was altered, or belongs to another file: read the file again."
            )
        if int(expires) <= now:
            raise Refusal(
                "link_expired",
                "This link is past its time: read the outcome or the file again for a new one.",
            )
        return int(space)

    def _signature(self, space_id: int, file_id: str, expires_at: int) -> str:
        message = f"file\n{space_id}\n{file_id}\n{expires_at}"
        return hmac.new(self.secret, message.encode("utf-8", "surrogatepass"), sha256).hexdigest()
