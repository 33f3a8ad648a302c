"""What commands print: JSON for programs, and for people words and text that cannot command a terminal."""

import json
import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

KEPT: Final = "tickwire.kept"
"""Under which the context of a command keeps the options that further commands need to act at the same place."""
KEY_GIVEN: Final = "tickwire.key_given"
"""Under which it keeps whether an option gave the key."""
_ELSEWHERE: Final = frozenset({"server", "demo", "spaces"})
_EXACT: Final = 2**53
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


def console(*, stderr: bool = False) -> Console:
    """A console on the present standard output or error; NO_COLOR and pipes are respected."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Print lines for people; what the texts of others hold is shown, never obeyed."""
    console().print(Text("\n".join(plain(line) for line in text.split("\n")), style=style))


def tell(*lines: str) -> None:
    """Print lines on standard error, over the ``^C`` that a terminal may have echoed."""
    start = "\r" if sys.stderr.isatty() else ""
    for line in lines:
        click.echo(f"{start}{plain(line)}", err=True)


def plain(text: str) -> str:
    """The text with control characters written out: a job's text must not steer the terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def emit(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def wire(record: BaseModel) -> dict[str, Any]:
    """A record as ``--json`` shows it: as on the wire, without what is null."""
    return record.model_dump(mode="json", exclude_none=True)


def spelled(command: str) -> str:
    """``tickwire <command>`` as it can be typed here: where the shell would not find it, by the path it was called with.

    It acts where this command does: at the server and in the space that options of this one name.
    """
    return f"{_called()} {command}{_kept(command)}"


def _kept(command: str) -> str:
    context = click.get_current_context(silent=True)
    kept = {} if context is None or command.split(maxsplit=1)[0] in _ELSEWHERE else context.meta.get(KEPT, {})
    return "".join(f" {option} {shlex.quote(value)}" for option, value in sorted(kept.items()))


def _called() -> str:
    called = Path(sys.argv[0])
    if called == Path(__file__).with_name("__main__.py"):
        return f"{Path(sys.executable).name} -m listener_sdk.cli"
    found = shutil.which("tickwire") is not None or called.stem != "tickwire"
    return "tickwire" if found else sys.argv[0]


def counted(count: int, noun: str) -> str:
    """``1 row``, ``28,298 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def short(value: Any, limit: int = 120) -> str:
    """A value of JSON in one line: texts as they are, whole numbers without a point, long ones cut with an ellipsis."""
    text = value if isinstance(value, str) else in_json(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def in_json(value: Any) -> str:
    """The value as one line of JSON; a whole number that travelled as 10.0 is 10."""
    return json.dumps(_whole(value), ensure_ascii=False)


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value


def local(moment: datetime | None) -> str:
    """A time in the zone of this machine, to the second; nothing for none."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else ""


def size(count: float) -> str:
    """Bytes in the unit that suits: ``2.2 MiB``."""
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"


def span(seconds: float) -> str:
    """A length of time as people write it: ``8 s``, ``2 min 5 s``, ``3 h 4 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
