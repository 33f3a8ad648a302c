"""Schemas of parameters: compiled once, and values checked against them with all that is wrong at once, in plain words.

A schema comes from a listener, and neither it nor a value can make the check endless: patterns run in linear time and in bounded memory,
what a schema can cost is known before it is used (`schema_costs`), and a value for which it would be too much is refused. Values have
passed the door for JSON: they are nested at most 32 levels deep.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.json_schemas import LARGEST_SCHEMA, SchemaProblem, schema_problems, subschemas
from listener_sdk.protocol.paths import Path, dotted

from .refusals import Refusals
from .schema_costs import costs, is_affordable, looping
from .schema_defaults import DEEPEST_FILLED, MOST_FILLED, Defaults, TooMuchError, defaults_of, most_filled
from .schema_defaults import filled as fill
from .schema_words import COMPOSITE, told

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

MOST_PROBLEMS: Final = 50
MOST_COMPILED: Final = 256
"""Compiled schemas that are kept."""

MOST_WORK: Final = 30_000_000
"""Units of about 10 ns for one check: a third of a second, which only a schema made for it comes near to."""
MOST_WORK_A_BYTE: Final = 10_000
MOST_TELLING_A_VALUE: Final = 100_000
MOST_TELLING: Final = 3_000_000
"""Units of about 50 ns to tell all that is wrong; where it might take more, the first problem is told."""

LIGHT_WORK: Final = 100_000
LIGHT_TELLING: Final = 10_000
"""For the whole of a value: what is done in about a millisecond, but for values that are made to be slow."""

_PROBLEM_UNITS: Final = 60
_COPIES: Final = 32
"""Each problem holds a copy of what is wrong, and a value may stand in so many others."""
_PATTERN_BYTES: Final = 64 * 1024
"""Of a compiled pattern: one of this size takes 5 microseconds for a character at the worst that was found."""
_PATTERN_STATES_BYTES: Final = 128 * 1024
_TOO_COSTLY: Final = (
    "asks for so much work that a check might not end in time: put fewer $ref, allOf, anyOf and oneOf into each other, and use simpler "
    "patterns"
)
_NO_PATTERN: Final = "is no pattern that can be taken: groups that look ahead or behind, references to groups and large repetitions are not"


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a value does not fit its schema (``params.headers.X``), and what is wrong and what is allowed there.

    ``name`` is the first of the names within the value, whole also where the path is cut; empty for the value itself.
    """

    path: str
    message: str
    name: str = ""


class Schema:
    """A compiled schema; made by `compiled`. Any thread may use it."""

    def __init__(self, text: bytes, work: tuple[int, int]) -> None:
        # 4 MiB, which servers can spare whose jobs have no schemas.
        from jsonschema_rs import Draft202012Validator, RegexOptions  # noqa: PLC0415 - as said above

        self._source = orjson.loads(text)
        self._graph = subschemas(self._source)
        self._work, self._telling = work
        self._names_are_checked = b'"propertyNames"' in text
        self._defaults: Defaults | None = defaults_of(self._graph)
        self._most_filled = most_filled(self._defaults)
        self._validator = Draft202012Validator(
            self._source,
            validate_formats=True,
            pattern_options=RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_STATES_BYTES),
            offline=True,
        )

    @property
    def source(self) -> dict[str, Any]:
        """The schema as it was given; not to be changed."""
        source: dict[str, Any] = self._source
        return source

    def filled(self, value: Any, at: str = "params") -> Any:
        """The value with the schema's defaults where it leaves properties out; see `schema_defaults` for where these count.

        Refusal ``too_large`` where that would be more than any job takes.
        """
        try:
            return fill(value, self._defaults)
        except TooMuchError:
            most = MOST_FILLED // 1024
            raise Refusal(
                "too_large",
                f"{at} is too large with the defaults of its schema, which fill in at most {most} KiB of JSON, {DEEPEST_FILLED} levels deep: give fewer "
                "elements that leave properties out.",
                key=at,
            ) from None

    def is_light(self, size: int) -> bool:
        """Whether a value of so many bytes is checked so fast that others may wait for it, with its defaults."""
        size += self._most_filled
        return self._work * size <= LIGHT_WORK and self._telling * size <= LIGHT_TELLING

    def check(
        self, value: Any, at: str = "params", unknown: Collection[Path] = (), most: int = MOST_PROBLEMS
    ) -> list[Problem]:
        """All that is wrong with the value, at most so many problems and one that says that there are more.

        ``unknown`` are places whose value is not known yet, as of a secret or a template: nothing is told of these and of what they hold,
        nor what might change with them.
        """
        size = len(orjson.dumps(value))
        if self._work * size > MOST_WORK and not is_affordable(self._graph, value, MOST_WORK):
            return [
                Problem(at, f"is too large for its schema: checking its {size} bytes might take too long")
            ]
        if self._validator.is_valid(value):
            return []
        found = dict.fromkeys(islice(self._told(value, size, unknown), most * 4))
        problems = [
            Problem(dotted((at, *path)), message, str(path[0]) if path else "") for path, message in found
        ]
        if len(problems) > most:
            problems[most:] = [Problem(at, "has more problems than are told here")]
        return problems

    def _told(self, value: Any, size: int, unknown: Collection[Path]) -> Iterator[tuple[Path, str]]:
        for error in self._errors(value, size):
            path = tuple(error.instance_path)
            if not _depends(error.kind.name, path, unknown):
                yield from (
                    (place, words)
                    for place, words in told(error, self._source, value)
                    if not _within(place, unknown)
                )

    def _errors(self, value: Any, size: int) -> Iterator["ValidationError"]:
        """Every error, or the first where telling all might take too long."""
        from jsonschema_rs import ValidationError  # noqa: PLC0415 - loaded with the first schema

        places = size if self._names_are_checked else _COPIES
        if self._telling * (_values(value) * _PROBLEM_UNITS + size * places) <= MOST_TELLING:
            yield from self._validator.iter_errors(value)
            return
        try:
            self._validator.validate(value)
        except ValidationError as error:
            yield error


