"""A page of another origin in the browser of somebody who is logged in: another port, which browsers hold to be the same site, so cookies go along."""

import http.server
import threading

import pytest
from console import needs_console

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-login")]

BODY = '{"type": "stranger", "operation": "made", "trigger": "immediate"}'
ATTEMPTS = {
    "fetch": "fetch(URL + '/v1/jobs', {method: 'POST', mode: 'no-cors', credentials: 'include', body: BODY}).then(() => 'sent')",
    "read": "fetch(URL + '/v1/jobs', {credentials: 'include'}).then((answer) => answer.text(), () => 'refused')",
    "socket": """new Promise((resolve) => {
        const socket = new WebSocket(URL.replace('http', 'ws') + '/v1/stream')
        socket.onopen = () => resolve('opened')
        socket.onerror = () => resolve('refused')
    })""",
    "events": """new Promise((resolve) => {
        const source = new EventSource(URL + '/v1/events/stream?topics=**', {withCredentials: true})
        source.onopen = () => resolve('opened')
        source.onerror = () => resolve('refused')
    })""",
    "frame": """new Promise((resolve) => {
        const frame = document.createElement('iframe')
        frame.onload = () => { try { resolve(frame.contentWindow.location.href) } catch { resolve('refused') } }
        frame.src = URL + '/console/'
        document.body.append(frame)
    })""",
    "form": """new Promise((resolve) => {
        const form = document.createElement('form')
        Object.assign(form, {method: 'post', action: URL + '/v1/jobs', enctype: 'text/plain', target: 'there'})
        const field = document.createElement('input')
        Object.assign(field, {name: BODY.slice(0, -1) + ', "input": {"x": "', value: '"}}'})
        form.append(field)
        const frame = document.createElement('iframe')
        frame.name = 'there'
        frame.onload = () => resolve('sent')
        document.body.append(frame, form)
        form.submit()
    })""",
}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Stranger</title><body></body>")

    def log_message(self, *_):
        """Nothing is said."""


@pytest.fixture
def elsewhere():
    """The address of a page on another port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_address[1]}/"
        found.shutdown()


def test_a_page_on_another_port_changes_and_reads_nothing(visit, home_, elsewhere):
    there = visit()
    there.log_in()
    cookies = {one["name"] for one in there.context.cookies(elsewhere)}
    assert "tickwire_session" in cookies, "the browser sends it there, too"
    page = there.context.new_page()
    page.goto(elsewhere)
    outer = f"const [URL, BODY] = {[home_.url, BODY]!r}; "
    found = {name: page.evaluate(f"() => {{ {outer}return {script} }}") for name, script in ATTEMPTS.items()}
    assert {name: found[name] for name in ("read", "socket", "events", "frame")} == dict.fromkeys(
        ("read", "socket", "events", "frame"), "refused"
    )
    assert found["fetch"] == found["form"] == "sent", "browsers let them go out; the server refuses them"
    assert home_.call("GET", "/v1/jobs?job=stranger:made")["data"] == []


def test_the_same_calls_of_its_own_page_are_let_in(visit, home_):
    """So the attempts of strangers fail for what they are, and not by a slip of the test."""
    page = visit().log_in()
    opened = page.evaluate(
        """(url) => new Promise((resolve) => {
            const socket = new WebSocket(url.replace('http', 'ws') + '/v1/stream')
            socket.onopen = () => { resolve('opened'); socket.close() }
            socket.onerror = () => resolve('refused')
        })""",
        home_.url,
    )
    assert opened == "opened"
    assert page.evaluate("fetch('/v1/jobs', {credentials: 'include'}).then((answer) => answer.status)") == 200
