"""What is remembered from batch to batch, and what makes it forgotten."""

import re
from pathlib import Path

import pytest

import server
from server.store import definitions, health, hooks, job_types, schedules
from server.store.known import MOST, REST, ROOM, Kind, Known


class Asked:
    """A question that is answered, and counted; its answers have so many characters."""

    def __init__(self, known, size=0):
        self.known, self.looks, self.expected, self.size = known, [], [], size

    def __call__(self, key="a", answer=1):
        return self.known.find(
            Kind.HOOK,
            key,
            lambda: self.looks.append(key) or answer,
            self.expected.append,
            lambda _: self.size,
        )


@pytest.fixture
def known():
    found = Known()
    found.begin()
    return found


@pytest.fixture
def ask(known):
    return Asked(known)


def test_it_is_looked_up_once_and_expected_once_in_each_later_transaction(known, ask):
    assert [ask(), ask()] == [1, 1]
    for _ in range(2):
        known.begin()
        assert [ask(), ask()] == [1, 1]
    assert (ask.looks, ask.expected) == (["a"], [1, 1])


def test_that_there_is_nothing_is_asked_each_time(ask):
    assert [ask(answer=None), ask(answer=None), ask(answer=2)] == [None, None, 2]
    assert ask.looks == ["a"] * 3


def test_what_was_forgotten_or_undone_is_looked_up_again(known, ask):
    ask()
    known.forget(Kind.DEFINITION)
    ask()
    assert len(ask.looks) == 1
    known.forget(Kind.HOOK)
    ask()
    assert len(ask.looks) == 2
    known.undone()
    known.begin()
    assert [ask(), ask()] == [1, 1]
    assert (len(ask.looks), ask.expected) == (3, [])


def test_texts_take_a_bounded_room(known):
    ask = Asked(known, ROOM // 4)
    for _ in range(3):
        known.begin()
        for key in "abcd":
            ask(key)
    assert "".join(ask.looks) == "abcd"
    for key in "eabc":
        ask(key)
    assert "".join(ask.looks) == "abcd" + "eabc"


def test_after_an_undone_transaction_nothing_is_remembered_for_a_while(known, ask):
    known.undone()
    for _ in range(REST):
        known.begin()
        ask()
    assert (len(ask.looks), ask.expected) == (REST, [])
    known.begin()
    ask()
    assert ask.expected == [1]


def test_there_is_a_bound(known, ask):
    for number in range(3 * MOST):
        ask(number)
    assert len(known._found[Kind.HOOK]) <= MOST


class Deaf:
    """A connection that does nothing."""

    def __init__(self):
        self.known = Known()
        self.known.begin()
        for kind in Kind:
            self.known.keep(kind, 1, value=True)

    def run(self, *_, **__):
        return 0

    def rows(self, *_, **__):
        return []

    def insert_many(self, *_):
        pass

    update_many = insert_many


class Row:
    """A row of any table."""

    body, queued_at = "{}", None

    def __init__(self, **changes):
        self.__dict__.update(changes)

    def __getattr__(self, name):
        return 1


WRITES = {
    "a definition is changed": (Kind.DEFINITION, lambda c: definitions.update(c, Row(), is_version=True)),
    "a definition is removed": (Kind.DEFINITION, lambda c: definitions.delete(c, 1)),
    "a type is declared anew": ({Kind.DEFINITION, Kind.TYPE}, lambda c: job_types.update(c, Row())),
    "a type is removed": ({Kind.DEFINITION, Kind.TYPE}, lambda c: job_types.delete(c, 1)),
    "a hook is changed": (Kind.HOOK, lambda c: hooks.update(c, Row())),
    "a hook is removed": (Kind.HOOK, lambda c: hooks.delete(c, 1)),
    "a definition fails": (Kind.CALM, lambda c: health.begin(c, [1])),
    "a schedule comes with a queued due time": (
        Kind.CALM,
        lambda c: schedules.insert(c, Row(queued_at=1)),
    ),
    "a due time is queued, or its schedule enabled": (
        Kind.CALM,
        lambda c: schedules.update(c, iter([Row(), Row(queued_at=1)]), schedules.MOVED),
    ),
    "a schedule is edited": (Kind.CALM, lambda c: schedules.update(c, [Row(queued_at=1)])),
    "a schedule has nothing queued": (None, lambda c: schedules.update(c, [Row()])),
}


@pytest.mark.parametrize("name", WRITES)
def test_who_writes_it_forgets_it(name):
    forgotten, write = WRITES[name]
    connection = Deaf()
    write(connection)
    known = forgotten if isinstance(forgotten, set) else {forgotten} - {None}
    assert {one for one in Kind if connection.known.age(one, 1) is None} == known


def test_nobody_else_writes_what_ends_of_runs_have_to_do_with():
    sources = {path: path.read_text() for path in Path(server.__file__).parent.rglob("*.py")}
    for table, place in (("schedule", "schedules.py"), ("definition_health", "health.py")):
        many = rf'(?:insert|update)_many\(\s*"{table}"'
        found = {path for path, text in sources.items() if re.search(rf"{many}|INSERT INTO {table}\b", text)}
        assert {path.name for path in found} == {place}
    changes = [
        one for text in sources.values() for one in re.findall(r"UPDATE schedule SET (.*?) WHERE", text)
    ]
    assert len(changes) >= 4
    assert not [one for one in changes if re.search(r"\b(queued_at|enabled|definition_id) =", one)]
