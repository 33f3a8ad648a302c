"""How large the parts of a job or event may be."""

from typing import Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal

LARGEST: Final = {
    "input": 256 * 1024,
    "result": 256 * 1024,
    "plan": 256 * 1024,
    "config": 64 * 1024,
    "metadata": 64 * 1024,
    "subject": 64 * 1024,
    "outcome": 64 * 1024,
    "partData": 256 * 1024,
    "definition": 256 * 1024,
    "event": 64 * 1024,
}
"""Bytes of the JSON text of each named part."""


def bounded(parts: dict[str, Any]) -> None:
    """Refusal ``too_large`` with the name of the first part that is over its limit; other names pass.

    Refusal ``invalid`` for a part with a value that no JSON text holds, such as an integer of more than 64 bits.
    """
    for name, value in parts.items():
        if name in LARGEST:
            sized_text(name, value)


def sized_text(name: str, value: Any) -> str | None:
    """The JSON text of a named part, None for None; refusals as of `bounded`."""
    if value is None:
        return None
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise Refusal("invalid", f"{name} cannot be kept as JSON: {error}.", key=name) from None
    limit = LARGEST[name]
    if len(text) > limit:
        raise Refusal(
            "too_large",
            f"{name} takes at most {limit // 1024} KiB of JSON: put large data into a file and name that.",
            key=name,
        )
    return text.decode()
