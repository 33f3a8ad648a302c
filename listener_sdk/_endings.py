"""What a handler's return value or exception means for its job."""

import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pydantic import ValidationError

from ._secrets import WORDS
from ._text import check_json, clean, cut_front
from .errors import Fatal, Retry
from .outcome import Outcome
from .protocol import outcomes as wire
from .protocol.jobs import JsonObject
from .protocol.redaction import Redaction

LARGEST_ENDING: Final = 768 * 1024
"""Characters of outcome and data: far over what the server takes, and under the stream's 1 MiB, so that its refusal is heard."""

_SDK: Final = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Done:
    """The job ended well."""

    outcome: wire.Outcome | None = None
    data: JsonObject | None = None
    watermark: str | None = None
    """How far the run has come, if its handler has said so."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed; ``detail`` is the traceback of the handler's own frames."""

    message: str
    detail: str | None = None
    retry: bool = True
    retry_at: datetime | None = None


def of_result(value: Any, redaction: Redaction | None = None, watermark: str | None = None) -> Done | Failed:
    """An Outcome, a text (its message), a dict (data for programs) or nothing; all else fails for good.

    ``watermark`` goes with what ended well.
    """
    try:
        done = _done(value)
        if isinstance(done, Done) and watermark is not None:
            done = replace(done, watermark=watermark)
        return done if redaction is None or isinstance(done, Failed) else _redacted(done, redaction)
    except ValueError as error:
        return Failed(clean(f"What the handler returned cannot be stored: {error}.", 4096), retry=False)


def of_error(
    error: BaseException, now: datetime, hint: str | None = None, shown: Callable[[str], str] = str
) -> Failed:
    """Fatal fails for good, Retry says when the next attempt starts, every other exception lets the server decide.

    ``hint`` is added to the traceback: what else is wrong, and may be the cause. Texts are told as ``shown`` gives them.
    """
    if isinstance(error, Retry):
        at = error.at if error.after is None else now + error.after
        return Failed(_message(error, shown), retry_at=at)
    if isinstance(error, Fatal):
        return Failed(_message(error, shown), retry=False)
    trace = shown(_trace(error)) + (f"Note: {hint}\n" if hint else "")
    return Failed(clean(shown(_named(error)), 4096), detail=cut_front(trace, 65536))


def _done(value: Any) -> Done | Failed:
    match value:
        case None:
            return Done()
        case Outcome():
            return _checked(value.wire, value.data)
        case wire.Outcome():
            return _checked(value, None)
        case str():
            return _checked(Outcome(value).wire, None)
        case dict():
            return _checked(None, value)
        case _:
            kind = type(value).__name__
            return Failed(
                f"The handler returned {kind}: return an Outcome, a text, a dict, or nothing.", retry=False
            )


def _checked(outcome: wire.Outcome | None, data: JsonObject | None) -> Done:
    told = outcome.to_wire() if outcome is not None else None
    check_json(told, "outcome")
    check_json(data)
    size = len(json.dumps([told, data]))
    if size > LARGEST_ENDING:
        raise ValueError(f"it has {size:,} characters, far over the limit: attach it as a file instead")
    return Done(outcome, data)


def _redacted(done: Done, redaction: Redaction) -> Done:
    """Without the values of secrets; ValueError where the outcome does not take what stands in their place."""
    outcome = done.outcome
    if outcome is not None:
        told = redaction.json(outcome.to_wire(), keep=WORDS)
        try:
            outcome = wire.Outcome.model_validate(told)
        except ValidationError:
            raise ValueError("a secret stands where it cannot be left out") from None
    if done.watermark is not None and redaction.text(done.watermark) != done.watermark:
        raise ValueError("a secret stands in the watermark")
    return Done(outcome, redaction.json(done.data), done.watermark)


def _message(error: Exception, shown: Callable[[str], str]) -> str:
    return clean(shown(str(error)) or type(error).__name__, 4096)


def _named(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, _own_frames(error.__traceback__)))


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the handler's own frames on: those of the SDK that called it say nothing."""
    found = trace
    while found is not None and os.path.dirname(found.tb_frame.f_code.co_filename) == _SDK:  # noqa: PTH120 - texts, not files
        found = found.tb_next
    return found or trace


def now() -> datetime:
    """The wall clock, for ``Retry(after=...)``."""
    return datetime.now(UTC)  # noqa: TID251 - the SDK's one reading of the clock for endings
