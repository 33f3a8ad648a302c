"""One call of one route: what a handler is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, space_code
from listener_sdk.protocol.model import WireModel

from ..core.actors import Actor
from ..engine.node import Node
from ..store.blobs import Blobs
from ..store.command import Command, Replayed
from .bodies import body_hash, parse, read_body
from .idempotency import once
from .links import link_maker
from .queries import Query
from .state import BLOBS

M = TypeVar("M", bound=WireModel)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, the engine, and the key that was checked; ``key`` is None where the route let the call in without."""

    request: web.Request
    node: Node
    key: Actor | None

    @property
    def actor(self) -> Actor:
        """The key of a route that takes none without."""
        assert self.key is not None
        return self.key

    @property
    def query(self) -> Query:
        """The parameters in the address."""
        return Query(self.request)

    @property
    def blobs(self) -> Blobs:
        """The bytes of files."""
        return self.request.app[BLOBS]

    def link(self, file_id: str) -> tuple[str, int]:
        """A link for readers of the key's space. Made when a file is shown, which few answers do."""
        return link_maker(self.node, self.request, self.actor.space.id)(file_id)

    def number(self, kind: str, what: str) -> int:
        """The row's number of the id in the path; Refusal ``not_found`` when it is no id of this kind."""
        number = decode(kind, self.request.match_info["id"])
        if number is None:
            raise self.missing(what)
        return number

    def missing(self, what: str) -> Refusal:
        """The refusal of an id that names nothing in this space."""
        shown = self.request.match_info["id"][:64].encode("ascii", "backslashreplace").decode()
        return Refusal("not_found", f"There is no {what} {shown} in this space.", key="id")

    def names_another_space(self) -> bool:
        """Whether ``environmentId`` or ``spaceId`` in the address name a space that this key does not open."""
        given = (self.query.text("environmentId"), self.query.text("spaceId"))
        return any(text is not None and space_code(text) != self.actor.space.code for text in given)

    async def body(self, model: type[M]) -> M:
        """The body as model."""
        return parse(model, await read_body(self.request, self.node.settings), self.node.settings)

    async def submit(
        self,
        model: type[M],
        command: Command[Any, Any],
        item: Callable[[M], Any],
        answer: Callable[[Any], str],
    ) -> Any:
        """Run a command on the body: its result, or Replayed with what ``answer`` once made of it for this Idempotency-Key."""
        raw = await read_body(self.request, self.node.settings)
        # An empty body is hashed as the object that it stands for.
        promise = once(self.request, self.actor, body_hash(raw or b"{}"), answer)
        return await self.node.submit(command, item(parse(model, raw, self.node.settings)), promise)

    async def answer(
        self,
        model: type[M],
        command: Command[Any, Any],
        item: Callable[[M], Any],
        answer: Callable[[Any], str],
    ) -> str:
        """As ``submit``, but the JSON text that ``answer`` makes, or once made, of the result."""
        result = await self.submit(model, command, item, answer)
        return result.answer if isinstance(result, Replayed) else answer(result)


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class NoBody(WireModel):
    """Routes that need nothing ignore what is sent."""
