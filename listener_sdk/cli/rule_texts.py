"""What the command line says of rules of notifications: whom they tell of what, and how."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

RULE: Final = '{"on": "failed", "channels": ["email"], "addresses": ["ops@example.com"]}'
"""An example."""
_ON: Final = {
    "failed": "failed runs",
    "failedAndPartial": "runs that failed or were completed in part",
    "completed": "completed runs",
    "all": "all runs",
}
_ALSO: Final = {"recovered": "recoveries", "missed": "due times without a run"}


def rule_words(rule: Mapping[str, Any], names: Mapping[str, str] = MappingProxyType({})) -> str:
    """``failed runs and recoveries: Ada by inbox and email, Slack``; a member whose name is not known is told by the id."""
    on = _ON.get(rule.get("on", "failed"))
    of = [*([on] if on else []), *(words for name, words in _ALSO.items() if rule.get(name))]
    return f"{_listed(of)}: {', '.join(_told(rule, names))}"


def _told(rule: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[str]:
    channels = [name for name in ("inbox", "email") if name in rule.get("channels", ())]
    people = [names.get(one, one) for one in rule.get("members", ())]
    people += ["whoever starts the run"] if rule.get("starter") else []
    if people and channels:
        yield f"{_listed(people)} by {_listed(channels)}"
    if rule.get("addresses"):
        yield f"{_listed(rule['addresses'])} by email"
    if rule.get("slack"):
        yield f"Slack ({_place(rule['slack'])})"
    if rule.get("webhook"):
        signed = ", signed" if rule.get("webhookSecret") else ""
        yield f"webhook ({_place(rule['webhook'])}{signed})"


def _place(url: str) -> str:
    """The host alone, since whoever knows the rest may post there too; or the secret that it is."""
    if url.startswith("{{"):
        return url
    host = urlsplit(url).netloc.rpartition("@")[2]
    return "an address with a secret" if "{{" in host else host


def _listed(texts: Iterable[str]) -> str:
    """``a, b and c``."""
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
