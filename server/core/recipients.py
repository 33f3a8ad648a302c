"""One member in the place of another among those whom rules of notifications tell. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from listener_sdk.protocol.ids import decode

from .members import KIND as MEMBER

Rule = Mapping[str, Any]


def naming(rules: Sequence[Rule], member: str | None) -> int:
    """How many rules name somebody."""
    return sum(member in rule.get("members", ()) for rule in rules)


def replaced(rules: Sequence[Rule], former: str | None, owner: str) -> list[Rule]:
    """The rules with the new owner in the place of the former one; as they are where the new one is a key, which nobody can tell."""
    if decode(MEMBER, owner) is None:
        return list(rules)
    return [_with(rule, former, owner) if former in rule.get("members", ()) else rule for rule in rules]


def _with(rule: Rule, former: str | None, owner: str) -> Rule:
    members = dict.fromkeys(owner if one == former else one for one in rule["members"])
    return {**rule, "members": list(members)}
