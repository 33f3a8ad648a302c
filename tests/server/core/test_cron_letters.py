"""Quartz's signs for days, read."""

import pytest

from server.core.cron_letters import SIGN, of_days, of_weekdays

NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def test_signs_of_days_are_days_before_the_last_and_the_nearest():
    assert of_days(["l", "l-3", "15w", "1w", "lw", "l-2w"]) == {
        "from_last": {0, 3},
        "nearest": {1, 15},
        "nearest_last": {0, 2},
    }


def test_signs_of_weekdays_are_the_last_and_the_nth():
    assert of_weekdays(["fril", "mon#1", "sun#5"], NAMES.index) == {"last": {4}, "nth": {(0, 1), (6, 5)}}


@pytest.mark.parametrize("text", ["0w", "32w", "l-31", "l-", "lx", "l-3x", "15w3"])
def test_what_is_no_sign_of_a_day_is_refused(text):
    with pytest.raises(ValueError, match=r"days go from|is none of L"):
        of_days([text])


@pytest.mark.parametrize("text", ["fri#0", "fri#6", "#2", "fri#x", "fri#x#2"])
def test_what_is_no_sign_of_a_weekday_is_refused(text):
    with pytest.raises(ValueError, match=r"is none of 6L|a first to a fifth"):
        of_weekdays([text], NAMES.index)


@pytest.mark.parametrize("text", ["l", "lw", "l-3", "15w", "6l", "fril", "6#3", "?"])
def test_signs_are_told_from_numbers(text):
    assert SIGN.fullmatch(text)


@pytest.mark.parametrize("text", ["wed", "jul", "apr", "5", "1-5", "*/2", "*", "", "wed-fri"])
def test_numbers_and_names_are_no_signs(text):
    assert not SIGN.fullmatch(text)
