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
    with pytest.raises(Misuse, match="Write an object such as "):
        timing_of("{every: 2}")


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "9 am", "every 5 minutes", "every 5 minutes from now", "09:00", "12/24/2026 09:00"],
)
def test_what_is_plainly_none_is_told_with_one_of_each(text):
    with pytest.raises(Misuse, match=r"'0 9 \* \* 1-5'.* 2026-12-24T09:00, .*\"every\": 5"):
        timing_of(text)


@pytest.mark.parametrize("text", ["@every 5m", "0 9 * *", "0 9 * * monday", "x" * 257])
def test_of_what_may_be_an_expression_the_server_says_what_is_wrong(text):
    assert timing_of(text) == {"cron": text}
