"""What readers see of a space, and what may be done with one."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import environment_id, space_id
from listener_sdk.protocol.spaces import SpaceCreate, SpaceRetention, SpaceUpdate
from listener_sdk.protocol.times import to_wire, to_wire_or_none

from .actors import Space
from .audit import differing
from .retention import DAY_MS, Retention, Spans

FIRST: Final = 1
"""The space of the first start. Keys of the whole store belong to it, and act in it unless a call names another."""


def space_wire(space: Space) -> dict[str, Any]:
    """The space as JSON object; Flatfile's fields among them."""
    return {
        "id": space_id(space.code),
        "code": space.code,
        "name": space.name,
        "environmentId": environment_id(space.code),
        "status": "deleting" if not space.open else "archived" if space.archived_at is not None else "active",
        "timeZone": space.time_zone,
        "linkTemplate": space.link_template,
        "retention": {"jobDays": _days(space.job_ms), "fileDays": _days(space.file_ms)},
        "createdAt": to_wire(space.created_at),
        "updatedAt": to_wire(space.updated_at),
        "archivedAt": to_wire_or_none(space.archived_at),
        "guestAuthentication": [],
    }


def new_space(number: int, body: SpaceCreate, now: int) -> Space:
    """The space that a body describes."""
    assert body.code is not None
    return Space(
        id=number,
        code=body.code,
        name=body.name,
        link_template=body.link_template,
        time_zone=body.time_zone,
        job_ms=_ms(body.retention.job_days),
        file_ms=_ms(body.retention.file_days),
        created_at=now,
        updated_at=now,
    )


def changed_space(space: Space, body: SpaceUpdate, now: int) -> Space:
    """The space as it is after a change; the same when nothing changes."""
    sent = body.sent()
    retention = sent.pop("retention", None) if "retention" in sent else _kept(space)
    rules = retention or SpaceRetention()
    archived = sent.pop("archived", space.archived_at is not None)
    fields = {**sent, "job_ms": _ms(rules.job_days), "file_ms": _ms(rules.file_days)}
    archived_at = (space.archived_at or now) if archived else None
    changed = replace(space, **fields, archived_at=archived_at)
    return space if changed == space else replace(changed, updated_at=now)


def differences(before: Space, after: Space) -> tuple[dict[str, Any], dict[str, Any]]:
    """What readers see of a change: the fields that differ, as they were and as they are."""
    return differing(space_wire(before), space_wire(after), but=("updatedAt",))


def check_active(space: Space) -> None:
    """Refusal ``space_archived`` when nothing new may begin in the space, ``not_found`` when it was deleted."""
    if not space.open:
        raise deleted(space)
    if space.archived_at is not None:
        raise Refusal(
            "space_archived",
            f"The space {space.code} is archived: its jobs go on to their end, and nothing new begins. An administrator takes it "
            f"back: tickwire spaces restore {space.code}, or PATCH /v1/spaces/{space.code} with archived: false.",
            key="space",
        )


def deleted(space: Space) -> Refusal:
    """The refusal of what acts in a space that was deleted."""
    return Refusal("not_found", f"The space {space.code} was deleted.", key="space")


def spans_of(spaces: Iterable[Space], rules: Retention) -> tuple[Spans, Spans]:
    """How long jobs and files are kept, by space."""
    known = list(spaces)
    return (
        Spans(rules.job_ms, {space.id: space.job_ms for space in known if space.job_ms is not None}),
        Spans(rules.file_ms, {space.id: space.file_ms for space in known if space.file_ms is not None}),
    )


def _kept(space: Space) -> SpaceRetention:
    return SpaceRetention(job_days=_days(space.job_ms), file_days=_days(space.file_ms))


def _days(ms: int | None) -> float | None:
    return None if ms is None else ms / DAY_MS


def _ms(days: float | None) -> int | None:
    return None if days is None else max(1, round(days * DAY_MS))
