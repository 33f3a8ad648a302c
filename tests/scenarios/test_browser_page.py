"""Pages in Chromium: the example's bar moves, the network goes and the server starts again, and it catches up."""

import contextlib
import json
import sys

import pytest
from chromium import HEADLESS, chromium
from processes import ROOT, Server, Started, free_port, server, until

needs_chromium = pytest.mark.skipif(
    HEADLESS is None,
    reason="there is no Chromium: apt-get install chromium, to try the browser client in one",
)
pytestmark = [needs_chromium, pytest.mark.must_run, pytest.mark.xdist_group("chromium")]

EXAMPLE = ROOT / "examples" / "browser"
BAR = "document.querySelector('tickwire-progress')"
RESULT = "document.querySelector('tickwire-outcome')"
PERCENT = f"Number({BAR}.getAttribute('aria-valuenow'))"
TEXT = f"{BAR}.shadowRoot.textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def quiet(page):
    """At the end, no script of the page has failed."""
    page.faults.clear()
    yield page
    assert page.faults == []


# ---- the example


@pytest.fixture
def example(tmp_path):
    """A server, the listener and the page's own server, as the example says; the server, and the page's address."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    home = Server(tmp_path / "server", allow_origins=origin).start()
    env = {**home.environment, "PYTHONPATH": str(ROOT), "PAGE_PORT": str(port)}
    command = [sys.executable, "-m", "listener_sdk.cli", "listen", str(EXAMPLE / "film.py")]
    with contextlib.ExitStack() as started:
        started.callback(home.stop)
        listener = Started(command, env, tmp_path)
        started.callback(listener.stop)
        web = Started([sys.executable, str(EXAMPLE / "serve.py")], env, tmp_path)
        started.callback(web.stop)
        until(lambda: "Running on" in web.text, "the page is served")
        yield home, origin


def begun(page, origin):
    """The page, once a job of it moves."""
    page.open(origin)
    page.until("typeof document.querySelector('#start').onclick === 'function'")
    page.ask("document.querySelector('#start').click()")
    page.until(f"{PERCENT} > 0")
    page.until(f"{TEXT}.includes(' left')")


def ended(page):
    """The job has ended, and its outcome stands there with a file to download."""
    page.until(f"{BAR}.getAttribute('status') === 'complete'")
    page.until(f"{RESULT}.shadowRoot.querySelector('h3')?.textContent === 'The film is developed'")
    link = f"{RESULT}.shadowRoot.querySelector('a[part=action]')"
    assert page.ask(f"{link}.textContent") == "Contact sheet"
    address = page.ask(f"{link}.href")
    assert "signature=" in address
    assert page.ask(PERCENT) == 100
    assert page.ask(f"{BAR}.hasAttribute('lost')") is False


def test_a_bar_moves_the_network_goes_and_it_catches_up(quiet, example):
    page, (_, origin) = quiet, example
    begun(page, origin)
    assert page.ask(f"{BAR}.getAttribute('role')") == "progressbar"
    seen = page.ask(PERCENT)
    page.until(f"{PERCENT} > {seen}")
    page.network(there=False)
    try:
        page.until(f"{BAR}.hasAttribute('lost')")
        assert "connection lost" in page.ask(TEXT)
        seen = page.ask(PERCENT)
        # The job goes on without anybody who looks.
        page.ask("new Promise((resolve) => setTimeout(resolve, 3000))")
        assert page.ask(PERCENT) == seen
    finally:
        page.network(there=True)
    page.until(f"!{BAR}.hasAttribute('lost') && {PERCENT} > {seen}")
    ended(page)


def test_a_server_that_is_never_reached_is_said_to_be_lost(page, example):
    _, origin = example
    page.open(origin)
    loaded = "performance.getEntriesByType('resource').find(({ name }) => name.endsWith('tickwire.js'))?.name"
    module = page.until(loaded)
    page.ask(f"""(async () => {{
        const {{ connect }} = await import({json.dumps(module)})
        const lost = document.body.appendChild(document.createElement('tickwire-progress'))
        lost.id = 'lost'
        lost.client = connect({{ url: 'http://127.0.0.1:1', token: 'none' }})
        lost.setAttribute('job', 'us_jb_0000000001')
    }})()""")
    page.until("document.querySelector('#lost').shadowRoot?.textContent.includes('connection lost')")
    assert page.ask("document.querySelector('#lost').getAttribute('role')") == "progressbar"


def test_a_server_that_starts_again_is_followed_further(quiet, example):
    page, (home, origin) = quiet, example
    begun(page, origin)
    home.kill()
    page.until(f"{BAR}.hasAttribute('lost')")
    seen = page.ask(PERCENT)
    home.start()
    page.until(f"!{BAR}.hasAttribute('lost') && {PERCENT} > {seen}")
    ended(page)


# ---- a console: a page of the server itself, with its cookie


def test_a_session_follows_without_a_token_and_runs_again(quiet, tmp_path):
    page = quiet
    with server(tmp_path) as home:
        page.open(f"{home.url}/client/tickwire.d.ts")
        headers = json.dumps({"Authorization": f"Bearer {home.key}", "Content-Type": "application/json"})
        call = f"(path, body) => fetch(path, {{ method: 'POST', headers: {headers}, body: JSON.stringify(body) }}).then((a) => a.json())"
        page.ask(f"globalThis.call = {call}; null")
        link = page.ask("call('/v1/login-links', {}).then(({ data }) => data.url.split('#')[1])")
        page.ask(f"call('/v1/sessions', {json.dumps({'link': link})})")
        job = page.ask(
            "call('/v1/jobs', { type: 'a', operation: 'b', trigger: 'immediate' }).then(({ data }) => data.id)"
        )
        page.ask(f"""import('/client/tickwire.js').then(({{ connect }}) => {{
            globalThis.client = connect()
            globalThis.seen = []
            client.watchJob('{job}', (job) => seen.push(job.status))
        }})""")
        page.until("seen.includes('ready')")
        page.ask(f"call('/v1/jobs/{job}/cancel', {{}})")
        page.until("seen.includes('canceled')")
        again = page.ask(f"client.act({{ type: 'retry' }}, '{job}').then((made) => made.rerunOf)")
        assert again == job


# ---- what is shown, of jobs that a page makes up


MADE_UP = """
(() => {
    const policy = document.createElement('meta')
    policy.httpEquiv = 'Content-Security-Policy'
    // The browser looks for the icon of a page by itself, late.
    policy.content = "default-src 'none'; img-src 'self'; script-src 'self'; connect-src 'self'"
    document.head.append(policy)
    globalThis.broken = []
    document.addEventListener('securitypolicyviolation', (event) => broken.push(event.violatedDirective))
    globalThis.put = (name, ...jobs) => {
        document.body.replaceChildren()
        const element = document.createElement(name)
        globalThis.acted = []
        element.client = {
            watchJob(id, show, told) {
                globalThis.show = show
                globalThis.told = told
                jobs.forEach((job) => show({ id, ...job }))
                return { close: () => { globalThis.gone = id } }
            },
            act: async (next, job) => { acted.push([next.type, job]); return next.made ?? false },
            now: () => Date.parse('2026-01-01T00:00:00Z'),
        }
        element.setAttribute('job', 'us_jb_1')
        document.body.append(element)
        globalThis.element = element
        return new Promise((resolve) => setTimeout(resolve, 0))
    }
    return import('/client/tickwire.js').then((module) => { globalThis.tickwire = module })
})()
"""
"""A page of a strict policy, on which the elements are shown jobs that the test makes up."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with server(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def shelf(quiet, home):
    if not quiet.ask("typeof globalThis.put === 'function'"):
        quiet.open(f"{home.url}/client/tickwire.d.ts")
        quiet.ask(MADE_UP)
    return quiet


