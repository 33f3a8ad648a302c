"""What is said of due times in a clock change."""

from datetime import UTC, datetime

import pytest

from server.core.clock_notes import left_out, on_date, shifted, twice


def local(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


CHANGE = (local("2026-03-29T02:00"), local("2026-03-29T03:00"))
BACK = (local("2026-10-25T03:00"), local("2026-10-25T02:00"))


@pytest.mark.parametrize(
    ("first", "last", "skipped", "said"),
    [
        ("02:30", "02:30", False, "02:30 does not exist on 29 March 2026: clocks go forward from 02:00 to 03:00. It runs at 03:00."),
        ("02:00", "02:50", False, "02:00 to 02:50 do not exist on 29 March 2026: clocks go forward from 02:00 to 03:00. They run once, at 03:00."),
        ("02:30", "02:30", True, "02:30 does not exist on 29 March 2026: clocks go forward from 02:00 to 03:00. It is skipped."),
        ("02:00", "02:30", True, "02:00 to 02:30 do not exist on 29 March 2026: clocks go forward from 02:00 to 03:00. They are skipped."),
    ],
)  # fmt: skip
def test_times_that_are_left_out(first, last, skipped, said):
    found = left_out(local(f"2026-03-29T{first}"), local(f"2026-03-29T{last}"), *CHANGE, skipped=skipped)
    assert found == said


def test_a_day_that_is_left_out():
    begin, end = local("2011-12-30T00:00"), local("2011-12-31T00:00")
    said = left_out(begin + 9 * 3600, begin + 9 * 3600, begin, end, skipped=True)
    assert "09:00 does not exist on 30 December 2011" in said
    assert "from 30 December 2011 00:00 to 31 December 2011 00:00. It is skipped." in said


@pytest.mark.parametrize(
    ("once", "second", "said"),
    [
        (True, False, "It runs the first time."),
        (False, False, "This is the first time."),
        (False, True, "This is the second time."),
    ],
)
def test_times_that_come_twice(once, second, said):
    found = twice(local("2026-10-25T02:30"), *BACK, once=once, second=second)
    assert found == f"02:30 comes twice on 25 October 2026: clocks go back from 03:00 to 02:00. {said}"


@pytest.mark.parametrize(
    ("before", "offset", "said"),
    [
        (3600, 7200, "forward 1 h"),
        (7200, 3600, "back 1 h"),
        (37800, 39600, "forward 30 min"),
        (-36000, 50400, "forward 24 h"),
    ],
)
def test_clocks_that_have_changed_in_between(before, offset, said):
    assert shifted(before, offset) == f"Clocks have gone {said} since the time before."


def test_dates_are_written_out():
    assert on_date(local("2026-03-01T00:00")) == "1 March 2026"
