"""Calls that know whether they were awaited: a forgotten ``await`` must not pass for success."""

from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

Result = TypeVar("Result")


class Calls:
    """Counts the calls of a handler's verbs that nobody has awaited."""

    def __init__(self) -> None:
        self._unawaited: Counter[str] = Counter()

    def make(
        self, verb: str, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any
    ) -> "Awaited[Result]":
        """A coroutine that does nothing, and counts as forgotten, until it is awaited."""
        return Awaited(self._unawaited, verb, function, arguments)

    @property
    def forgotten(self) -> str | None:
        """What to write where an ``await`` is missing; None when none is."""
        verbs = [_written(verb) for verb, count in self._unawaited.items() if count]
        return "; ".join(f"{verb} was not awaited: write await {verb}" for verb in verbs) or None


class Awaited(Coroutine[Any, Any, Result]):
    """A coroutine of its own, so that ``gather``, ``create_task`` and ``wait_for`` take it as they take any other.

    It is built at its first step, so that Python has nothing to warn of when it is dropped. A cancel or close before that counts
    as awaited: somebody has taken it in hand.
    """

    __slots__ = ("_arguments", "_function", "_unawaited", "_verb", "_work")

    def __init__(
        self,
        unawaited: Counter[str],
        verb: str,
        function: Callable[..., Coroutine[Any, Any, Result]],
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
            self._work = self._function(*self._arguments)
        return self._work


def _written(verb: str) -> str:
    """The call as handlers write it: ``job.tick(...)``, ``parts.wait(...)``."""
    return f"{verb}(...)" if "." in verb else f"job.{verb}(...)"
