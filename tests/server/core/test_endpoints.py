"""Endpoints: made, changed, shown, and which events they hear."""

from dataclasses import replace

import pytest

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.endpoints import EndpointCreate
from server.core.endpoints import (
    Watches,
    changed_endpoint,
    endpoint_facts,
    endpoint_wire,
    new_endpoint,
    watch,
)

BODY = EndpointCreate(url="https://a.example", topics=["job:*"], filter={"status": "failed"}, name="A")
ROW = replace(new_endpoint(1, BODY, 1_000, "k"), id=7)


def event(topic="job:failed", **payload):
    return {"topic": topic, "domain": topic.partition(":")[0], "payload": payload, "context": {}}


def test_what_differs_is_another_version_and_nothing_else_is():
    assert changed_endpoint(ROW, {"name": "A", "topics": ["job:*"]}, 2_000, "l") is ROW
    after = changed_endpoint(ROW, {"filter": None, "name": None}, 2_000, "l")
    assert (after.version, after.name, after.updated_by, after.updated_at) == (2, None, "l", 2_000)
    assert after.said == {"topics": ["job:*"]}


@pytest.mark.parametrize("name", ["url", "topics", "enabled"])
def test_what_an_endpoint_must_have_is_not_taken_away(name):
    with pytest.raises(Refusal) as refused:
        changed_endpoint(ROW, {name: None}, 2_000, "k")
    assert (refused.value.code, refused.value.key) == ("invalid", name)


def test_what_cannot_be_compiled_or_is_too_large_is_refused():
    for sent, code in (({"topics": ["a b"]}, "bad_filter"), ({"filter": {"a": {}}}, "bad_filter")):
        with pytest.raises(Refusal) as refused:
            changed_endpoint(ROW, sent, 2_000, "k")
        assert refused.value.code == code
    many = {f"key{n}": ["x" * 250] * 20 for n in range(10)}
    with pytest.raises(Refusal, match="32 KiB"):
        changed_endpoint(ROW, {"filter": many}, 2_000, "k")


def test_who_is_switched_on_or_moves_begins_anew():
    failing = replace(
        ROW, enabled=0, disabled_because="failing", failing_since=5, failing_told=1, rests_until=9
    )
    for sent in ({"enabled": True}, {"url": "https://b.example"}):
        after = changed_endpoint(failing, sent, 2_000, "k")
        assert (after.disabled_because, after.failing_since, after.failing_told, after.rests_until) == (
            None,
            None,
            0,
            None,
        )
    assert changed_endpoint(failing, {"name": "B"}, 2_000, "k").disabled_because == "failing"


def test_readers_see_all_but_what_is_null():
    shown = endpoint_wire(ROW, 5_000, 3)
    assert (shown["id"], shown["pending"], shown["oldSecretUntil"]) == (
        "us_ep_0000000007",
        3,
        "1970-01-01T00:00:05.000Z",
    )
    assert "disabledBecause" not in shown
    assert endpoint_facts(ROW)["description"] is None


def test_it_hears_what_topics_and_filter_let_pass_but_not_itself():
    one = watch(replace(ROW, heard_after=9))
    assert one.after == 9
    assert watch(replace(ROW, heard_after=9), newest=4).after == 4
    assert one.topics("job:failed")
    assert one.hears(event(status="failed"))
    assert not one.hears(event(status="complete"))
    every = watch(changed_endpoint(ROW, {"filter": None, "topics": ["**"]}, 1, "k"))
    assert every.hears(event("endpoint:failing", endpointId="us_ep_0000000008"))
    assert not every.hears(event("endpoint:failing", endpointId="us_ep_0000000007"))


def test_watches_are_found_by_space_and_topic():
    watches = Watches()
    assert watches.of(1, "job:failed") == ()
    assert watches.first_after is None
    first, second = watch(replace(ROW, heard_after=5)), watch(replace(ROW, id=8, heard_after=3))
    watches.put(1, first)
    watches.put(2, second)
    assert watches.of(1, "job:failed") == watches.of(1, "job:failed") == (first,)
    assert watches.of(1, "a:b") == ()
    assert watches.first_after == 3
    assert watches.begun_by(4) == [2]
    watches.put(1, replace(first, after=6))
    assert watches.of(1, "job:failed")[0].after == 6
    watches.drop(1, 7)
    watches.drop(2)
    watches.drop(2, 8)
    assert watches.of(1, "job:failed") == watches.of(2, "job:failed") == ()
    watches.put(1, first)
    watches.clear()
    assert watches.of(1, "job:failed") == ()


def test_not_every_topic_that_ever_was_is_remembered(monkeypatch):
    monkeypatch.setattr(Watches, "MOST_KEPT", 2)
    watches = Watches()
    watches.put(1, watch(ROW))
    for number in range(9):
        assert watches.of(1, f"a:{number}") == ()
    assert len(watches._by_topic) <= 2
