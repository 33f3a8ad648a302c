"""What people are to be told of events: decided by a reader on one view of the store, beside the writer."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from listener_sdk.protocol.ids import decode, encode

from ..core.definitions import DefinitionRow
from ..core.jobs import JobRow
from ..core.members import KIND as MEMBER
from ..core.members import email_key
from ..core.notifications import (
    DISABLED,
    ENDS,
    MISSED,
    OF_ENDPOINTS,
    OF_SCHEDULES,
    PAUSED,
    RECOVERED,
    Audience,
    Facts,
    Rule,
    RuleKey,
    audiences,
    disabled_facts,
    is_addressed,
    missed_facts,
    number_of,
    numbered,
    numbered_of_schedule,
    paused_facts,
    run_facts,
    starter_of,
    tells,
)
from ..core.schedules import KIND as SCHEDULE
from ..core.schedules import ScheduleRow
from ..core.schedules import rules_of as own_rules
from ..store import definitions as definitions_sql
from ..store import job_types as job_types_sql
from ..store import jobs as jobs_sql
from ..store import members as members_sql
from ..store import notification_rules as sql
from ..store import schedules as schedules_sql
from ..store.database import Reader
from ..store.notification_rules import Cursor, RuleRow
from .built_in import BUILT_IN

TO_ADMINISTRATORS: Final = Audience(admins=True)
"""Those who hear of schedules that failed, and of endpoints that the server has disabled, whatever the rules are."""

ENDPOINTS: Final = "Endpoints"


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of the log, of a topic that is `WATCHED`; its ``text`` is asked for of those alone that may be told, since it is made then."""

    space_id: int
    seq: int
    topic: str
    job_id: int | None
    text: Callable[[], str]

    @property
    def payload(self) -> Mapping[str, Any]:
        """What it says."""
        found: Mapping[str, Any] = orjson.loads(self.text()).get("payload", {})
        return found

    @property
    def job(self) -> int | None:
        """The job that it is about."""
        if self.job_id is not None:
            return self.job_id
        return decode("jb", str(orjson.loads(self.text()).get("context", {}).get("jobId")))


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rule tells, its place among the others, and what it stands on: the name that people know, the definition's code, the name of
    its jobs.
    """

    audience: Audience
    name: str
    definition: str | None = None
    job: str | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """What one rule is to tell."""

    key: RuleKey
    target: Target
    facts: tuple[Facts, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """All that is to be told of events up to a place, decided when the log was looked through up to ``cursor``."""

    cursor: Cursor
    upto: int
    groups: list[Group] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Due:
    """A rule whose next message is due; None where what it stood on has gone meanwhile."""

    row: RuleRow
    target: Target | None


def decide(reader: Reader, seen: Collection[Seen], upto: int) -> Noted:
    """What is to be told of these, those left out that were dealt with before."""
    cursor = sql.cursor(reader)
    found = _Deciding(reader)
    found.look([one for one in seen if one.seq > cursor.seq])
    return Noted(cursor, upto, found.groups())


@dataclass(slots=True)
class _Deciding:
    reader: Reader
    _facts: dict[RuleKey, list[Facts]] = field(default_factory=dict)
    _targets: dict[RuleKey, Target] = field(default_factory=dict)
    _schedules: dict[str, ScheduleRow] = field(default_factory=dict)
    _mails: dict[str, str | None] = field(default_factory=dict)

    def groups(self) -> list[Group]:
        """What was found, by rule."""
        return [Group(key, self._targets[key], tuple(facts)) for key, facts in self._facts.items()]

    def look(self, seen: Collection[Seen]) -> None:
        """Look at events in their order."""
        wanted = {one.job for one in seen if one.job is not None and one.topic not in MISSED}
        of_jobs = sql.of_jobs(self.reader, wanted) if wanted else {}
        known = definitions_sql.by_ids(self.reader, {run.definition_id for run in of_jobs.values()})
        addressed = {
            number for number, row in known.items() if any(is_addressed(rule) for _, rule in rules_of(row))
        }
        told = [
            job
            for job, run in of_jobs.items()
            if run.definition_id in known and (run.may_have_starter or run.definition_id in addressed)
        ]
        found = jobs_sql.load_many(self.reader, told) if told else []
        jobs: dict[int | None, JobRow] = {row.id: row for row in found}
        by = {row.id: row.described().get("startedBy", {}) for row in found}
        missed = [one.payload.get("schedule") for one in seen if one.topic in MISSED]
        self._schedules = self._scheduled([*(one.get("scheduleId") for one in by.values()), *missed])
        recovered = {one.job for one in seen if one.topic == RECOVERED}
        ended = {one.job for one in seen if one.topic in ENDS}
        for one in seen:
            job = jobs.get(one.job)
            if one.topic in MISSED:
                self._missed(one)
            elif one.topic == DISABLED:
                self._disabled(one)
            elif job is not None and not (one.topic == RECOVERED and one.job in ended):
                result = _result(one)
                facts = run_facts(job, result, recovered=result == "recovered" or one.job in recovered)
                row = known[of_jobs[job.id].definition_id]
                self._tell(row, facts, starter_of(by[job.id]), by[job.id].get("scheduleId"))

    def _scheduled(self, named: Iterable[Any]) -> dict[str, ScheduleRow]:
        """Schedules by their ids."""
        numbers = {number for one in named if (number := decode(SCHEDULE, str(one))) is not None}
        found = schedules_sql.load_many(self.reader, numbers) if numbers else {}
        return {row.public_id: row for row in found.values()}

    def _tell(self, row: DefinitionRow, facts: Facts, starter: int, schedule: Any) -> None:
        """What the rules of the definition, and of the schedule that was at work, tell: each person once by a channel."""
        own = RuleKey(row.space_id, "definition", row.id, 0)
        rules = [(own, place, rule) for place, rule in rules_of(row)]
        found = self._schedules.get(schedule)
        if found is not None:
            its = RuleKey(row.space_id, "schedule", found.id, 0)
            rules += [(its, place, rule) for place, rule in rules_of_schedule(found)]
        telling = [one for one in rules if tells(one[2], facts)]
        said = [rule for _, _, rule in telling]
        self._find_mails(said, starter)
        for index, whom, audience in audiences(said, starter, self._mail_of):
            key, place, rule = telling[index]
            key = key._replace(number=number_of(rule, audience), starter=whom)
            known = self._targets.get(key)
            self._add(key, known or target_of(self.reader, row, audience, place), facts)

    def _find_mails(self, rules: Iterable[Rule], starter: int) -> None:
        """Where mails go for the members whom rules may tell: nowhere for one who was set aside or has gone."""
        mailing = [rule for rule in rules if "email" in rule["channels"]]
        named = {one for rule in mailing for one in rule.get("members", ())}
        named |= {encode(MEMBER, starter)} if starter and mailing else set()
        left = named.difference(self._mails)
        self._mails |= dict.fromkeys(left)
        numbers = sorted(number for one in left if (number := decode(MEMBER, one)) is not None)
        for row in members_sql.load_many(self.reader, numbers) if numbers else ():
            if row.open and row.email:
                self._mails[row.public_id] = email_key(row.email)

    def _mail_of(self, recipient: str) -> str | None:
        return self._mails[recipient] if recipient in self._mails else email_key(recipient)

    def _add(self, key: RuleKey, target: Target, facts: Facts) -> None:
        self._facts.setdefault(key, []).append(facts)
        self._targets[key] = target

    def _missed(self, one: Seen) -> None:
        failed = one.topic == "schedule:failed"
        paused = one.topic == PAUSED
        facts = paused_facts(one.payload) if paused else missed_facts(one.payload, failed=failed)
        code = one.payload.get("definition")
        found = definitions_sql.find(self.reader, one.space_id, code) if isinstance(code, str) else None
        if found is not None:
            self._tell(found.row, facts, 0, one.payload.get("schedule"))
        if failed:
            name = found.row.name if found is not None else str(one.payload.get("name") or "A schedule")
            key = RuleKey(one.space_id, "space", one.space_id, OF_SCHEDULES)
            self._add(key, Target(TO_ADMINISTRATORS, name), facts)

    def _disabled(self, one: Seen) -> None:
        facts = disabled_facts(one.payload)
        if facts is not None:
            key = RuleKey(one.space_id, "space", one.space_id, OF_ENDPOINTS)
            self._add(key, Target(TO_ADMINISTRATORS, ENDPOINTS), facts)


def rules_of(row: DefinitionRow) -> list[tuple[int, Rule]]:
    """The rules of a definition by number."""
    return numbered(row.recipe.notifications, row.recipe.options)


def rules_of_schedule(row: ScheduleRow) -> list[tuple[int, Rule]]:
    """The rules of a schedule by number."""
    return numbered_of_schedule(own_rules(row), row.owner)


def _result(one: Seen) -> str:
    if one.topic == RECOVERED:
        return "recovered"
    return ENDS[one.topic] or ("partial" if one.payload.get("result") == "partial" else "success")


def due(reader: Reader, now: int, count: int) -> list[Due]:
    """Rules whose next message is due, with what they stand on as it is now."""
    rows = sql.due(reader, now, count)
    schedules = schedules_sql.load_many(reader, {row.key.about for row in rows if row.key.kind == "schedule"})
    ids = {row.key.about for row in rows if row.key.kind == "definition"}
    ids |= {one.definition_id for one in schedules.values() if one.definition_id is not None}
    known = definitions_sql.by_ids(reader, ids)
    return [Due(row, _target(reader, row, known, schedules)) for row in rows]


def target_of(reader: Reader, row: DefinitionRow, audience: Audience, place: int) -> Target:
    """Whom a rule of a definition tells. The name of its jobs is needed where addresses may have secrets."""
    may_have = audience.slack or audience.webhook
    return Target(audience, row.name, row.code, job_name(reader, row) if may_have else None, place)


def job_name(reader: Reader, row: DefinitionRow) -> str | None:
    """The name of a definition's jobs; None where its type has gone."""
    own = BUILT_IN.get(row.type_code)
    found = job_types_sql.by_code(reader, row.space_id, row.type_code) if own is None else own
    return None if found is None else found.name


def _target(
    reader: Reader,
    told: RuleRow,
    known: Mapping[int, DefinitionRow],
    schedules: Mapping[int, ScheduleRow],
) -> Target | None:
    key = told.key
    if key.kind == "space":
        return Target(TO_ADMINISTRATORS, ENDPOINTS if key.number == OF_ENDPOINTS else "Schedules")
    schedule = schedules.get(key.about) if key.kind == "schedule" else None
    row = known.get(key.about if schedule is None else schedule.definition_id or 0)
    if row is None or (schedule is None and key.kind == "schedule"):
        return None
    return target_of(reader, row, told.audience, told.place)
