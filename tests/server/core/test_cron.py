"""Cron expressions as sets of numbers: what each field takes, and which time comes next."""

from datetime import UTC, datetime

import pytest

from listener_sdk.protocol.codes import Refusal
from server.core.cron import Cron, make
from server.core.refusals import Refusals

HOURS = tuple(range(24))


def unix(text):
    return make("unix", ["0", *text.split(), "*"])


def quartz(text):
    return make("quartz", [*text.split(), "*"][:7])


def local(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def shown(second):
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


def following(cron, text, count):
    found, at = [], local(text)
    for _ in range(count):
        at = cron.next(at)
        found.append(shown(at))
        at += 1
    return found


def told(make_it, text):
    """All that is said of an expression."""
    with pytest.raises(Refusal) as caught:
        make_it(text)
    refusal = caught.value
    assert refusal.code == "bad_timing"
    every = refusal.all if isinstance(refusal, Refusals) else [refusal]
    assert {one.key for one in every} == {"cron"}
    return [one.message for one in every]


@pytest.mark.parametrize(
    ("field", "hours"),
    [
        ("*", HOURS),
        ("0-23", HOURS),
        ("5", (5,)),
        ("5-5", (5,)),
        ("1,3,5-7", (1, 3, 5, 6, 7)),
        ("7,1,7", (1, 7)),
        ("*/6", (0, 6, 12, 18)),
        ("2/10", (2, 12, 22)),
        ("23/5", (23,)),
        ("8-18/4", (8, 12, 16)),
        ("5-6/20", (5,)),
        ("07", (7,)),
    ],
)
def test_numbers_are_lists_ranges_and_steps(field, hours):
    assert unix(f"0 {field} * * *").hours == hours


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", {6}),
        ("7", {6}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("mon-FRI", {0, 1, 2, 3, 4}),
        ("sat-sun", {5, 6}),
        ("6-7", {5, 6}),
        ("0-7", set(range(7))),
        ("sun,wed", {6, 2}),
        ("*/2", {6, 1, 3, 5}),
        ("5-7/2", {4, 6}),
    ],
)
def test_sunday_is_0_and_7_in_unix(field, weekdays):
    assert unix(f"0 9 * * {field}").days.weekdays == weekdays


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("1", {6}),
        ("2", {0}),
        ("7", {5}),
        ("L", {5}),
        ("2-6", {0, 1, 2, 3, 4}),
        ("MON-FRI", {0, 1, 2, 3, 4}),
        ("FRI-MON", {4, 5, 6, 0}),
        ("6-2", {4, 5, 6, 0}),
        ("SAT-SUN", {5, 6}),
        ("2/2", {0, 2, 4}),
        ("*/2", {6, 1, 3, 5}),
    ],
)
def test_sunday_is_1_in_quartz(field, weekdays):
    assert quartz(f"0 0 9 ? * {field}").days.weekdays == weekdays


def test_quartz_takes_ranges_that_wrap_and_steps_from_the_lowest():
    assert quartz("0 0 22-2 * * ?").hours == (0, 1, 2, 22, 23)
    assert quartz("0 0 0 1 NOV-FEB/2 ?").months == (1, 11)
    assert quartz("/20 /15 0 * * ?").seconds == (0, 20, 40)


def test_names_of_months_do_not_depend_on_case():
    assert unix("0 0 1 JAN,mar-May *").months == (1, 3, 4, 5)


