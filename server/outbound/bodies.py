"""The body of an answer as JSON can hold it: JSON, text, or base64."""

import codecs
import re
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final, Literal

from listener_sdk.protocol.codes import Refusal

from ..core.json_door import JsonLimits, read_json

Form = Literal["empty", "json", "text", "base64"]
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_TEXTUAL: Final = ("json", "xml", "javascript", "x-www-form-urlencoded", "yaml", "graphql", "csv")

_CHARSETS: Final = re.compile(
    r"ascii|utf-8(-sig)?|utf-(16|32)(-[bl]e)?|iso8859-\d+|cp\d+|mac-\w+|koi8-\w|(gb|big5|euc_|shift_jis)\w*"
)
"""Python has others, which are no charsets of text or take time that grows with the square of the length."""


@dataclass(frozen=True, slots=True)
class Body:
    """``value`` in the form that ``form`` names."""

    form: Form
    value: Any


def readable(raw: bytes, content_type: str | None, charset: str | None, *, whole: bool) -> Body:
    """What the bytes mean.

    JSON where its type says so and any store can keep it; else text in its charset, what is not of it replaced; else base64. A part
    of a body is no JSON.
    """
    if not raw:
        return Body("empty", None)
    kind = (content_type or "").lower()
    if whole and (kind.endswith(("/json", "+json")) or not kind):
        try:
            return Body("json", read_json(raw, JsonLimits(size=len(raw))))
        except Refusal:
            # It says that it is JSON and is not, or not of a kind that stores keep: then its text is all there is.
            pass
    if _is_text(raw, kind, charset):
        return Body("text", raw.decode(_known(charset), errors="replace").replace("\0", "\ufffd"))
    return Body("base64", b64encode(raw).decode())


class Unpacker:
    """Undoes ``Content-Encoding`` up to a limit, so that a few bytes do not become very many.

    Servers may compress although they were asked not to. Codings other than gzip and deflate stay as they are: ``known`` is False.
    """

    def __init__(self, encoding: str | None, limit: int) -> None:
        name = (encoding or "identity").strip().lower()
        self.known = name in _WINDOWS or name in {"identity", ""}
        self.cut = False
        self._left = limit
        self._inflate = zlib.decompressobj(_WINDOWS[name]) if name in _WINDOWS else None
        self._kept = bytearray()

    @property
    def kept(self) -> bytes:
        return bytes(self._kept)

    def take(self, chunk: bytes) -> None:
        """Keep what a chunk holds, as far as the limit reaches; ``cut`` says that something was left out. Raises zlib.error."""
        if self._inflate is not None:
            chunk = self._inflate.decompress(chunk, self._left + 1)
        self.cut = self.cut or len(chunk) > self._left
        self._kept += chunk[: self._left]
        self._left -= min(len(chunk), self._left)


def _is_text(raw: bytes, kind: str, charset: str | None) -> bool:
    if charset or kind.startswith("text/") or any(word in kind for word in _TEXTUAL):
        return True
    if kind and kind != "application/octet-stream":
        return False
    try:
        # A cut may have gone through a character, which is no sign of other bytes.
        text = codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return False
    return "\0" not in text


def _known(charset: str | None) -> str:
    """The charset if it is a usual one, else UTF-8."""
    try:
        name = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return name if _CHARSETS.fullmatch(name) else "utf-8"
