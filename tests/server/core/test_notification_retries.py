"""Failed deliveries are tried again with longer and longer pauses, and given up within a bounded time."""

from server.core.notification_retries import GIVE_UP_MS, PAUSES_S, next_attempt_ms


def test_pauses_grow_and_are_spread():
    middle = [next_attempt_ms(n, 0, 0.5) for n in range(1, len(PAUSES_S) + 1)]
    assert middle == [pause * 1000 for pause in PAUSES_S]
    assert (next_attempt_ms(1, 0, 0.0), next_attempt_ms(1, 0, 1.0)) == (8_000, 12_000)


def test_after_nine_attempts_none_follows():
    assert next_attempt_ms(len(PAUSES_S) + 1, 0, 0.5) is None


def test_after_half_a_day_none_follows():
    assert next_attempt_ms(1, GIVE_UP_MS - 1, 0.5) is not None
    assert next_attempt_ms(1, GIVE_UP_MS, 0.5) is None


def test_the_other_server_may_ask_for_a_longer_pause_an_hour_at_most():
    assert next_attempt_ms(1, 0, 0.5, 120.0) == 120_000
    assert next_attempt_ms(1, 0, 0.5, 1.0) == 10_000
    assert next_attempt_ms(1, 0, 0.5, 90_000.0) == 3_600_000
