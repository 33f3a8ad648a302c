"""Which dialect a cron expression is written in: unix with five fields, or quartz with six or seven, seconds first.

An expression that could be either's is refused with what each would make of it: a guess would run it at the wrong time in silence.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.timings import Dialect

from .cron import Cron, bad, make
from .cron_letters import SIGN
from .cron_words import words

_WORDS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNIX: Final = "unix takes 5 fields (minute, hour, day of month, month, weekday)"
_QUARTZ: Final = "quartz takes 6 or 7 (second, minute, hour, day of month, month, weekday, and perhaps year)"


@lru_cache(maxsize=2_048)
def read_cron(text: str, dialect: Dialect | None = None) -> Cron:
    """The meaning of an expression. Refusal or Refusals ``bad_timing`` that say what is wrong, and what to write."""
    if text.startswith("@"):
        text = _of_word(text, dialect)
    fields = text.split()
    if fields[0].upper().startswith(("TZ=", "CRON_TZ=")):
        raise bad("the zone stands in timeZone, not in the expression.")
    found = dialect or _dialect(fields)
    if found == "unix" and len(fields) == 5:
        _check_no_signs(fields)
        return make("unix", ["0", *fields, "*"])
    if found == "quartz" and len(fields) in {6, 7}:
        return make("quartz", [*fields, "*"][:7])
    if found is None:
        raise _either(fields)
    raise bad(f"{text[:80]!r} has {_counted(fields)}; {_UNIX if found == 'unix' else _QUARTZ}.")


def _counted(fields: list[str]) -> str:
    return "1 field" if len(fields) == 1 else f"{len(fields)} fields"


def _check_no_signs(fields: list[str]) -> None:
    """Refusal of Quartz's signs in five fields, with the same expression as it is to be written; not where more is wrong with it."""
    day, weekday = fields[2], fields[4]
    if not any(SIGN.fullmatch(item.lower()) for text in (day, weekday) for item in text.split(",")):
        return
    if {day, weekday} & {"?"}:
        unix = ["*" if text == "?" else text for text in fields]
        said = _meant(lambda: make("unix", ["0", *unix, "*"]))
        if said is not None:
            raise bad(
                f"? is a sign of quartz: write * in its place, {' '.join(unix)!r}, which means: {said}."
            )
    quartz = ["0", *fields]
    if "*" in {day, weekday}:
        quartz[5 if weekday == "*" else 3] = "?"
    said = _meant(lambda: make("quartz", [*quartz, "*"]))
    if said is not None:
        raise bad(
            f"?, L, W and # are signs of quartz, which has the seconds first: write {' '.join(quartz)!r}, which means: {said}."
        )


def _meant(made: Callable[[], Cron]) -> str | None:
    try:
        return words(made())
    except Refusal:
        return None


def _of_word(text: str, dialect: Dialect | None) -> str:
    word = text.lower()
    if word == "@reboot":
        raise bad("@reboot names no time: the start of a server is none that can be told beforehand.")
    if word.startswith("@every"):
        raise bad(
            f"{text[:40]} is an interval, which cron does not know: take repeat, such as "
            '{"every": 5, "unit": "minutes", "start": "2026-01-01T00:00"}.'
        )
    if word not in _WORDS:
        raise bad(f"{text[:40]!r} is none of {', '.join(_WORDS)}.")
    if dialect == "quartz":
        raise bad(f"{word} is a word of unix: leave the dialect out, or write fields.")
    return _WORDS[word]


def _dialect(fields: list[str]) -> Dialect | None:
    if len(fields) == 5:
        return "unix"
    if len(fields) not in {6, 7}:
        raise bad(f"it has {_counted(fields)}; {_UNIX}, {_QUARTZ}.")
    return "quartz" if "?" in fields else None


def _either(fields: list[str]) -> Refusal:
    """The refusal of six or seven fields without ``?``: what they mean with seconds first, and last."""
    text = " ".join(fields)
    last = [fields[5], *fields[:5], *fields[6:], "*"][:7]
    first = _reading(lambda: make("quartz", [*fields, "*"][:7]))
    return bad(
        f"{text[:80]!r} may have its seconds first or last, and Sunday as 1 or as 0. "
        f"Seconds first, Sunday 1 (quartz): {first}. Seconds last, Sunday 0 or 7: {_reading(lambda: make('unix', last))}. "
        f"For the first, write the dialect quartz, or {_with_mark(fields)}; for the other, {_without_seconds(fields)}."
    )


def _reading(made: Callable[[], Cron]) -> str:
    try:
        return words(made())
    except Refusal as refusal:
        return f"not possible ({refusal.message.removeprefix('cron: ').rstrip('.')})"


def _with_mark(fields: list[str]) -> str:
    """The same in a form that can only be Quartz's."""
    if fields[5] == "*":
        return repr(" ".join([*fields[:5], "?", *fields[6:]]))
    if fields[3] == "*":
        return repr(" ".join([*fields[:3], "?", *fields[4:]]))
    return "? in the place of the day of month or of the weekday"


def _without_seconds(fields: list[str]) -> str:
    return f"leave the seconds out: {' '.join(fields[:5])!r} is unix, to the minute"
