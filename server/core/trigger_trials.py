"""Event triggers tried on an event that somebody made up: which would start a job, and with which parameters. Nothing is made."""

from collections.abc import Callable, Mapping
from typing import Any

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.filters import compile_filter, compile_topics

from .definition_checks import Checker, tried
from .definitions import Recipe
from .trigger_index import UNSEEN

Context = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What templates read, by what starts the job as the job tells it (``startedBy``)."""


def trials(
    recipe: Recipe, event: Mapping[str, Any] | None, only: int | None, context: Context, checker: Checker
) -> list[dict[str, Any]]:
    """What each trigger makes of the event, or ``only`` one. Refusals ``invalid`` for a number that no trigger has, or without an event.

    The guards that stop triggers, by depth and by rate, are not asked.
    """
    if only is not None:
        _check_number(recipe, only, event)
    if event is None:
        return []
    numbers = range(len(recipe.triggers)) if only is None else (only,)
    return [_trial(recipe, number, event, context, checker) for number in numbers]


def _check_number(recipe: Recipe, only: int, event: Mapping[str, Any] | None) -> None:
    count = len(recipe.triggers)
    if only >= count:
        which = f"its {count} are numbered from 0" if count else "it has none"
        raise Refusal(
            "invalid", f"trigger: the definition has no event trigger {only}; {which}.", key="trigger"
        )
    if event is None:
        raise Refusal("invalid", "trigger: is tried on an event: send one as context.event.", key="trigger")


def _trial(
    recipe: Recipe, number: int, event: Mapping[str, Any], context: Context, checker: Checker
) -> dict[str, Any]:
    trigger = recipe.triggers[number]
    stopped_by = _stopped_by(trigger, event)
    about = {"trigger": number, "topic": trigger["topic"], "starts": stopped_by is None}
    if stopped_by is not None:
        return {**about, "stoppedBy": stopped_by, "params": None, "places": [], "problems": []}
    by = {"kind": "event", "eventId": event.get("id"), "topic": event["topic"], "trigger": number}
    return {**about, **tried(recipe, context(by), {}, checker, trigger["params"])}


def _stopped_by(trigger: Mapping[str, Any], event: Mapping[str, Any]) -> str | None:
    """Whether the topic or the filter keeps the event from it, if one does."""
    topic = event.get("topic")
    if not isinstance(topic, str) or topic in UNSEEN or not compile_topics(trigger["topic"])(topic):
        return "topic"
    return None if compile_filter(trigger.get("filter"))(dict(event)) else "filter"
