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
    kept = {rule.get(name) for rule in before for name in TEXTS}
    for rule in rules:
        for name in TEXTS:
            text = rule.get(name) or ""
            if OPEN in text and text not in kept and not may(actor.role, "use_secrets"):
                raise Refusal(
                    "forbidden",
                    f"A key of role {actor.role} may not use secrets, so it says no address with one in it: {name}.",
                    key="notifications",
                )


def _strangers(rule: Rule, known: set[str], at: str) -> Iterator[Refusal]:
    for index, one in enumerate(rule.get("members", ())):
        if one not in known:
            where = f"{at}.members[{index}]"
            yield Refusal(
                "invalid", f"{where}: there is no member {one} in this space.", key=where, named=one
            )
