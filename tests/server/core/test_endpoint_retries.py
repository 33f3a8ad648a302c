"""The timetable of deliveries: ten attempts within 76 hours, spread, and later where the other side asks for it."""

from server.core.endpoint_retries import GIVEN_UP_MS, PAUSES_S, is_given_up, next_attempt_ms


def test_the_timetable_is_that_of_the_specification():
    found = [next_attempt_ms(tries, 0.5) for tries in range(1, 11)]
    assert found == [*(pause * 1000 for pause in PAUSES_S), None]
    assert 75 * 3_600 < sum(PAUSES_S) < 76 * 3_600


def test_it_is_spread_by_a_fifth():
    assert next_attempt_ms(2, 0.0) == 240_000
    assert next_attempt_ms(2, 0.999_999) in range(359_990, 360_001)


def test_who_asks_for_a_longer_pause_has_it():
    assert next_attempt_ms(1, 0.5, 60.0) == 60_000
    assert next_attempt_ms(2, 0.5, 60.0) == 300_000
    assert next_attempt_ms(10, 0.5, 60.0) is None


def test_an_endpoint_is_given_up_after_five_days():
    assert not is_given_up(None, GIVEN_UP_MS)
    assert not is_given_up(1, GIVEN_UP_MS)
    assert is_given_up(1, GIVEN_UP_MS + 1)
