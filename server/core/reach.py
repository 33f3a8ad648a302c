"""How far a caller reaches within its space: the jobs and topics that a key is restricted to, the one job, tag or definition of a token.

Most callers have no `Reach` at all, and pay nothing for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import RESERVED_DOMAINS
from listener_sdk.protocol.filters import compile_topics
from listener_sdk.protocol.globs import Globs, is_glob
from listener_sdk.protocol.ids import encode

from .jobs import JobRow

_ANY: Final = "\x00"
"""Stands for a wildcard: a character that no pattern has, so that only a star matches it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``jobs`` are globs of job names, ``topics`` of topics, None for all; ``job_id`` is the one job, parts included.

    With ``tag`` it is jobs that have the tag, and of events those that say it; with ``definition`` the jobs that it has started,
    without parts.
    """

    jobs: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    job_id: int | None = None
    tag: str | None = None
    definition: str | None = None
    _named: Globs | None = field(init=False, repr=False, compare=False)
    _told: Globs | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = None if self.jobs is None else Globs(self.jobs, exact=self.jobs)
        object.__setattr__(self, "_named", named)
        object.__setattr__(self, "_told", None if self.topics is None else compile_topics(self.topics))

    @property
    def of_a_token(self) -> bool:
        """Whether it is a token's of some jobs, to which nothing belongs that is of no job."""
        return self.job_id is not None or self.tag is not None or self.definition is not None

    def names(self, name: str) -> bool:
        """Whether jobs of this name are within it."""
        return self._named is None or self._named(name)

    def tells(self, topic: str) -> bool:
        """Whether events of this topic are within it."""
        return self._told is None or self._told(topic)

    def sees(self, row: JobRow) -> bool:
        """Whether the job is within it."""
        mine = self.job_id in {None, row.id} or (row.part is not None and row.parent_id == self.job_id)
        own = self.definition is None or (
            row.definition_id is not None and row.head.get("definition") == self.definition
        )
        return mine and own and (self.tag is None or self.tag in row.tags) and self.names(row.name)

    def hears(self, event: dict[str, Any]) -> bool:
        """Whether an event, or a live tick as filters see it, is within it.

        Who is restricted to jobs hears of them, and what clients publish, but nothing else of the server's. Who has a tag or
        a definition hears of its jobs alone.
        """
        topic, payload = event["topic"], event.get("payload", {})
        if not self.tells(topic):
            return False
        if self.job_id is not None and not self._about_mine(event):
            return False
        domain = topic.partition(":")[0]
        if self.tag is not None and not (domain == "job" and self.tag in payload.get("tags", ())):
            return False
        if self.definition is not None and not (domain == "job" and self._of_mine(payload)):
            return False
        if self.jobs is None:
            return True
        return self.names(str(payload.get("job"))) if domain == "job" else domain not in RESERVED_DOMAINS

    def _about_mine(self, event: dict[str, Any]) -> bool:
        mine = encode("jb", self.job_id or 0)
        payload = event.get("payload", {})
        if event.get("context", {}).get("jobId") == mine:
            return True
        part = event["topic"].startswith("job:") and payload.get("isPart") is True
        return part and payload.get("parentId") == mine

    def _of_mine(self, payload: dict[str, Any]) -> bool:
        return payload.get("definition") == self.definition and payload.get("isPart") is not True

    # ---- what callers ask for

    def check_name(self, name: str) -> None:
        """Refusal ``forbidden`` for a job of another name."""
        if not self.names(name):
            raise Refusal("forbidden", f"This key is restricted to the jobs {_list(self.jobs)}.", key="job")

    def check_topic(self, topic: str) -> None:
        """Refusal ``forbidden`` for another topic."""
        if not self.tells(topic):
            raise Refusal(
                "forbidden", f"This key is restricted to the topics {_list(self.topics)}.", key="topic"
            )

    def check_wishes(self, patterns: Iterable[str]) -> None:
        """Refusal ``forbidden`` for a glob of job names that may match others."""
        for pattern in patterns:
            if not self.covers([pattern]):
                raise Refusal(
                    "forbidden",
                    f"This key is restricted to the jobs {_list(self.jobs)}: listen for one of these, or for less "
                    f"than one of them, not for {pattern[:80]!r}. Leave that out, or widen the key (tickwire keys update).",
                    key="jobs",
                )

    def covers(self, patterns: Iterable[str]) -> bool:
        """Whether all jobs that these globs match are within it."""
        return self.jobs is None or all(within(pattern, self.jobs) for pattern in patterns)

    def check_topics(self, patterns: Iterable[str]) -> None:
        """Refusal ``forbidden`` for a topic that it would never hear of; globs are narrowed instead."""
        for pattern in patterns:
            for topic in pattern.split(","):
                if not is_glob(topic):
                    self.check_topic(topic.strip())


def within(pattern: str, allowed: Iterable[str]) -> bool:
    """Whether all that a glob matches is matched by one of the allowed; in doubt it is not.

    A wildcard lies within a star, since that takes any characters of a segment, and ``**`` within a ``**`` at the end.
    """
    several = "**" in pattern.split(":")
    probe = pattern.replace("*", _ANY).replace("?", _ANY)
    for one in allowed:
        if one in {pattern, "**"}:
            return True
        start = one.removesuffix("**")
        if start != one:
            if start.endswith(":") and not is_glob(start) and pattern.startswith(start):
                return True
        elif not several and ("?" not in one or not is_glob(pattern)) and Globs([one], exact=[one])(probe):
            return True
    return False


def reach_of(
    jobs: tuple[str, ...] | None,
    topics: tuple[str, ...] | None,
    job_id: int | None = None,
    tag: str | None = None,
    definition: str | None = None,
) -> Reach | None:
    """None for who reaches the whole space."""
    found = Reach(jobs, topics, job_id, tag, definition)
    return None if found == Reach() else found


def _list(patterns: Iterable[str] | None) -> str:
    return ", ".join(patterns or ())
