"""What of a call may be an id, and which attempts are alike."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from stage import ADMIN, STRANGER

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import encode, environment_id, space_id
from server.core.refusals import Refusals
from server.core.wall import Attempt, forbidden, named_by, names_in

JOB = encode("jb", 7)


@given(st.sampled_from(["jb", "ev", "fl", "key", "mem"]), st.integers(0, 2**50 - 1))
def test_every_id_is_found(kind, number):
    assert list(names_in(encode(kind, number))) == [encode(kind, number)]


def test_ids_are_found_wherever_they_stand():
    filters = [{"jobId": JOB, "or": [{"spaceId": [space_id("acme-2")]}, environment_id("a")]}, 5, None]
    assert sorted(names_in(filters)) == sorted([JOB, space_id("acme-2"), environment_id("a")])


def test_other_texts_are_none():
    texts = [
        "",
        "acme",
        "us_",
        "us_jb_",
        f"{JOB} ",
        f"{JOB}\n",
        "us_jb_Ω",
        "us_jb_" + "x" * 65,
        "*",
        "us_jb_*",
    ]
    assert list(names_in(texts)) == []
    assert list(names_in({JOB: 1})) == []


def test_refusals_name_what_they_are_about():
    one, none = Refusal("not_found", "no", named=JOB), Refusal("invalid", "no")
    assert named_by([one, none, Refusals([none, one]), ValueError()]) == [JOB, JOB]
    assert "named" not in one.as_wire()


def test_an_attempt_at_what_is_forbidden_tells_role_and_permission():
    refusal = Refusal("forbidden", "no", role="viewer", permission="work", other="x")
    found = forbidden(ADMIN, refusal, {"frame": "ack"}, JOB)
    assert (found.action, found.target, found.space_id) == ("access:forbidden", JOB, None)
    assert found.how == {"frame": "ack", "role": "viewer", "permission": "work"}


def test_attempts_are_alike_when_the_same_key_tries_the_same_in_the_same_way():
    first = Attempt(ADMIN, "access:refused", JOB, {"frame": "ack"}, 2)
    assert first.sort == replace(first, actor=replace(ADMIN, address="10.0.0.7")).sort
    others = [
        replace(first, actor=STRANGER),
        replace(first, action="access:forbidden"),
        replace(first, target="x"),
        replace(first, how={"frame": "log"}),
    ]
    assert first.sort not in {other.sort for other in others}
