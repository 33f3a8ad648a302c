"""Endpoints on a stage: made, told of events, and posted to as time is moved by hand."""

from typing import Any

from stage import ADMIN, Stage

from listener_sdk.protocol.endpoints import EndpointCreate, EndpointUpdate
from listener_sdk.protocol.events import EventCreate
from listener_sdk.protocol.signatures import secret_text
from server.commands.endpoints import CREATE_ENDPOINT, UPDATE_ENDPOINT, CreateEndpoint, UpdateEndpoint
from server.commands.events import PUBLISH, PublishEvent
from server.commands.signing_secrets import Signing
from server.core.actors import Actor
from server.core.endpoints import EndpointRow
from server.store import endpoints

SECRET = secret_text(bytes(range(32)))


async def endpoint(stage: Stage, url: str, actor: Actor = ADMIN, **fields: Any) -> EndpointRow:
    """An endpoint of all that is published as ``invoice:...``, unless said otherwise."""
    body = EndpointCreate.model_validate({"url": url, "topics": ["invoice:*"], **fields})
    made = await stage.do(CREATE_ENDPOINT, CreateEndpoint(actor, body, Signing(SECRET, stage.node.sealer)))
    return made.row


async def change(stage: Stage, row: EndpointRow, **fields: Any) -> EndpointRow:
    body = EndpointUpdate.model_validate(fields)
    return await stage.do(UPDATE_ENDPOINT, UpdateEndpoint(ADMIN, row.id, body))


async def publish(stage: Stage, number: int = 0, topic: str = "invoice:paid", actor: Actor = ADMIN) -> int:
    """An event of a client; its place in the log."""
    body = EventCreate.model_validate({"topic": topic, "payload": {"n": number}})
    made = await stage.do(PUBLISH, PublishEvent(actor, body))
    return int(made.seq)


async def make(stage: Stage) -> int:
    """Let deliveries be made of what was published: how many."""
    await stage.idle()
    return await stage.node.endpoints.look()


async def send(stage: Stage) -> int:
    """The same, and let all go out that is due: how many deliveries were made."""
    made = await make(stage)
    await stage.node.endpoint_deliveries.settle()
    while await stage.node.endpoint_deliveries.look():
        await stage.node.endpoint_deliveries.settle()
    return made


async def state(stage: Stage, row: EndpointRow) -> EndpointRow:
    """The endpoint as it is stored now."""
    found = await stage.node.read(lambda reader: endpoints.load(reader, row.space_id, row.id))
    assert found is not None
    return found


async def told(stage: Stage) -> list[str]:
    """What the server has told of endpoints."""
    return [one["topic"].partition(":")[2] for one in await stage.events() if one["domain"] == "endpoint"]
