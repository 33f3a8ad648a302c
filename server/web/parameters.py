"""What lists take in the address. Other names are refused: one that is misspelt would let everything through in silence.

The lists of Flatfile's and Conscia's clients are not here: those may send what we do not know, and it is ignored.
"""

from collections.abc import Iterable
from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.near_names import did_you_mean

LONGEST_SHOWN: Final = 64
"""Characters of a wrong name that are told."""
_ANYWHERE: Final = ("environmentId", "spaceId")
"""Any call may name its space so."""
_PAGES: Final = ("pageSize", "cursor")
_SCHEDULES: Final = ("enabled", "owner", "dueUntil", *_PAGES)
_CHOSEN: Final = ("schedule", "target", "result", "mode", "trigger", "since", "until")
_RUNS: Final = ("definition", *_CHOSEN)
_LINES: Final = ("actor", "action", "target", "since", "until", "deletedSpace")

TAKEN: Final = {
    "/v1/job-types": ("domain", "q", "online", *_PAGES),
    "/v1/job-definitions": ("jobType", "enabled", "target", "health", "q", *_PAGES),
    "/v1/job-definitions/{code}/versions": _PAGES,
    "/v1/job-definitions/{code}/schedules": _SCHEDULES,
    "/v1/job-definitions/{code}/runs": (*_CHOSEN, *_PAGES),
    "/v1/schedules": ("definition", *_SCHEDULES),
    "/v1/runs": (*_RUNS, *_PAGES),
    "/v1/runs/export": ("format", *_RUNS),
    "/v1/jobs/{id}/log": ("after", "pageSize"),
    "/v1/events/stream": ("topic", "topics", "domain", "filter", "after", "progress", "name"),
    "/v1/listeners": _PAGES,
    "/v1/overview": ("hours",),
    "/v1/subscriptions": _PAGES,
    "/v1/hooks": _PAGES,
    "/v1/hooks/{id}/deliveries": ("status", *_PAGES),
    "/v1/keys": _PAGES,
    "/v1/members": ("role", "active", "email", *_PAGES),
    "/v1/notifications": ("member", "unread", *_PAGES),
    "/v1/notifications/channels": ("check",),
    "/v1/audit": (*_LINES, *_PAGES),
    "/v1/audit/export": ("format", *_LINES),
}
"""The parameters of each list, by its path."""


def check_taken(path: str, given: Iterable[str]) -> None:
    """Refusal ``invalid`` for the first name that a list does not take."""
    taken = TAKEN.get(path)
    if taken is None:
        return
    wrong = next((name for name in given if name not in taken and name not in _ANYWHERE), None)
    if wrong is not None:
        shown = wrong[:LONGEST_SHOWN].encode("ascii", "backslashreplace").decode()
        meant = did_you_mean(wrong, taken) or f" There are {', '.join(taken)}."
        raise Refusal("invalid", f"{shown}: there is no such parameter.{meant}", key=shown)
