"""Topic patterns, job names and filters: the one language of subscriptions, of ``listen`` and of the SDK's own matching.

**Globs.** A text is read in segments, split at ``:``. ``*`` is any run of characters within one segment, ``?`` one character,
``**`` as a whole segment any number of segments, none included. So ``job:*`` and ``**`` match ``job:ready``, and ``*`` alone
does not; ``document:*`` does not match ``document:contacts:submit``, ``document:**`` does.

**Filters** are objects over an event as it stands on the wire. *Every* key must match. Nested objects are read as dotted keys
(``{"payload": {"status": "failed"}}`` is ``payload.status``), in the filter and in the event; lists stay whole.

- A key with a dot is the full path (``payload.metadata.team``); a leading ``src.`` is Flatfile's name of the event itself.
- ``*``, ``?`` and ``**`` in a key are a glob over paths, with ``.`` between segments.
- A name in `PLACES` (``job``, ``jobId``, ``status`` ...) has a place of its own, which alone decides where the event has it.
- Every other name, and one of these where the event has nothing at its place, is searched for at any depth.

**Values.** A list in the filter holds alternatives; an empty one matches nothing. A list in the event matches when one of its
elements does. A text is a glob over the text of the value (``3`` is ``"3"``, false is ``"false"``); numbers and booleans match
only their equals, and null a key that is present with null. An object has no text and matches nothing.

What is compiled never raises, whatever the event, and takes time in proportion to the event: no pattern can make it backtrack.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from .codes import Refusal
from .globs import TextTest, any_glob, is_glob

MAX_PATTERNS: Final = 32
MAX_PATTERN_LENGTH: Final = 128
MAX_KEYS: Final = 32
MAX_VALUES: Final = 100
MAX_TEXT_LENGTH: Final = 256
MAX_DEPTH: Final = 4
MAX_GLOBS_LENGTH: Final = 8192
"""Characters of all globs of a filter: compiling them takes some 2 microseconds a character (measured)."""

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "topic": ("topic",),
    "domain": ("domain", "payload.domain"),
    "job": ("payload.job",),
    "status": ("payload.status",),
    "jobId": ("context.jobId",),
    "spaceId": ("context.spaceId",),
    "environmentId": ("context.environmentId",),
    "actorId": ("context.actorId",),
}
"""Where the short names of a filter are read in an event."""

EventTest = Callable[[dict[str, Any]], bool]
_Object = dict[str, Any]
_Find = Callable[[_Object], Iterable[Any]]
_ValueTest = Callable[[Any], bool]

_PATTERN: Final = re.compile(r"[A-Za-z0-9._*?:-]+")
_MISSING: Final = object()


def compile_topics(patterns: str | Iterable[str]) -> TextTest:
    """A test of topics: whether one of the patterns matches. A text may hold several, separated by commas.

    Refusal ``bad_filter`` for none, more than 32, one over 128 characters, or characters that no topic has.
    """
    texts = [patterns] if isinstance(patterns, str) else patterns
    found = [part.strip() for text in texts for part in text.split(",")]
    if not 1 <= len(found) <= MAX_PATTERNS:
        raise _refused(f"There are {len(found)} topic patterns: 1 to {MAX_PATTERNS} are allowed.", "topics")
    for pattern in found:
        _check_pattern(pattern)
    return any_glob(found)


def job_name_matches(pattern: str, name: str) -> bool:
    """Whether a job's name (``type:operation``) is the pattern, or matches it as a glob."""
    return pattern == name or _glob(pattern)(name)


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> TextTest:
    return any_glob([pattern])


def compile_filter(conditions: Mapping[str, Any] | None) -> EventTest:
    """A test of events as JSON objects. None and an empty filter let everything pass.

    Refusal ``bad_filter``, with the key that is wrong, for more than 32 keys, 100 values a key, 256 characters a text,
    8,192 characters in globs or 4 levels, and for values that are neither text, number, boolean, null nor a list of these.
    """
    flat = list(_flatten_filter(conditions or {}))
    if len(flat) > MAX_KEYS:
        raise _refused(f"A filter has at most {MAX_KEYS} keys; this one has {len(flat)}.", "filter")
    asked = [(key, _alternatives(key, value)) for key, value in flat]
    _check_globs(asked)
    rules = [_rule(key, given) for key, given in asked]

    def passes(event: Any) -> bool:
        return isinstance(event, dict) and all(rule(event) for rule in rules)

    return passes if rules else lambda _event: True


# ---- rules


def _rule(key: str, given: list[Any]) -> EventTest:
    find, test = _finder(key), _value_test(given)
    return lambda event: any(test(found) for found in find(event))


def _finder(key: str) -> _Find:
    path = key.removeprefix("src.")
    if "*" in path or ("?" in path and "." in key):
        return _matching(path)
    if "?" in path:
        return _matching(f"**.{path}")
    if "." in key:
        return _at(path)
    return _in_place(key) if key in PLACES else _anywhere(key)


