"""Who may do what: one table from the rule that stands on a route, or from a frame of the stream, to roles."""

from typing import Final

from listener_sdk.protocol.codes import Refusal

ROLES: Final = {
    "admin": "Everything in its space, keys included.",
    "listener": "Jobs, events and files of its space, over REST and the stream; no keys.",
}

_EVERY_ROLE: Final = frozenset(ROLES)

ROUTES: Final = {
    "key": _EVERY_ROLE,
    "admin": frozenset({"admin"}),
}
"""Rules of routes that need a key; ``public``, ``signed`` and ``stream`` routes have no role at their door."""

FRAMES: Final = dict.fromkeys(
    (
        "hello", "listen", "ack", "tick", "renew", "complete", "fail", "release", "log", "create", "publish",
        "subscribe", "unsubscribe",
    ),
    _EVERY_ROLE,
)  # fmt: skip


def check_role(role: str, allowed: frozenset[str]) -> None:
    """Refusal ``forbidden`` unless the role is among those allowed."""
    if role not in allowed:
        raise Refusal(
            "forbidden", f"A key of role {role} may not do this; it takes {' or '.join(sorted(allowed))}."
        )
