"""Members, their sessions, and what serves once: the same on every database."""

from dataclasses import replace

import pytest
from stage import START_MS

from listener_sdk.protocol.members import MemberCreate, MemberUpdate
from server.core.keys import KeyRow
from server.core.logins import LoginRow, Owner, PassRow
from server.core.members import changed_member, deleted_member, email_key, new_member
from server.store import clearing, keys, logins, members, spaces

ADA = Owner(1, member_id=5)
KEY = Owner(1, key_id="us_key_1", stamp="hash")


def member(number, space_id=1, name="Ada", role="viewer"):
    body = MemberCreate(name=name, email=f"{name}@example.com", role=role)
    return new_member(number, space_id, body, START_MS, "us_key_0000000000")


def login(number, owner=ADA, expires_at=100):
    fields = {
        "space_id": owner.space_id,
        "member_id": owner.member_id,
        "key_id": owner.key_id,
        "stamp": owner.stamp,
    }
    return LoginRow(
        id=number, **fields, secret_hash="h", by_link=0, address="::1", created_at=1, seen_at=1, expires_at=expires_at
    )  # fmt: skip


def once(number, owner=ADA, kind="l", login_id=None, expires_at=100):
    return PassRow(
        number, kind, owner.space_id, owner.member_id, owner.key_id, owner.stamp, login_id, "h", 1, expires_at
    )  # fmt: skip


def left(tx, table="login"):
    return [row[0] for row in tx.rows(f"SELECT id FROM {table} ORDER BY id")]


def test_a_member_comes_back_as_it_was_and_as_it_became(tx):
    row = member(2**49, name="\u00c4da\u65e5")
    members.insert(tx, row)
    assert members.load(tx, 1, row.id) == members.keep(tx, 1, row.id) == row
    assert members.load(tx, 2, row.id) is members.keep(tx, 2, row.id) is None
    changed = changed_member(row, MemberUpdate(name="Bob", active=False), START_MS + 1)
    changed = replace(changed, password_hash="$argon2id$", password_at=START_MS)
    members.update(tx, changed)
    assert members.load(tx, 1, row.id) == changed


def test_an_e_mail_is_found_in_its_space_until_the_member_is_deleted(tx):
    row = member(1)
    members.insert(tx, row)
    members.insert(tx, member(2, space_id=2))
    assert members.by_email(tx, 1, email_key("ADA@example.com")) == row
    members.update(tx, deleted_member(row, START_MS))
    assert members.by_email(tx, 1, row.email_key) is None
    members.insert(tx, member(3))
    assert members.by_email(tx, 1, row.email_key) == member(3)
    assert members.count(tx, 1) == 1


def test_the_store_itself_refuses_a_second_of_the_same_e_mail(tx, backend):
    members.insert(tx, member(1))

    def again():
        members.insert(tx, member(2))
        return members.count(tx, 1)

    with pytest.raises(backend.refused):
        again()


def test_pages_follow_the_order_of_making_and_every_filter(tx):
    for number, name, role in ((1, "A", "admin"), (2, "B", "viewer"), (3, "C", "viewer"), (4, "D", "viewer")):
        members.insert(tx, member(number, name=name, role=role))
    members.insert(tx, member(9, space_id=2))
    members.update(tx, changed_member(member(3, name="C"), MemberUpdate(active=False), 1))
    members.update(tx, deleted_member(member(4, name="D"), 1))

    def found(after=0, count=9, **filters):
        return [row.id for row in members.page(tx, 1, after, count, **filters)]

    assert found() == [1, 2, 3]
    assert found(after=1, count=1) == [2]
    assert found(role="viewer") == [2, 3]
    assert found(active=1) == [1, 2]
    assert found(active=0, role="viewer") == [3]
    assert found(email_key="b@example.com") == [2]


def test_a_session_comes_back_is_seen_later_and_never_earlier(tx):
    for row in (login(1), login(2, KEY)):
        logins.begin(tx, row)
        assert logins.load(tx, row.id) == row
    assert logins.load(tx, 3) is None
    assert logins.load_many(tx, [3, 2, 1]) == [login(1), login(2, KEY)]
    assert logins.load_many(tx, []) == []
    logins.seen(tx, 1, 50)
    logins.seen(tx, 1, 40)
    assert logins.load(tx, 1) == replace(login(1), seen_at=50)


