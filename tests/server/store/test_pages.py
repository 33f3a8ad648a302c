"""How much a page may hold."""

import pytest

from listener_sdk.protocol.codes import Refusal
from server.store.pages import LARGEST_PAGE, Window, fitting

HALF = LARGEST_PAGE // 2


def test_a_page_has_at_most_its_size():
    assert fitting([(1, 5), (2, 5), (3, 5)], Window(2)) == [1, 2]
    assert fitting([], Window(2)) == []


def test_a_page_beyond_a_row_ends_before_it_grows_too_large():
    rows = [(1, HALF), (2, HALF), (3, 1), (4, 1)]
    assert fitting(rows, Window(9, after=0)) == [1, 2]


def test_one_row_is_always_given_so_that_a_reader_gets_on():
    assert fitting([(1, LARGEST_PAGE * 2), (2, 1)], Window(9, after=0)) == [1]


def test_a_numbered_page_that_is_too_large_is_refused_since_the_next_would_skip_rows():
    with pytest.raises(Refusal) as caught:
        fitting([(1, HALF), (2, HALF), (3, 1)], Window(9))
    assert (caught.value.code, caught.value.key) == ("too_large", "pageSize")
