"""The job types that the frame ``listen`` declares: each checked before anything is asked of the store."""

from collections.abc import Iterable

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.job_types import JobTypeDeclare

from ..core.built_in import CODES, refuse_own
from ..core.fleets import Wish
from ..core.job_types import JobType, declared
from ..core.reach import Reach


def declared_types(
    bodies: list[JobTypeDeclare], wishes: Iterable[Wish], reach: Reach | None
) -> dict[str, JobType]:
    """The types by code, each of which stands once and is of jobs that the session takes.

    Refusals ``invalid``, ``forbidden`` or ``too_large`` that name the place in the frame.
    """
    found: dict[str, JobType] = {}
    for place, body in enumerate(bodies):
        _check_name(body.name, f"types[{place}].name", wishes, reach)
        _check_code(str(body.code), f"types[{place}].code", found, reach)
        found[str(body.code)] = declared(body)
    return found


def _check_name(name: str, at: str, wishes: Iterable[Wish], reach: Reach | None) -> None:
    refuse_own(name, at)
    if not any(wish.takes(name) for wish in wishes):
        raise Refusal("invalid", f"{at}: this session does not take {name}, so it cannot declare it.", key=at)
    if reach is not None:
        reach.check_name(name)


def _check_code(code: str, at: str, found: dict[str, JobType], reach: Reach | None) -> None:
    if code in found:
        raise Refusal("invalid", f"{at}: {code} stands twice.", key=at)
    if code in CODES:
        raise Refusal("invalid", f"{at}: {code} is built in: choose another code.", key=at)
    if reach is not None and ":" in code and not reach.names(code):
        # It is the code that a type of these jobs has, unless it says otherwise.
        raise Refusal("forbidden", f"{at}: {code} names jobs that this key is not for.", key=at)
