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

**Bounds.** What a test costs is bounded, whatever the filter and the event; no pattern can make it backtrack, and none raises.

- A text of more than 256 characters is matched by ``**`` alone, and by globs whose only wildcard is a ``**`` at the end (``a:**``).
- Searches at any depth and globs in keys see the 200 names of an event that are nearest to its top, and no path of more than 256
  characters. Of a list the first 1,000 elements are compared.
- An event that asks for more than 3,500 steps does not pass. A name or value that is looked at is a step; comparing a text with
  globs takes 5, and one more for each 128 pairs of its characters and those of the globs' size (their characters, and 8 more for
  each wildcard). For full paths to single values there are always enough. Filters that one session has for the same job share them.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from .codes import Refusal
from .globs import WILDCARD_SIZE, Globs, any_glob, glob_size, is_glob, wildcards
from .reading import OutOfSteps, Reading

MAX_PATTERNS: Final = 32
MAX_PATTERN_LENGTH: Final = 128
MAX_KEYS: Final = 32
MAX_VALUES: Final = 100
MAX_TEXT_LENGTH: Final = 256
MAX_DEPTH: Final = 4
MAX_NAMES: Final = 8
"""Names in a key, between dots."""
MAX_WILDCARDS: Final = 8
"""Of one glob; a run of stars is one."""
MAX_GLOBS_SIZE: Final = 1024
"""Characters of all globs of a filter, each wildcard counted as 8 more: compiling them takes 2 ms (measured)."""
MAX_TOPIC_GLOBS_SIZE: Final = 2048
"""The same for the topic patterns of a subscription, whose texts are half as long."""
MAX_SOCKET_GLOBS_SIZE: Final = 16384
"""The same for all subscriptions of a connection and all that it listens for."""

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "topic": ("topic",),
    "domain": ("domain", "payload.domain"),
    "job": ("payload.job",),
    "status": ("payload.status",),
    "tag": ("payload.tags",),
    "jobType": ("payload.jobType",),
    "definition": ("payload.definition",),
    "jobId": ("context.jobId",),
    "spaceId": ("context.spaceId",),
    "environmentId": ("context.environmentId",),
    "actorId": ("context.actorId",),
}
"""Where the short names of a filter are read in an event."""

_Find = Callable[[Reading], list[Any]]
_Rule = Callable[[Reading], bool]
_ValueTest = Callable[[Reading, Any], bool]

_PATTERN: Final = re.compile(r"[A-Za-z0-9._*?:-]+")


def compile_topics(patterns: str | Iterable[str]) -> Globs:
    """A test of topics: whether one of the patterns matches. A text may hold several, separated by commas.

    Refusal ``bad_filter`` for none, more than 32, one over 128 characters or 8 wildcards, globs of a size over 2,048 (their
    characters, each wildcard counted as 8 more), or characters that no topic has.
    """
    texts = [patterns] if isinstance(patterns, str) else patterns
    found = [part.strip() for text in texts for part in text.split(",")]
    if not 1 <= len(found) <= MAX_PATTERNS:
        raise _refused(f"There are {len(found)} topic patterns: 1 to {MAX_PATTERNS} are allowed.", "topics")
    for pattern in found:
        _check_pattern(pattern)
    _check_globs(found, MAX_TOPIC_GLOBS_SIZE, "topics")
    return any_glob(found)


def compile_job_name(pattern: str) -> Globs:
    """A test of jobs' names (``type:operation``): whether one is the pattern, or matches it as a glob.

    Refusal ``bad_filter`` for more than 8 wildcards.
    """
    _check_wildcards(pattern, "jobs")
    return _job_name(pattern)


def job_name_matches(pattern: str, name: str) -> bool:
    """Whether a job's name (``type:operation``) is the pattern, or matches it as a glob."""
    return pattern == name or (is_glob(pattern) and _job_name(pattern)(name))


@lru_cache(maxsize=4096)
def _job_name(pattern: str) -> Globs:
    return Globs([pattern], exact=[pattern])


class Filter:
    """A test of events as JSON objects: it is called with one. Filters of the same keys and values are equal."""

    def __init__(self, asked: list[tuple[str, list[Any]]]) -> None:
        self.size = _check_globs(_texts(asked), MAX_GLOBS_SIZE, "filter")
        """What its globs cost."""
        self.keys = len(asked)
        self._text = repr(asked)
        self._rules = [_rule(key, given) for key, given in asked]

    def __call__(self, event: Any) -> bool:
        return any_passes((self,), event)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def passes(self, reading: Reading) -> bool:
        """Whether the event passes; OutOfSteps when its steps are used up before that is known."""
        return all(rule(reading) for rule in self._rules)


def any_passes(filters: Iterable[Filter], event: Any) -> bool:
    """Whether an event passes one of the filters, in the steps that one event is worth for all of them together."""
    reading = Reading(event if isinstance(event, dict) else {})
    try:
        return any(one.passes(reading) for one in filters)
    except OutOfSteps:
        return False


def compile_filter(conditions: Mapping[str, Any] | None) -> Filter:
    """A test of events as JSON objects. None and an empty filter let everything pass.

    Refusal ``bad_filter``, with the key that is wrong, for more than 32 keys, 8 names a key, 100 values a key, 256 characters a
    text, 8 wildcards a glob, 4 levels or globs of a size over 1,024 (their characters, each wildcard counted as 8 more), and for
    values that are neither text, number, boolean, null nor a list of these.
    """
    flat = list(_flatten_filter(conditions or {}))
    if len(flat) > MAX_KEYS:
        raise _refused(f"A filter has at most {MAX_KEYS} keys; this one has {len(flat)}.", "filter")
    return Filter([(key, _alternatives(key, value)) for key, value in flat])


