"""Deliveries begin in turn: no space, address or channel that hangs takes the room of the others."""

from collections import Counter
from itertools import count

from server.core.delivery_turns import (
    MAILS,
    MAILS_OF_A_SPACE,
    POSTS,
    POSTS_OF_A_SPACE,
    POSTS_TO_ONE,
    Waiting,
    chosen,
    full_spaces,
    room,
)

_numbers = count(1)


def mails(number, space=1):
    return [Waiting(next(_numbers), space, "email", f"{n}@b.example") for n in range(number)]


def posts(number, space=1, to="https://hooks.example/x"):
    return [Waiting(next(_numbers), space, "slack", to) for _ in range(number)]


def test_an_address_gets_two_posts_at_once_and_others_of_its_space_go_on():
    busy, other = posts(9), posts(1, to="https://hooks.example/y")
    assert chosen([*busy, *other], []) == [*busy[:POSTS_TO_ONE], *other]
    assert chosen(busy[2:], busy[:2]) == []


def test_a_space_has_its_share_and_no_more():
    many = [post for n in range(20) for post in posts(1, to=f"https://hooks.example/{n}")]
    begun = chosen([*many, *mails(30)], [])
    assert Counter(one.channel for one in begun) == {"slack": POSTS_OF_A_SPACE, "email": MAILS_OF_A_SPACE}
    assert full_spaces(begun, mail=True) == full_spaces(begun, mail=False) == {1}
    assert full_spaces(begun[:-1], mail=True) == set()


def test_the_space_that_has_the_fewest_under_way_is_next():
    first, second = mails(30), mails(30, space=2)
    begun = chosen([*first, *second], [])
    assert Counter(one.space_id for one in begun) == {1: MAILS // 2, 2: MAILS // 2}
    assert begun[:2] == [first[0], second[0]]
    assert chosen([first[20], second[20]], [*first[:8], *second[:7]])[0] == second[20]


def test_mails_and_posts_have_room_of_their_own():
    every = [mail for space in range(9) for mail in mails(5, space)]
    begun = chosen(every, [])
    assert (len(begun), room(begun, mail=True), room(begun, mail=False)) == (MAILS, 0, POSTS)
    assert len(chosen([*every, *posts(1)], begun)) == 1


def test_what_is_under_way_does_not_begin_again():
    running = mails(2)
    assert chosen(running, running) == []