@pytest.fixture
def put(shelf):
    def put(name, *jobs):
        given = ", ".join(json.dumps(job) for job in jobs)
        shelf.ask(f"put({json.dumps(name)}{', ' if jobs else ''}{given})")
        return shelf

    yield put
    assert shelf.ask("broken") == []


SHADOW = "element.shadowRoot"


@pytest.mark.parametrize(
    ("job", "text", "now"),
    [
        ({"status": "ready"}, "Waits to be taken", None),
        ({"status": "executing"}, "Running", None),
        ({"status": "executing", "progress": 0, "info": "Rows"}, "0 % · Rows", "0"),
        (
            {"status": "executing", "progress": 40, "estimatedCompletionAt": "2026-01-01T00:02:05.000Z"},
            "40 % · 2 min 5 s left",
            "40",
        ),
        (
            {"status": "executing", "progress": 40, "estimatedCompletionAt": "2026-01-01T03:02:05.000Z"},
            "40 % · 3 h 2 min left",
            "40",
        ),
        (
            {"status": "executing", "progress": 40, "estimatedCompletionAt": "2025-12-31T00:00:00.000Z"},
            "40 % · 0 s left",
            "40",
        ),
        (
            {"status": "executing", "progress": 40, "stalledSince": "2025-12-31T23:59:20.000Z"},
            "40 % · no progress for 40 s",
            "40",
        ),
        ({"status": "complete", "progress": 100, "info": "Rows"}, "Done", "100"),
        ({"status": "failed", "progress": 7, "info": "No paper"}, "Failed · No paper", "7"),
        ({"status": "novelty"}, "", None),
    ],
)
def test_a_bar_says_how_far_a_job_is(put, job, text, now):
    page = put("tickwire-progress", job)
    assert page.ask(f"{SHADOW}.querySelector('[part=text]').textContent") == text
    assert page.ask("element.getAttribute('aria-valuenow')") == now
    assert page.ask("element.getAttribute('aria-valuetext')") == text.replace(" · ", ", ")
    assert page.ask(f"{SHADOW}.querySelector('[part=bar]').style.width") == f"{now or 0}%"
    assert page.ask("element.getAttribute('status')") == job["status"]


