"""Job types and definitions on a stage."""

from typing import Any

from stage import ADMIN, Stage

from listener_sdk.protocol.definitions import DefinitionCreate, DefinitionUpdate
from listener_sdk.protocol.job_types import JobTypeDeclare
from server.commands import definition_starts, definitions
from server.commands.definition_starts import Start
from server.commands.definitions import CreateDefinition, UpdateDefinition
from server.core.actors import Actor
from server.core.definitions import DefinitionRow
from server.core.job_types import JobType, JobTypeRow, declared
from server.store import job_types
from server.store.command import Command

SCHEMA = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "maxLength": 40},
        "limit": {"type": "integer", "default": 10},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["url"],
    "additionalProperties": False,
}
API = {"kind": "api", "keyId": ADMIN.key_id}


def made_type(**fields: Any) -> JobType:
    """A job type, such as a listener declares it."""
    body = {
        "name": "workbook:export",
        "code": "export",
        "inputSchema": SCHEMA,
        "modes": ["full", "delta"],
        **fields,
    }
    return declared(JobTypeDeclare.model_validate(body))


def _keep(tx: Any, item: tuple[JobType, Actor]) -> None:
    made, actor = item
    row = JobTypeRow(
        id=tx.next_id("job_type"), space_id=actor.space.id, code=made.code, name=made.name, body=made.stored(),
        created_at=tx.now, updated_at=tx.now, updated_by=actor.key_id, seen_at=tx.now,
    )  # fmt: skip
    job_types.insert(tx.connection, row)


KEEP = Command("keep", _keep)
START = Command("start", lambda tx, item: definition_starts.start(tx, *item))


async def declare(stage: Stage, actor: Actor = ADMIN, **fields: Any) -> JobType:
    """A listener has declared this type."""
    made = made_type(**fields)
    await stage.do(KEEP, (made, actor))
    return made


async def define(stage: Stage, actor: Actor = ADMIN, *, enabled: bool = True, **fields: Any) -> DefinitionRow:
    """A definition is made."""
    body = {"jobDefinitionCode": "nightly", "jobType": "export", "params": {"url": "x"}, **fields}
    item = CreateDefinition(actor, DefinitionCreate.model_validate(body), enabled)
    made: DefinitionRow = await stage.do(definitions.CREATE_DEFINITION, item)
    return made


async def change(stage: Stage, actor: Actor = ADMIN, which: str = "nightly", **fields: Any) -> DefinitionRow:
    """A definition is changed."""
    item = UpdateDefinition(actor, which, DefinitionUpdate.model_validate(fields))
    changed: DefinitionRow = await stage.do(definitions.UPDATE_DEFINITION, item)
    return changed


async def start(stage: Stage, row: DefinitionRow, actor: Actor = ADMIN, **fields: Any) -> Any:
    """A job of a definition is made."""
    return await stage.do(START, (row, Start(actor, fields.pop("by", API), **fields)))
