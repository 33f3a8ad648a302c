"""How far restricted keys and tokens reach."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.globs import Globs
from listener_sdk.protocol.ids import encode
from server.core.reach import Reach, reach_of, within

NAMES = ["import:csv", "import:x:y", "import:", "export:csv", "import", "importer:csv", "a:b"]


def event(topic="job:ready", job=7, name="import:csv", **payload):
    return {"topic": topic, "context": {"jobId": encode("jb", job)}, "payload": {"job": name, **payload}}


def test_who_is_not_restricted_has_none():
    assert reach_of(None, None) is None
    assert reach_of(("a:*",), None) == Reach(("a:*",))
    assert reach_of(None, None, tag="acme") == Reach(tag="acme")


def test_jobs_are_seen_by_name(job):
    reach = Reach(jobs=("import:*", "export:daily"))
    assert [name for name in NAMES if reach.names(name)] == ["import:csv", "import:"]
    assert reach.sees(replace(job, name="export:daily"))
    assert not reach.sees(replace(job, name="export:weekly"))


def test_one_job_is_seen_with_its_parts_and_without_its_children(job):
    reach = Reach(job_id=7)
    assert reach.sees(replace(job, id=7))
    assert reach.sees(replace(job, id=8, parent_id=7, part=1))
    assert not reach.sees(replace(job, id=8, parent_id=7))
    assert not reach.sees(replace(job, id=8))
    assert not replace(reach, jobs=("export:*",)).sees(replace(job, id=7, name="import:csv"))


def test_jobs_of_a_definition_are_seen_and_heard_without_their_parts(job):
    reach = Reach(definition="web-test")
    spec = '{"jobType":"a","definition":"web-test","startedBy":{}}'
    assert reach.of_a_token
    assert reach.sees(replace(job, spec=spec, definition_id=5))
    assert not reach.sees(replace(job, spec=spec.replace("web", "wob"), definition_id=6))
    assert not reach.sees(replace(job, spec=spec, parent_id=7, part=1))
    assert not reach.sees(job)
    told = event()
    told["payload"] |= {"definition": "web-test", "isPart": False}
    assert reach.hears(told)
    assert not reach.hears(event())
    assert not reach.hears({**told, "topic": "definition:updated"})
    told["payload"]["isPart"] = True
    assert not reach.hears(told)


def test_who_is_restricted_to_jobs_hears_of_them_and_of_clients():
    reach = Reach(jobs=("import:*",))
    assert reach.hears(event())
    assert not reach.hears(event(name="export:csv"))
    assert reach.hears({"topic": "invoice:paid", "context": {}, "payload": {}})
    for topic in ("file:created", "key:revoked", "space:updated", "member:created", "secret:created"):
        assert not reach.hears({"topic": topic, "context": {}, "payload": {"job": "import:csv"}})
    assert not reach.hears({"topic": "job:ready"})


def test_topics_are_heard_by_name():
    reach = Reach(topics=("invoice:*", "job:completed"))
    assert reach.hears(event("job:completed"))
    assert not reach.hears(event("job:ready"))
    assert reach.hears({"topic": "invoice:paid"})


def test_one_job_is_heard_of_with_its_parts():
    reach = Reach(job_id=7)
    mine = encode("jb", 7)
    assert reach.hears(event())
    assert not reach.hears(event(job=8))
    assert reach.hears(event(job=8, parentId=mine, isPart=True))
    assert not reach.hears(event(job=8, parentId=mine, isPart=False))
    assert reach.hears(event("file:created"))
    assert not reach.hears(event("invoice:paid", job=8, parentId=mine, isPart=True))
    assert not reach.hears({"topic": "invoice:paid"})


def test_jobs_of_a_tag_are_seen(job):
    reach = Reach(tag="acme")
    assert reach.sees(replace(job, spec='{"tags":["vip","acme"]}'))
    for spec in ("{}", '{"tags":["acme2"]}', '{"input":{"tags":["acme"]}}'):
        assert not reach.sees(replace(job, spec=spec)), spec
    assert not replace(reach, jobs=("export:*",)).sees(
        replace(job, name="import:csv", spec='{"tags":["acme"]}')
    )


def test_who_has_a_tag_hears_what_the_server_says_of_its_jobs_alone():
    reach = Reach(tag="acme")
    assert reach.hears(event(tags=["vip", "acme"]))
    assert not reach.hears(event(tags=["acme2"]))
    assert not reach.hears(event())
    assert not reach.hears(event(metadata={"tags": ["acme"]}, tag="acme"))
    for topic in ("invoice:paid", "file:created", "jobs:ready"):
        assert not reach.hears(event(topic, tags=["acme"])), topic
    assert not reach.hears({"topic": "job:ready"})
    assert not replace(reach, topics=("job:completed",)).hears(event(tags=["acme"]))
    assert not replace(reach, jobs=("export:*",)).hears(event(tags=["acme"]))


def test_what_belongs_to_no_job_is_beyond_tokens_of_some_jobs():
    assert [reach.of_a_token for reach in (Reach(job_id=7), Reach(tag="a"))] == [True, True]
    assert [reach.of_a_token for reach in (Reach(), Reach(jobs=("a:*",)))] == [False, False]


@pytest.mark.parametrize(
    ("pattern", "allowed", "lies"),
    [
        ("import:csv", ["import:*"], True),
        ("import:*", ["import:*"], True),
        ("import:a*", ["import:*"], True),
        ("import:?", ["import:*"], True),
        ("import:*", ["import:?"], False),
        ("import:a", ["import:?"], True),
        ("import:?", ["import:?"], True),
        ("*:csv", ["import:*"], False),
        ("**", ["import:*"], False),
        ("**", ["**"], True),
        ("*:*", ["**"], True),
        ("import:**", ["import:*"], False),
        ("import:**", ["import:**"], True),
        ("import:x:**", ["import:**"], True),
        ("import:x", ["import:**"], True),
        ("imports:x", ["import:**"], False),
        ("imp*:**", ["import:**"], False),
        ("import:*", ["export:*", "import:*"], True),
        ("import:*", [], False),
        ("*:x", ["**:x"], True),
        ("**:y:x", ["**:x"], False),
    ],
)
def test_what_may_match_more_does_not_lie_within(pattern, allowed, lies):
    assert within(pattern, allowed) is lies


PATTERNS = st.lists(st.sampled_from(["a", "b", "*", "?", "a*", "**", "*b"]), min_size=1, max_size=3).map(
    ":".join
)
TEXTS = [
    ":".join(parts) for count in (1, 2, 3, 4) for parts in itertools.product(["", "a", "b", "ab"], repeat=count)
]  # fmt: skip


@given(PATTERNS, st.lists(PATTERNS, max_size=3))
def test_nothing_beyond_the_allowed_is_ever_matched(pattern, allowed):
    if within(pattern, allowed):
        asked, may = Globs([pattern], exact=[pattern]), Globs(allowed, exact=allowed)
        assert [text for text in TEXTS if asked(text) and not may(text)] == []


def refused(act):
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value


def test_what_is_asked_for_beyond_it_is_refused_with_what_is_allowed():
    reach = Reach(jobs=("import:*",), topics=("invoice:*",))
    found = refused(lambda: reach.check_wishes(["import:a", "*:*"]))
    assert (found.code, found.key) == ("forbidden", "jobs")
    assert "import:*" in found.message
    assert refused(lambda: reach.check_name("export:csv")).key == "job"
    assert refused(lambda: reach.check_topic("job:ready")).key == "topic"
    assert refused(lambda: reach.check_topics(["invoice:paid, job:ready"])).code == "forbidden"
    reach.check_topics(["invoice:paid", "job:*", "**"])
    reach.check_wishes(["import:csv"])
