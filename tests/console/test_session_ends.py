"""A session that ends in the middle of work: what was typed is kept for who was there, and for nobody else."""

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-session-ends")]
PASSWORD = "correct horse battery"
BUILDER = "/schedules/new?definition=nightly"


@pytest.fixture(scope="module")
def definition(home_):
    body = {"jobDefinitionCode": "nightly", "jobType": "noop", "name": "Nightly export", "enabled": True}
    return home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})


@pytest.fixture(scope="module")
def people(home_, chromium_):
    """Two developers with passwords, by name."""
    made = {}
    for name in ("Ada Lovelace", "Grace Hopper"):
        made[name] = home_.member(name, "developer")
        context = chromium_.new_context(base_url=home_.url)
        link = home_.link(made[name]["id"]).partition("#")[2]
        token = context.request.post("/v1/sessions", data={"link": link}).json()["data"]["csrfToken"]
        answer = context.request.put(
            "/v1/members/me/password",
            data={"new": PASSWORD},
            headers={"X-CSRF-Token": token, "Origin": home_.url},
        )
        assert answer.ok, answer.text()
        context.close()
    return made


@pytest.fixture
def ada(visit, people, definition):
    """A page of hers."""

    def begin(path=BUILDER):
        there = visit()
        there.refusals.update({401, 403})
        page = there.log_in(path, member=people["Ada Lovelace"]["id"])
        expect(
            page.get_by_text("Live") if path == "/jobs" else page.locator("form, .split").first
        ).to_be_visible()
        return there, page

    return begin


def end(home_, people):
    """On the server alone: the page learns of it by itself."""
    home_.call("DELETE", f"/v1/members/{people['Ada Lovelace']['id']}/sessions")


def over(page):
    return page.get_by_role("alertdialog", name="Your session has ended")


def log_in(page, name="Ada Lovelace"):
    page.get_by_label("E-mail").fill(f"{name.lower().replace(' ', '.')}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def half_filled(page, name):
    page.get_by_role("radio", name="Cron").check()
    page.get_by_label("Cron expression").fill("0 9 * * 1-5")
    page.get_by_label("Name").fill(name)
    expect(page.get_by_role("region", name="What it means")).to_contain_text("At 09:00, Monday to Friday")


def names(home_):
    return [one["name"] for one in home_.call("GET", "/v1/schedules")["data"]]


def test_a_form_stays_and_is_sent_after_logging_in(ada, home_, people):
    _, page = ada()
    half_filled(page, "Mornings")
    end(home_, people)
    expect(over(page)).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_label("Cron expression")).to_be_hidden()
    assert page.title() == "Your session has ended · Tickwire"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(over(page)).to_be_visible()
    log_in(page)
    expect(over(page)).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="You are logged in again")).to_be_visible()
    expect(page.get_by_label("Cron expression")).to_have_value("0 9 * * 1-5")
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Cron expression").fill("0 10 * * 1-5")
    expect(page.get_by_role("region", name="What it means")).to_contain_text("At 10:00")
    page.get_by_role("button", name="Create the schedule").click()
    expect(page.get_by_role("heading", level=1, name="Mornings")).to_be_visible()
    assert "Mornings" in names(home_)


def test_what_was_pressed_is_not_done_and_can_be_pressed_again(ada, home_):
    there, page = ada("/definitions/nightly")
    page.get_by_role("button", name="Ways to launch").click()
    page.get_by_role("button", name="With other parameters").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Label").fill("By hand")
    # The line stays, so that it is the press that learns of it.
    there.context.clear_cookies()
    dialog.get_by_role("button", name="Launch").click()
    expect(over(page)).to_be_visible()
    log_in(page)
    expect(dialog.get_by_role("alert")).to_contain_text("nothing has changed")
    expect(dialog.get_by_label("Label")).to_have_value("By hand")
    assert not [one for one in home_.call("GET", "/v1/jobs")["data"] if one.get("label") == "By hand"]
    dialog.get_by_role("button", name="Launch").click()
    expect(dialog).to_have_count(0)
    assert [one for one in home_.call("GET", "/v1/jobs")["data"] if one.get("label") == "By hand"]


def test_what_is_live_goes_on_after_logging_in(ada, home_, people):
    _, page = ada("/jobs")
    first = home_.job("nobody", label="Before")
    expect(page.locator(f"tr[data-id={first['id']}]")).to_be_visible()
    end(home_, people)
    expect(over(page)).to_be_visible()
    meanwhile = home_.job("nobody", label="Meanwhile")
    log_in(page)
    expect(page.locator(f"tr[data-id={meanwhile['id']}]")).to_be_visible()
    after = home_.job("nobody", label="After")
    expect(page.locator(f"tr[data-id={after['id']}]")).to_be_visible()


def test_somebody_else_begins_anew(ada, home_, people):
    _, page = ada()
    half_filled(page, "Of Ada alone")
    end(home_, people)
    log_in(page, "Grace Hopper")
    expect(page.get_by_role("button", name="Account: Grace Hopper")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("")
    expect(over(page)).to_have_count(0)


def test_what_was_read_for_one_is_not_read_for_another(ada, home_, people):
    _, page = ada()
    half_filled(page, "Pending")
    end(home_, people)
    expect(over(page)).to_be_visible()
    page.evaluate("""async () => {
        const { get } = await import("/console/api.js")
        window.got = get("/v1/schedules").then(() => "read", ({ code }) => code)
    }""")
    log_in(page, "Grace Hopper")
    assert page.evaluate("got") == "unauthorized"


def test_who_leaves_begins_anew(ada, home_, people):
    _, page = ada()
    half_filled(page, "Left behind")
    end(home_, people)
    page.get_by_role("button", name="Leave the page").click()
    expect(over(page)).to_have_count(0)
    log_in(page)
    expect(page.get_by_label("Name")).to_have_value("")


def test_another_tab_logs_out_and_in_for_all(ada, home_, people):
    there, page = ada()
    half_filled(page, "Two tabs")
    other = there.page()
    other.goto("/console/jobs")
    other.get_by_role("button", name="Account").click()
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_label("E-mail")).to_be_visible()
    expect(over(page)).to_be_visible()
    other.goto(home_.link(people["Ada Lovelace"]["id"]))
    expect(over(page)).to_have_count(0)
    expect(page.get_by_label("Name")).to_have_value("Two tabs")
    page.get_by_role("button", name="Create the schedule").click()
    expect(page.get_by_role("heading", level=1, name="Two tabs")).to_be_visible()


def test_a_wrong_password_keeps_what_was_typed(ada, home_, people):
    _, page = ada()
    end(home_, people)
    page.get_by_label("E-mail").fill("ada.lovelace@example.com")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    expect(over(page).get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value("ada.lovelace@example.com")


def test_it_is_accessible(ada, home_, people):
    _, page = ada()
    end(home_, people)
    expect(over(page)).to_be_visible()
    check_accessible(page)
