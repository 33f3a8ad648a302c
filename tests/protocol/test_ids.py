"""Ids: reversible, in order of creation, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener_sdk.protocol import ids

NUMBERS = st.integers(0, ids.LARGEST)
KINDS = st.sampled_from(["jb", "ev", "fl", "key"])


def test_what_an_id_looks_like():
    assert ids.encode("jb", 0) == "us_jb_0000000000"
    assert ids.encode("jb", 33) == "us_jb_0000000011"
    assert ids.encode("ev", ids.LARGEST) == "us_ev_zzzzzzzzzz"


@given(KINDS, NUMBERS)
def test_an_id_gives_its_number_back(kind, number):
    assert ids.decode(kind, ids.encode(kind, number)) == number


@given(KINDS, NUMBERS, NUMBERS)
def test_ids_sort_as_their_numbers(kind, one, other):
    assert (ids.encode(kind, one) < ids.encode(kind, other)) == (one < other)


@given(NUMBERS)
def test_an_id_of_another_kind_is_none(number):
    assert ids.decode("jb", ids.encode("ev", number)) is None


@given(st.text(max_size=20) | st.text("0123456789abcuilo", min_size=9, max_size=11).map("us_jb_".__add__))
def test_a_text_is_an_id_only_in_the_one_form(text):
    number = ids.decode("jb", text)
    assert number is None or ids.encode("jb", number) == text


@pytest.mark.parametrize(
    "text", ["", "us_jb_", "us_jb_000000000", "us_jb_000000000U", "US_JB_0000000000", "us_jb_00000 0000"]
)
def test_texts_that_are_no_ids(text):
    assert ids.decode("jb", text) is None


def test_a_space_is_an_environment_and_a_space():
    assert ids.environment_id("default") == "us_env_default"
    assert ids.space_id("default") == "us_sp_default"
    assert ids.space_code("us_env_default") == ids.space_code("us_sp_default") == ids.space_code("default")
