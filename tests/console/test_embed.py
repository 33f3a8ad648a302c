"""A job in a page of another product: by what the console gives to copy, and a subscriber token."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from processes import free_port

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-embed")]

PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>A shop</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <main>
      <h1>Your orders</h1>
      {}
    </main>
  </body>
</html>
"""


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def settings(port):
    return {"allow_origins": f"http://127.0.0.1:{port}"}


@pytest.fixture(scope="module")
def shop(port):
    """Another origin: what its one page holds may be set."""

    class Answer(BaseHTTPRequestHandler):
        body = ""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.format(Answer.body).encode())

        def log_message(self, *told):
            """Nothing is said of calls."""

    web = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield Answer
    web.shutdown()
    web.server_close()
    thread.join()


def snippet(visit, job):
    """What the console gives to copy."""
    page = visit(permissions=["clipboard-read", "clipboard-write"]).log_in(f"/jobs/{job['id']}")
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("button", name="Web page", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def opened(visit, home_, shop, port, job):
    """The page of the other product, in the hands of somebody who is not logged in."""
    token = home_.call("POST", "/v1/tokens", {"job": job["id"]})["data"]["token"]
    copied = snippet(visit, job)
    assert "tws_..." in copied
    shop.body = copied.replace("tws_...", token)
    page = visit().page()
    page.goto(f"http://127.0.0.1:{port}/")
    return page


def test_it_is_seen_live_on_another_origin(visit, home_, shop, port):
    input_ = {"steps": 40, "pause_s": 0.1, "file": "1,2", "acknowledge": True}
    job = home_.job(input=input_, label="Orders of Graz", trigger="manual")
    page = opened(visit, home_, shop, port, job)
    card = page.locator("tickwire-job")
    expect(card).to_contain_text("Orders of Graz")
    expect(card.get_by_role("status").first).to_have_text("Not started")
    home_.call("POST", f"/v1/jobs/{job['id']}/execute", {})
    bar = page.get_by_role("progressbar", name="Orders of Graz")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]\d*"))
    expect(card).to_contain_text("left")
    expect(card).to_have_attribute("status", "complete")
    expect(card.get_by_role("status").first).to_have_text("Done")
    expect(card).to_contain_text("All steps are done.")
    expect(card).to_contain_text("Took")
    expect(card.get_by_role("link", name="Get it")).to_have_attribute("href", re.compile("signature="))
    # It asks to be acknowledged, which a token may not.
    expect(page.get_by_role("button")).to_have_count(0)
    check_accessible(page)


def test_it_is_accessible_while_it_runs_and_when_it_has_failed(visit, home_, shop, port):
    running = home_.job(input={"steps": 10_000, "pause_s": 0.1})
    page = opened(visit, home_, shop, port, running)
    expect(page.locator("tickwire-job")).to_contain_text(re.compile(r"Step \d+ of 10000"))
    check_accessible(page)
    home_.call("POST", f"/v1/jobs/{running['id']}/cancel", {})
    expect(page.locator("tickwire-job")).to_have_attribute("status", "canceled")
    failed = home_.job(input={"steps": 1, "fail": "The sheet has no header"}, maxAttempts=1)
    page = opened(visit, home_, shop, port, failed)
    expect(page.locator("tickwire-job")).to_contain_text("The sheet has no header")
    check_accessible(page)
