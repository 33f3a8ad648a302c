"""The import of the web shop's orders without a server: attempts that are repeated, feeds that change or break, and shops that refuse."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import import_orders
from configure import ORDERS
from listener_sdk.testing import JobFailed, run_job
from webshop import WebShop
from workbook import Workbook

SECRETS = {"webshop_token": "open-sesame"}
EARLY, LATE = "2025-06-01T10:00:00Z", "2025-06-02T12:00:00+02:00"
"""The second is later, though its text with another zone might not look so."""


class Shop(WebShop):
    """A shop whose feed is what the test says: pages, or what is answered in the place of one."""

    def __init__(self):
        super().__init__()
        self.pages = []
        self.asked = []

    def answer(self, what, query, body):
        self.asked.append(query)
        page = self.pages[int(query["page"]) - 1]
        return (
            page
            if isinstance(page, tuple)
            else (200, {"orders": page, "more": query["page"] != str(len(self.pages))})
        )


@pytest.fixture
def shop(monkeypatch):
    with Shop() as made:
        monkeypatch.setenv("WEBSHOP", made.url)
        yield made


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK", str(tmp_path / "workbook.db"))
    with Workbook(tmp_path / "workbook.db") as made:
        made.once("setup", lambda change: change.define(ORDERS) or {})
        yield made


def order(number, updated=EARLY, **fields):
    return {
        "number": number, "updated_at": updated, "ordered": "2025-06-01", "sku": "A", "quantity": 1, "customer": "Ada", "country": "DE",
        **fields,
    }  # fmt: skip


async def run(**fields):
    return await run_job(import_orders.listener, "shop:import-orders", {}, secrets=SECRETS, **fields)


def shown(book):
    return [
        (record.values["number"], record.values["quantity"], record.version)
        for record in book.records("orders")
    ]


async def test_the_watermark_is_the_newest_change_whatever_zone_it_is_told_in(book, shop):
    shop.pages = [[order("W-1", LATE), order("W-2", "2025-06-02T09:59:59.5Z")]]
    found = await run(since=EARLY)
    assert found.watermark == "2025-06-02T10:00:00.000000Z"
    assert shop.asked == [{"since": EARLY, "page": "1"}]


async def test_without_new_orders_the_watermark_stays(book, shop):
    shop.pages = [[]]
    found = await run(run_mode="delta", since=EARLY)
    assert (found.watermark, found.result["newest"]) == (None, None)


@pytest.mark.parametrize(
    ("page", "why", "retry"),
    [
        ((500, {}), "The shop is busy", True),
        ((429, {}), "The shop is busy", True),
        ((403, {}), "does not know the token", False),
        ((404, {}), "has no feed of orders", False),
        (
            (200, {"orders": [{"number": "W-9"}], "more": False}),
            r"orders\.0\.updated_at: Field required",
            False,
        ),
        (
            (200, {"orders": [order("W-9", "2025-06-01T10:00:00")], "more": False}),
            "updated_at: .*timezone",
            False,
        ),
        ((200, []), "no feed of orders", False),
    ],
)
async def test_a_feed_that_breaks_on_its_second_page_changes_nothing(book, shop, page, why, retry):
    shop.pages = [[order("W-1")], page]
    with pytest.raises(JobFailed, match=why) as failed:
        await run()
    assert failed.value.retry is retry
    assert failed.value.run.watermark is None
    assert shown(book) == []


async def test_a_shop_that_is_away_is_tried_again(book, monkeypatch):
    with Shop() as gone:
        monkeypatch.setenv("WEBSHOP", gone.url)
    with pytest.raises(JobFailed, match="cannot be reached") as failed:
        await run()
    assert failed.value.retry


async def test_a_second_attempt_tells_the_same_and_changes_nothing(book, shop):
    shop.pages = [[order("W-1"), order("W-2", LATE)]]
    first = await run()
    after = shown(book)
    again = await run(attempt=2)
    assert (again.outcome.message, again.watermark) == (first.outcome.message, first.watermark)
    assert shown(book) == after


async def test_a_second_attempt_that_begins_elsewhere_does_what_is_to_be_done_then(book, shop):
    shop.pages = [[order("W-1")]]
    await run(run_mode="delta", since=LATE)
    shop.pages = [[order("W-1"), order("W-2")]]
    again = await run(attempt=2, run_mode="delta", since=EARLY)
    assert (again.result["new"], again.result["unchanged"]) == (1, 1)


async def test_an_older_order_changes_nothing(book, shop):
    shop.pages = [[order("W-1", LATE, quantity=5)]]
    await run()
    shop.pages = [[order("W-1", EARLY, quantity=1)]]
    found = await run(id="us_jb_0000000002")
    assert (found.result["changed"], found.result["unchanged"]) == (0, 1)
    assert shown(book)[0][:2] == ("W-1", 5)


async def test_an_order_that_moves_to_another_page_meanwhile_is_one(book, shop):
    shop.pages = [[order("W-1"), order("W-2")], [order("W-1", LATE, quantity=3)]]
    found = await run()
    assert [one[:2] for one in shown(book)] == [("W-1", 3), ("W-2", 1)]
    assert found.outcome.counts.total == 2


async def test_what_does_not_fit_is_kept_and_marked(book, shop):
    shop.pages = [[order("W-1", quantity="a dozen", country="Deutschland", channel="web")]]
    await run()
    [record] = book.records("orders")
    assert record.problems == {"quantity": "is not a number", "country": "is none of the options"}
    assert (record.values["quantity"], "channel" in record.values) == ("a dozen", False)


async def test_the_token_goes_to_no_other_address(book, shop, monkeypatch):
    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"{shop.url}/orders?page=1")
            self.end_headers()

        def log_message(self, *_):
            """Nothing is written to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("WEBSHOP", f"http://127.0.0.1:{server.server_port}")
    try:
        with pytest.raises(JobFailed, match=r"no feed of orders \(302\)"):
            await run()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert shop.asked == []
