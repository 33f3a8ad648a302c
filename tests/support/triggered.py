"""Event triggers on a stage: definitions that have some, events that are published, and the jobs that came of them."""

from typing import Any

from defined import declare, define
from stage import ADMIN, Stage

from listener_sdk.protocol.events import EventCreate
from server.commands.events import PUBLISH, PublishEvent
from server.commands.trigger_decisions import Batch, Match, decide
from server.core.actors import Actor
from server.core.definitions import DefinitionRow
from server.store.triggers import WHOLE

ANY = {"type": "object"}


async def triggered(
    stage: Stage,
    code: str = "nightly",
    actor: Actor = ADMIN,
    *,
    topic: str = "invoice:paid",
    job: str = "",
    **fields: Any,
) -> DefinitionRow:
    """An enabled definition with one trigger; ``job`` is the name of its jobs, whose type takes any parameters."""
    trigger = {name: fields.pop(name) for name in ("filter", "mode", "maxPerMinute") if name in fields}
    mapping = fields.pop("mapping", {})
    name = job or f"{code}:run"
    await declare(stage, actor, name=name, code=code, inputSchema=fields.pop("schema", ANY))
    given = {"triggers": [{"topic": topic, "params": mapping, **trigger}], "params": {}, **fields}
    return await define(stage, actor, jobDefinitionCode=code, jobType=code, **given)


async def publish(stage: Stage, topic: str = "invoice:paid", actor: Actor = ADMIN, **fields: Any) -> int:
    """An event of a client; its place in the log."""
    body = EventCreate.model_validate({"topic": topic, **fields})
    made = await stage.do(PUBLISH, PublishEvent(actor, body))
    return int(made.seq)


async def made(stage: Stage, code: str | None = None) -> list[dict[str, Any]]:
    """What the jobs of definitions say of themselves, in the order of their making."""
    rows = await stage.rows("SELECT id FROM job WHERE definition_id IS NOT NULL ORDER BY id")
    found = [(await stage.row(job_id)).described() for (job_id,) in rows]
    return [one for one in found if code in {None, one["definition"]}]


async def matched(stage: Stage, row: DefinitionRow, **fields: Any) -> Match:
    """An event has come that starts the definition's trigger."""
    seq = await publish(stage, **fields)
    [event] = [one for one in await stage.events() if one["seq"] == seq]
    return Match(1, seq, stage.clock(), event, row.id, 0)


async def decided(stage: Stage, *matches: Match, spaces: Any = None, failed: str | None = None) -> Batch:
    """What is to be done about them."""
    upto = (matches[-1].seq, WHOLE, 0)
    given = stage.facts.spaces if spaces is None else spaces
    found: Batch = await stage.node.read(lambda reader: decide(reader, matches, upto, given, failed))
    return found
