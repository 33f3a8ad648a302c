"""The overview: what came and ended, what failed, what waits, and how punctual schedules are."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-overview")]


@pytest.fixture(scope="module", autouse=True)
def declared(home_):
    home_.declared("play:fails")


def ended(home, job):
    until(
        lambda: home.call("GET", f"/v1/jobs/{job['id']}")["data"]["status"] in {"complete", "failed"},
        "it has ended",
    )


def fail(home, **fields):
    """A job of the type that fails at once, for good."""
    made = home.call("POST", "/v1/job-types/play:fails/_execute", fields)
    return home.call("GET", f"/v1/jobs/{made['jobId']}")["data"]


def figure(page, name):
    return page.locator(".overviewnow > div").filter(has_text=name)


def plot(page, name):
    return page.get_by_role("img", name=re.compile(f"^{name}: "))


def test_it_shows_what_happened_and_goes_on_by_itself(visit, home_):
    page = visit().log_in("/overview")
    expect(plot(page, "Failures")).to_be_visible()
    expect(page.get_by_text("No job has failed in this time.")).to_be_visible()
    expect(figure(page, "Listeners")).to_contain_text("1")
    done, failed = home_.job(input={"steps": 1, "pause_s": 0}), fail(home_, label="Broken")
    for job in (done, failed):
        ended(home_, job)
    row = page.locator(f"li[data-id={failed['id']}]")
    expect(row).to_contain_text("Broken")
    expect(row).to_contain_text("No header")
    expect(row.get_by_role("link", name="Broken")).to_have_attribute("href", f"/console/jobs/{failed['id']}")
    expect(plot(page, "Failures")).to_have_attribute("aria-label", re.compile("1 of 2 jobs"))
    expect(plot(page, "Throughput")).to_have_attribute(
        "aria-label", re.compile("2 jobs made and 1 completed")
    )


def test_the_numbers_of_a_plot_are_a_table(visit, home_):
    ended(home_, home_.job(input={"steps": 1, "pause_s": 0}))
    page = visit().log_in("/overview")
    section = page.locator("section.plot").filter(has=plot(page, "Throughput"))
    section.get_by_text("Numbers").click()
    expect(section.get_by_role("columnheader", name="Made")).to_be_visible()
    expect(section.locator("tbody tr").first).to_be_visible()


def test_what_waits_is_shown_with_its_age(visit, home_):
    waiting = home_.job("nobody-takes")
    page = visit().log_in("/overview")
    expect(figure(page, "Waiting")).to_contain_text("1")
    expect(figure(page, "Waiting")).to_contain_text(re.compile(r"oldest \d+ s"))
    expect(plot(page, "Age of the queue")).to_be_visible()
    figure(page, "Waiting").get_by_role("link").click()
    expect(page.locator(f"tr[data-id={waiting['id']}]")).to_be_visible()
    home_.call("POST", f"/v1/jobs/{waiting['id']}/cancel")


def test_the_time_is_chosen_and_stands_in_the_address(visit):
    page = visit().log_in("/overview")
    page.get_by_role("link", name="7 days").click()
    expect(page).to_have_url(re.compile(r"/overview\?hours=168$"))
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "page")
    expect(plot(page, "Throughput")).to_have_attribute("aria-label", re.compile("in 7 days"))


def test_it_is_accessible(visit, home_):
    ended(home_, fail(home_))
    page = visit().log_in("/overview")
    expect(page.locator(".overviewfailures li").first).to_be_visible()
    for summary in page.get_by_text("Numbers").all():
        summary.click()
    check_accessible(page)
