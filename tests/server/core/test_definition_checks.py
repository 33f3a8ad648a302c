"""Parameters of definitions: what is refused before anything starts, what a job gets, and what a dry run shows."""

import pytest
from defined import made_type

from listener_sdk.protocol.codes import Refusal
from server.core.definition_checks import Checker, resolved, tried
from server.core.definitions import Recipe
from server.core.refusals import Refusals

TYPE = made_type()
CHECKER = Checker(TYPE, {"token": ("**",), "other": ("crm:*", "erp:*")})


def recipe(params=None, triggers=(), **modes):
    every = [{"topic": "invoice:paid", "params": {}, **one} for one in triggers]
    facts = {"params": {"url": "x"} if params is None else params, "triggers": every, "modes": modes}
    return Recipe(facts, is_template="{{" in str(facts))


def problems(made, checker=CHECKER):
    with pytest.raises(Refusal) as caught:
        checker.check(made)
    return {one.key: one.message for one in caught.value.all}


@pytest.mark.parametrize(
    ("params", "key", "words"),
    [
        ({"url": "{{ event. }}"}, "params.url", "it ends too early"),
        ({"url": "a {{ b"}, "params.url", "}}"),
        ({"url": "{{ evnt.id }}"}, "params.url", "Did you mean event?"),
        (
            {"url": "x", "headers": {"X.Y": "{{ lenght(event) }}"}},
            'params.headers["X.Y"]',
            "Did you mean length?",
        ),
        ({"url": "x {{? since }}"}, "params.url", "job.watermark.since"),
        ({"url": "{{ secrets.tokn }}"}, "params.url", "Did you mean token?"),
        (
            {"url": "x", "headers": {"A": "b", "B": "{{ secrets.other }}"}},
            "params.headers.B",
            "crm:*, erp:*",
        ),
        ({}, "params.url", "is required"),
        ({"url": "x", "limit": "{{ event.n }} rows"}, None, None),
        ({"url": "x", "lmit": 1}, "params.lmit", "Did you mean limit?"),
    ],
)
def test_parameters_are_checked_before_they_are_known(params, key, words):
    if key is None:
        CHECKER.check(recipe(params))
    else:
        assert words in problems(recipe(params))[key]


def test_all_that_is_wrong_is_told_at_once():
    params = {
        "url": "x/{{ evnt.id }}",
        "headers": {"A": "{{ secrets.nope }}", "B": 5},
        "limit": "many",
        "foo": 1,
    }
    assert problems(recipe(params)).keys() == {
        "params.url", "params.headers.A", "params.headers.B", "params.limit", "params.foo"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("job:complete", "the server publishes no job:complete, and nobody else may in the domain job. Did you mean job:completed"),
        ("invoice:paid, file:x*", "the server publishes no file:x*"),
        ("definition:trigger-stopped", "no trigger starts on definition:trigger-stopped"),
        ("definition:trigger*", "no trigger starts on definition:trigger*"),
    ],
)  # fmt: skip
def test_a_trigger_that_nothing_could_start_is_refused(topic, words):
    assert words in problems(recipe(triggers=[{"topic": "job:*"}, {"topic": topic}]))["triggers[1].topic"]


@pytest.mark.parametrize(
    "topic", ["job:completed", "definition:*", "**", "*:complete", "jobs:complete", "j?b:x"]
)
def test_a_trigger_may_ask_for_what_clients_publish(topic):
    CHECKER.check(recipe(triggers=[{"topic": topic}]))


def test_of_a_template_that_is_too_large_nothing_else_is_told():
    assert problems(recipe({"url": "{{ event.u }}" * 1_001, "limit": "many"})).keys() == {"params"}


def test_without_a_type_only_templates_are_checked():
    Checker(None, {"other": ("crm:*",)}).check(recipe({"anything": "{{ secrets.other }}"}, default="nothing"))


def test_what_a_trigger_gives_is_checked_with_the_rest_and_told_once():
    given = {"params": {"url": "{{ event.payload.url }}", "limit": "many"}}
    assert problems(recipe({}, [given])).keys() == {"triggers[0].params.limit"}
    assert problems(recipe({"headers": 1}, [{"params": {"url": "u"}}])).keys() == {"params.headers"}
    assert problems(recipe({}, [{"params": {"url": "u"}}, {}])).keys() == {"triggers[1].params.url"}
    given = {"params": {"limit": "{{ hook.n }}", "headers": 1}}
    assert problems(recipe(None, [given])).keys() == {
        "triggers[0].params.limit",
        "triggers[0].params.headers",
    }


