"""Calls that know whether they were awaited: a forgotten ``await`` must not pass for success."""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final, TypeVar

Result = TypeVar("Result")


class Calls:
    """Counts the calls of a handler's verbs that nobody has awaited."""

    def __init__(self) -> None:
        self._unawaited: defaultdict[str, int] = defaultdict(int)

    def make(
        self, verb: str, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any
    ) -> "Awaited[Result]":
        """A coroutine that does nothing, and counts as forgotten, until it is awaited."""
        return Awaited(self._unawaited, verb, function, arguments)

    def brief(
        self, verb: str, function: Callable[..., Coroutine[Any, Any, None] | None], *arguments: Any
    ) -> "Brief":
        """The same for a function that does its work at once, and returns what is left to wait for, mostly nothing."""
        return Brief(self._unawaited, verb, function, arguments)

    @property
    def forgotten(self) -> str | None:
        """What to write where an ``await`` is missing; None when none is."""
        if not any(self._unawaited.values()):
            return None
        verbs = [_written(verb) for verb, count in self._unawaited.items() if count]
        return "; ".join(f"{verb} was not awaited: write await {verb}" for verb in verbs)


class Awaited(Coroutine[Any, Any, Result]):
    """A coroutine of its own, so that ``gather``, ``create_task`` and ``wait_for`` take it as they take any other.

    It is built at its first step, so that Python has nothing to warn of when it is dropped. A cancel or close before that counts
    as awaited: somebody has taken it in hand.
    """

    __slots__ = ("_arguments", "_function", "_unawaited", "_verb", "_work")

    def __init__(
        self,
        unawaited: defaultdict[str, int],
        verb: str,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
    ) -> None:
        self._unawaited = unawaited
        self._verb = verb
        self._function = function
        self._arguments = arguments
        self._work: Coroutine[Any, Any, Result] | None = None
        unawaited[verb] += 1

    def __await__(self) -> Generator[Any, Any, Result]:
        return self._begun().__await__()

    def send(self, value: Any) -> Any:
        return self._begun().send(value)

    def throw(self, *error: Any) -> Any:
        return self._begun().throw(*error)

    def close(self) -> None:
        self._begun().close()

    def __repr__(self) -> str:
        return f"<{_written(self._verb)}, to be awaited>"

    def _begun(self) -> Coroutine[Any, Any, Result]:
        if self._work is None:
            self._unawaited[self._verb] -= 1
            self._work = self._coroutine()
        return self._work

    def _coroutine(self) -> Coroutine[Any, Any, Result]:
        work: Coroutine[Any, Any, Result] = self._function(*self._arguments)
        return work


class Brief(Awaited[None]):
    """A call that mostly has nothing to wait for. Awaited directly it is done without a coroutine: a third of what a tick cost."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, Any, None]:
        if self._work is not None:
            return super().__await__()
        self._work = _SPENT
        self._unawaited[self._verb] -= 1
        rest = self._function(*self._arguments)
        return _NOTHING if rest is None else rest.__await__()

    async def _coroutine(self) -> None:
        rest = self._function(*self._arguments)
        if rest is not None:
            await rest


async def _nothing() -> None:
    pass


_SPENT: Final = _nothing()
"""Stands for work that is done: whoever awaits it is told so."""
_SPENT.close()
_NOTHING: Final[Generator[Any, Any, None]] = (None for _ in ())
"""Has nothing to yield, however often it is asked."""


def _written(verb: str) -> str:
    """The call as handlers write it: ``job.tick(...)``, ``parts.wait(...)``."""
    return f"{verb}(...)" if "." in verb else f"job.{verb}(...)"
