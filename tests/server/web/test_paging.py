"""Pages by number and by cursor."""

from types import SimpleNamespace

import pytest
from aiohttp.test_utils import make_mocked_request

from listener_sdk.protocol.codes import Refusal
from listener_sdk.protocol.events import Position
from listener_sdk.protocol.ids import LARGEST
from server.store.pages import Window
from server.web.paging import Paging, cursor, cursor_after, page_of, read_paging
from server.web.queries import Query
from server.web.routes import ROUTES


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


KNOWN = {
    "/environments", "/events", "/files", "/job-definitions", "/job-definitions/{code}/runs", "/job-definitions/{code}/schedules",
    "/job-definitions/{code}/versions", "/job-types", "/jobs", "/jobs/{id}/attempts", "/jobs/{id}/log", "/keys", "/members", "/notifications",
    "/audit", "/runs", "/schedules", "/secrets", "/spaces", "/subscriptions", "/hooks", "/hooks/{id}/deliveries", "/endpoints",
    "/endpoints/{id}/deliveries",
}  # fmt: skip
"""Lists of /v1, so that the test below is known to look at them."""
ENDLESS = {"/v1/events/stream"}


async def test_every_list_says_which_position_of_the_log_it_shows(server):
    """By it whoever has read a list follows the log and misses nothing."""
    made = {"jobDefinitionCode": "web", "jobType": "noop"}
    await server.call("POST", "/v1/job-definitions", {"jobDefinition": made})
    hook = {"name": "Shop", "verification": {"kind": "none"}, "event": "shop:called"}
    endpoint = {"url": "https://example.com/in", "topics": ["a:*"], "enabled": False}
    names = {
        "/v1/jobs/": (await server.job(trigger="manual"))["id"],
        "/v1/hooks/": (await server.call("POST", "/v1/hooks", hook)).data["id"],
        "/v1/endpoints/": (await server.call("POST", "/v1/endpoints", endpoint)).data["id"],
    }
    ada = {"name": "Ada", "email": "ada@example.com", "role": "viewer"}
    member = (await server.call("POST", "/v1/members", ada)).data["id"]
    before, seen = server.node.log.seq, set()
    for route in ROUTES:
        if route.method != "GET" or route.auth in {"public", "stream"} or route.path in ENDLESS:
            continue
        named = next((id_ for start, id_ in names.items() if route.path.startswith(start)), "x")
        path = route.path.replace("{code}", "web").replace("{id}", named)
        answer = await server.call("GET", path + (f"?member={member}" if path == "/v1/notifications" else ""))
        is_json = answer.headers["Content-Type"] == "application/json"
        if answer.status != 200 or not is_json or not isinstance(answer.body, dict):
            continue
        if not isinstance(answer.body.get("data"), list):
            continue
        as_of = Position.parse(answer.body["asOf"])
        assert as_of.epoch == server.node.epoch
        assert before <= as_of.seq <= server.node.log.seq, route
        seen.add(route.path.removeprefix("/v1"))
    assert seen >= KNOWN
