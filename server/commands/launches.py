"""A job made of a job type: parameters checked at the door, limits as the type sets them, and what is known of its start."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode
from listener_sdk.protocol.jobs import JobCreate
from listener_sdk.protocol.near_names import did_you_mean

from ..core.actors import Actor
from ..core.job_types import JobType
from ..core.jobs import JobRow
from ..core.members import KIND as MEMBER
from ..core.schemas import refuse, taken
from ..core.sizes import LARGEST
from ..core.templates import Resolved
from ..store import files
from ..store import job_types as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.transaction import Transaction
from . import jobs
from .built_in import BUILT_IN, KINDS

_NOTHING: Final[Mapping[str, Any]] = {}


class Launch(NamedTuple):
    """What is to run, for whom, and with what.

    - ``given``: fields of `JobCreate` besides the name and the input, as the caller sends them
    - ``said``: what the server itself knows of the job (``startedBy``, ``definition`` …)
    - ``label``: that of the job where the caller gives none
    - ``is_checked``: the parameters are what `checked` gave, before this came to the writer
    """

    actor: Actor
    job_type: JobType
    params: Resolved
    given: Mapping[str, Any] = _NOTHING
    said: Mapping[str, Any] = _NOTHING
    label: str | None = None
    definition_id: int | None = None
    is_checked: bool = False


class Outdated(Refusal):
    """The job type was declared anew, or removed, since the parameters were checked: who asks checks them once more."""

    def __init__(self) -> None:
        super().__init__("unavailable", "The job type was declared anew just now: try again.")


def type_of(tx: Transaction, actor: Actor, code: str) -> JobType:
    """As `find_type`, within a transaction."""
    return find_type(tx.connection, actor, code)


def find_type(reader: Reader, actor: Actor, code: str) -> JobType:
    """The type of this code, built in or declared; Refusal ``not_found`` that names near ones within the actor's reach."""
    found = BUILT_IN.get(code)
    if found is None:
        row = sql.by_code(reader, actor.space.id, code)
        found = None if row is None else row.job_type
    if found is None:
        raise unknown_type(reader, actor, code)
    return found


def reached_type(reader: Reader, actor: Actor, code: str) -> JobType:
    """As `find_type`; one whose jobs the actor does not reach is not found, either."""
    found = find_type(reader, actor, code)
    if actor.reach is not None and not actor.reach.names(found.name):
        raise unknown_type(reader, actor, code)
    return found


def unknown_type(reader: Reader, actor: Actor, code: str) -> Refusal:
    """The refusal of a code that no job type of the space has, or none within the actor's reach."""
    known = [(one.code, one.name) for one in BUILT_IN.values()]
    known += [(one.code, one.name) for one in sql.heads(reader, actor.space.id)]
    reach = actor.reach
    near = did_you_mean(code, [one for one, name in known if reach is None or reach.names(name)])
    shown = code[:192].encode("ascii", "backslashreplace").decode()
    return Refusal("not_found", f"There is no job type {shown} in this space.{near}", key="jobType")


def started_by(actor: Actor) -> dict[str, Any]:
    """Who has a job made, as the job tells it: a person, or a program by its key."""
    if decode(MEMBER, actor.key_id) is not None:
        return {"kind": "person", "memberId": actor.key_id}
    return {"kind": "api", "keyId": actor.key_id}


def launch(tx: Transaction, item: Launch) -> JobRow:
    """Make the job. Refusals ``invalid`` that name all that is wrong with the parameters; else as `jobs.create`."""
    params = item.params.value if item.is_checked else checked(item.job_type, item.params)
    body, described = _described(item, params)
    if item.job_type.needs_file:
        _check_file(tx, item.actor, body.file_id)
    said = {"jobType": item.job_type.code, **item.said}
    if item.params.secret_refs:
        said["secretRefs"] = [ref.stored() for ref in item.params.secret_refs]
    made = jobs.CreateJob(item.actor, body, said=said, definition_id=item.definition_id, described=described)
    return jobs.create(tx, made)


def _described(item: Launch, params: dict[str, Any]) -> tuple[JobCreate, dict[str, Any] | None]:
    """What a job type and a definition say was checked when they were made: only what the caller gives is now."""
    if not item.given:
        return item.job_type.blank, {"input": params} | ({"label": item.label} if item.label else {})
    job_type = item.job_type
    known = {**job_type.given, "input": params, "label": item.label, **item.given}
    return JobCreate(type=job_type.blank.type, operation=job_type.blank.operation, **known), None


_UPLOAD: Final = "upload one (POST /v1/files), and name it; on the command line --file PATH does both."


def _check_file(tx: Transaction, actor: Actor, name: str | None) -> None:
    """Refusals ``invalid`` and ``not_found`` unless this is a file that the actor sees."""
    if name is None:
        raise Refusal(
            "invalid",
            f"fileId: the job works on a file: {_UPLOAD}",
            key="fileId",
        )
    number = decode("fl", name)
    if number is None or not files.within(tx.connection, actor.space.id, [number], actor.reach):
        shown = name[:64]
        raise Refusal(
            "not_found",
            f"fileId: there is no file {shown} in this space: {_UPLOAD}",
            key="fileId",
            named=shown,
        )


def checked(job_type: JobType, params: Resolved) -> dict[str, Any]:
    """The parameters with their defaults; Refusals ``invalid``, one for each problem, or ``too_large``.

    Secrets are not looked at: they are not known.
    """
    _check_size(params.value)
    secret = {ref.path for ref in params.secret_refs}
    if job_type.built_in:
        refuse(KINDS[job_type.code].problems(params.value, secret))
        whole = job_type.schema.filled(params.value)
    else:
        whole = taken(job_type.schema, params.value, unknown=secret)
    if not isinstance(whole, dict):
        raise Refusal("invalid", "params: must be an object.", key="params")
    return whole


def _check_size(params: Any) -> None:
    """What a job's input may have, said in the caller's words."""
    if len(orjson.dumps(params)) > LARGEST["input"]:
        most = LARGEST["input"] // 1024
        raise Refusal(
            "too_large",
            f"params takes at most {most} KiB of JSON: put large data into a file, and name that.",
            key="params",
        )


def _launch(tx: Transaction, item: Launch | Refusal) -> JobRow:
    """What was refused before it came here is refused here, so that a repeated call has the answer of the first one. Outdated."""
    if isinstance(item, Refusal):
        raise item
    if not item.job_type.built_in:
        newest = sql.newest(tx.connection, item.actor.space.id, item.job_type.code)
        if newest is None or newest.job_type != item.job_type:
            raise Outdated
    return launch(tx, item)


LAUNCH: Final[Command[Launch | Refusal, JobRow]] = Command("launch", _launch)
