"""What is read of an event, in which order, and that every look is counted."""

from collections import deque
from itertools import islice

import pytest

from listener_sdk.protocol.globs import LONGEST_TEXT, Globs
from listener_sdk.protocol.reading import (
    MAX_ELEMENTS_SEEN,
    MAX_NAMES_SEEN,
    MAX_STEPS,
    OutOfSteps,
    Reading,
)


class Counted(dict):
    """An object that counts how often it is asked for a name."""

    asked = 0

    def get(self, name, default=None):
        Counted.asked += 1
        return super().get(name, default)


def everything(separator="."):
    return Globs(["**"], separator)


def spent(reading):
    return MAX_STEPS - reading.steps


# ---- paths


def test_a_path_leads_through_objects_and_through_dotted_names():
    event = {"a": {"b.c": 1, "b": {"c": 2}}, "a.b": {"c": 3}, "a.b.c": 4, "x": 5}
    assert sorted(Reading(event).at("a.b.c")) == [1, 2, 3, 4]
    assert Reading(event).at("x") == [5]
    assert Reading(event).at("a.x") == []


def test_a_path_ends_at_values_and_empty_objects():
    assert Reading({"a": {"b": {"c": 1}}}).at("a.b") == []
    assert Reading({"a": {"b": {}}}).at("a.b") == [{}]


def test_a_path_of_n_names_through_plain_objects_takes_a_step_for_each_of_its_parts():
    event = {"a": {"b": {"c": {"d": 1}}}}
    reading = Reading(event)
    assert reading.at("a.b.c.d") == [1]
    assert spent(reading) == 4 + 3 + 2 + 1


def forks(count):
    """An object in which every way to put dots between the names leads somewhere."""
    found = Counted()
    for length in range(1, count):
        found[".".join("n" * length)] = forks(count - length)
    return found or Counted(z=1)


def test_an_event_cannot_make_a_path_fork_without_end():
    reading = Reading(forks(14))
    Counted.asked = 0
    with pytest.raises(OutOfSteps):
        reading.at(".".join("n" * 14))
    assert Counted.asked <= MAX_STEPS + 14


# ---- any depth


def test_a_name_is_found_at_any_depth_and_as_the_end_of_a_dotted_one():
    event = {"x": 1, "a": {"x": 2, "b": {"x": [3]}, "http.x": 4, "xx": 5}, "y": {"x": {"z": 6}}}
    assert Reading(event).anywhere("x") == [1, 2, 4, [3]]
    assert Reading(event).anywhere("z") == [6]
    assert Reading(event).anywhere("none") == []


def test_the_names_nearest_to_the_top_are_seen():
    wide = {f"k{n}": n for n in range(10 * MAX_NAMES_SEEN)}
    event = {"deep": {"input": wide, "last": 1}, "top": 2}
    reading = Reading(event)
    assert reading.anywhere("top") == [2]
    assert reading.anywhere("last") == [1]
    assert reading.anywhere("k0") == [0]
    assert reading.anywhere(f"k{MAX_NAMES_SEEN}") == []
    assert len(reading.matching(everything())) == MAX_NAMES_SEEN - 2, "all but the two that lead to others"


def test_names_are_read_once_however_many_are_sought():
    reading = Reading({f"k{n}": n for n in range(100)})
    for n in range(100):
        assert reading.anywhere(f"k{n}") == [n]
    reading.matching(everything())
    assert spent(reading) < 2 * 100 + 1_000


def test_every_value_found_is_a_step():
    reading = Reading({f"a{n}": {"x": n} for n in range(50)})
    reading.anywhere("x")
    before = spent(reading)
    reading.anywhere("x")
    assert spent(reading) - before == 50


def test_names_that_are_no_texts_are_passed_over():
    assert Reading({1: {"x": 1}, "a": {2: 3, "x": 4}}).anywhere("x") == [4]


# ---- globs over paths


def test_paths_are_matched_whole():
    event = {"a": {"b": 1, "c": {"b": 2}}, "b": 3}
    assert Reading(event).matching(Globs(["a.*"], ".")) == [1]
    assert Reading(event).matching(Globs(["**.b"], ".")) == [3, 1, 2]


def test_long_paths_are_not_seen_nor_built():
    long = "n" * LONGEST_TEXT
    event = {long: 1, long + "n": 2, "a": {long: 3, "b": 4}, long + "m": {"c": {"d": 5}}}
    reading = Reading(event)
    assert reading.matching(everything()) == [1, 4]
    assert all(len(path) <= LONGEST_TEXT for path, _ in reading._paths)
    assert reading.anywhere("d") == [5]


def test_globs_over_paths_cost_their_size_times_the_paths():
    event = {f"{n:0100}": n for n in range(MAX_NAMES_SEEN)}
    small, large = Reading(event), Reading(event)
    small.matching(Globs(["*x"], "."))
    with pytest.raises(OutOfSteps):
        large.matching(Globs(["*x" + "y" * 80], "."))


# ---- values


def test_elements_of_lists_however_deep_come_in_order():
    assert [*Reading({}).elements([1, [2, [3, []], 4], 5])] == [1, 2, 3, 4, 5]


def test_the_first_elements_of_a_list_are_seen_and_counted():
    reading = Reading({})
    assert len([*reading.elements([0] * (MAX_ELEMENTS_SEEN + 1))]) == MAX_ELEMENTS_SEEN
    assert spent(reading) == MAX_ELEMENTS_SEEN


def test_lists_in_lists_end_with_the_steps():
    found = Reading({}).elements([[0] * 1_000] * 1_000)
    assert [*islice(found, 1_000)] == [0] * 1_000
    with pytest.raises(OutOfSteps):
        deque(found)


def test_a_text_costs_its_length_times_the_size_of_the_globs():
    texts = Globs(["*" + "a" * 247])
    reading = Reading({})
    reading.is_one_of(texts, "b")
    short = spent(reading)
    reading.is_one_of(texts, "b" * LONGEST_TEXT)
    long = spent(reading) - short
    reading.is_one_of(texts, "b" * 100_000)
    assert short < 10
    assert long == spent(reading) - short - long == 5 + texts.size * LONGEST_TEXT // 128


def test_texts_without_globs_cost_nothing_more():
    reading = Reading({})
    assert reading.is_one_of(Globs(["a"]), "a")
    assert spent(reading) == 0


def test_who_is_out_of_steps_stays_so():
    reading = Reading({"a": 1}, steps=1)
    assert reading.at("a") == [1]
    for ask in (lambda: reading.at("a"), lambda: reading.anywhere("a"), lambda: [*reading.elements([1])]):
        with pytest.raises(OutOfSteps):
            ask()
