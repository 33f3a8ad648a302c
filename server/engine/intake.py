"""What clients have asked for and the store has not done yet: bounded, so that who sends faster than commits are made waits."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

MOST_COMMANDS: Final = 2_000
MOST_BYTES: Final = 4 * 1024 * 1024
MOST_TOGETHER: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Total:
    """Bytes of the messages of all connections that are being done."""

    size: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Message:
    """What came in one piece."""

    size: int
    commands: int = 0


class Intake:
    """One connection's share. A message counts until the last command that it asked for is done."""

    __slots__ = ("_commands", "_message", "_size", "_total")

    def __init__(self, total: Total) -> None:
        self._total = total
        self._commands = 0
        self._size = 0
        self._message = Message(0)

    def message(self, size: int) -> None:
        """The commands that are posted from now on belong to a message of this many bytes."""
        self._message = Message(size)

    def begin(self) -> Message:
        """One command is posted; the message that it belongs to, which ``end`` takes when it is done."""
        message = self._message
        if message.commands == 0:
            self._count(message.size)
        message.commands += 1
        self._commands += 1
        return message

    def end(self, message: Message) -> None:
        """One command of this message is done."""
        self._commands -= 1
        message.commands -= 1
        if message.commands == 0:
            self._count(-message.size)
        self._total.changed.set()

    async def room(self) -> None:
        """Wait until the next message may be read."""
        while self.full():
            self._total.changed.clear()
            await self._total.changed.wait()

    def full(self) -> bool:
        """Whether this connection, or all of them together, have asked for as much as may wait."""
        if self._commands == 0:
            return False
        together = self._total.size > MOST_TOGETHER
        return self._commands > MOST_COMMANDS or self._size > MOST_BYTES or together

    def _count(self, size: int) -> None:
        self._size += size
        self._total.size += size
