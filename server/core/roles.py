"""Who may do what: one table of roles and permissions, and the permission that each frame of the stream asks for.

A route asks for the permission that stands beside it in the table of routes.
"""

from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode

from .actors import Actor
from .members import KIND as MEMBER

PERMISSIONS: Final = {
    "read": "see jobs, events, files and the space",
    "run": "create, execute, cancel and retry jobs, acknowledge outcomes, drain listeners, store files, publish events",
    "schedule": "have jobs run at set times",
    "define": "make, change and remove job definitions and actions",
    "work": "take jobs and report of them, change and remove jobs and files, keep durable subscriptions",
    "set_secrets": "set and remove secrets",
    "use_secrets": "use secrets in the jobs that they hold",
    "read_secrets": "read the values of secrets over HTTP",
    "administer": "administer keys, members, the audit and the settings of the space",
    "own": "create and delete spaces, and act in each of them",
}

ROLES: Final = {
    "viewer": "Sees all, changes nothing.",
    "operator": "Runs jobs, now or at set times.",
    "developer": "What an operator may, defines jobs, and takes them as a listener does.",
    "admin": "Everything in its space.",
    "listener": "A program that takes jobs, and may start others.",
}

_GRANTED: Final = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "run", "schedule"}),
    "developer": frozenset({"read", "run", "schedule", "define", "work", "set_secrets", "use_secrets"}),
    "admin": frozenset(
        {"read", "run", "schedule", "define", "work", "set_secrets", "use_secrets", "administer"}
    ),
    "listener": frozenset({"read", "run", "work", "use_secrets", "read_secrets"}),
}

FRAMES: Final = {
    **dict.fromkeys(("hello", "subscribe", "unsubscribe"), "read"),
    **dict.fromkeys(
        ("listen", "ack", "tick", "renew", "complete", "fail", "release", "log", "acked"), "work"
    ),
    **dict.fromkeys(("create", "publish"), "run"),
    "secrets": "use_secrets",
}


def may(role: str, permission: str, *, every_space: bool = False) -> bool:
    """Whether a key of this role has the permission; ``own`` belongs to administrators of the whole store."""
    granted = _GRANTED.get(role, frozenset())
    return permission in granted or (permission == "own" and every_space and "administer" in granted)


def roles_with(permission: str) -> list[str]:
    """The roles that have a permission."""
    return [role for role in ROLES if may(role, permission)]


def check(actor: Actor, permission: str) -> None:
    """Refusal ``forbidden`` unless the actor has the permission."""
    if not may(actor.role, permission, every_space=actor.every_space):
        raise Refusal("forbidden", _why(actor, permission), role=actor.role, permission=permission)


def _why(actor: Actor, permission: str) -> str:
    what = PERMISSIONS[permission]
    if actor.is_token:
        return f"A token only looks on: it may not {what}. Use a key."
    if permission == "own":
        return "This takes an administrator's key of the whole store, such as the one in admin.key."
    who = "A member" if decode(MEMBER, actor.key_id) is not None else "A key"
    return (
        f"{who} of role {actor.role} may not {what}: it takes the role {' or '.join(roles_with(permission))}."
    )
