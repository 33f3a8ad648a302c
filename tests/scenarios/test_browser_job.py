"""A job as a card, in Chromium: what it shows of jobs that a test makes up, and what it never offers."""

import json

import pytest
from chromium import HEADLESS, chromium
from processes import server

needs_chromium = pytest.mark.skipif(
    HEADLESS is None,
    reason="there is no Chromium: apt-get install chromium, to try the browser client in one",
)
pytestmark = [needs_chromium, pytest.mark.must_run, pytest.mark.xdist_group("chromium")]

MADE_UP = """
(() => {
    const policy = document.createElement('meta')
    policy.httpEquiv = 'Content-Security-Policy'
    policy.content = "default-src 'none'; img-src 'self'; script-src 'self'; connect-src 'self'"
    document.head.append(policy)
    globalThis.broken = []
    document.addEventListener('securitypolicyviolation', (event) => broken.push(event.violatedDirective))
    globalThis.watchers = new Set()
    globalThis.show = (job) => watchers.forEach((one) => one.show({ id: one.id, ...job }))
    globalThis.tell = (name, what) => watchers.forEach((one) => one.told[name]?.(what))
    globalThis.put = (job) => {
        document.body.replaceChildren()
        globalThis.watched = []
        const element = document.createElement('tickwire-job')
        element.client = {
            watchJob(id, show, told) {
                const one = { id, show, told }
                watched.push(id)
                watchers.add(one)
                show({ id, ...job })
                return { close: () => watchers.delete(one) }
            },
            act: async () => { throw new Error('nothing may be done here') },
            now: () => Date.parse('2026-01-01T00:01:05Z'),
        }
        element.setAttribute('job', 'us_jb_1')
        document.body.append(element)
        globalThis.element = element
        return settled()
    }
    globalThis.settled = () => new Promise((resolve) => setTimeout(resolve, 0))
    globalThis.part = (name) => element.shadowRoot.querySelector(`[part="${name}"]`)
    globalThis.inner = (tag) => element.shadowRoot.querySelector(tag).shadowRoot
    globalThis.fact = (name) => part(name).parentNode.hidden ? null : part(name).textContent
    return import('/client/job.js').then((module) => { globalThis.tickwire = module })
})()
"""
"""A page of a strict policy, with a client whose jobs the test makes up."""

RUNNING = {
    "job": "workbook:export",
    "status": "executing",
    "progress": 40,
    "info": "Rows",
    "attempt": 2,
    "maxAttempts": 5,
    "startedAt": "2026-01-01T00:00:00.000Z",
    "readyAt": "2025-12-31T23:00:00.000Z",
    "updatedAt": "2026-01-01T00:01:00.000Z",
    "estimatedCompletionAt": "2026-01-01T00:02:10.000Z",
}
DONE = {**RUNNING, "status": "complete", "progress": 100, "finishedAt": "2026-01-01T01:02:03.000Z"}
EVIL = "<img src=x onerror=boom()><script>boom()</script>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with (
        chromium(tmp_path_factory.mktemp("chromium")) as found,
        server(tmp_path_factory.mktemp("home")) as home,
    ):
        found.open(f"{home.url}/client/job.d.ts")
        found.ask(MADE_UP)
        yield found


@pytest.fixture
def put(page):
    def put(job):
        page.ask(f"put({json.dumps(job)})")
        return page

    page.faults.clear()
    yield put
    assert page.faults == []
    assert page.ask("broken") == []


def moment(page, at):
    return page.ask(
        f"new Date('{at}').toLocaleString(undefined, {{ dateStyle: 'medium', timeStyle: 'medium' }})"
    )


def test_a_running_job_says_how_far_it_is_and_since_when(put):
    page = put(RUNNING)
    assert page.ask("part('name').textContent") == "workbook:export"
    assert page.ask("part('status').textContent") == "Running"
    assert page.ask("inner('tickwire-progress').textContent") == "40 % · Rows · 1 min 5 s left"
    bar = "element.shadowRoot.querySelector('tickwire-progress')"
    assert page.ask(f"[{bar}.ariaLabel, {bar}.ariaValueNow]") == ["workbook:export", "40"]
    assert page.ask("fact('attempt')") == "2 of 5"
    assert page.ask("fact('since')") == moment(page, RUNNING["startedAt"])
    assert page.ask("[fact('running'), fact('took')]") == ["1 min 5 s", None]
    assert (
        page.ask("getComputedStyle(element.shadowRoot.querySelector('tickwire-outcome')).display") == "none"
    )


def test_one_that_has_ended_says_how_long_it_took_and_what_came_of_it(put):
    page = put(RUNNING)
    outcome = {
        "heading": "Exported",
        "message": "800 rows",
        "next": {"type": "url", "url": "https://a.example/x", "label": "Look"},
    }
    page.ask(f"show({json.dumps({**DONE, 'outcome': outcome})})")
    assert page.ask("[part('status').textContent, element.getAttribute('status')]") == ["Done", "complete"]
    assert page.ask("[fact('running'), fact('took')]") == [None, "1 h 2 min"]
    assert page.ask("fact('since')") == moment(page, DONE["finishedAt"])
    said = "[...inner('tickwire-outcome').children].map((one) => one.textContent)"
    assert page.ask(said) == ["Exported", "800 rows", "Look"]
    assert page.ask("inner('tickwire-outcome').querySelector('a').href") == "https://a.example/x"


