"""Failures that a person can mend: one line that says what is wrong and how to put it right."""

from typing import IO, Any

import click
from pydantic import ValidationError

from ..errors import ApiError, ConnectionFailed, RegistrationError, SettingsError
from ..protocol.codes import Refusal
from .output import plain


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
    if isinstance(error, ApiError):
        return Failure(_refused(error))
    if isinstance(error, ConnectionFailed | SettingsError | RegistrationError):
        return Failure(str(error))
    if isinstance(error, Refusal):
        return Misuse(error.message)
    if isinstance(error, ValidationError):
        return Misuse("; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()))
    return None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "value"


def _refused(error: ApiError) -> str:
    if error.status == 401:
        return f"{error.message} Set TICKWIRE_API_KEY to a valid key; 'tickwire doctor' checks it."
    return error.message
