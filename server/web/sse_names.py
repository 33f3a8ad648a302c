"""Server-sent events of a durable subscription: one follower more of those that a connection of the stream can be.

Its acks come beside it, as calls of their own.
"""

import asyncio
from typing import Any

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.frames import Subscribe
from listener_sdk.protocol.model import WireModel
from listener_sdk.protocol.subscriptions import DurableName

from ..core.actors import Actor
from ..core.roles import check as check_role
from ..engine.hub import Hub, unanswered
from ..engine.outbox import Outbox
from ..engine.subscriptions import Subscription
from ..engine.windows import Window
from ..engine.wording import MESSAGES
from ..store.command import Command
from ..store.writer import Done
from .call import Call
from .cookies import check_shown, cookie_of
from .queries import Query


def check(call: Call) -> None:
    """Refusal for who may not. Another page can lead a browser to an address, with its cookie: this one changes something."""
    check_role(call.actor, "work")
    cookie = cookie_of(call.request)
    if call.actor.login is not None and cookie is not None:
        check_shown(call.request, cookie)


class _Name(WireModel):
    name: DurableName | None


def name_of(query: Query) -> str | None:
    """The name in the address; ValidationError for what is none."""
    return _Name(name=query.text("name")).name


class Named:
    """Who follows one subscription by its name, until it is ended."""

    def __init__(self, hub: Hub, actor: Actor, outbox: Outbox) -> None:
        self.actor = actor
        self.number = hub.next_number()
        self.holder = f"{actor.key_id}/{hub.server_id}-{self.number}"
        self.subscriptions: dict[str, Subscription] = {}
        self._hub = hub
        self._outbox = outbox
        self._begun: asyncio.Future[Subscription] = asyncio.get_running_loop().create_future()

    async def begun(self, wanted: Subscribe) -> Subscription:
        """Follow, from where the name stands; Refusal for what cannot be."""
        self._hub.durables.subscribe(self, wanted)
        try:
            return await self._begun
        except asyncio.CancelledError:
            for found in self.subscriptions.values():
                self._hub.subscriptions.remove(found)
            raise
        finally:
            self._hub.forget_asked(self, wanted.sub)

    def is_here(self) -> bool:
        """Whether the call still waits to begin."""
        return not self._begun.done()

    def post(self, command: Command[Any, Any], item: object, done: Done) -> None:
        """Have a command done."""
        self._hub.post(command, item, done)

    def begin(self, frame: Subscribe, window: Window) -> None:
        """Let it begin."""
        actor = self.actor
        found = self._hub.subscriptions.add(
            frame, actor.space.id, self._outbox, actor.reach, actor.key_id, words=MESSAGES, window=window
        )
        self.subscriptions[frame.sub] = found
        self._begun.set_result(found)

    def refuse(self, error: Exception, request: int | None, *, sub: str) -> None:
        """It does not begin."""
        if isinstance(error, Refusal) and error.key == "durable":
            error.key = "name"
        if self.is_here():
            self._begun.set_exception(error)
        else:
            unanswered(None, error)

    def answer(self, request: int | None, data: Any, error: Exception | None) -> None:
        """Acks come beside it, and are answered there."""