def _in_place(name: str) -> _Find:
    places, anywhere = [_at(place) for place in PLACES[name]], _anywhere(name)

    def find(event: _Object) -> Iterable[Any]:
        return [value for place in places for value in place(event)] or anywhere(event)

    return find


def _at(path: str) -> _Find:
    """The values at a dotted path; a dot may also stand within a key of the event."""

    def find(event: _Object) -> Iterator[Any]:
        pending = [(event, path)]
        while pending:
            node, rest = pending.pop()
            value = node.get(rest, _MISSING)
            if value is not _MISSING and not _is_branch(value):
                yield value
            dot = rest.find(".")
            while dot >= 0:
                child = node.get(rest[:dot])
                if isinstance(child, dict):
                    pending.append((child, rest[dot + 1 :]))
                dot = rest.find(".", dot + 1)

    return find


def _anywhere(name: str) -> _Find:
    """The values under a name at any depth."""
    tail = f".{name}"

    def find(event: _Object) -> Iterator[Any]:
        pending = [event]
        while pending:
            for key, value in pending.pop().items():
                if _is_branch(value):
                    pending.append(value)
                elif key == name or (isinstance(key, str) and key.endswith(tail)):
                    yield value

    return find


def _matching(glob: str) -> _Find:
    """The values at all paths that a glob matches."""
    matches = any_glob([glob], ".")

    def find(event: _Object) -> Iterator[Any]:
        pending = [("", event)]
        while pending:
            prefix, node = pending.pop()
            for key, value in node.items():
                if _is_branch(value):
                    pending.append((f"{prefix}{key}.", value))
                elif matches(f"{prefix}{key}"):
                    yield value

    return find


def _is_branch(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _value_test(given: list[Any]) -> _ValueTest:
    """A test whether a value of the event, or an element of it, is one of the alternatives."""
    is_wanted = _scalar_test(given)

    def test(found: Any) -> bool:
        pending = [found]
        while pending:
            one = pending.pop()
            if isinstance(one, list):
                pending.extend(one)
            elif is_wanted(one):
                return True
        return False

    return test


def _scalar_test(given: list[Any]) -> _ValueTest:
    texts = any_glob(one for one in given if isinstance(one, str))
    booleans = frozenset(one for one in given if isinstance(one, bool))
    numbers = frozenset(one for one in given if isinstance(one, int | float) and not isinstance(one, bool))
    null = None in given

    def is_wanted(found: Any) -> bool:
        if isinstance(found, str):
            return texts(found)
        if isinstance(found, bool):
            return found in booleans or texts("true" if found else "false")
        if isinstance(found, int | float):
            return found in numbers or texts(_number(found))
        return found is None and null

    return is_wanted


def _number(number: float) -> str:
    return str(int(number) if isinstance(number, float) and number.is_integer() else number)


# ---- the door


def _flatten_filter(node: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        path = f"{prefix}{key}"
        if not key or len(path) > MAX_TEXT_LENGTH:
            raise _refused(f"A filter's keys have 1 to {MAX_TEXT_LENGTH} characters.", f"filter.{path[:80]}")
        if not isinstance(value, dict):
            yield path, value
        elif value and depth < MAX_DEPTH:
            yield from _flatten_filter(value, f"{path}.", depth + 1)
        else:
            raise _refused(
                f"{path!r} is an object that is empty or nested too deep: {MAX_DEPTH} levels are allowed.",
                f"filter.{path}",
            )


def _alternatives(key: str, value: Any) -> list[Any]:
    given = value if isinstance(value, list) else [value]
    if len(given) > MAX_VALUES:
        raise _refused(f"{key!r} has {len(given)} values: at most {MAX_VALUES} are allowed.", f"filter.{key}")
    for one in given:
        if isinstance(one, str) and len(one) > MAX_TEXT_LENGTH:
            raise _refused(
                f"A text for {key!r} has {len(one)} characters: at most {MAX_TEXT_LENGTH} are allowed.",
                f"filter.{key}",
            )
        if not isinstance(one, str | int | float | None) or (
            isinstance(one, float) and not math.isfinite(one)
        ):
            raise _refused(
                f"{key!r} must be a text, a number, true, false, null, or a list of these.", f"filter.{key}"
            )
    return given


def _check_globs(asked: list[tuple[str, list[Any]]]) -> None:
    texts = [text for key, given in asked for text in (key, *given) if isinstance(text, str)]
    length = sum(len(text) for text in texts if is_glob(text))
    if length > MAX_GLOBS_LENGTH:
        raise _refused(
            f"The filter's globs have {length} characters: at most {MAX_GLOBS_LENGTH} are allowed.", "filter"
        )


def _check_pattern(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN_LENGTH or not _PATTERN.fullmatch(pattern):
        raise _refused(
            f"{pattern[:80]!r} is not a topic pattern: write a topic, or a glob such as job:*, *:created or **, "
            f"of at most {MAX_PATTERN_LENGTH} characters.",
            "topics",
        )


def _refused(message: str, key: str) -> Refusal:
    return Refusal("bad_filter", message, key=key)