@pytest.mark.parametrize("name", ["x" * 256, "x" * 257, "x" * 1_000, "a b" * 100, "x.y" * 100])
def test_what_is_added_is_checked_however_long_its_name_is(name):
    assert any("is not taken" in one for one in problems(recipe(None, [{"params": {name: 1}}])).values())
    with pytest.raises(Refusal) as caught:
        CHECKER.check_scheduled(recipe(), {name: 1}, None)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize("name", ["old", "x" * 257, "a b"])
def test_what_is_wrong_with_the_definition_alone_is_not_told_of_what_is_added(name):
    CHECKER.check_scheduled(recipe({"url": "x", name: 1}), {"limit": 5}, None)


def test_modes_are_those_of_the_type():
    plain = Checker(made_type(modes=["full"]), {})
    assert (
        "it has full" in problems(recipe(None, [{"mode": "delta"}], default="delta"), plain)["modes.default"]
    )
    plain.check(recipe(None, [{"mode": "full"}], default="full"))


def test_a_job_gets_values_in_the_place_of_templates():
    made = recipe({"url": "{{ event.u }}", "headers": {"A": "{{ secrets.token }}"}})
    found = resolved(made, {"event": {"u": "v"}}, {}, {})
    assert (found.value["url"], found.secret_refs[0].name) == ("v", "token")
    assert resolved(made, {}, {}, {"url": "{{ x }}", "limit": 1}).value == {
        "url": "{{ x }}", "limit": 1, "headers": {"A": "{{ secrets.token }}"}
    }  # fmt: skip
    assert resolved(recipe(), {"event": {"n": 1}}, {"limit": "{{ event.n }}"}, {}).value == {
        "url": "x",
        "limit": 1,
    }
    with pytest.raises(Refusals) as caught:
        resolved(made, {"event": {}}, {"limit": "{{ hook.n }}"}, {})
    assert {one.key for one in caught.value.all} == {"params.url", "params.limit"}


def test_what_has_no_template_is_not_looked_at():
    params = {"url": "x" * 300_000}
    assert resolved(recipe(params), {}, {}, {}).value == params


def test_a_dry_run_fills_defaults_in_and_tells_what_does_not_fit():
    shown = tried(recipe({"url": "{{ event.u }}"}), {"event": {"u": "v"}}, {}, CHECKER)
    assert shown["params"] == {"url": "v", "limit": 10}
    shown = tried(recipe({"url": "{{ event.u }}"}), {"event": {"u": 5}}, {}, CHECKER)
    assert [(one["path"], "text" in one["message"]) for one in shown["problems"]] == [("params.url", True)]
    assert shown["params"]["url"] == 5
    shown = tried(recipe({"url": "{{ secrets.nobody }}"}), {}, {}, CHECKER)
    assert (shown["params"], shown["problems"][0]["path"]) == (None, "params.url")
    assert tried(recipe({"a": 1}), {}, {}, Checker(None, {}))["problems"] == []
    assert (
        tried(recipe({"url": "{{ event.u }}"}), {}, {"url": "{{ event.u }}"}, CHECKER)["params"]["url"]
        == "{{ event.u }}"
    )


def test_defaults_without_an_end_are_a_problem_of_a_dry_run():
    ring = made_type(inputSchema={"type": "object", "properties": {"a": {"$ref": "#", "default": {}}}})
    shown = tried(recipe({"b": "{{ event.n }}"}), {"event": {"n": 1}}, {}, Checker(ring, {}))
    assert (shown["params"], shown["problems"][0]["path"]) == (None, "params")


def test_a_dry_run_tells_that_secrets_would_be_shown():
    checker = Checker(TYPE, {"token": ("**",)}, takes_secrets=False)
    shown = tried(recipe({"url": "{{ secrets.token }}"}), {}, {}, checker)
    assert [one["path"] for one in shown["problems"]] == ["params.url"]
