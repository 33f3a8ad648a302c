"""Parameters that take values from what started the run: texts with ``{{ expression }}`` in them.

A text that is one expression and nothing else becomes the expression's value, whatever its kind; in a longer text, texts stand as they are
and other values as JSON. Names of objects are never templates. An expression that gives null is a problem, since a parameter that is
silently empty is found too late; ``{{? expression }}`` may give null, and nothing in a longer text.

Secrets are not known here. ``{{ secrets.NAME }}`` stays in the text as it is written, and a `SecretRef` beside the value says where; only
these places are filled by `with_secrets`, just before the job runs. So no secret is ever stored with parameters, and no text from an
event is ever taken for a reference to one.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.near_names import did_you_mean
from listener_sdk.protocol.paths import Path, dotted

from .expressions import Evaluation, Expression, ExpressionError, UnresolvedError, expression_of, missing
from .json_door import JsonLimits, read_json
from .schema_words import kind_of
from .template_text import OPEN, Piece, Slot, TemplateTextError, pieces

LARGEST_TEMPLATE: Final = 256 * 1024
LARGEST_RESULT: Final = 256 * 1024
"""Bytes of JSON, before secrets are filled in."""
MOST_EXPRESSIONS: Final = 1_000
DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret that stands in a value: its name, the path to the text, and the characters of the text that stand for it."""

    name: str
    path: Path
    start: int
    end: int

    def stored(self) -> list[Any]:
        """As JSON, to be kept beside the parameters."""
        return [self.name, list(self.path), self.start, self.end]

    @staticmethod
    def of(stored: list[Any]) -> "SecretRef":
        """What `stored` made."""
        name, path, start, end = stored
        return SecretRef(name, tuple(path), start, end)


