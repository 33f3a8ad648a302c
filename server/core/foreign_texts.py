"""What other servers say, as people may read it: a terminal obeys some characters, and others turn or hide the words around them."""

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Control and format characters, and halves of pairs: what a byte becomes that is no UTF-8, and no JSON can hold."""
_KEPT: Final = frozenset("\t\n\r")


def seen(text: str) -> str:
    """The text with U+FFFD for each character that is not seen, lines and tabs apart.

    It comes before redaction: what such a character parts must not be joined to a secret afterwards.
    """
    return "".join(
        "\ufffd" if sign not in _KEPT and unicodedata.category(sign) in _UNSEEN else sign for sign in text
    )


def line(text: str) -> str:
    """The same on one line."""
    return " ".join(seen(text).split())
