"""``tickwire jobs cancel`` and ``tickwire jobs retry``: jobs by their ids, or all that some filters let through."""

import sys
from typing import Any, Final, Literal

import click

from ..client import Client
from ..protocol.bulk import BulkDone
from ..protocol.lifecycle import Status, is_final
from .choosing import choosing_options, filters_of
from .connection import Command, call, connection_options, json_option
from .failures import Misuse
from .output import counted, emit, say, spelled, wire

MOST_NAMED: Final = 20
"""Jobs that were left as they are are named up to here, the others counted."""
_DONE: Final = {"cancel": "canceled, or asked to stop", "retry": "run again"}

Act = Literal["cancel", "retry"]


def act_options(command: Command) -> Command:
    """Add the ids, the filters, and how careful to be."""
    for option in reversed((
        click.argument("job_ids", metavar="[JOB_ID]...", nargs=-1),
        choosing_options,
        click.option("--all", "everything", is_flag=True, help="All jobs of the space, whatever their name."),
        click.option("--limit", type=click.IntRange(min=1), help="At most so many, the oldest first."),
        click.option("--dry-run", is_flag=True, help="Only count them."),
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        connection_options,
        json_option,
    )):  # fmt: skip
        command = option(command)
    return command


@click.command("cancel")
@act_options
@click.option("--info", metavar="TEXT", help="Why, for people.")
def cancel(
    job_ids: tuple[str, ...], info: str | None, url: str | None, key: str | None, as_json: bool, **given: Any
) -> None:
    """Cancel jobs: those named, or all unfinished ones that the filters let through. What runs gets a moment to stop.

    Filters ask on a terminal before anything is done.
    """
    if len(job_ids) == 1 and not _choice(given):
        _cancel_one(job_ids[0], info, url, key, as_json=as_json)
        return
    _act("cancel", job_ids, {"info": info}, url, key, as_json=as_json, **given)


def _cancel_one(job_id: str, info: str | None, url: str | None, key: str | None, *, as_json: bool) -> None:
    job = call(url, key, lambda client: client.jobs.cancel(job_id, info))
    asked = "is asked to stop" if job.status != "canceled" else "is canceled"
    emit(wire(job)) if as_json else say(f"{job.id} {asked}.")


@click.command("retry")
@act_options
def retry(job_ids: tuple[str, ...], url: str | None, key: str | None, as_json: bool, **given: Any) -> None:
    """Run ended jobs again, each as a new one: those named, or all that the filters let through, failed ones unless --status says more.

    Filters ask on a terminal before anything is done, and leave out what was run again already.
    """
    if len(job_ids) == 1 and not _choice(given):
        _retry_one(job_ids[0], url, key, as_json=as_json)
        return
    if not job_ids and _choice(given) and not given["statuses"]:
        given["statuses"] = ("failed",)
    _act("retry", job_ids, {}, url, key, as_json=as_json, **given)


def _retry_one(job_id: str, url: str | None, key: str | None, *, as_json: bool) -> None:
    job = call(url, key, lambda client: client.jobs.retry(job_id))
    if as_json:
        emit(wire(job))
    else:
        say(f"{job.id} runs {job_id} again. Show it: {spelled(f'jobs show {job.id}')}")


# ---- many


def _choice(given: dict[str, Any]) -> bool:
    """Whether an option says which jobs are meant, or that they are only to be counted."""
    return any(
        given[name]
        for name in ("statuses", "name", "tag", "definition", "since", "parent_id", "everything", "dry_run")
    )


def _act(
    act: Act,
    job_ids: tuple[str, ...],
    fields: dict[str, Any],
    url: str | None,
    key: str | None,
    *,
    as_json: bool,
    **given: Any,
) -> None:
    meant = _meant(act, job_ids, given)
    if not (job_ids or given["dry_run"] or given["yes"]) and _somebody_is_there():
        found = call(url, key, lambda client: _ask(client, act, meant, dry_run=True))
        click.confirm(f"{act.capitalize()} {counted(found.matched, 'job')}?", abort=True, err=True)
    done = call(url, key, lambda client: _ask(client, act, meant, dry_run=given["dry_run"], **fields))
    emit(done.model_dump(mode="json")) if as_json else _tell(act, done, dry_run=given["dry_run"])
    if done.skipped and job_ids:
        click.get_current_context().exit(1)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty()


def _meant(act: Act, job_ids: tuple[str, ...], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that say which jobs; Misuse where nothing does, or too much, or none can be meant."""
    named = ("statuses", "name", "since", "parent_id", "tag", "definition")
    filters = filters_of(*(given[name] for name in named))
    if job_ids and (filters or given["everything"]):
        raise Misuse("Give ids, or filters: not both.")
    if not (job_ids or filters or given["everything"]):
        raise Misuse(
            f"Which jobs? Give their ids, or filters such as --status or --job, or --all. See {spelled(f'jobs {act} --help')}."
        )
    _refuse_vain(act, given["statuses"])
    if job_ids:
        return {"ids": job_ids, "limit": given["limit"]}
    return {**(filters or {"all": True}), "limit": given["limit"]}


def _refuse_vain(act: Act, statuses: tuple[str, ...]) -> None:
    """Misuse when no job of these statuses can be meant."""
    ended = [status.value for status in Status if is_final(status)]
    meant = ended if act == "retry" else [status.value for status in Status if not is_final(status)]
    if statuses and not {*statuses} & {*meant}:
        can = "ended can be run again" if act == "retry" else "not ended can be canceled"
        raise Misuse(f"Only jobs that have {can}: {', '.join(meant)}, not {', '.join(statuses)}.")


async def _ask(client: Client, act: Act, meant: dict[str, Any], **fields: Any) -> BulkDone:
    many = client.jobs.cancel_many if act == "cancel" else client.jobs.retry_many
    return await many(**meant, **fields)


def _tell(act: Act, done: BulkDone, *, dry_run: bool) -> None:
    if dry_run:
        say(f"{counted(done.matched, 'job')} would be {_DONE[act]}.")
        return
    say(f"{counted(done.done, 'job')} {'is' if done.done == 1 else 'are'} {_DONE[act]}.")
    for skipped in done.skipped[:MOST_NAMED]:
        say(f"{skipped.id} is left as it is: {skipped.message}", "yellow")
    if len(done.skipped) > MOST_NAMED:
        say(f"{len(done.skipped) - MOST_NAMED:,} more are left as they are.", "yellow")
    if done.more:
        say("There are more.")
