"""Public identifiers: ``us_<kind>_<text>``, made from a row's integer by a reversible encoding.

They sort in order of creation, are opaque to callers, and cost the store no random index (a random text key
costs 6 to 15 microseconds a job, measured).
"""

from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so that an id can be read aloud."""

WIDTH: Final = 10
"""Characters of an encoded integer: 50 bits."""

LARGEST: Final = 32**WIDTH - 1
_PAIRS: Final = [a + b for a in ALPHABET for b in ALPHABET]
_VALUES: Final = {pair: value for value, pair in enumerate(_PAIRS)}


def encode(kind: str, number: int) -> str:
    """The public id of the row ``number`` (0 to 2^50 - 1) of a kind such as ``jb``, ``ev`` or ``fl``."""
    pairs = _PAIRS
    return (
        f"us_{kind}_{pairs[number >> 40 & 1023]}{pairs[number >> 30 & 1023]}{pairs[number >> 20 & 1023]}"
        f"{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
    )


def decode(kind: str, text: str) -> int | None:
    """The row's integer, or None when the text is not an id of this kind."""
    prefix = f"us_{kind}_"
    if not text.startswith(prefix) or len(text) != len(prefix) + WIDTH:
        return None
    number = 0
    for at in range(len(prefix), len(text), 2):
        value = _VALUES.get(text[at : at + 2])
        if value is None:
            return None
        number = number << 10 | value
    return number


def environment_id(space: str) -> str:
    """Flatfile's environment is our space: ``us_env_<code>``."""
    return f"us_env_{space}"


def space_id(space: str) -> str:
    """Flatfile's space is our space: ``us_sp_<code>``."""
    return f"us_sp_{space}"


def space_code(text: str) -> str:
    """The space's code in ``us_env_<code>`` or ``us_sp_<code>``, or the text itself when it is neither."""
    return text.removeprefix("us_env_").removeprefix("us_sp_")
