"""What a filter may cost: the steps of a test, and how much of an event it sees."""

import pytest
from rich_event import EVENT

from listener_sdk.protocol import filters
from listener_sdk.protocol.filters import MAX_KEYS, MAX_NAMES, MAX_TEXT_LENGTH, any_passes, compile_filter
from listener_sdk.protocol.globs import LONGEST_TEXT, glob_size
from listener_sdk.protocol.reading import (
    MAX_ELEMENTS_SEEN,
    MAX_NAMES_SEEN,
    MAX_STEPS,
    OutOfSteps,
    Reading,
)


def steps_of(conditions, event):
    """Steps that a test takes; it must not run out of them."""
    reading = Reading(event)
    passed = compile_filter(conditions).passes(reading)
    return MAX_STEPS - reading.steps, passed


def full_globs():
    """As many and as long globs as a filter may have."""
    return [f"*{n:0{MAX_TEXT_LENGTH - 10}}" for n in range(4)]


def test_the_size_of_a_filter_is_that_of_its_globs():
    found = compile_filter({"a*": ["b", "c*", 3], "d": "e?"})
    assert found.size == glob_size("a*") + glob_size("c*") + glob_size("e?")
    assert compile_filter(None).size == compile_filter({"a": "b"}).size == 0


def test_full_paths_of_any_filter_are_never_out_of_steps():
    paths = [".".join(["n"] * (MAX_NAMES - 1) + [f"x{n}"]) for n in range(MAX_KEYS)]
    event = {f"x{n}": "b" * LONGEST_TEXT for n in range(MAX_KEYS)}
    for _ in range(MAX_NAMES - 1):
        event = {"n": event}
    largest = dict.fromkeys(paths[:-1], "b" * LONGEST_TEXT)
    steps, passed = steps_of({**largest, paths[-1]: [*full_globs(), "b" * LONGEST_TEXT]}, event)
    assert (steps <= MAX_STEPS, passed) == (True, True)
    steps, passed = steps_of({**largest, paths[-1]: full_globs()}, event)
    assert (MAX_STEPS // 2 < steps <= MAX_STEPS, passed) == (True, False)


@pytest.mark.parametrize("bound", [LONGEST_TEXT, MAX_NAMES_SEEN, MAX_ELEMENTS_SEEN, MAX_STEPS])
def test_the_bounds_are_the_documented_ones(bound):
    assert f" {bound:,} " in " ".join(filters.__doc__.split())


def test_common_filters_take_few_steps():
    for conditions, most in (
        ({"job": "workbook:*"}, 15),
        ({"job": "workbook:*", "status": ["ready", "executing"]}, 20),
        ({"namespaces": "space:*"}, 60),
        ({"sheet": "contacts"}, 50),
        ({"payload.**": "blue"}, 400),
    ):
        steps, passed = steps_of(conditions, EVENT)
        assert passed
        assert steps <= most


def test_a_large_event_passes_by_what_is_near_its_top():
    rows = {f"column{n}": "x" * 100 for n in range(5_000)}
    event = {**EVENT, "payload": {**EVENT["payload"], "input": rows}}
    for conditions in (
        {"sheet": "contacts"},
        {"job": "workbook:*", "namespaces": "space:*"},
        {"payload.input.column4999": "x*"},
        {"context.**": "us_key_1"},
    ):
        assert compile_filter(conditions)(event), conditions
    assert not compile_filter({"column4999": "x*"})(event), f"more than {MAX_NAMES_SEEN} names come before it"


def test_the_end_of_a_long_list_is_not_seen():
    passes = compile_filter({"payload.ids": 7})
    assert passes({"payload": {"ids": [0] * (MAX_ELEMENTS_SEEN - 1) + [7]}})
    assert not passes({"payload": {"ids": [0] * MAX_ELEMENTS_SEEN + [7]}})


@pytest.mark.parametrize(
    ("conditions", "event"),
    [
        ({"x": ["**:" + "*:" * 6 + f"z{n}" for n in range(13)]}, {"x": [":" * LONGEST_TEXT] * 300}),
        ({"x": ["*" + "a" * 230 + f"{n}" for n in range(4)]}, {"x": ["a" * LONGEST_TEXT] * 300}),
        ({f"p*.k{n}*": "v" for n in range(MAX_KEYS)}, {"p": {f"k{n}": "v" for n in range(300)}}),
        ({f"payload.x{n}": [7, n] for n in range(MAX_KEYS)}, {"payload": {f"x{n}": [[n] * 999, 7] for n in range(40)}}),
    ],
)  # fmt: skip
def test_a_test_that_would_take_too_long_ends_and_does_not_pass(conditions, event):
    event = {**event, "y": 1}
    reading, asked = Reading(event), []
    reading.spend = lambda steps: asked.append(steps) or Reading.spend(reading, steps)
    with pytest.raises(OutOfSteps):
        compile_filter(conditions).passes(reading)
    assert sum(asked[:-1]) <= MAX_STEPS < sum(asked)
    assert not compile_filter(conditions)(event)
    assert compile_filter({"y": 1})(event), "what is cheap is asked of the same event"


def test_filters_that_are_asked_together_share_the_steps():
    event = {"x": "a" * LONGEST_TEXT, "y": 1}
    dear, cheap = compile_filter({"x": full_globs()}), compile_filter({"y": 1})
    assert not dear(event)
    assert any_passes([dear, cheap], event)
    assert not any_passes([dear, dear, cheap], event)
    assert any_passes([cheap, *[dear] * 1_000], event)
    assert not any_passes([], event)
