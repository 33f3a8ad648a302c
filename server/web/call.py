"""One call of one route: what a handler is given."""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiohttp import web

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode, space_code, space_id
from listener_sdk.protocol.model import WireModel

from ..commands.moves import job_number
from ..core.actors import Actor
from ..core.refusals import missing
from ..core.wall import names_in
from ..engine.node import Node
from ..store import jobs
from ..store.blobs import Blobs
from ..store.command import Command, Replayed
from ..store.database import Reader
from .auth import keyring
from .bodies import body_hash, parse, read_body
from .idempotency import once
from .links import link_maker
from .queries import Query
from .state import BLOBS

M = TypeVar("M", bound=WireModel)
LATE_S: Final = 1.0
"""A body that takes longer may come from somebody who has been shut out meanwhile."""
_SPACES: Final = {"environmentId": "environment", "spaceId": "space"}


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
        return unknown(what, self.request.match_info["id"], "id")

    def check_space(self) -> None:
        """Refusal ``not_found`` when ``environmentId`` or ``spaceId`` in the address name another space than this."""
        for name in ("environmentId", "spaceId"):
            text = self.query.text(name)
            if text is not None and space_code(text) != self.actor.space.code:
                raise unknown(_SPACES[name], text, name, named=space_id(space_code(text)))

    def sees_job(self, reader: Reader, job_id: int) -> bool:
        """Whether there is such a job in this space, within reach of the key."""
        reach, space_id = self.actor.reach, self.actor.space.id
        if reach is None:
            return jobs.exists(reader, space_id, job_id)
        row = jobs.load(reader, space_id, job_id)
        return row is not None and reach.sees(row)

    async def seen_job(self, text: str, key: str) -> int:
        """The number of a job that is within reach of the key; Refusal ``not_found``."""
        job_id = job_number(text, key)
        if not await self.node.read(lambda reader: self.sees_job(reader, job_id)):
            raise missing("job", text, key)
        return job_id

    def across(self, names: Iterable[str]) -> None:
        """The call named these, and they are not in this space; they may be in another."""
        self.node.wall.named(self.actor, names, how(self.request))

    async def raw(self, limit: int | None = None, timeout_s: float | None = None) -> bytes:
        """The body as it came, see ``read_body``. Who was long in sending it is checked once more: keys and sessions end."""
        begun = time.monotonic()
        raw = await read_body(self.request, self.node.settings, limit, timeout_s)
        if self.key is not None and time.monotonic() - begun >= LATE_S:
            await keyring(self.node).check_again(self.key)
        return raw

    async def body(self, model: type[M]) -> M:
        """The body as model."""
        return parse(model, await self.raw(), self.node.settings)

    async def submit(
        self,
        model: type[M],
        command: Command[Any, Any],
        item: Callable[[M], Any],
        answer: Callable[[Any], str],
    ) -> Any:
        """Run a command on the body: its result, or Replayed with what ``answer`` once made of it for this Idempotency-Key."""
        raw = await self.raw()
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


def unknown(what: str, text: str, key: str, *, named: str | None = None) -> Refusal:
    """The refusal of a text that names nothing in this space."""
    shown = text[:64].encode("ascii", "backslashreplace").decode()
    return missing(what, shown, key, named=named)


def how(request: web.Request) -> dict[str, Any]:
    """The route of a request, as the audit tells it."""
    resource = request.match_info.route.resource
    return {"route": f"{request.method} {resource.canonical if resource is not None else request.path}"}


def named_in_address(request: web.Request) -> Iterator[str]:
    """What looks like an id in the address of a request."""
    yield from names_in([*request.match_info.values(), *request.query.values()])


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class NoBody(WireModel):
    """Routes that need nothing ignore what is sent."""