@pytest.mark.parametrize(
    ("text", "elapsed"),
    [
        ("*/10 9 * * *", True),
        ("0 * * * *", True),
        ("0 */6 * * *", True),
        ("0 0-23 * * *", False),
        ("0-59/10 9 * * *", False),
    ],
)
def test_a_minute_or_hour_that_begins_with_a_star_follows_elapsed_time(text, elapsed):
    assert unix(text).elapsed is elapsed
    assert quartz(f"0 {text.removesuffix('*')}?").elapsed is elapsed


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 9 13 * 5", [2, 9, 13, 16, 23, 30]),
        ("0 9 */2 * 1", [5, 19]),
        ("0 9 1-7 * */7", [4]),
        ("0 9 * * 5", [2, 9, 16, 23, 30]),
        ("0 9 13,20 * *", [13, 20]),
    ],
)
def test_days_and_weekdays_are_added_unless_one_begins_with_a_star(text, days):
    assert list(unix(text).days.of_month(2026, 10)) == days


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("60 24 32 13 8", ["minute '60'", "hour '24'", "day of month '32'", "month '13'", "weekday '8'"]),
        ("-1 * * * *", ["minute '-1'"]),
        ("1- * * * *", ["minute '1-'"]),
        ("*-5 * * * *", ["minute '*-5'"]),
        ("1,,2 * * * *", ["minute '1,,2'"]),
        ("5/ * * * *", ["minute '5/'"]),
        ("*/0 * * * *", ["a step lies within 1 to 59"]),
        ("*/90 * * * *", ["Take repeat for longer intervals"]),
        ("0 22-2 * * *", ["Write 22-23,0-2."]),
        ("0 9 * * fri-mon", ["the range goes backwards. Write 5-7,0-1."]),
        ("0 9 * * monday", ["names such as MON"]),
        ("h * * * *", ["'h' is no number from 0 to 59."]),
        ("\u0665 * * * *", ["minute '\u0665'"]),
        ("0 9 L * *", ["signs of quartz"]),
        ("0 9 ? * 1", ["signs of quartz"]),
        ("0 9 * * 5#2", ["signs of quartz"]),
        ("0 9 15W * *", ["signs of quartz"]),
    ],
)
def test_all_that_is_wrong_with_unix_is_told(text, problems):
    said = told(unix, text)
    assert len(said) == len(problems)
    for one, problem in zip(said, problems, strict=True):
        assert problem in one


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0 0 9 ? * ?", "not both"),
        ("0 0 9 15 * 2", "quartz takes either the day of month (15) or the weekday (2)"),
        ("0 0 9 ? * 0", "'0' is no number from 1 to 7"),
        ("0 0 9 ? * 6#6", "a first to a fifth"),
        ("0 0 9 ? * 8L", "'8' is no number from 1 to 7"),
        ("0 0 9 ? * 2#", "none of 6L"),
        ("0 0 9 32W * ?", "days go from 1 to 31"),
        ("0 0 9 L-31 * ?", "up to 30 before"),
        ("0 0 9 L-x * ?", "none of L, L-3, LW and 15W"),
        ("0 0 9 1,? * 2", "? stands alone"),
        ("? 0 9 * * ?", "second '?'"),
        ("0 0 9 * * ? 1969", "year '1969'"),
        ("0 0 9 * * ? 2030-2026", "goes backwards"),
        ("* * * * * ?", "due every 1 s; 10 s are the least"),
        ("*/9 * * * * ?", "due every 9 s"),
        ("0/55 * * * * ?", "due every 5 s"),
        ("0,5 0 9 * * ?", "due every 5 s"),
        ("0,55 0,59 0,23 * * ?", "due every 5 s"),
        ("0 0 9 30 2 ?", "never due: no month that it names has such a day"),
        ("0 0 9 31 4,6,9,11 ?", "never due"),
        ("0 0 9 29 2 ? 2025-2027", "never due"),
        ("0 0 9 31W 6 ?", "never due"),
    ],
)
def test_what_is_wrong_with_quartz_is_told(text, problem):
    [said] = told(quartz, text)
    assert problem in said


@pytest.mark.parametrize("text", ["*/10 * * * * ?", "0,50 0 9 * * ?", "5,15 * * * * ?"])
def test_ten_seconds_are_far_enough_apart(text):
    assert isinstance(quartz(text), Cron)


def test_days_that_come_seldom_are_possible():
    assert quartz("0 0 0 ? 2 1#5").is_possible()
    assert unix("0 0 29 2 *").is_possible()


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        (unix("0 0 * * *"), ["2026-11-22 00:00:00", "2026-11-23 00:00:00"]),
        (unix("59 23 31 12 *"), ["2026-12-31 23:59:00", "2027-12-31 23:59:00"]),
        (unix("0 0 29 2 *"), ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
        (unix("30,45 9 * * *"), ["2026-11-21 09:30:00", "2026-11-21 09:45:00"]),
        (quartz("20/20 30 9 * * ?"), ["2026-11-21 09:30:20", "2026-11-21 09:30:40"]),
        (quartz("0 0 9 ? * 2"), ["2026-11-23 09:00:00", "2026-11-30 09:00:00"]),
        (quartz("0 0 9 1 1 ? 2030"), ["2030-01-01 09:00:00"]),
    ],
)
def test_the_next_time_is_the_first_from_there_on(cron, times):
    assert following(cron, "2026-11-21T09:30:00", len(times)) == times
    assert shown(cron.next(local(times[0].replace(" ", "T")))) == times[0]


def test_there_is_no_next_time_behind_the_last_year_or_too_far_ahead():
    assert quartz("0 0 9 1 1 ? 2020").next(local("2026-01-01T00:00:00")) is None
    assert quartz("0 0 9 1 1 ? 2040").next(local("2026-01-01T00:00:00")) is None
    assert unix("0 0 29 2 *").next(local("2096-03-01T00:00:00")) == local("2104-02-29T00:00:00")
