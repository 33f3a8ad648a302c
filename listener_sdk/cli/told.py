"""What the command line says of who is told: of rules, with the names of members, and of what became of a run's messages."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from ..client import Client
from ..errors import ApiError
from ..protocol.events import Event
from ..protocol.runs import Run
from .connection import call
from .output import local, say, spelled, tell
from .rule_texts import rule_words

Rules = Sequence[Mapping[str, Any]]
TOPICS: Final = ("notification:delivered", "notification:delayed", "notification:failed")
LOOKED_AT: Final = 2_000
"""Events among which those of a run are looked for."""
MOST_MEMBERS: Final = 1_000
NO_MAIL: Final = "This server sends no mail: what is told by email reaches nobody. TICKWIRE_SMTP_URL and TICKWIRE_SMTP_FROM set it up."


def say_rules(rules: Rules, url: str | None, key: str | None) -> None:
    """Say whom rules tell of what, and where the server cannot."""
    rules = [rule for rule in rules if rule.get("channels")]
    names = call(url, key, _names) if any(rule.get("members") for rule in rules) else {}
    for rule in rules:
        say(f"tells of {rule_words(rule, names)}")
    warn_without_mail(rules, url, key)


def warn_without_mail(rules: Rules, url: str | None, key: str | None) -> None:
    """Say so where rules tell by email, and the server sends none."""
    is_by_mail = any("email" in rule.get("channels", ()) for rule in rules)
    if is_by_mail and not call(url, key, lambda client: client.notifications.channels()).configured:
        tell(f"warning: {NO_MAIL}")


async def _names(client: Client) -> dict[str, str]:
    """Members by their ids; none for a key that may not list them."""
    try:
        return {one.id: one.name for one in (await client.members.list(page_size=MOST_MEMBERS)).items}
    except ApiError:
        return {}


async def deliveries(client: Client, run: Run) -> tuple[list[Event], bool]:
    """What became of the messages that tell of a run, and whether there may be more."""
    found: list[Event] = []
    if run.finished_at is None or run.job_id is None:
        return found, False
    looked = 0
    events = client.events.iterate(topic=TOPICS, since=run.finished_at, page_size=1_000)
    async with aclosing(events) as every:
        async for event in every:
            looked += 1
            if event.job_id == run.job_id:
                found.append(event)
            if looked == LOOKED_AT:
                return found, True
    return found, False


def say_deliveries(events: Sequence[Event], run: Run, *, more: bool) -> None:
    """One line for each."""
    for event in events:
        said = event.payload
        whom = ", ".join(said.get("recipients", ()))
        why = f": {said['message']}" if said.get("message") else ""
        word = event.topic.partition(":")[2]
        say(f"{said.get('channel')} to {whom} {word} at {local(event.created_at)}{why}")
    if more:
        tell(f"Of later events: {spelled(f'''events list 'notification:*' --where jobId={run.job_id}''')}")
