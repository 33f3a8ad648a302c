"""Which dialect an expression is of, and what is said of those that could be of both."""

import pytest

from listener_sdk.protocol.codes import Refusal
from server.core.cron_dialects import read_cron
from server.core.cron_words import words


def told(text, dialect=None):
    with pytest.raises(Refusal) as caught:
        read_cron(text, dialect)
    assert (caught.value.code, caught.value.key) == ("bad_timing", "cron")
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("0 9 * * 1-5", "unix"),
        ("0 0 12 * * ?", "quartz"),
        ("0 0 9 ? * 2", "quartz"),
        ("0 0 9 ? * 2 2026", "quartz"),
        ("@daily", "unix"),
    ],
)
def test_five_fields_are_unix_and_six_or_seven_with_a_mark_are_quartz(text, dialect):
    assert read_cron(text).dialect == dialect
    assert read_cron(text, dialect if not text.startswith("@") else None) == read_cron(text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@Annually", "0 0 1 1 *"),
    ],
)
def test_words_of_unix_stand_for_fields(word, text):
    assert read_cron(word) == read_cron(word, "unix") == read_cron(text)


def test_six_fields_without_a_mark_are_told_in_both_readings():
    said = told("0 0 9 * * 1")
    assert "Seconds first, Sunday 1 (quartz): At 09:00 on Sundays." in said
    assert "Seconds last, Sunday 0 or 7: At 00:00:01 on the 9th of each month." in said
    assert "write the dialect quartz, or '0 0 9 ? * 1'" in said
    assert "leave the seconds out: '0 0 9 * *'" in said
    assert (
        words(read_cron("0 0 9 * * 1", "quartz")) == words(read_cron("0 0 9 ? * 1")) == "At 09:00 on Sundays"
    )


def test_the_hint_keeps_what_was_written():
    assert "or '0 0 9 15 * ?'" in told("0 0 9 15 * *")
    assert "or '0 0 9 ? * 2 2026'" in told("0 0 9 * * 2 2026")
    assert "or ? in the place of" in told("0 0 9 15 * 2")


def test_a_reading_that_is_not_possible_is_told_as_such():
    said = told("0 0 0 15 0 7")
    assert "(quartz): not possible (month '0'" in said
    assert "Seconds last, Sunday 0 or 7: not possible (day of month '0'" in said


@pytest.mark.parametrize(
    ("text", "dialect", "problem"),
    [
        ("@reboot", None, "@reboot names no time"),
        ("@every 5m", None, 'take repeat, such as {"every": 5, "unit": "minutes"'),
        ("@fortnightly", None, "is none of @yearly, "),
        ("@daily", "quartz", "is a word of unix"),
        ("TZ=Europe/Paris 0 9 * * *", None, "the zone stands in timeZone"),
        ("CRON_TZ=UTC 0 9 * * *", "unix", "the zone stands in timeZone"),
        ("0 9 * *", None, "it has 4 fields; unix takes 5"),
        ("tomorrow", None, "it has 1 field; unix takes 5"),
        ("0 0 L * *", None, "write '0 0 0 L * ?', which means: At midnight on the last day of each month."),
        (
            "0 9 * * fri#1",
            "unix",
            "write '0 0 9 ? * fri#1', which means: At 09:00 on the first Friday of each month.",
        ),
        ("0 9 ? * MON", None, "write * in its place, '0 9 * * MON', which means: At 09:00 on Mondays."),
        ("0 9 ? * 6L", None, "write '0 0 9 ? * 6L', which means: At 09:00 on the last Friday of each month."),
        ("0 9 * * MUN", None, "weekday 'MUN': 'MUN' is no number from 0 to 7 or names such as MON."),
        ("0 99 ? * MON", None, "hour '99'"),
        ("0 0 9 ? * 2 2026 x", None, "it has 8 fields"),
        ("0 0 9 * * ?", "unix", "has 6 fields; unix takes 5"),
        ("0 9 * * 1", "quartz", "has 5 fields; quartz takes 6 or 7"),
    ],
)
def test_what_no_dialect_has_is_told_with_what_to_write(text, dialect, problem):
    assert problem in told(text, dialect)


@pytest.mark.parametrize("text", ["99 9 * * *", "0 0 99 ? * 2"])
def test_what_is_wrong_with_a_field_is_told(text):
    assert "99" in told(text)