# ---- looking filters up


def exact_values(conditions: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Of the keys of a filter those whose values have no wildcards, with the texts of these.

    An event passes the filter only if each of these keys has one of its texts among `texts_at` in the event: so those of many filters
    that may pass are found without testing every one.
    """
    flat = ((key, _alternatives(key, value)) for key, value in _flatten_filter(conditions))
    return {
        key: frozenset(map(_text, given))
        for key, given in flat
        if not any(isinstance(one, str) and is_glob(one) for one in given)
    }


def texts_at(key: str, event: Any) -> set[str] | None:
    """The texts of the values that a filter's key finds in an event; None where that takes too many steps."""
    reading = Reading(event if isinstance(event, dict) else {})
    try:
        return {_text(one) for one in reading.elements(_finder(key)(reading)) if not isinstance(one, dict)}
    except OutOfSteps:
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return (
        _number(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else str(value).lower()
    )


# ---- rules


def _rule(key: str, given: list[Any]) -> _Rule:
    find, is_wanted = _finder(key), _scalar_test(given)

    def rule(reading: Reading) -> bool:
        for found in find(reading):
            if isinstance(found, list):
                if any(is_wanted(reading, one) for one in reading.elements(found)):
                    return True
            elif is_wanted(reading, found):
                return True
        return False

    return rule


def _finder(key: str) -> _Find:
    path = key.removeprefix("src.")
    if "*" in path or ("?" in path and "." in key):
        return _matching(path)
    if "?" in path:
        return _matching(f"**.{path}")
    if "." in key:
        return lambda reading: reading.at(path)
    return _in_place(key) if key in PLACES else lambda reading: reading.anywhere(key)


def _in_place(name: str) -> _Find:
    first, *others = PLACES[name]

    def find(reading: Reading) -> list[Any]:
        found = reading.at(first)
        for place in others:
            found += reading.at(place)
        return found or reading.anywhere(name)

    return find


def _matching(glob: str) -> _Find:
    paths = any_glob([glob], ".")
    return lambda reading: reading.matching(paths)


def _scalar_test(given: list[Any]) -> _ValueTest:
    texts = any_glob(one for one in given if isinstance(one, str))
    booleans = frozenset(one for one in given if isinstance(one, bool))
    numbers = frozenset(one for one in given if isinstance(one, int | float) and not isinstance(one, bool))
    null = None in given

    def is_wanted(reading: Reading, found: Any) -> bool:
        if isinstance(found, str):
            return reading.is_one_of(texts, found)
        if isinstance(found, bool):
            return found in booleans or reading.is_one_of(texts, "true" if found else "false")
        if isinstance(found, int | float):
            return found in numbers or reading.is_one_of(texts, _number(found))
        return found is None and null

    return is_wanted


def _number(number: float) -> str:
    return str(int(number) if isinstance(number, float) and number.is_integer() else number)


# ---- the door


def _flatten_filter(node: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        path = f"{prefix}{key}"
        if not key or len(path) > MAX_TEXT_LENGTH or path.count(".") >= MAX_NAMES + path.startswith("src."):
            raise _refused(
                f"A filter's keys have 1 to {MAX_TEXT_LENGTH} characters, and 1 to {MAX_NAMES} names between dots.",
                f"filter.{path[:80]}",
            )
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
        if isinstance(one, str):
            if len(one) > MAX_TEXT_LENGTH:
                raise _refused(
                    f"A text for {key!r} has {len(one)} characters: at most {MAX_TEXT_LENGTH} are allowed.",
                    f"filter.{key}",
                )
        elif not (one is None or isinstance(one, int) or (isinstance(one, float) and math.isfinite(one))):
            raise _refused(
                f"{key!r} must be a text, a number, true, false, null, or a list of these.", f"filter.{key}"
            )
    return given


def _texts(asked: list[tuple[str, list[Any]]]) -> list[str]:
    return [text for key, given in asked for text in (key, *given) if isinstance(text, str)]


def _check_globs(texts: list[str], most: int, key: str) -> int:
    """The size of all globs among the texts."""
    globs = [text for text in texts if is_glob(text)]
    for glob in globs:
        _check_wildcards(glob, key)
    size = sum(map(glob_size, globs))
    if size > most:
        raise _refused(
            f"The globs have {size} characters, each wildcard counted as {WILDCARD_SIZE} more: {most} are allowed.",
            key,
        )
    return size


def _check_wildcards(text: str, key: str) -> None:
    if wildcards(text) > MAX_WILDCARDS:
        raise _refused(f"{text[:80]!r} has more than {MAX_WILDCARDS} wildcards.", key)


def _check_pattern(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN_LENGTH or not _PATTERN.fullmatch(pattern):
        raise _refused(
            f"{pattern[:80]!r} is not a topic pattern: write a topic, or a glob such as job:*, *:created or **, "
            f"of at most {MAX_PATTERN_LENGTH} characters.",
            "topics",
        )


def _refused(message: str, key: str) -> Refusal:
    return Refusal("bad_filter", message, key=key)