def test_a_bar_tells_a_lost_line_as_long_as_the_job_runs(put):
    page = put("tickwire-progress", {"status": "executing", "progress": 3})
    page.ask("told.onState('lost')")
    assert page.ask(f"{SHADOW}.textContent") == "3 % · connection lost, trying again"
    page.ask("told.onState('live')")
    assert page.ask(f"{SHADOW}.textContent") == "3 %"
    page.ask("show({ id: 'us_jb_1', status: 'complete', progress: 100 }); told.onState('lost')")
    assert page.ask(f"{SHADOW}.textContent") == "Done"


def test_an_element_lets_go_what_it_shows_no_more(put):
    page = put("tickwire-progress", {"status": "executing"})
    page.ask("element.setAttribute('job', 'us_jb_2')")
    assert page.ask("gone") == "us_jb_1"
    page.until("element.shadowRoot.textContent === 'Running'")
    page.ask("element.remove()")
    assert page.ask("gone") == "us_jb_2"


def test_a_refusal_stands_where_the_job_would(put):
    page = put("tickwire-outcome")
    page.ask("told.onError({ message: 'There is no such job.' })")
    assert page.ask(f"{SHADOW}.querySelector('[role=alert]').textContent") == "There is no such job."


def outcome(next_=None, **more):
    return {"status": "complete", "outcome": {"message": "Said", **more, "next": next_}}


def test_an_outcome_is_shown_once_there_is_one(put):
    page = put("tickwire-outcome", {"status": "executing"})
    assert page.ask(f"{SHADOW}.textContent") == ""
    assert page.ask("getComputedStyle(element).display") == "none"
    page.ask(f"show({json.dumps({'id': 'us_jb_1', **outcome(heading='Headed')})})")
    assert page.ask(f"[...{SHADOW}.children].map((one) => one.textContent)") == ["Headed", "Said"]
    assert page.ask("getComputedStyle(element).display") == "block"


@pytest.mark.parametrize(
    ("next_", "links"),
    [
        ({"type": "url", "url": "https://a.example/x"}, [["Open", "https://a.example/x", "_blank", None]]),
        (
            {"type": "url", "url": "https://a.example/x", "replace": True, "label": "Go"},
            [["Go", "https://a.example/x", "", None]],
        ),
        ({"type": "url", "url": "mailto:a@b.example"}, [["Open", "mailto:a@b.example", "_blank", None]]),
        ({"type": "id", "url": "https://a.example/us_wb_1"}, [["Open", "https://a.example/us_wb_1", "", None]]),
        (
            {"type": "download", "url": "https://a.example/f", "fileName": "f.csv"},
            [["Download", "https://a.example/f", "", "f.csv"]],
        ),
        (
            {"type": "files", "files": [{"url": "https://a.example/1"}, {"url": "https://a.example/2", "label": "2"}]},
            [["Download", "https://a.example/1", "", ""], ["2", "https://a.example/2", "", ""]],
        ),
    ],
)  # fmt: skip
def test_next_actions_that_lead_somewhere_are_links(put, next_, links):
    page = put("tickwire-outcome", outcome(next_))
    found = "[one.textContent, one.href, one.target, one.getAttribute('download')]"
    assert page.ask(f"[...{SHADOW}.querySelectorAll('a')].map((one) => {found})") == links


def test_error_files_are_links_too(put):
    page = put(
        "tickwire-outcome", outcome(errorFiles=[{"url": "https://a.example/e", "label": "errors.csv"}])
    )
    assert page.ask(f"{SHADOW}.querySelector('a').textContent") == "errors.csv"


@pytest.mark.parametrize("kind", ["constructor", "toString", "novelty"])
def test_kinds_that_nobody_knows_have_a_plain_button(put, kind):
    page = put("tickwire-outcome", outcome({"type": kind}))
    assert page.ask(f"{SHADOW}.querySelector('button').textContent") == "Open"


def test_a_wait_is_said(put):
    page = put("tickwire-outcome", outcome({"type": "wait", "label": "Hold on"}))
    assert page.ask(f"{SHADOW}.querySelector('[part=wait][role=status]').textContent") == "Hold on"


