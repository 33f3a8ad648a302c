"""What a definition's parameters become: checked when it is made or changed, resolved when it is launched, shown by a dry run."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import job_name_matches
from listener_sdk.protocol.near_names import did_you_mean
from listener_sdk.protocol.paths import Path, dotted

from .definitions import Recipe
from .job_types import JobType, check_mode
from .refusals import Refusals
from .schemas import Problem
from .templates import Place, References, Resolved, TemplateProblem, dry_run, references, resolve
from .trigger_index import unseen

Secrets = Mapping[str, tuple[str, ...]]
"""Secrets of a space by name, and the names or globs of the jobs for which each is."""

_PARAMS: Final = "params"

NOT_OF_SCHEDULES: Final = {
    "event": "is there when an event starts the job, and this is a schedule",
    "hook": "is there when a hook starts the job, and this is a schedule",
}
NOT_OF_HOOKS: Final = {
    "event": "is there when an event starts the job, and this is a hook",
    "dueTime": "is there when a schedule starts the job, and this is a hook",
}
NOT_OF_EVENTS: Final = {
    "hook": "is there when a hook starts the job, and this trigger is an event's",
    "dueTime": "is there when a schedule starts the job, and this trigger is an event's",
}


@dataclass(frozen=True, slots=True)
class Checker:
    """What a definition is checked against: its job type (None: any parameters do), and the secrets of its space.

    ``rules`` find all that is wrong with parameters, where that is more than the type's schema tells; ``takes_secrets`` is False where
    everybody who reads the space would see them.
    """

    job_type: JobType | None
    secrets: Secrets
    rules: Callable[[Any, Collection[Path]], list[Problem]] | None = None
    takes_secrets: bool = True

    def check(self, recipe: Recipe, others: Iterable[Refusal] = ()) -> None:
        """Refusals ``invalid`` that name all that could not be launched as it is, and the ``others``."""
        found = [*self.problems(recipe.params, open_=recipe.given_by_triggers), *self._modes(recipe)]
        for index, trigger in enumerate(recipe.triggers):
            topic = f"triggers[{index}].topic"
            found += (Refusal("invalid", f"{topic}: {why}", key=topic) for why in unseen(trigger["topic"]))
            found += self._added(recipe, trigger["params"], f"triggers[{index}].params", NOT_OF_EVENTS)
        found += others
        if found:
            raise Refusals(found)

    def check_scheduled(
        self,
        recipe: Recipe,
        params: dict[str, Any],
        mode: str | None,
        others: Iterable[Refusal] = (),
        absent: Mapping[str, str] = NOT_OF_SCHEDULES,
    ) -> None:
        """Refusals ``invalid`` that name all that is wrong with what a schedule or hook adds to the recipe, and the ``others``.

        ``absent`` says why a template cannot read what is not there.
        """
        found = self._added(recipe, params, _PARAMS, absent)
        if self.job_type is not None:
            try:
                check_mode(self.job_type, mode)
            except Refusal as refusal:
                found.append(refusal)
        found += others
        if found:
            raise Refusals(found)

    def problems(self, params: dict[str, Any], open_: Iterable[str] = ()) -> list[Refusal]:
        """What is wrong with parameters, whatever starts the job; names that are ``open_`` may be missing."""
        needed = references(params)
        found = list(self._templates(needed, _PARAMS, {}))
        if needed.is_readable:
            unknown = {*needed.unknown, *((name,) for name in open_)}
            found += _refusals(self.unfit(params, unknown), _PARAMS)
        return found

    def secrets_alone(self, text: str, at: str) -> Iterator[Refusal]:
        """What is wrong with a text that takes secrets and nothing else."""
        needed = references(text)
        yield from (problem_of(one, at) for one in needed.problems)
        for root, _ in needed.roots:
            yield Refusal(
                "invalid", f"{at}: {root} is not known here, only {{{{ secrets.NAME }}}} is.", key=at
            )
        yield from (self._unusable(name, at) for name, _ in needed.secrets if not self._may_use(name))

    def _added(
        self, recipe: Recipe, params: dict[str, Any], at: str, absent: Mapping[str, str]
    ) -> list[Refusal]:
        """What is wrong with templates that join the definition's, by themselves and together with these."""
        needed = references(params)
        found = list(self._templates(needed, at, absent))
        return [*found, *self._joined(recipe, params, at)] if needed.is_readable else found

    def _templates(self, needed: References, at: str, absent: Mapping[str, str]) -> Iterator[Refusal]:
        yield from (problem_of(one, at) for one in needed.problems)
        for root, path in needed.roots:
            if root in absent:
                where = _under(at, dotted(path))
                yield Refusal("invalid", f"{where}: {root} {absent[root]}.", key=where)
        for name, path in needed.secrets:
            if not self._may_use(name):
                yield self._unusable(name, _under(at, dotted(path)))

    def _may_use(self, name: str) -> bool:
        if not self.takes_secrets:
            return False
        job = None if self.job_type is None else self.job_type.name
        return any(job is None or job_name_matches(glob, job) for glob in self.secrets.get(name, ()))

    def _unusable(self, name: str, at: str) -> Refusal:
        if not self.takes_secrets:
            return Refusal("invalid", f"{at}: {self.no_secret(name)}.", key=at)
        if name in self.secrets:
            whose = f"the secret {name} is not for this job, but for {', '.join(self.secrets[name])}"
            return Refusal("invalid", f"{at}: {whose}.", key=at)
        near = did_you_mean(name, self.secrets)
        return Refusal("invalid", f"{at}: there is no secret {name} in this space.{near}", key=at)

    def no_secret(self, name: str) -> str:
        """Why there may be no secret."""
        assert self.job_type is not None, "of a type that takes none"
        return f"{self.job_type.code} takes no secrets: everybody who reads the space would see {name}"

    def _joined(self, recipe: Recipe, params: dict[str, Any], at: str) -> list[Refusal]:
        """What is wrong with the parameters of a trigger together with the definition's, but for what is wrong with these alone."""
        whole = {**recipe.params, **params}
        own = {"", *params, *recipe.given_by_triggers}
        found = self.unfit(whole, references(whole).unknown)
        return _refusals([one for one in found if one.name in own], at)

    def unfit(self, params: Any, unknown: Collection[Path]) -> list[Problem]:
        """Where parameters do not fit the job type, but at places whose value is not known yet."""
        if self.job_type is None:
            return []
        if self.rules is not None:
            return self.rules(params, unknown)
        schema = self.job_type.schema
        return schema.check(schema.filled(params), _PARAMS, unknown)

    def _modes(self, recipe: Recipe) -> Iterator[Refusal]:
        if self.job_type is None:
            return
        given = [("modes.default", recipe.modes.get("default"))]
        given += [(f"triggers[{i}].mode", one.get("mode")) for i, one in enumerate(recipe.triggers)]
        for key, mode in given:
            try:
                check_mode(self.job_type, mode, key)
            except Refusal as refusal:
                yield refusal


