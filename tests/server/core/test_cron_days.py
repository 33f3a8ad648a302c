"""Which days of a month are meant, with Quartz's last, nearest and nth ones."""

import pytest

from server.core.cron_days import Days

FEBRUARY = (2026, 2)  # 28 days, begins on a Sunday, ends on a Saturday
MAY = (2026, 5)  # 31 days, begins on a Friday, ends on a Sunday
AUGUST = (2026, 8)  # begins on a Saturday


@pytest.mark.parametrize(
    ("days", "month", "expected"),
    [
        (Days(), FEBRUARY, tuple(range(1, 29))),
        (Days(numbers=frozenset({1, 28, 31})), FEBRUARY, (1, 28)),
        (Days(numbers=frozenset(), from_last=frozenset({0})), FEBRUARY, (28,)),
        (Days(numbers=frozenset(), from_last=frozenset({0, 3})), MAY, (28, 31)),
        (Days(numbers=frozenset({1}), nearest_last=frozenset({0})), FEBRUARY, (1, 27)),
        (Days(numbers=frozenset(), nearest_last=frozenset({0})), MAY, (29,)),
        (Days(numbers=frozenset(), nearest_last=frozenset({1})), MAY, (29,)),
        (Days(numbers=frozenset(), nearest=frozenset({1})), FEBRUARY, (2,)),
        (Days(numbers=frozenset(), nearest=frozenset({1})), AUGUST, (3,)),
        (Days(numbers=frozenset(), nearest=frozenset({15})), AUGUST, (14,)),
        (Days(numbers=frozenset(), nearest=frozenset({16})), AUGUST, (17,)),
        (Days(numbers=frozenset(), nearest=frozenset({31})), MAY, (29,)),
        (Days(numbers=frozenset(), nearest=frozenset({31})), FEBRUARY, ()),
        (Days(weekdays=frozenset({0})), MAY, (4, 11, 18, 25)),
        (Days(weekdays=frozenset(), nth=frozenset({(4, 5)})), MAY, (29,)),
        (Days(weekdays=frozenset(), nth=frozenset({(0, 5)})), MAY, ()),
        (Days(weekdays=frozenset(), last=frozenset({4})), MAY, (29,)),
        (Days(weekdays=frozenset({0}), last=frozenset({6})), MAY, (4, 11, 18, 25, 31)),
        (Days(numbers=frozenset({13}), weekdays=frozenset({4})), MAY, ()),
        (Days(numbers=frozenset({13}), weekdays=frozenset({4}), either=True), MAY, (1, 8, 13, 15, 22, 29)),
    ],
)
def test_the_days_of_a_month(days, month, expected):
    assert days.of_month(*month) == expected