def compiled(schema: Any, at: str = "inputSchema") -> Schema:
    """The schema, compiled once as long as it is in use. Refusals ``invalid`` that name all places where it cannot be taken."""
    try:
        return _compiled(orjson.dumps(schema))
    except orjson.JSONEncodeError as error:
        raise Refusals([_refusal(SchemaProblem((), f"cannot be kept as JSON: {error}"), at)]) from None
    except _Broken as broken:
        raise Refusals([_refusal(problem, at) for problem in broken.problems]) from None


def check(schema: Schema | dict[str, Any], value: Any, at: str = "params") -> list[Problem]:
    """All that is wrong with a value; see `Schema.check`. Who checks often keeps the compiled schema."""
    return (schema if isinstance(schema, Schema) else compiled(schema)).check(value, at)


def taken(schema: Schema, value: Any, at: str = "params", unknown: Collection[Path] = ()) -> Any:
    """The value with its defaults filled in. Refusals ``invalid``, one for each problem, when it does not fit.

    ``unknown`` as in `Schema.check`.
    """
    whole = schema.filled(value, at)
    refuse(schema.check(whole, at, unknown))
    return whole


def refuse(problems: Collection[Problem]) -> None:
    """Refusals ``invalid``, one for each problem, unless there are none."""
    if problems:
        raise Refusals(
            [
                Refusal("invalid", f"{problem.path}: {_ended(problem.message)}", key=problem.path)
                for problem in problems
            ]
        )


class _Broken(Exception):  # noqa: N818 - it carries problems to where they are told
    def __init__(self, *problems: SchemaProblem) -> None:
        super().__init__()
        self.problems = problems


@lru_cache(maxsize=MOST_COMPILED)
def _compiled(text: bytes) -> Schema:
    if len(text) > LARGEST_SCHEMA:
        raise _Broken(SchemaProblem((), f"has {len(text)} bytes of JSON; {LARGEST_SCHEMA} are taken"))
    source = orjson.loads(text)
    if problems := schema_problems(source):
        raise _Broken(*problems)
    work = _work(source)
    from jsonschema_rs import ReferencingError, ValidationError  # noqa: PLC0415 - loaded with the first schema

    try:
        return Schema(text, work)
    except ValidationError as error:
        raise _Broken(_broken_at(error, source)) from None
    except (ReferencingError, ValueError) as error:
        raise _Broken(SchemaProblem((), f"is no JSON Schema of 2020-12: {str(error)[:200]}")) from None


def _work(source: Any) -> tuple[int, int]:
    graph = subschemas(source)
    if (ring := looping(graph)) is not None:
        raise _Broken(SchemaProblem(ring, "refers to itself about the same value, without an end"))
    checking, telling = costs(graph)
    if checking > MOST_WORK_A_BYTE or telling > MOST_TELLING_A_VALUE:
        raise _Broken(SchemaProblem((), _TOO_COSTLY))
    return checking, telling


def _broken_at(error: "ValidationError", source: Any) -> SchemaProblem:
    path = tuple(error.instance_path)
    if error.kind.name == "format" and path[-1:] != ("$ref",):
        return SchemaProblem(path, _NO_PATTERN)
    return SchemaProblem(*next(iter(told(error, source, source)), (path, "is wrong")))


def _refusal(problem: SchemaProblem, at: str) -> Refusal:
    path = dotted((at, *problem.path))
    return Refusal("invalid", f"{path}: {_ended(problem.message)}", key=path)


def _ended(message: str) -> str:
    return message if message.endswith("?") else f"{message}."


def _within(path: Path, unknown: Collection[Path]) -> bool:
    return any(path[: len(place)] == place for place in unknown)


def _depends(keyword: str, path: Path, unknown: Collection[Path]) -> bool:
    """Whether what was found might be otherwise once the unknown places are known."""
    return keyword in COMPOSITE and any(place[: len(path)] == path for place in unknown)


def _values(value: Any) -> int:
    """How many values there are in a value."""
    count, level = 0, [value]
    while level:
        count += len(level)
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return count
