"""Expressions in plain English."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener_sdk.protocol.codes import Refusal
from server.core.cron_dialects import read_cron
from server.core.cron_words import listed, ordinal, runs, words

SAID = {
    "0 0 * * *": "Every day at midnight",
    "0 */6 * * *": "Every 6 hours: at 00:00, 06:00, 12:00 and 18:00",
    "0 9 * * 1-5": "At 09:00, Monday to Friday",
    "*/10 * * * *": "Every 10 minutes",
    "0 3 1 * *": "At 03:00 on the 1st of each month",
    "0 0 * * 7": "At midnight on Sundays",
    "0 0 12 * * ?": "Every day at noon",
    "0 0 9 ? * 2": "At 09:00 on Mondays",
    "* * * * *": "Every minute",
    "0 * * * *": "Every hour, on the hour",
    "5 * * * *": "Every hour at minute 5",
    "*/7 * * * *": "Every hour at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56",
    "5-59/10 * * * *": "Every hour at minutes 5, 15, 25, 35, 45 and 55",
    "0 0-29 9 * * ?": "Every minute from 09:00 to 09:29, every day",
    "30 8,12,17 * * *": "Every day at 08:30, 12:30 and 17:30",
    "*/10 9-17 * * 1-5": "Every 10 minutes from 09:00 to 17:50, Monday to Friday",
    "30 9-17 * * *": "Every hour from 09:30 to 17:30, every day",
    "* 9 * * *": "Every minute from 09:00 to 09:59, every day",
    "*/7 9-12 * * *": "Every day at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of hours 9 to 12",
    "* 9,11,13 * * *": "Every minute of hours 9, 11 and 13, every day",
    "*/15 * * * * ?": "Every 15 seconds",
    "5/15 * * * * ?": "Every minute at seconds 5, 20, 35 and 50",
    "30 * * * * ?": "Every minute at second 30",
    "30 0 9 * * ?": "Every day at 09:00:30",
    "0,30 0 9-17 * * ?": "Every day at seconds 0 and 30 of minute 0 of hours 9 to 17",
    "15 */5 * * * ?": "At second 15 of minutes 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50 and 55 of every hour",
    "0 9 * * 6,7": "At 09:00 on Saturdays and Sundays",
    "0 9 1,15 * *": "At 09:00 on the 1st and 15th of each month",
    "0 9 1-7 1,7 *": "At 09:00 on the 1st to 7th of January and July",
    "0 9 31 * *": "At 09:00 on the 31st of each month, where there is one",
    "0 9 31 1,3 *": "At 09:00 on the 31st of January and March",
    "0 9 * 6-8 *": "At 09:00 every day in June to August",
    "0 9 * 1 1": "At 09:00 on Mondays, in January",
    "0 9 13 * 5": "At 09:00 on the 13th of the month and also on Fridays",
    "0 9 13 1 5": "At 09:00 on the 13th of the month and also on Fridays, in January",
    "0 9 */10 * 1": "At 09:00 on Mondays, but only where that is the 1st, 11th, 21st or 31st of the month",
    "0 0 9 L * ?": "At 09:00 on the last day of each month",
    "0 0 9 1,L * ?": "At 09:00 on the 1st and the last day of each month",
    "0 0 9 L-3 * ?": "At 09:00 on the day 3 days before the last one of each month",
    "0 0 9 15W * ?": "At 09:00 on the weekday (Monday to Friday) nearest to the 15th of each month",
    "0 0 9 LW * ?": "At 09:00 on the last weekday (Monday to Friday) of each month",
    "0 0 9 L-1W * ?": "At 09:00 on the weekday (Monday to Friday) nearest to the day 1 day before the last one of each month",
    "0 0 9 ? * 6L": "At 09:00 on the last Friday of each month",
    "0 0 9 ? 3 6#3": "At 09:00 on the third Friday of March",
    "0 0 9 ? * 6#5": "At 09:00 on the fifth Friday of each month, where there is one",
    "0 0 9 ? * 2,6#1": "At 09:00 on Mondays and the first Friday of the month",
    "0 0 9 ? * 2 2026-2028": "At 09:00 on Mondays, in 2026 to 2028",
    "0 0 9 * * ? 2026,2028": "At 09:00 every day in 2026 and 2028",
    "0 0/5 * * * ? 2026": "Every 5 minutes, every day in 2026",
}


@pytest.mark.parametrize(("text", "said"), SAID.items())
def test_an_expression_in_words(text, said):
    assert words(read_cron(text)) == said


def fields(lowest, highest):
    number = st.integers(lowest, highest)
    spans = st.tuples(number, number).filter(lambda one: one[0] < one[1]).map("{0[0]}-{0[1]}".format)
    steps = st.tuples(st.just("*") | spans, st.integers(1, min(highest - lowest, 12))).map(
        "{0[0]}/{0[1]}".format
    )
    return st.just("*") | st.lists(number.map(str) | spans | steps, min_size=1, max_size=3).map(",".join)


UNIX = st.tuples(fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 6))
DAYS = st.sampled_from(["L", "L-1", "L-3", "LW", "15W", "1W", "L,1W", "1,15", "30", "*"])
WEEKDAYS = st.sampled_from(["2", "2-6", "6L", "6#3", "6#5", "2,6#1", "1,7", "1,2,3,5", "*"])
QUARTZ = st.one_of(
    st.tuples(
        fields(0, 5).map(lambda text: text.replace("*", "0")),
        fields(0, 59),
        fields(0, 23),
        DAYS,
        fields(1, 12),
        st.just("?"),
        fields(2026, 2030),
    ),
    st.tuples(
        st.just("0"), fields(0, 59), fields(0, 23), st.just("?"), fields(1, 12), WEEKDAYS, st.just("*")
    ),
)


def read(parts):
    """What it means, all that decides of its times; None where it is refused."""
    try:
        cron = read_cron(" ".join(parts))
    except Refusal:
        return None
    days = cron.days.either and (cron.days.numbers, cron.days.weekdays)
    when = tuple(cron.days.of_month(year, month) for year in range(2024, 2032) for month in cron.months)
    return cron, (tuple(cron.times), cron.months, cron.years, when, days and None)


@given(st.tuples(UNIX, UNIX) | st.tuples(QUARTZ, QUARTZ))
@example((("0", "9", "13", "*", "5"), ("0", "9", "13", "*", "*")))
@example((("0", "9", "*/2", "*", "1"), ("0", "9", "1", "*", "1")))
def test_expressions_of_different_meaning_have_different_words(both):
    first, second = map(read, both)
    if first is None or second is None:
        return
    if words(first[0]) == words(second[0]):
        assert first[1] == second[1]


def changed(parts, index, text):
    return (*parts[:index], text, *parts[index + 1 :])


@given(UNIX, st.integers(0, 4), st.data())
def test_no_change_of_a_field_is_lost(parts, index, data):
    low, high = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))[index]
    other = changed(parts, index, data.draw(fields(low, high)))
    test_expressions_of_different_meaning_have_different_words.hypothesis.inner_test((parts, other))


def test_lists_and_runs():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert list(runs([1, 2, 3, 5, 6, 9])) == ["1 to 3", "5", "6", "9"]
    assert list(runs([1, 2, 3], ("A", "B", "C"), first=1)) == ["A to C"]
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 31)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "31st",
    ]  # fmt: skip
