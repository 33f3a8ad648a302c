"""A writer over a real store, whose commits can be held up, counted, and made to fail."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stage import DEADLINE_S, Clock

from listener_sdk.protocol.codes import Refusal
from server.core.dispatch import Dispatch
from server.core.effects import Lost
from server.store import log
from server.store.command import Command
from server.store.database import Connection, Database, Row
from server.store.transaction import NewEvent, Transaction
from server.store.writer import Writer


def write(tx: Transaction, name: str) -> str:
    """Store a name and an event; what it is named decides what goes wrong."""
    if name.startswith("refused"):
        raise Refusal("conflict", f"{name} is refused")
    tx.insert("meta", ("name", "value"), (name, "v"))
    tx.append(NewEvent(1, "test:written", None, terminal=False, body={"name": name}))
    tx.effects.append(Lost(name, 0, 0))
    if name.startswith("broken"):
        raise RuntimeError(name)
    return f"{name} written"


WRITE = Command("write", write)
LAZY = Command("lazy", write, lazy=True)


class Gate:
    """A connection whose commits can be held up, counted, and made to fail."""

    def __init__(self, inner: Connection) -> None:
        self.inner = inner
        self.open = threading.Event()
        self.open.set()
        self.reached = threading.Event()
        self.commits = 0
        self.fail: dict[str, list[Exception]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def begin(self) -> None:
        self._fail("begin")
        self.inner.begin()

    def commit(self, events: Sequence[Row] = ()) -> int:
        self.reached.set()
        assert self.open.wait(DEADLINE_S)
        self._fail("commit")
        first = self.inner.commit(events)
        self.commits += 1
        return first

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        if "GROUP BY holder" in sql:
            self._fail("reload")
        return self.inner.rows(sql, **params)

    def _fail(self, where: str) -> None:
        errors = self.fail.get(where)
        if errors:
            raise errors.pop(0)


@dataclass
class House:
    """A writer over a real store, and what it told its owner."""

    store: Database
    gate: Gate
    dispatch: Dispatch
    writer: Writer = field(init=False)
    clock: Clock = field(default_factory=Clock)
    delivered: list[tuple[list[int], list[str]]] = field(default_factory=list)
    batches: list[list[str | None]] = field(default_factory=list)
    answers: list[tuple[str, Any, Exception | None]] = field(default_factory=list)
    more: list[bool] = field(default_factory=list)
    broken: str | None = None
    shared: bool = False
    low: str | None = None

    def connect(self) -> Gate:
        return self.gate

    def at_end(self, tx: Transaction) -> bool:
        self.batches.append([event.body.get("name") for event in tx._events])
        return bool(self.more and self.more.pop(0))

    def deliver(self, events: Any, effects: Any) -> None:
        self.delivered.append(([event.seq for event in events], [effect.holder for effect in effects]))

    def post(self, command: Command[Any, Any], *names: str) -> None:
        for name in names:
            self.writer.post(
                command, name, lambda result, error, name=name: self.answers.append((name, result, error))
            )

    async def reach(self, event: threading.Event) -> None:
        assert await asyncio.to_thread(event.wait, DEADLINE_S)

    async def until(self, test: Callable[[], Any]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not test():  # noqa: ASYNC110 - any turn of the loop may bring it
                await asyncio.sleep(0)  # one turn of the loop

    def stored(self) -> list[str]:
        with self.store.reader() as reader:
            return [row[0] for row in reader.rows("SELECT name FROM meta WHERE value = 'v' ORDER BY name")]

    def logged(self) -> list[int]:
        with self.store.reader() as reader:
            return [stored.seq for stored in log.page(reader, 0, 10_000, 10_000)]
