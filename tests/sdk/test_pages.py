from listener_sdk.pages import Page, each, every, page_of
from listener_sdk.protocol.tokens import Token

TOKEN = {"token": "t", "expiresAt": "2026-01-01T00:00:00.000Z"}
PAGES = {None: Page([1, 2], cursor="c1"), "c1": Page([3], cursor="c2"), "c2": Page([])}


def reading(asked):
    async def read(**filters):
        asked.append(filters)
        return PAGES[filters.get("cursor")]

    return read


def test_a_page_is_made_of_the_answer():
    answer = {"data": [TOKEN], "pagination": {"totalCount": 1}, "asOf": "e:7", "cursor": "c1"}
    page = page_of(Token, answer)
    assert [one.token for one in page.items] == ["t"]
    assert (page.pagination, page.as_of, page.cursor) == ({"totalCount": 1}, "e:7", "c1")


def test_what_a_list_does_not_tell_is_none():
    assert page_of(Token, {"data": []}) == Page([])


async def test_all_pages_are_read_under_the_same_filters():
    asked = []
    assert await every(reading(asked), role="admin") == [1, 2, 3]
    assert asked == [{"role": "admin", **more} for more in ({}, {"cursor": "c1"}, {"cursor": "c2"})]


async def test_a_page_is_not_read_before_somebody_wants_it():
    asked = []
    items = each(reading(asked))
    assert [await anext(items), await anext(items)] == [1, 2]
    assert len(asked) == 1
    await items.aclose()


async def test_a_walk_may_begin_behind_a_page():
    assert await every(reading([]), cursor="c1") == [3]
