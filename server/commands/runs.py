"""Running again what the history shows: as it was, or with other parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode

from ..core.actors import Actor
from ..core.job_types import JobType, check_mode
from ..core.jobs import JobRow
from ..core.refusals import missing
from ..core.roles import may
from ..core.templates import Resolved, SecretRef
from ..store import jobs as sql
from ..store.command import Command
from ..store.database import Reader
from ..store.transaction import Transaction
from . import jobs, launches
from .jobs import JobAct


@dataclass(frozen=True, slots=True)
class AgainRun:
    """``edit`` are fields of the job's description that are others this time, as `prepared` has made them; or why there are none."""

    actor: Actor
    job_id: int
    edit: Mapping[str, Any] | Refusal = field(default_factory=dict)


def prepared(
    reader: Reader, actor: Actor, job_id: int, params: Mapping[str, Any], mode: str | None
) -> AgainRun:
    """A run again with these parameters in the place of its own, or in this mode: what may take long is done.

    Refusals are kept for the command to tell, so that a repeated call has the answer of the first one: ``not_found`` of the job or of
    its type; ``invalid`` for each parameter that does not fit, or a mode that the type does not have; ``forbidden`` for parameters of
    one's own where secrets stand beside them, as in a launch.
    """
    try:
        return AgainRun(actor, job_id, _edit(reader, actor, job_id, params, mode))
    except Refusal as refusal:
        return AgainRun(actor, job_id, refusal)


def _edit(
    reader: Reader, actor: Actor, job_id: int, params: Mapping[str, Any], mode: str | None
) -> dict[str, Any]:
    row = sql.load(reader, actor.space.id, job_id)
    if row is None or row.definition_id is None:
        raise missing("run", encode("jb", job_id))
    if not params and mode is None:
        return {}
    described = row.described()
    job_type = launches.reached_type(reader, actor, described["jobType"])
    return {**_mode(job_type, described, mode), **_params(actor, job_type, described, params)}


def _mode(job_type: JobType, described: Mapping[str, Any], mode: str | None) -> dict[str, Any]:
    if mode is None:
        return {}
    check_mode(job_type, mode)
    modes = described.get("modes")
    return {"runMode": mode} if modes is None else {"modes": {**modes, "asked": mode}}


def _params(
    actor: Actor, job_type: JobType, described: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, Any]:
    if not params:
        return {}
    refs = [SecretRef.of(one) for one in described.get("secretRefs", ())]
    if refs and not may(actor.role, "use_secrets"):
        raise Refusal(
            "forbidden",
            f"This run has used the secret {refs[0].name}: a key of role {actor.role} runs it again as it was, without params of its own.",
            key="params",
        )
    kept = tuple(ref for ref in refs if not ref.path or ref.path[0] not in params)
    whole = Resolved({**described.get("input", {}), **params}, kept)
    return {"input": launches.checked(job_type, whole), "secretRefs": [ref.stored() for ref in kept] or None}


def again(tx: Transaction, item: AgainRun) -> JobRow:
    """A new job like that of the run, but for what was edited; refusals as of `jobs.retry`, and ``too_large``."""
    if isinstance(item.edit, Refusal):
        raise item.edit
    return jobs.retry(tx, JobAct(item.actor, item.job_id), item.edit)


def _job(item: AgainRun) -> tuple[int]:
    return (item.job_id,)


RUN_AGAIN: Final = Command("run_again", again, _job)
