"""``tickwire schedules create``, ``edit``, ``enable``, ``disable``, ``delete`` and ``hand-over``."""

from typing import Any

import click

from ..client import Client
from ..protocol.schedules import HandedOver, Schedule
from .connection import Command, call, connection_options, json_option
from .definition_runs import params_of
from .failures import Misuse
from .members import id_of
from .output import counted, emit, say, spelled, tell, wire
from .pairs import json_object
from .rule_texts import RULE
from .schedule_lists import made
from .timing_texts import timing_of
from .told import warn_without_mail

_OPTIONS = (
    click.option("--name", help="For people."),
    click.option("--zone", "time_zone", metavar="NAME", help="Time zone, such as Europe/Paris; else that of the space."),
    click.option("--dialect", type=click.Choice(["unix", "quartz"]), help="Of an expression; five fields are unix."),
    click.option("--start", metavar="TIME", help="Nothing is due before."),
    click.option("--end", metavar="TIME", help="Nothing is due after."),
    click.option("--gap", type=click.Choice(["next-valid", "skip"]), help="Times that clocks leave out."),
    click.option("--fold", type=click.Choice(["first", "both"]), help="Times that come twice."),
    click.option("--late", type=click.Choice(["latest", "all", "none"]), help="What runs of what was missed; for all of it say --overlap allow too."),
    click.option(
        "--overlap",
        type=click.Choice(["skip", "queue_one", "allow", "cancel_running"]),
        help="What becomes of a due time while a job runs.",
    ),
    click.option("--jitter", "jitter_s", type=click.IntRange(0, 3600), metavar="SECONDS", help="Begin up to so much later."),
    click.option("--pause-after", type=click.IntRange(1, 1000), metavar="N", help="Pause after so many failures in a row."),
    click.option("--mode", type=click.Choice(["full", "delta"]), help="The run mode of its jobs."),
    click.option("--fallback-owner", metavar="MEMBER", help="Who takes over, by e-mail or id."),
    click.option("--notify", "rules", multiple=True, metavar="TEXT|@FILE", help="Who is told of its runs: a rule in JSON; may be repeated."),
)  # fmt: skip


def _options(found: Command) -> Command:
    """Add what may be said of a schedule."""
    for option in reversed(_OPTIONS):
        found = option(found)
    return click.option(
        "--param",
        "-p",
        "pairs",
        multiple=True,
        metavar="NAME=VALUE",
        help="A parameter, in the place of the definition's.",
    )(
        click.option(
            "--params", "text_", metavar="TEXT|@FILE", help="Parameters as a JSON object; pairs win."
        )(found)
    )


@click.command("create")
@click.argument("definition")
@click.argument("text")
@_options
@click.option("--disabled", is_flag=True, help="Switched off for now.")
@connection_options
@json_option
def create(
    definition: str, text: str, disabled: bool, url: str | None, key: str | None, as_json: bool, **given: Any
) -> None:
    """Let DEFINITION run when TEXT says: a cron expression, a repetition in JSON, or one time.

    tickwire schedules create nightly "0 9 * * 1-5" --zone Europe/Paris

    tickwire schedules create nightly 2026-12-24T09:00
    """

    async def session(client: Client) -> tuple[Schedule, bool]:
        fields = {**timing_of(text), **await _fields(client, given)}
        if disabled:
            fields["enabled"] = False
        is_enabled = (await client.definitions.get(definition)).enabled
        return await client.schedules.create(definition, **fields), is_enabled

    one, is_enabled = call(url, key, session)
    made(one, as_json, "is made")
    warn_without_mail(one.notifications, url, key)
    if not is_enabled:
        enable = spelled(f"definitions enable {one.definition}")
        tell(f"The definition {one.definition} is disabled: nothing runs until it is enabled: {enable}")


