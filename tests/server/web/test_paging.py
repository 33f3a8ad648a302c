"""Pages by number and by cursor."""

from types import SimpleNamespace

import pytest
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.ids import LARGEST
from server.store.pages import Window
from server.web.paging import Paging, cursor, cursor_after, page_of, read_paging
from server.web.queries import Query


def read(text, size=20):
    return read_paging(Query(make_mocked_request("GET", f"/x?{text}")), "jb", size)


def test_pages_count_from_one():
    assert read("").window == Window(20, 0)
    assert read("pageNumber=3&pageSize=5").window == Window(5, 10)


def test_a_cursor_leads_on_from_its_row():
    text = cursor_after("jb", 77)
    assert read(f"cursor={text}&pageSize=5") == Paging(5, None, 77)
    assert read(f"cursor={text}").window == Window(20, 0, 77)


@pytest.mark.parametrize(("total", "pages"), [(0, 0), (1, 1), (20, 1), (21, 2)])
def test_flatfiles_account_of_the_pages(total, pages):
    assert read("").pagination(total) == {"currentPage": 1, "pageCount": pages, "totalCount": total}


@pytest.mark.parametrize("text", ["x", "us_ev_0000000001", "us_jb_1", "0"])
def test_what_no_page_gave_is_no_cursor(text):
    with pytest.raises(Refusal) as caught:
        read(f"cursor={text}")
    assert (caught.value.code, caught.value.key) == ("bad_cursor", "cursor")


def test_number_and_cursor_exclude_each_other():
    with pytest.raises(Refusal, match="exclude"):
        read(f"cursor={cursor_after('jb', 1)}&pageNumber=1")


def test_a_cursor_under_another_name():
    query = Query(make_mocked_request("GET", f"/x?after={cursor_after('ll', LARGEST)}"))
    assert cursor(query, "ll", "after") == LARGEST
    assert cursor(query, "ll") is None


@pytest.mark.parametrize(("count", "shown", "following"), [(0, 0, None), (2, 2, None), (3, 2, 2)])
def test_one_row_more_than_a_page_has_says_that_another_follows(count, shown, following):
    rows = [SimpleNamespace(id=number) for number in range(1, count + 1)]
    page, after = page_of(rows, 2, "jb")
    assert [row.id for row in page] == list(range(1, shown + 1))
    assert after == (following and cursor_after("jb", following))
