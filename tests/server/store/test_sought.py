"""What a batch seeks: asked in as few statements as there are scopes, seen as it was then, and each key for itself."""

import pytest

from server.store.sought import Seeker, Sought

QUERY = "SELECT idem_key, answer FROM idempotency WHERE scope = :scope AND idem_key {}"
COLUMNS = ("scope", "idem_key", "body_hash", "answer", "created_at")


class Counted:
    """A connection that counts its questions."""

    def __init__(self, inner):
        self.inner = inner
        self.asked = 0

    def later(self, statement, /, **params):
        self.asked += 1
        return self.inner.later(statement, **params)


@pytest.fixture
def counted(connection):
    connection.begin()
    keep(connection, ("s", "a"), ("s", "b"), ("t", "a"))
    return Counted(connection)


def keep(connection, *keys):
    connection.insert_many("idempotency", COLUMNS, [(*key, "h", "-".join(key), 1) for key in keys])


def seek(scope, key):
    return Sought(QUERY, scope, key)


def test_each_scope_is_asked_once(counted):
    seeker = Seeker(counted)
    seeker.ask([seek("s", "a"), seek("s", "b"), seek("t", "a"), seek("t", "b"), seek("s", "a")])
    assert counted.asked == 2
    found = {one: seeker.find(seek(*one)) for one in (("s", "a"), ("s", "b"), ("t", "a"), ("t", "b"))}
    assert found == {("s", "a"): ("s-a",), ("s", "b"): ("s-b",), ("t", "a"): ("t-a",), ("t", "b"): None}
    assert counted.asked == 2


def test_what_was_not_asked_for_is_asked_now(counted):
    seeker = Seeker(counted)
    assert [seeker.find(seek("s", "b")), seeker.find(seek("s", "b")), seeker.find(seek("s", "c"))] == [
        ("s-b",),
        ("s-b",),
        None,
    ]
    assert counted.asked == 2


def test_an_answer_is_that_of_the_moment_when_it_was_asked_for(counted):
    seeker = Seeker(counted)
    seeker.ask([seek("s", "new")])
    keep(counted.inner, ("s", "new"))
    assert seeker.find(seek("s", "new")) is None
    assert Seeker(counted).find(seek("s", "new")) == ("s-new",)
