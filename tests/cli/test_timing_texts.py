"""What a text says of when something is due."""

import pytest

from listener_sdk.cli.failures import Misuse
from listener_sdk.cli.timing_texts import timing_of


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("0 9 * * *", "cron"),
        ("@daily", "cron"),
        ("0 0 12 * * ?", "cron"),
        ("2026-12-24T09:00", "once"),
        (" 2026-12-24", "once"),
        ('{"unit": "days"}', "repeat"),
    ],
)
def test_its_kind_shows(text, field):
    assert list(timing_of(text)) == [field]


def test_json_that_is_none():
    with pytest.raises(Misuse):
        timing_of("{every: 2}")