def test_one_that_waits_says_no_more_than_that(put):
    page = put(
        {
            "job": "a:b",
            "label": "Orders",
            "status": "ready",
            "attempt": 0,
            "maxAttempts": 5,
            "readyAt": RUNNING["readyAt"],
        }
    )
    assert page.ask("[part('name').textContent, part('status').textContent]") == [
        "Orders",
        "Waits to be taken",
    ]
    assert page.ask("[fact('attempt'), fact('running'), fact('took')]") == [None, None, None]
    assert page.ask("fact('since')") == moment(page, RUNNING["readyAt"])
    text = "inner('tickwire-progress').querySelector('[part=text]')"
    assert page.ask(f"getComputedStyle({text}).display") == "none"


@pytest.mark.parametrize("outcome", [
    {"next": {"type": "retry", "label": "Again"}},
    {"next": {"type": "acknowledge"}},
    {"acknowledge": True},
    {"acknowledge": True, "next": {"type": "retry"}},
])  # fmt: skip
def test_what_a_token_may_not_call_has_no_button(put, outcome):
    page = put({**DONE, "outcome": {"message": "Said", **outcome}})
    assert page.ask("inner('tickwire-outcome').textContent") == "DoneSaid"
    assert (
        page.ask(
            "[element.shadowRoot, inner('tickwire-outcome')].flatMap((one) => [...one.querySelectorAll('button')]).length"
        )
        == 0
    )


def test_what_the_page_alone_can_open_asks_the_page(put):
    page = put({**DONE, "outcome": {"next": {"type": "snapshot", "snapshotId": "s"}}})
    page.ask("""document.addEventListener('tickwire-next', (event) => {
        globalThis.pressed = event.detail
        event.preventDefault()
    }, { once: true })""")
    page.ask("inner('tickwire-outcome').querySelector('button').click()")
    assert page.ask("[pressed.next.snapshotId, pressed.job.id]") == ["s", "us_jb_1"]


def test_text_of_others_is_text(put):
    outcome = {"heading": EVIL, "message": EVIL, "next": {"type": "wait", "label": EVIL}}
    page = put({**DONE, "label": EVIL, "info": EVIL, "outcome": outcome})
    assert page.ask("part('name').textContent") == EVIL
    roots = "[element.shadowRoot, inner('tickwire-progress'), inner('tickwire-outcome')]"
    assert page.ask(f"{roots}.flatMap((one) => [...one.querySelectorAll('img, script')]).length") == 0


def test_a_status_is_said_once(put):
    """Screen readers are told what changes in it, also where the same is put there again."""
    page = put(RUNNING)
    page.ask("""
        globalThis.changes = 0
        new MutationObserver((found) => { changes += found.length }).observe(part('status'), { childList: true, characterData: true, subtree: true })
    """)
    page.ask(f"show({json.dumps({**RUNNING, 'progress': 41})}); settled()")
    assert page.ask("[part('status').role, changes]") == ["status", 0]
    page.ask(f"show({json.dumps(DONE)}); settled()")
    assert page.ask("changes > 0")


def test_a_lost_line_is_told_while_the_job_runs(put):
    page = put(RUNNING)
    page.ask("tell('onState', 'lost')")
    assert page.ask("element.hasAttribute('lost')")
    assert page.ask("inner('tickwire-progress').textContent.includes('connection lost')")


def test_a_refusal_stands_where_the_job_would(put):
    page = put(RUNNING)
    page.ask("tell('onError', { message: 'There is no such job.' })")
    assert page.ask("part('error').textContent") == "There is no such job."
    assert page.ask("part('error').role") == "alert"


def test_another_job_takes_its_place_and_the_first_is_let_go(put):
    page = put(RUNNING)
    assert page.ask("watched") == ["us_jb_1"] * 3
    page.ask("element.setAttribute('job', 'us_jb_2'); settled().then(settled)")
    assert page.ask("[...watchers].map(({ id }) => id)") == ["us_jb_2"] * 3
    page.ask("element.remove()")
    assert page.ask("watchers.size") == 0


def test_it_is_light_or_dark_as_the_page_is(put):
    page = put(RUNNING)
    ground = "getComputedStyle(element).backgroundColor"
    light = page.ask(ground)
    page.ask("document.documentElement.style.colorScheme = 'dark'")
    try:
        dark = page.ask(ground)
    finally:
        page.ask("document.documentElement.style.colorScheme = ''")
    assert light != dark


def test_its_words_are_those_of_the_client(put):
    put(RUNNING).ask("tickwire.words.of = 'von'; tickwire.words.attempt = 'Versuch'; null")
    try:
        page = put(RUNNING)
        assert page.ask("part('attempt').parentNode.textContent") == "Versuch: 2 von 5"
    finally:
        page.ask("tickwire.words.of = 'of'; tickwire.words.attempt = 'Attempt'; null")


def test_it_brings_the_whole_client(put):
    page = put(RUNNING)
    assert page.ask("Object.keys(tickwire).sort()") == ["Messages", "Refusal", "connect", "words"]
