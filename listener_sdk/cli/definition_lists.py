"""``tickwire definitions list`` and ``show``: what there is, and what keeps its triggers from starting jobs."""

from typing import Any

import click

from ..client import Client
from ..pages import every
from ..protocol.definitions import Definition, Failing, TriggerProblem
from ..protocol.notifications import implied
from ..protocol.runs import HEALTHS
from ..protocol.schedules import Schedule
from .connection import call, connection_options, json_option
from .output import counted, emit, in_json, local, say, spelled, wire
from .schedule_lists import summary
from .tables import table
from .told import say_rules


@click.command("list")
@click.option("--type", "job_type", metavar="CODE", help="Only those of this job type.")
@click.option("--enabled/--disabled", default=None, help="Only those that may be launched, or may not.")
@click.option("--target", help="Only those that fill this.")
@click.option(
    "--health",
    type=click.Choice(HEALTHS),
    help="Only those that have failed since their last success, or not.",
)
@click.option("--search", "-s", "q", metavar="TEXT", help="In code or name.")
@connection_options
@json_option
def list_definitions(url: str | None, key: str | None, as_json: bool, **filters: Any) -> None:
    """List the definitions."""
    found = call(url, key, lambda client: every(client.definitions.list, **filters))
    if as_json:
        emit([wire(one) for one in found])
        return
    rows = [
        (
            one.job_definition_code,
            one.job_type,
            _state(one),
            "" if one.last_job is None else one.last_job.status,
            "" if one.last_job is None else local(one.last_job.created_at),
            one.target,
            "" if one.name == one.job_definition_code else one.name,
        )
        for one in found
    ]
    columns = ("CODE", "JOB TYPE", "STATE", "LAST JOB", "STARTED", "TARGET", "NAME")
    chosen = any(value is not None for value in filters.values())
    table(
        columns,
        rows,
        empty="There are no such job definitions." if chosen else "There are no job definitions.",
    )


@click.command("show")
@click.argument("code")
@connection_options
@json_option
def show(code: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show a definition."""

    async def session(client: Client) -> tuple[Definition, list[Schedule]]:
        one = await client.definitions.get(code)
        return one, [] if as_json else await every(client.schedules.list, definition=one.id)

    one, schedules = call(url, key, session)
    if as_json:
        emit(wire(one))
        return
    say(one.name, "bold")
    if one.description:
        say(one.description)
    last = "" if one.last_job is None else f"{one.last_job.job_id} ({one.last_job.status})"
    facts = {
        "code": one.job_definition_code,
        "job type": one.job_type,
        "state": _state(one),
        "failing": None if one.failing is None else _failing(one.failing),
        "version": f"{one.version}, changed {local(one.updated_at)} by {one.updated_by}",
        "target": one.target,
        "parameters": in_json(one.params) if one.params else "",
        "modes": in_json(one.modes) if one.modes else "",
        "options": in_json(one.options) if any(one.options.values()) else "",
        "last job": last,
    }
    for name, value in facts.items():
        if value:
            say(f"{name}: {value}")
    for schedule in schedules:
        say(f"schedule {schedule.id}: {summary(schedule)}")
    for number, trigger in enumerate(one.triggers):
        say(f"starts on (trigger {number}): {in_json(trigger)}")
    say_rules([*one.notifications, *implied(one.options)], url, key)
    _show_trouble(one)


def _state(one: Definition) -> str:
    """Whether it may be launched, that its last run has failed, and that a trigger does not start what it should."""
    health = "" if one.health == "ok" else f", {one.health}"
    trouble = "" if one.trigger_problem is None else f", trigger {one.trigger_problem.kind}"
    return f"{'enabled' if one.enabled else 'disabled'}{health}{trouble}"


def _failing(found: Failing) -> str:
    """``3 runs since 2026-01-31 08:00:00, the last us_jb_1``."""
    last = "" if found.job_id is None else f", the last {found.job_id}"
    return f"{counted(found.failures, 'run')} since {local(found.since)}{last}"


def _show_trouble(one: Definition) -> None:
    problem = one.trigger_problem
    if problem is None:
        return
    what = "was stopped" if problem.kind == "stopped" else "failed"
    topic = f" {problem.event_topic}" if problem.event_topic else ""
    say(f"\nTrigger {problem.trigger} {what} {local(problem.at)} on{topic} {problem.event_id}:", "red")
    say(f"  {problem.message}")
    for place in problem.problems:
        if place.get("message") not in {None, problem.message}:
            say(f"  {place['message']}")
    if one.trigger_stops:
        say(f"  {counted(one.trigger_stops, 'start')} prevented since the triggers became as they are.")
    say(f"  {_way_out(one, problem)}")


def _way_out(one: Definition, problem: TriggerProblem) -> str:
    """What to do, beside what the problem itself says."""
    mend = "" if problem.kind == "stopped" else "Mend what it makes of the event. "
    change = spelled(f"definitions update {one.job_definition_code} --file @changed.json")
    return f"{mend}Change the triggers: {change}. This is shown until they are changed or enabled again."
