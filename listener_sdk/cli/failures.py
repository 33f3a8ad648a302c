"""Failures that a person can mend: one line that says what is wrong and how to put it right."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import click
from pydantic import ValidationError

from ..errors import ApiError, ConnectionFailed, InvalidError, RegistrationError, SettingsError
from ..protocol.codes import Refusal
from ..settings import connection
from .output import KEPT, KEY_GIVEN, plain, spelled
from .reasons import in_words, way_out

SPACE_HEADER: Final = "X-Customer-Code"


class Failure(click.ClickException):
    """An expected failure, printed as ``error: <what>. <how to fix>``; exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        lines = "\n".join(plain(line) for line in self.message.split("\n"))
        click.echo(f"error: {lines}", file=file, err=file is None)


class Misuse(Failure):
    """The command was called in a way that it does not understand; exit code 2."""

    exit_code = 2


def explained(error: Exception) -> Failure | None:
    """The failure that a person is shown for this error; None when it is not an expected one."""
    if isinstance(error, InvalidError):
        return Misuse("\n".join(str(one["message"]) for one in error.errors))
    for kind, words in _EXPECTED:
        if isinstance(error, kind):
            return Failure(words(error))
    if isinstance(error, Refusal):
        return Misuse(error.message)
    if isinstance(error, ValidationError):
        return Misuse("; ".join(f"{_place(one['loc'])}: {_said(one['msg'])}" for one in error.errors()))
    return None


def unreachable(error: ConnectionFailed) -> str:
    """Why no server answers, in plain words."""
    if type(error) is not ConnectionFailed:
        return str(error)
    words = in_words(error.reason)
    return f"Cannot reach {error.url}: {words}. {way_out(error.url, words)}"


def unset(error: SettingsError) -> str:
    """What is missing; where no administrator's key lies, no server has ever been started."""
    missing = error.__cause__
    if not isinstance(missing, FileNotFoundError):
        return str(error)
    return (
        "There is no API key: TICKWIRE_API_KEY is not set, and no server has been started here "
        f"({Path(missing.filename).absolute()} does not exist). Start one: {spelled('server')}. "
        "For a server elsewhere set TICKWIRE_URL and TICKWIRE_API_KEY, or TICKWIRE_DATA_DIR to its data."
    )


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "value"


def other_space(error: ApiError) -> str | None:
    """What to do where the key does not open the space that was named; None for any other refusal."""
    if error.errors[0].get("key") != SPACE_HEADER:
        return None
    context = click.get_current_context(silent=True)
    by_option = context is not None and "--space" in context.meta.get(KEPT, {})
    source = "--space" if by_option else "TICKWIRE_SPACE"
    beside = "" if by_option or not os.environ.get("TICKWIRE_SPACE") else "TICKWIRE_SPACE= "
    return f"It was named by {source}; the spaces that the key opens: {beside}{spelled('spaces')}"


def _refused(error: ApiError) -> str:
    advice = other_space(error)
    if advice is not None:
        return f"{error.message} {advice}."
    if error.status == 401:
        return f"{error.message} {right_key()}; 'tickwire doctor' checks it."
    if len(error.errors) > 1:
        return "\n".join(str(one.get("message", one)) for one in error.errors)
    return error.message


def right_key() -> str:
    """Where a key that is not valid came from, and where a valid one belongs."""
    context = click.get_current_context(silent=True)
    meta: dict[str, Any] = {} if context is None else context.meta
    if not meta.get(KEY_GIVEN):
        with suppress(SettingsError):
            path = connection(meta.get(KEPT, {}).get("--url")).key_file
            if path is not None:
                return f"It was read from {path.absolute()}: put the valid one there, or set TICKWIRE_API_KEY to it"
    return "Set TICKWIRE_API_KEY to a valid key"


_EXPECTED: Final[tuple[tuple[type[Exception], Callable[[Any], str]], ...]] = (
    (ApiError, _refused),
    (ConnectionFailed, unreachable),
    (SettingsError, unset),
    (RegistrationError, str),
)
