"""Logs: one record a line on standard error, as JSON or, on a terminal, as text; never a secret, never a control character."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

REDACTED: Final = "[redacted]"
_SECRET_NAMES: Final = re.compile(
    r"(?i)^(authorization|cookie|set-cookie|password|secret|token|signature|key_text|link_secret|admin_key|api_key)$"
)
_SECRETS: Final = (
    (re.compile(r"tw([a-z]?)_([0-9a-z]{10})_[0-9A-Za-z_-]{8,}"), rf"tw\1_\2_{REDACTED}"),
    (re.compile(r"tws_[0-9A-Za-z_.-]{8,}"), f"tws_{REDACTED}"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b(signature|\w*token|\w*key|secret|password)=[^\s&\"',;]+"), rf"\1={REDACTED}"),
)
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CONTROL_OR_NEWLINE: Final = re.compile(rf"{_CONTROL.pattern}|[\t\n]")


def configure(
    level: str = "info",
    format_: str = "auto",
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send all logs, those of libraries included, to ``stream`` (standard error) in one form.

    ``format_`` is json, text, or auto: text on a terminal. ``secrets`` are texts that must never be seen.
    """
    out = sys.stderr if stream is None else stream
    text = format_ == "text" or (format_ == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _cleaner(tuple(secrets), keep_lines=text),
    ]
    number = logging.getLevelNamesMapping()[level.upper()]
    render: list[Processor] = [_text_renderer(out)] if text else [_json]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _take_over_libraries(number, shared, render, out)


def _take_over_libraries(number: int, shared: list[Processor], render: list[Processor], out: TextIO) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak only when something is wrong: the server tells its own story.
    root.setLevel(max(number, logging.WARNING))


def _json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    first = {name: event.pop(name, None) for name in ("at", "level", "event")}
    return orjson.dumps({**first, **event}).decode()


def _text_renderer(out: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
    )


def _cleaner(secrets: tuple[str, ...], *, keep_lines: bool) -> Processor:
    """A processor that redacts secrets and writes control characters out; a traceback keeps its lines where people read it."""

    def clean(_logger: Any, _method: str, event: EventDict) -> EventDict:
        trace = event.pop("exception", None)
        found: EventDict = _cleaned(event, secrets, _CONTROL_OR_NEWLINE)
        if trace is not None:
            found["exception"] = _cleaned(trace, secrets, _CONTROL if keep_lines else _CONTROL_OR_NEWLINE)
        return found

    return clean


def _cleaned(value: Any, secrets: tuple[str, ...], control: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return control.sub(_escaped, _without_secrets(value, secrets))
    if isinstance(value, Mapping):
        return {
            _cleaned(str(name), secrets, control): REDACTED
            if _SECRET_NAMES.match(str(name)) and item is not None
            else _cleaned(item, secrets, control)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleaned(item, secrets, control) for item in value]
    small = isinstance(value, int) and -(2**63) <= value < 2**63
    return (
        value
        if value is None or small or isinstance(value, float)
        else _cleaned(str(value), secrets, control)
    )


def _without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