@pytest.mark.parametrize(
    "url", ["javascript:boom()", " JaVaScRiPt:boom()", "data:text/html,x", "vbscript:x", "file:///etc/passwd"]
)
def test_addresses_that_would_do_something_else_are_no_links(put, url):
    page = put("tickwire-outcome", outcome({"type": "url", "url": url, "label": "Press"}))
    assert page.ask(f"{SHADOW}.querySelectorAll('a').length") == 0


def test_text_of_others_is_text(put):
    evil = "<img src=x onerror=boom()><script>boom()</script>"
    shown = {"type": "retry", "label": evil}
    page = put("tickwire-outcome", {**outcome(shown, heading=evil, message=evil), "info": evil})
    assert page.ask(f"{SHADOW}.querySelectorAll('img, script').length") == 0
    assert page.ask(f"[...{SHADOW}.children].map((one) => one.textContent)") == [evil] * 3
    page = put("tickwire-progress", {"status": "executing", "info": evil})
    assert page.ask(f"{SHADOW}.querySelectorAll('img, script').length") == 0


def test_a_button_asks_the_page_first(put):
    page = put("tickwire-outcome", outcome({"type": "snapshot", "snapshotId": "s", "label": "Look"}))
    page.ask("""document.addEventListener('tickwire-next', (event) => {
        globalThis.pressed = event.detail
        event.preventDefault()
    }, { once: true })""")
    page.ask(f"{SHADOW}.querySelector('button').click()")
    assert page.ask("[pressed.next.snapshotId, pressed.job.id, acted.length]") == ["s", "us_jb_1", 0]


def test_a_retry_is_done_and_the_new_job_is_shown(put):
    page = put("tickwire-outcome", outcome({"type": "retry", "made": {"id": "us_jb_2"}}))
    assert page.ask(f"{SHADOW}.querySelector('button').textContent") == "Try again"
    page.ask(f"{SHADOW}.querySelector('button').click()")
    page.until("element.getAttribute('job') === 'us_jb_2'")
    assert page.ask("acted") == [["retry", "us_jb_1"]]


def test_a_retry_that_is_refused_says_why(put):
    page = put("tickwire-outcome", outcome({"type": "retry"}))
    page.ask(
        "element.client.act = async () => { throw new tickwire.Refusal({ message: 'Not with a token.' }, 403) }"
    )
    page.ask(f"{SHADOW}.querySelector('button').click()")
    page.until(f"{SHADOW}.querySelector('[role=alert]')?.textContent === 'Not with a token.'")


BUTTON = f"{SHADOW}.querySelector('button')"


def test_an_outcome_that_is_to_be_acknowledged_has_a_button_until_it_was(put):
    seen = {"outcomeAcknowledgedAt": "2026-01-01T00:00:00.000Z"}
    assert put("tickwire-outcome", outcome()).ask(BUTTON) is None
    assert put("tickwire-outcome", {**outcome(acknowledge=True), **seen}).ask(BUTTON) is None
    page = put("tickwire-outcome", outcome(acknowledge=True))
    assert page.ask(f"{BUTTON}.textContent") == "Got it"
    page.ask(
        f"element.client.act = async (next, job) => (acted.push([next.type, job]), {{ id: job }}); {BUTTON}.click()"
    )
    page.until("acted.length === 1")
    assert page.ask("acted") == [["acknowledge", "us_jb_1"]]


def test_a_page_may_acknowledge_by_itself(put):
    page = put("tickwire-outcome", outcome({"type": "retry"}, acknowledge=True))
    page.ask("""document.addEventListener('tickwire-acknowledge', (event) => {
        globalThis.pressed = event.detail
        event.preventDefault()
    }, { once: true })""")
    page.ask(f"{SHADOW}.querySelectorAll('button')[1].click()")
    assert page.ask("[pressed.next.type, pressed.job.id, acted.length]") == ["acknowledge", "us_jb_1", 0]


def test_words_can_be_others(put):
    page = put("tickwire-progress", {"status": "ready"})
    page.ask("tickwire.words.ready = 'Wartet'; told.onState('live')")
    try:
        assert page.ask(f"{SHADOW}.textContent") == "Wartet"
    finally:
        page.ask("tickwire.words.ready = 'Waits to be taken'; null")


def test_elements_wait_for_the_first_client_of_the_page(shelf):
    shelf.ask("""(() => {
        document.body.replaceChildren(document.createElement('tickwire-progress'))
        document.body.firstChild.setAttribute('job', 'us_jb_0000000000')
    })()""")
    assert shelf.ask("document.body.firstChild.shadowRoot.textContent") == ""
    shelf.ask("tickwire.connect({ token: 'none of ours' }); null")
    shelf.until("document.body.firstChild.shadowRoot.querySelector('[role=alert]') !== null")
