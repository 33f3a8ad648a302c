"""Endpoints are posted to in turn: no space, and none that fails, takes the room of the others."""

from server.core.endpoint_turns import (
    POSTS,
    POSTS_OF_A_SPACE,
    POSTS_TO_FAILING,
    Post,
    Shares,
    Waiting,
    in_turn,
)


def waiting(number, space=1, due_at=5, fails=0):
    return Waiting(number, due_at, 1, None, space, fails)


def posts(number, space=1, *, fails=False):
    return [Post(9, space, fails) for _ in range(number)]


def test_spaces_take_turns_first_those_with_the_fewest_under_way():
    ready = [waiting(1), waiting(2), waiting(3, due_at=4), waiting(4, space=2, due_at=9)]
    assert in_turn(ready, []) == [3, 4, 1, 2]
    assert in_turn(ready, posts(1)) == [4, 3, 1, 2]
    assert in_turn(ready, posts(3, space=2)) == [3, 1, 2, 4]


def test_those_that_fail_come_last_in_their_space():
    assert in_turn([waiting(1, due_at=1, fails=1), waiting(2)], []) == [2, 1]


def test_a_space_has_its_share_and_no_more():
    busy = posts(POSTS_OF_A_SPACE)
    assert in_turn([waiting(1), waiting(2, space=2)], busy) == [2]
    assert Shares.beside(busy).room(2, fails=False) == POSTS - POSTS_OF_A_SPACE


def test_those_that_fail_have_a_share_in_all_spaces_together():
    busy = [*posts(POSTS_TO_FAILING // 2, fails=True), *posts(POSTS_TO_FAILING // 2, 2, fails=True)]
    assert in_turn([waiting(1, 3, fails=1), waiting(2, 4)], busy) == [2]


def test_what_begins_takes_room():
    shares = Shares.beside([])
    shares.take(1, POSTS_TO_FAILING, fails=True)
    assert shares.room(2, fails=True) == 0
    assert shares.room(1, fails=False) == POSTS_OF_A_SPACE - POSTS_TO_FAILING
    shares.take(2, POSTS - POSTS_TO_FAILING, fails=False)
    assert shares.room(3, fails=False) == 0
