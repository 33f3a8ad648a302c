"""Guesses: what is sent wrong holds up nobody who has the right thing, unless it is a password."""

import contextlib

import pytest

from listener_sdk.protocol.codes import Refusal
from server.web.guesses import LOOKS, Guesses

HERE, THERE = "192.0.2.1", "192.0.2.2"


def tries(act, count):
    """How many of so many tries were let through."""
    done = 0
    for _ in range(count):
        with contextlib.suppress(Refusal):
            act()
            done += 1
    return done


def test_wrong_keys_are_counted_by_their_address():
    guesses = Guesses(5)
    assert tries(lambda: guesses.wrong(HERE, 0), 8) == 5
    assert tries(lambda: guesses.wrong(THERE, 0), 8) == 5


def test_many_more_are_looked_up_than_may_be_wrong():
    guesses = Guesses(5)
    assert tries(lambda: guesses.look(HERE, 0), 10 * LOOKS) == 5 * LOOKS
    guesses.right(HERE, 0)
    guesses.look(HERE, 0)


def test_passwords_and_keys_have_nothing_to_do_with_each_other():
    guesses = Guesses(5)
    assert tries(lambda: guesses.wrong(HERE, 0), 8) == 5
    assert tries(lambda: guesses.password(HERE, "acme", "ada@example.com", 0), 8) == 5
    guesses.look(HERE, 0)


def test_a_password_is_tried_so_often_from_one_address_and_at_one_e_mail():
    guesses, one = Guesses(5), iter(range(100))
    assert tries(lambda: guesses.password(HERE, "acme", f"{next(one)}@example.com", 0), 8) == 5
    assert tries(lambda: guesses.password(f"192.0.2.{next(one) + 10}", "acme", "ada@example.com", 0), 8) == 5
    with pytest.raises(Refusal, match=r"this e-mail: wait \d+ s. A link logs in meanwhile"):
        guesses.password("192.0.2.200", "acme", "ADA@example.com", 0)
    guesses.password("192.0.2.200", "other", "ada@example.com", 0)


def test_an_e_mail_that_waits_costs_its_address_nothing():
    guesses = Guesses(5)
    for number in range(5):
        guesses.password(f"192.0.2.{number + 10}", "acme", "ada@example.com", 0)
    assert tries(lambda: guesses.password(HERE, "acme", "ada@example.com", 0), 8) == 0
    guesses.password(HERE, "acme", "grace@example.com", 0)


def test_who_was_right_has_not_guessed():
    guesses = Guesses(1)
    for _ in range(5):
        guesses.password(HERE, "acme", "ada@example.com", 0)
        guesses.right_password(HERE, "acme", "ada@example.com", 0)


def test_all_addresses_of_one_line_of_ipv6_are_one():
    guesses = Guesses(5)
    one = iter(range(100))
    assert tries(lambda: guesses.wrong(f"2001:db8:1:2:{next(one):x}::1", 0), 8) == 5
    guesses.wrong("2001:db8:1:3::1", 0)
    assert tries(lambda: guesses.wrong(f"::ffff:192.0.2.{next(one)}", 0), 8) == 8