def resolved(
    recipe: Recipe, context: Mapping[str, Any], joined: Mapping[str, Any], values: Mapping[str, Any]
) -> Resolved:
    """The parameters of one job. Refusals ``invalid`` that name each place which does not resolve.

    ``joined`` are templates of a trigger, ``values`` what the caller gives: each key stands in the place of the same key.
    """
    template = _template(recipe, joined, values)
    if not recipe.is_template and not joined:
        return Resolved({**template, **values})
    found = resolve(template, context)
    if isinstance(found, list):
        raise Refusals([problem_of(one, _PARAMS) for one in found])
    return Resolved({**found.value, **values}, found.secret_refs)


def tried(
    recipe: Recipe,
    context: Mapping[str, Any],
    values: Mapping[str, Any],
    checker: Checker,
    joined: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `resolved` would give and what would be refused, as a dry run shows it."""
    template = _template(recipe, joined or {}, values)
    places = [_shown(place) for place in dry_run(template, context, checker.secrets)]
    wrong = [{"path": one["path"], "message": one["problem"]} for one in places if "problem" in one]
    found = None if wrong else resolve(template, context)
    if not isinstance(found, Resolved):
        return {"params": None, "places": places, "problems": wrong}
    params = {**found.value, **values}
    if checker.job_type is not None:
        try:
            params = checker.job_type.schema.filled(params)
        except Refusal as refusal:
            wrong = [{"path": _PARAMS, "message": refusal.message}]
            return {"params": None, "places": places, "problems": wrong}
        problems = checker.unfit(params, {ref.path for ref in found.secret_refs})
        wrong = [{"path": one.path, "message": one.message} for one in problems]
        if not checker.takes_secrets:
            wrong += [
                {"path": _under(_PARAMS, dotted(ref.path)), "message": checker.no_secret(ref.name)}
                for ref in found.secret_refs
            ]
    return {"params": params, "places": places, "problems": wrong}


def _shown(place: Place) -> dict[str, Any]:
    about: dict[str, Any] = {"path": _under(_PARAMS, place.path), "expression": place.expression}
    if place.problem is not None:
        position = {} if place.position is None else {"position": place.position}
        return {**about, "problem": place.problem, **position}
    return {**about, "value": place.value, "kind": place.kind}


def _template(recipe: Recipe, joined: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be resolved: not what is replaced, nor what is given, which is no template whatever stands in it."""
    whole = {**recipe.params, **joined}
    return {name: value for name, value in whole.items() if name not in values} if values else whole


def problem_of(problem: TemplateProblem, at: str) -> Refusal:
    """A place of a template that cannot be used, as a refusal."""
    path = _under(at, problem.path)
    details: dict[str, Any] = {"expression": problem.expression} if problem.expression else {}
    if problem.position is not None:
        details["position"] = problem.position
    what = (
        f"{{{{ {problem.expression[:120]} }}}} {problem.message}" if problem.expression else problem.message
    )
    return Refusal("invalid", _sentence(path, what), key=path, **details)


def _under(at: str, path: str) -> str:
    return at if not path else f"{at}{path}" if path.startswith("[") else f"{at}.{path}"


def _refusals(problems: Iterable[Problem], at: str) -> list[Refusal]:
    found = [(f"{at}{one.path.removeprefix(_PARAMS)}", one.message) for one in problems]
    return [Refusal("invalid", _sentence(path, message), key=path) for path, message in found]


def _sentence(path: str, message: str) -> str:
    return f"{path}: {message}" if message.endswith(("?", ".")) else f"{path}: {message}."