class Resolved(NamedTuple):
    """A value that may be stored, and the places in it where secrets belong, in the order of the texts."""

    value: Any
    secret_refs: tuple[SecretRef, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """A place that does not resolve: where, which expression, why, and at which character of the text when that is known."""

    path: str
    expression: str
    message: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One expression of a dry run: where it stands and what it gives; or what is wrong, and then nothing else."""

    path: str
    expression: str
    value: Any = None
    kind: str | None = None
    problem: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class References:
    """What a template takes, each with the path to where it stands: names of secrets and roots of the context; the places whose value
    is not known before; what is wrong.
    """

    secrets: tuple[tuple[str, Path], ...]
    roots: tuple[tuple[str, Path], ...]
    unknown: tuple[Path, ...]
    problems: tuple[TemplateProblem, ...]

    @property
    def is_readable(self) -> bool:
        """Whether it was looked into: a template that is too large is not."""
        return not self.problems or bool(self.unknown)


def resolve(
    template: Any, context: Mapping[str, Any], secret_names: Collection[str] | None = None
) -> Resolved | list[TemplateProblem]:
    """The template's value in this context, or every place that does not resolve.

    ``secret_names`` are those that exist, where that is known: others are problems then.
    """
    if problems := _bounds(template):
        return problems
    run = _Run(secret_names, Evaluation(context), context)
    value = run.value(template, ())
    problems = [_problem(place) for place in run.places if place.problem]
    if not problems and run.places:
        problems = _kept(value)
    return problems or Resolved(value, tuple(run.secrets))


def dry_run(
    template: Any, context: Mapping[str, Any], secret_names: Collection[str] | None = None
) -> list[Place]:
    """Each expression with what it gives or what is wrong with it, in their order; what is wrong with the whole comes last."""
    run = _Run(secret_names, Evaluation(context), context)
    problems = _bounds(template) or _kept(run.value(template, ()))
    return [*run.places, *(Place(one.path, one.expression, problem=one.message) for one in problems)]


def references(template: Any) -> References:
    """What the template takes from secrets and from the context, and what is wrong with it whatever the context is."""
    secrets: dict[tuple[str, Path], None] = {}
    roots: dict[tuple[str, Path], None] = {}
    unknown: dict[Path, None] = {}
    problems = _bounds(template)
    for path, found in () if problems else _places(template, ()):
        unknown[path] = None
        if isinstance(found, Place):
            problems.append(_problem(found))
        elif found.secret is not None:
            secrets[found.secret, path] = None
        else:
            roots.update(dict.fromkeys((root, path) for root in sorted(found.roots)))
    return References(tuple(secrets), tuple(roots), tuple(unknown), tuple(problems))


def with_secrets(resolved: Resolved, secrets: Mapping[str, str]) -> Any:
    """The value with the secrets in it; nothing of the resolved value changes. Refusal ``invalid`` that names one which is not there."""
    value = resolved.value
    for ref in reversed(resolved.secret_refs):
        if ref.name not in secrets:
            where = dotted(("params", *ref.path))
            raise Refusal("invalid", f"{where}: there is no secret {ref.name} any more.", key=where)
        value = _replaced(value, ref.path, ref, secrets[ref.name])
    return value


def secret_places(resolved: Resolved, secrets: Mapping[str, str], path: Path) -> list[tuple[int, int]]:
    """From which character to which the secrets stand in the text at this path, once they are filled in."""
    places: list[tuple[int, int]] = []
    grown = 0
    for ref in resolved.secret_refs:
        if ref.path == path:
            start, end = ref.start + grown, ref.start + grown + len(secrets[ref.name])
            grown += end - start - (ref.end - ref.start)
            places.append((start, end))
    return places


@dataclass(slots=True)
class _Run:
    secret_names: Collection[str] | None
    evaluation: Evaluation
    context: Mapping[str, Any]
    places: list[Place] = field(default_factory=list)
    secrets: list[SecretRef] = field(default_factory=list)
    left: int = LARGEST_RESULT

    def value(self, template: Any, path: Path) -> Any:
        """The value of a template at this place; what is wrong is among the places."""
        if isinstance(template, str):
            return self._text(template, path) if OPEN in template else template
        if isinstance(template, dict):
            return {name: self.value(inner, (*path, name)) for name, inner in template.items()}
        if isinstance(template, list):
            return [self.value(inner, (*path, index)) for index, inner in enumerate(template)]
        return template

    def _text(self, text: str, path: Path) -> Any:
        try:
            found = pieces(text)
        except TemplateTextError as error:
            self._joined(error.before, path)
            self.places.append(
                Place(dotted(path), error.expression, problem=str(error), position=error.position)
            )
            return None
        if len(found) == 1 and isinstance(found[0], Slot):
            return self._alone(found[0], path)
        return self._joined(found, path)

    def _alone(self, slot: Slot, path: Path) -> Any:
        expression = self._expression(slot, path)
        if expression is None:
            return None
        if expression.secret is not None:
            return self._secret(slot, expression.secret, path, 0)
        return self._given(slot, expression, path)

    def _joined(self, found: list[Piece], path: Path) -> str:
        texts: list[str] = []
        length = 0
        for piece in found:
            text = piece if isinstance(piece, str) else self._inserted(piece, path, length)
            texts.append(text)
            length += len(text)
        return "".join(texts)

    def _inserted(self, slot: Slot, path: Path, length: int) -> str:
        expression = self._expression(slot, path)
        if expression is None:
            return ""
        if expression.secret is not None:
            return self._secret(slot, expression.secret, path, length)
        value = self._given(slot, expression, path)
        return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()

    def _expression(self, slot: Slot, path: Path) -> Expression | None:
        found = _compiled(slot, path)
        if isinstance(found, Expression):
            return found
        self.places.append(found)
        return None

    def _secret(self, slot: Slot, name: str, path: Path, start: int) -> str:
        problem = None
        if self.secret_names is not None and name not in self.secret_names:
            problem = f"there is no secret {name}.{did_you_mean(name, self.secret_names)}".removesuffix(".")
        self.secrets.append(SecretRef(name, path, start, start + len(slot.written)))
        kind = None if problem else "a secret"
        self.places.append(Place(dotted(path), slot.expression, kind=kind, problem=problem))
        return slot.written

    def _given(self, slot: Slot, expression: Expression, path: Path) -> Any:
        try:
            value = self.evaluation.value(expression)
            self._check(value, slot, expression)
        except UnresolvedError as error:
            self.places.append(
                Place(dotted(path), slot.expression, problem=str(error), position=slot.position)
            )
            return None
        self.places.append(Place(dotted(path), slot.expression, value, kind_of(value)))
        return value

    def _check(self, value: Any, slot: Slot, expression: Expression) -> None:
        if value is None and not slot.is_optional:
            why = missing(expression, self.context)
            raise UnresolvedError(f"{why}; write {{{{? … }}}} where that may be")
        self.left -= len(orjson.dumps(value))
        if self.left < 0:
            raise UnresolvedError(f"makes the whole larger than {LARGEST_RESULT // 1024} KiB of JSON")


def _compiled(slot: Slot, path: Path) -> Expression | Place:
    try:
        return expression_of(slot.expression)
    except ExpressionError as error:
        return Place(
            dotted(path), slot.expression, problem=str(error), position=slot.position + error.position
        )


def _places(template: Any, path: Path) -> Iterator[tuple[Path, Expression | Place]]:
    if isinstance(template, str) and OPEN in template:
        try:
            slots = [piece for piece in pieces(template) if isinstance(piece, Slot)]
        except TemplateTextError as error:
            slots = [piece for piece in error.before if isinstance(piece, Slot)]
            yield path, Place(dotted(path), error.expression, problem=str(error), position=error.position)
        yield from ((path, _compiled(slot, path)) for slot in slots)
    elif isinstance(template, dict | list):
        items = template.items() if isinstance(template, dict) else enumerate(template)
        for step, inner in items:
            yield from _places(inner, (*path, step))


def _bounds(template: Any) -> list[TemplateProblem]:
    """What is too large about the template, before it is read."""
    problems = _refused(template, "the template", LARGEST_TEMPLATE)
    if not problems and (count := _openings(template)) > MOST_EXPRESSIONS:
        message = f"the template has {count} expressions; {MOST_EXPRESSIONS} are taken"
        problems = [TemplateProblem("", "", message)]
    return problems


def _kept(value: Any) -> list[TemplateProblem]:
    return _refused(value, "the resolved value", LARGEST_RESULT)


def _refused(value: Any, what: str, most: int) -> list[TemplateProblem]:
    try:
        read_json(orjson.dumps(value), JsonLimits(size=most, depth=DEEPEST))
    except orjson.JSONEncodeError as error:
        return [TemplateProblem("", "", f"{what} cannot be kept as JSON: {error}")]
    except Refusal as refusal:
        message = f"{what} cannot be kept: {refusal.message}".removesuffix(".")
        return [TemplateProblem(refusal.key or "", "", message)]
    return []


def _openings(template: Any) -> int:
    if isinstance(template, str):
        return template.count(OPEN) - template.count("\\" + OPEN)
    if isinstance(template, dict):
        return sum(map(_openings, template.values()))
    return sum(map(_openings, template)) if isinstance(template, list) else 0


def _replaced(value: Any, path: Path, ref: SecretRef, secret: str) -> Any:
    """The value with one text in it changed; what leads there is copied."""
    if not path:
        return f"{value[: ref.start]}{secret}{value[ref.end :]}"
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], ref, secret)
    return copy


def _problem(place: Place) -> TemplateProblem:
    return TemplateProblem(place.path, place.expression, place.problem or "", place.position)