def test_owners_are_read_as_they_are_now(tx):
    members.insert(tx, member(5))
    found = logins.visitors(tx, {ADA, KEY, Owner(2, member_id=99), Owner(9, member_id=5)})
    assert {
        owner: (visitor.member, visitor.space and visitor.space.code) for owner, visitor in found.items()
    } == {
        ADA: (member(5), "default"),
        KEY: (None, "default"),
        Owner(2, member_id=99): (None, "elsewhere"),
        Owner(9, member_id=5): (member(5), None),
    }
    assert logins.visitors(tx, set()) == {}


def test_a_session_ends_with_its_tickets(tx):
    logins.begin(tx, login(1))
    logins.keep_pass(tx, once(2, kind="t", login_id=1))
    logins.keep_pass(tx, once(3))
    assert logins.end(tx, 1) is True
    assert logins.end(tx, 1) is False
    assert (left(tx), left(tx, "login_pass")) == ([], [3])


def test_all_of_a_member_end_but_one(tx):
    for row in (login(1), login(2), login(3, Owner(1, member_id=6)), login(4, KEY)):
        logins.begin(tx, row)
    logins.keep_pass(tx, once(5))
    logins.keep_pass(tx, once(6, KEY))
    assert logins.end_all(tx, 5, spared=2) == 1
    assert (left(tx), left(tx, "login_pass")) == ([2, 3, 4], [6])
    assert logins.end_all(tx, 5) == 1
    assert left(tx) == [3, 4]


def test_an_owner_keeps_the_newest(tx):
    for number in range(1, 5):
        logins.begin(tx, login(number))
        logins.begin(tx, login(number + 10, KEY))
    logins.end_oldest(tx, ADA, 2)
    assert left(tx) == [3, 4, 11, 12, 13, 14]
    logins.end_oldest(tx, KEY, 1)
    assert left(tx) == [3, 4, 14]


def test_what_serves_once_does_so(tx):
    row = once(1, KEY)
    logins.keep_pass(tx, row)
    assert logins.load_pass(tx, 1) == row
    assert logins.use_pass(tx, 1) is True
    assert logins.use_pass(tx, 1) is False
    assert logins.load_pass(tx, 1) is None


def test_those_that_wait_are_counted_by_owner_kind_and_time(tx):
    for row in (once(1), once(2, kind="t"), once(3, KEY), once(4, expires_at=200)):
        logins.keep_pass(tx, row)
    assert logins.count_passes(tx, ADA, "l", 99) == 2
    assert logins.count_passes(tx, ADA, "l", 100) == 1
    assert logins.count_passes(tx, ADA, "t", 99) == 1
    assert logins.count_passes(tx, KEY, "l", 99) == 1


def test_what_is_past_its_time_goes_a_few_at_once(tx, monkeypatch):
    monkeypatch.setattr(logins, "PRUNED", 2)
    for number in range(1, 5):
        logins.begin(tx, login(number, expires_at=number))
        logins.keep_pass(tx, once(number, expires_at=number))
    logins.prune(tx, 3)
    assert (left(tx), left(tx, "login_pass")) == ([3, 4], [3, 4])
    logins.prune(tx, 3)
    assert left(tx) == [4]


def test_a_space_takes_its_people_with_it(tx):
    for number, space_id in ((1, 2), (2, 1)):
        members.insert(tx, member(number, space_id))
        logins.begin(tx, login(number, Owner(space_id, member_id=number)))
        logins.keep_pass(tx, once(number, Owner(space_id, member_id=number)))
    clearing.forget(tx, 2)
    assert left(tx, "member") == left(tx) == left(tx, "login_pass") == [2]


def test_keys_and_spaces_are_kept_as_they_are(tx):
    row = KeyRow("us_key_1", 1, "k", "admin", "h", START_MS)
    keys.insert(tx, row)
    assert keys.keep(tx, row.id) == keys.load(tx, row.id) == row
    assert spaces.keep(tx, 1) == spaces.load(tx, 1)
    assert keys.keep(tx, "us_key_2") is spaces.keep(tx, 9) is None
