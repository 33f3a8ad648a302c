"""Event triggers tried on an event that somebody made up."""

import pytest
from defined import made_type

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.definitions import TriggerDryRun
from server.core.definition_checks import Checker
from server.core.definitions import Recipe
from server.core.trigger_index import UNSEEN
from server.core.trigger_trials import trials

CHECKER = Checker(made_type(), {})
EVENT = {"id": "us_ev_1", "topic": "invoice:paid", "payload": {"url": "u", "total": 100}}


def of(triggers, event=EVENT, only=None, params=None):
    facts = {"params": params or {}, "triggers": [{"params": {}, **one} for one in triggers], "modes": {}}
    found = trials(
        Recipe(facts, is_template=True), event, only, lambda by: {"event": event, "trigger": by}, CHECKER
    )
    for one in found:
        TriggerDryRun.model_validate(one)
    return found


def test_a_trigger_gives_its_parameters_over_those_of_the_definition():
    given = {"topic": "invoice:*", "params": {"url": "{{ event.payload.url }}/{{ trigger.trigger }}"}}
    [found] = of([given], params={"url": "x", "limit": 5})
    assert (found["starts"], found["params"], found["problems"]) == (True, {"url": "u/0", "limit": 5}, [])
    assert [one["expression"] for one in found["places"]] == ["event.payload.url", "trigger.trigger"]


def test_what_its_job_would_be_refused_for_is_told():
    [found] = of([{"topic": "**"}])
    assert [one["path"] for one in found["problems"]] == ["params.url"]
    [found] = of([{"topic": "**", "params": {"url": "{{ event.payload.no }}"}}])
    assert (found["params"], [one["path"] for one in found["problems"]]) == (None, ["params.url"])


def test_topic_and_filter_keep_events_from_a_trigger():
    found = of([
        {"topic": "invoice:sent"},
        {"topic": "invoice:paid", "filter": {"payload.total": [1, 2]}},
        {"topic": "a:b, invoice:paid", "filter": {"payload.total": [100]}, "params": {"url": "u"}},
    ])  # fmt: skip
    assert [one.get("stoppedBy") for one in found] == ["topic", "filter", None]
    assert [one["starts"] for one in found] == [False, False, True]
    assert [one["trigger"] for one in of([{"topic": "**"}] * 3, only=2)] == [2]


@pytest.mark.parametrize("event", [{}, {"topic": 5}, {"topic": min(UNSEEN)}])
def test_what_no_trigger_sees_starts_none(event):
    assert of([{"topic": "**"}], event)[0]["stoppedBy"] == "topic"


def test_without_an_event_there_is_nothing_to_try():
    assert of([{"topic": "**"}], None) == []
    for event, only, words in ((None, 0, "context.event"), (EVENT, 1, "its 1 are numbered from 0")):
        with pytest.raises(Refusal, match=words) as caught:
            of([{"topic": "**"}], event, only)
        assert (caught.value.code, caught.value.key) == ("invalid", "trigger")
    with pytest.raises(Refusal, match="it has none"):
        of([], EVENT, 0)
