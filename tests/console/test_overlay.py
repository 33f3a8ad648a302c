"""Jobs in the foreground: they take the middle of the page of whoever has started them."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-overlay")]


def start(home_, label, **given):
    return home_.job(input={"steps": 3, **given}, label=label, mode="foreground")


def test_it_shows_how_far_it_is_and_what_it_has_come_to(visit, home_):
    page = visit().log_in()
    job = start(home_, "Front", steps=40, acknowledge=True, file="a,b\n")
    overlay = page.get_by_role("dialog", name="Front")
    expect(overlay.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    expect(overlay).to_contain_text(re.compile(r"Step \d+ of 40"))
    expect(overlay).to_contain_text("Arrived")
    expect(overlay.get_by_role("link", name="Get it")).to_be_visible()
    check_accessible(page)
    overlay.get_by_role("button", name="Understood").click()
    expect(overlay).to_have_count(0)
    assert home_.call("GET", f"/v1/jobs/{job['id']}")["data"]["outcomeAcknowledgedAt"]


def test_it_goes_on_in_the_background_and_stays_there(visit, home_):
    page = visit().log_in()
    job = start(home_, "Behind", steps=300)
    overlay = page.get_by_role("dialog", name="Behind")
    overlay.get_by_role("button", name="Go on in the background").click()
    expect(overlay).to_have_count(0)
    page.reload()
    expect(page.locator(f"tr[data-id={job['id']}]")).to_contain_text("Running")
    expect(overlay).to_have_count(0)
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})


def test_a_page_that_is_opened_later_shows_it_too(visit, home_):
    job = start(home_, "Still", steps=300)
    page = visit().log_in("/jobs")
    overlay = page.get_by_role("dialog", name="Still", exact=True)
    overlay.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog", name="Cancel Still?").get_by_role("button", name="Cancel the job").click()
    expect(overlay).to_contain_text("Canceled")
    overlay.get_by_role("link", name="All about it").click()
    expect(page.get_by_role("heading", level=1, name="Still")).to_be_visible()
    assert page.url.endswith(job["id"])


def test_others_are_not_disturbed(visit, home_):
    page = visit().log_in(member=home_.member("Otto", "operator")["id"])
    job = start(home_, "Elsewhere")
    expect(page.locator(f"tr[data-id={job['id']}]")).to_contain_text("Complete")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_two_come_one_after_the_other(visit, home_):
    page = visit().log_in()
    start(home_, "One")
    start(home_, "Two")
    first, second = (page.get_by_role("dialog", name=name) for name in ("One", "Two"))
    expect(first).to_contain_text("and 1 more")
    first.get_by_role("button", name="Close").click()
    second.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_they_come_in_their_order_whichever_is_read_first(visit, home_):
    page = visit().log_in()
    held, is_free = [], []

    def hold(route):
        if is_free or (held and route.request.url != held[0].request.url):
            route.continue_()
        else:
            held.append(route)

    page.route("**/v1/jobs/us_jb_*", hold)
    with page.expect_request("**/v1/jobs/us_jb_*"):
        start(home_, "Read late")
    with page.expect_response("**/v1/jobs/us_jb_*"):
        start(home_, "Read at once")
    is_free.append(True)
    for route in held:
        route.continue_()
    expect(page.get_by_role("dialog", name="Read late")).to_contain_text("and 1 more")


def test_what_happens_by_itself_happens(visit, home_):
    page = visit().log_in()
    job = home_.job("by-hand", label="By itself", mode="foreground")
    expect(page.get_by_role("dialog", name="By itself")).to_be_visible()
    home_.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    file = home_.call("POST", "/v1/files?name=list.csv", {"a": 1})["data"]
    following = {"type": "download", "fileId": file["id"], "fileName": "list.csv"}
    outcome = {"message": "Here it is", "trigger": "automatic_silent", "next": following}
    with page.expect_download() as begun:
        home_.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": outcome})
    assert begun.value.suggested_filename == "list.csv"
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_it_reads_the_links_of_an_outcome_whoever_else_hears_of_its_end(visit, home_):
    page = visit().log_in()
    job = home_.job("by-hand", label="Beside the list", mode="foreground")
    overlay = page.get_by_role("dialog", name="Beside the list")
    expect(overlay).to_be_visible()
    page.route("**/v1/jobs?*", lambda _: None)
    home_.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    file = home_.call("POST", "/v1/files?name=list.csv", {"a": 1})["data"]
    outcome = {"message": "Here it is", "next": {"type": "download", "fileId": file["id"], "label": "Get it"}}
    home_.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": outcome})
    expect(overlay.get_by_role("link", name="Get it")).to_be_visible()


def test_it_is_accessible(visit, home_):
    page = visit().log_in()
    job = start(home_, "Looked at", steps=300)
    overlay = page.get_by_role("dialog", name="Looked at")
    expect(overlay.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    check_accessible(page)
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    expect(overlay).to_contain_text("Canceled")
    check_accessible(page)


def test_it_says_that_the_connection_is_lost(visit, home_):
    there = visit()
    page = there.log_in()
    job = start(home_, "Cut off", steps=300)
    overlay = page.get_by_role("dialog", name="Cut off")
    expect(overlay).to_contain_text(re.compile(r"Step \d+ of 300"))
    there.context.set_offline(True)
    expect(overlay.get_by_role("status")).to_contain_text("The connection is lost")
    there.context.set_offline(False)
    expect(overlay).not_to_contain_text("The connection is lost")
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    expect(overlay).to_contain_text("Canceled")
    there.faults.clear()
