"""What a finished job tells a person: heading, message, counts, and what can be done next."""

from typing import Any, Final

from ..client import Client
from ..protocol.jobs import Job
from .output import in_json, say, short, spelled

INVALID: Final = "The input is invalid:"
"""How the message of a job begins whose input the handler's model refused: to run it again cannot help."""
LONGEST_RESULT: Final = 2_000

Lines = list[tuple[str, str]]
"""Lines of text with their style."""


async def has_log(client: Client, job: Job) -> bool:
    """Whether the log of a job that failed, or ended before its parts, has something to read; of others it is not asked."""
    if job.status != "failed" and not (job.part_counts or {}).get("canceled"):
        return False
    async for _ in client.jobs.iterate_log(job.id):
        return True
    return False


def show(job: Job, *, has_log: bool = False, may_act: bool = True) -> None:
    """Print the outcome of an ended job; with ``may_act`` also what can be done next, with ``has_log`` where to read why."""
    for text, style in lines(job):
        say(text, style)
    for text in actions(job) if may_act else ():
        say(text, "cyan")
    if has_log and may_act:
        say(f"{'Why' if job.status == 'failed' else 'Log'}: {spelled(f'jobs log {job.id}')}", "dim")


def lines(job: Job) -> Lines:
    """The outcome in lines, without its next actions."""
    outcome = job.outcome or {}
    told = [(outcome.get("heading") or _heading(job, outcome), _style(job, outcome))]
    message = outcome.get("message") or job.info
    if message:
        told.append((str(message), ""))
    told += [(text, "dim") for text in _counted(outcome.get("counts") or {})]
    if job.result:
        told.append((f"Result: {short(in_json(job.result), LONGEST_RESULT)}", ""))
    return told


def actions(job: Job) -> list[str]:
    """The error files and the next actions of the outcome, each in one line with its link or command."""
    outcome = job.outcome or {}
    return [*_error_files(outcome.get("errorFiles") or []), *_next_actions(job, outcome.get("next"))]


def _error_files(files: list[dict[str, Any]]) -> list[str]:
    return [f"Errors ({file.get('label') or file.get('fileId')}): {file.get('url', '')}" for file in files]


def _next_actions(job: Job, action: Any) -> list[str]:
    if not isinstance(action, dict):
        return []
    if action.get("type") == "retry" and (job.info or "").startswith(INVALID):
        return []
    label = action.get("label")
    if action.get("type") == "files":
        return [
            f"{file.get('label') or label or 'Download'}: {file.get('url', '')}" for file in action["files"]
        ]
    name, target = _target(action, job)
    return [f"{label or name}: {target}" if target else str(label or name)]


def _target(action: dict[str, Any], job: Job) -> tuple[str, str]:
    kind = action.get("type")
    if kind in {"download", "url"}:
        return ("Download" if kind == "download" else "Open"), str(action.get("url") or "")
    if kind == "id":
        query = f"?{action['query']}" if action.get("query") else ""
        return "Open", f"{action.get('id')}{action.get('path') or ''}{query}"
    if kind == "snapshot":
        return "Open the snapshot", f"{action.get('snapshotId')} of {action.get('sheetId')}"
    if kind == "view":
        return "Show the view", str(action.get("sheetId"))
    if kind == "retry":
        return "Run again", spelled(f"jobs retry {job.id}")
    return str(kind), ""


def _heading(job: Job, outcome: dict[str, Any]) -> str:
    if job.status == "complete":
        return f"{job.job} is complete" + (" in part" if outcome.get("result") == "partial" else "")
    return f"{job.job} {'has failed' if job.status == 'failed' else 'was canceled'}"


def _style(job: Job, outcome: dict[str, Any]) -> str:
    if job.status != "complete":
        return "bold red"
    return "bold yellow" if outcome.get("result") == "partial" else "bold green"


def _counted(counts: dict[str, Any]) -> list[str]:
    known = [
        f"{counts[name]:,} {name}"
        for name in ("total", "ok", "failed", "skipped")
        if counts.get(name) is not None
    ]
    return [", ".join(known)] if known else []