@click.command("edit")
@click.argument("schedule")
@click.argument("text", required=False)
@_options
@click.option("--no-pause", is_flag=True, help="Do not pause after failures.")
@connection_options
@json_option
def edit(
    schedule: str,
    text: str | None,
    no_pause: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Change a schedule, which is yours then; TEXT says anew when it is due, and what is not named stays."""

    async def session(client: Client) -> Schedule:
        changes = {**({} if text is None else timing_of(text)), **await _fields(client, given)}
        changes |= {"pause_after": None} if no_pause else {}
        if not changes:
            raise Misuse("Nothing is to be changed: name what, such as --zone Europe/Paris.")
        return await client.schedules.update(schedule, **changes)

    changed = call(url, key, session)
    made(changed, as_json, "is changed")
    warn_without_mail(changed.notifications, url, key)


async def _fields(client: Client, given: dict[str, Any]) -> dict[str, Any]:
    """What the options say, as the client takes it."""
    pairs, params, rules = given.pop("pairs"), given.pop("text_"), given.pop("rules")
    fields = {name: value for name, value in given.items() if value is not None}
    joined = params_of(pairs, params)
    if joined:
        fields["params"] = joined
    if rules:
        fields["notifications"] = [json_object(rule, "--notify", RULE) for rule in rules]
    if "fallback_owner" in fields:
        fields["fallback_owner"] = await id_of(client, fields["fallback_owner"])
    return fields


@click.command("enable")
@click.argument("schedule")
@connection_options
@json_option
def enable(schedule: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Switch a schedule on; nothing is made up for."""
    made(call(url, key, lambda client: client.schedules.enable(schedule)), as_json, "is switched on")


@click.command("disable")
@click.argument("schedule")
@connection_options
@json_option
def disable(schedule: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Switch a schedule off; its job, if one runs, goes on."""
    made(call(url, key, lambda client: client.schedules.disable(schedule)), as_json, "is switched off")


@click.command("delete")
@click.argument("schedule")
@connection_options
@json_option
def delete(schedule: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Remove a schedule; its jobs go on."""
    call(url, key, lambda client: client.schedules.delete(schedule))
    emit({"deleted": schedule}) if as_json else say(f"schedule {schedule} is deleted.")


@click.command("hand-over")
@click.argument("schedule", required=False)
@click.option("--all-of", "former", metavar="MEMBER", help="All schedules of this member, by e-mail or id.")
@click.option("--to", "owner", metavar="MEMBER", help="Who takes over; else the fallback owner of each.")
@click.option("--mine", is_flag=True, help="Take over yourself.")
@click.option(
    "--replace-recipient", is_flag=True, help="Tell the new owner of its runs, and no longer the former one."
)
@connection_options
@json_option
def hand_over(
    schedule: str | None,
    former: str | None,
    owner: str | None,
    mine: bool,
    replace_recipient: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Give SCHEDULE, or all schedules of a member, to another owner.

    tickwire schedules hand-over us_sch_0000000001 --to ada@example.com

    tickwire schedules hand-over --all-of ada@example.com --to bea@example.com --replace-recipient
    """
    if (schedule is None) == (former is None):
        raise Misuse("Name one SCHEDULE, or --all-of MEMBER.")
    if mine and owner is not None:
        raise Misuse("Give either --mine or --to MEMBER.")

    async def session(client: Client) -> HandedOver:
        to = await _taker(client, owner, mine=mine)
        schedules = client.schedules
        if schedule is not None:
            return await schedules.hand_over(schedule, to, replace_recipient=replace_recipient)
        assert former is not None, "one of the two is given"
        whose = await id_of(client, former)
        return await schedules.hand_over_all(whose, to, replace_recipient=replace_recipient)

    done = call(url, key, session)
    if as_json:
        emit(wire(done))
        return
    say(f"{counted(len(done.schedules), 'schedule')} handed over to {done.owner or 'their fallback owners'}.")
    if done.still_recipient:
        tell = "tells" if done.still_recipient == 1 else "tell"
        say(
            f"{counted(done.still_recipient, 'rule')} still {tell} the former owner: {_mended(done, replace_recipient)}."
        )


def _mended(done: HandedOver, is_asked: bool) -> str:
    if not is_asked:
        return "repeat with --replace-recipient"
    if not done.definitions:
        return "a key that takes over is told nothing"
    return f"whoever may define jobs changes them, or repeats this: {', '.join(done.definitions)}"


async def _taker(client: Client, owner: str | None, *, mine: bool) -> str | None:
    if mine:
        own = await client.whoami()
        return own.member_id or own.key_id
    return None if owner is None else await id_of(client, owner)
