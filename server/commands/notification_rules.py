"""What is wrong with rules of notifications that only the store can tell: members that are not there, and secrets."""

from collections.abc import Iterator, Sequence

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import decode

from ..core.actors import Actor
from ..core.definition_checks import Checker
from ..core.members import KIND as MEMBER
from ..core.notifications import Rule
from ..core.roles import may
from ..core.template_text import OPEN
from ..store import members
from ..store.database import Reader

TEXTS = ("slack", "webhook", "webhookSecret")


def problems(
    reader: Reader, space_id: int, rules: Sequence[Rule], checker: Checker, at: str = "notifications"
) -> list[Refusal]:
    """All that is wrong with the rules of a space, each by its path. A member who was set aside or removed may stay in one."""
    named = {decode(MEMBER, one) or 0 for rule in rules for one in rule.get("members", ())}
    rows = members.load_many(reader, sorted(named)) if named else []
    known = {row.public_id for row in rows if row.space_id == space_id}
    found: list[Refusal] = []
    for index, rule in enumerate(rules):
        found += _strangers(rule, known, f"{at}[{index}]")
        for name in TEXTS:
            if OPEN in (rule.get(name) or ""):
                found += checker.secrets_alone(rule[name], f"{at}[{index}].{name}")
    return found


def check_may_use(actor: Actor, rules: Sequence[Rule], before: Sequence[Rule]) -> None:
    """Refusal ``forbidden`` for a role that may not use secrets, and would say anew where one is sent."""
    if may(actor.role, "use_secrets"):
        return
    kept = {use for rule in before for use in _uses(rule)}
    for rule in rules:
        for name, *texts in _uses(rule):
            if any(OPEN in text for text in texts) and (name, *texts) not in kept:
                raise Refusal(
                    "forbidden",
                    f"A key of role {actor.role} may not use secrets, so it neither says nor changes an address with one in it, or one to "
                    f"which posts are signed: {name}.",
                    key="notifications",
                )


def _uses(rule: Rule) -> Iterator[tuple[str, ...]]:
    """What goes where: a secret that signs goes along with what is posted to its webhook."""
    slack, webhook, secret = (rule.get(name) or "" for name in TEXTS)
    yield "slack", slack
    yield "webhook", webhook
    if secret:
        yield "webhookSecret", secret, webhook


def _strangers(rule: Rule, known: set[str], at: str) -> Iterator[Refusal]:
    for index, one in enumerate(rule.get("members", ())):
        if one not in known:
            where = f"{at}.members[{index}]"
            yield Refusal(
                "invalid", f"{where}: there is no member {one} in this space.", key=where, named=one
            )
