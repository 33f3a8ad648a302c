"""Job types, and forms that are made of their schemas."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-types")]


@pytest.fixture(autouse=True)
def declared(home_):
    home_.declared("play:order")


def newest(home_):
    return home_.call("GET", "/v1/jobs?pageSize=1")["data"][0]


def run(page):
    page.get_by_role("button", name="Run", exact=True).click()


def test_the_list_shows_what_there_is_and_who_serves_it(visit):
    page = visit().log_in("/types")
    order = page.locator("tr[data-code='play:order']")
    expect(order).to_contain_text("connected")
    expect(page.locator("tr[data-code='noop']")).to_contain_text("always there")
    page.get_by_role("searchbox").fill("order")
    expect(page.locator("tbody tr")).to_have_count(1)
    order.get_by_role("link", name="Send an order", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Send an order")).to_be_visible()


def test_every_kind_of_field_gives_its_value(visit, home_, tmp_path):
    file = tmp_path / "order.csv"
    file.write_text("sku,count\nA1,2\n")
    page = visit(timezone_id="Europe/Vienna").log_in("/types/play:order")
    page.get_by_label("Title").fill("Winter")
    page.get_by_label("Notes").fill("Two\nlines")
    page.get_by_label("Amount").fill("12.50")
    page.get_by_label("Urgent").check()
    page.get_by_label("Due").fill("2026-12-24")
    page.get_by_label("Starts").fill("2026-12-24T09:30:00")
    page.get_by_role("radio", name="Green").check()
    page.get_by_label("Country").select_option("JP")
    page.get_by_role("checkbox", name="email").check()
    tags = page.get_by_role("group", name="Tags")
    for text in ("a", "b", "c"):
        tags.get_by_role("button", name="Add").click()
        expect(tags.get_by_role("textbox").last).to_be_focused()
        page.keyboard.type(text)
    expect(tags.get_by_role("button", name="Add")).to_have_count(0)
    tags.get_by_role("button", name="Remove Tags 2").click()
    rows = page.get_by_role("group", name="Rows", exact=True)
    rows.get_by_role("button", name="Add").click()
    rows.get_by_label("Sku").fill("A1")
    rows.get_by_label("Count").fill("2")
    headers = page.get_by_role("group", name="Headers")
    headers.get_by_role("button", name="Add").click()
    headers.get_by_label("Headers: name 1").fill("Accept")
    headers.get_by_label("Value of Accept").fill("text/csv")
    page.get_by_label("Attachment").set_input_files(file)
    expect(page.get_by_text("order.csv")).to_be_visible()
    page.get_by_label("Extra").fill('{"deep": [1, 2]}')
    page.get_by_label("Label").fill("By hand")
    run(page)
    page.wait_for_url("**/jobs/us_jb_*")
    job = newest(home_)
    given = job["input"]
    content = home_.call("GET", f"/v1/files/{given.pop('attachment')}")["data"]
    assert (content["name"], content["size"]) == ("order.csv", file.stat().st_size)
    assert job["label"] == "By hand"
    assert given == {
        "title": "Winter",
        "notes": "Two\nlines",
        "amount": 12.5,
        "urgent": True,
        "due": "2026-12-24",
        "starts": "2026-12-24T08:30:00.000Z",
        "colour": "green",
        "country": "JP",
        "columns": ["name", "email"],
        "tags": ["a", "c"],
        "rows": [{"sku": "A1", "count": 2}],
        "headers": {"Accept": "text/csv"},
        "extra": {"deep": [1, 2]},
    }


def test_what_is_wrong_stands_at_its_field_and_the_first_gets_the_focus(visit):
    page = visit().log_in("/types/play:order")
    title = page.get_by_label("Title")
    run(page)
    expect(title).to_be_focused()
    expect(title).to_have_accessible_description("This is required.")
    page.get_by_label("Title").fill("A title of more than twenty characters")
    page.get_by_label("Amount").fill("many")
    page.get_by_label("Extra").fill("{")
    page.get_by_role("group", name="Rows", exact=True).get_by_role("button", name="Add").click()
    page.get_by_label("Count", exact=True).fill("1.5")
    expect(title).not_to_have_attribute("aria-invalid", "true")
    run(page)
    expect(title).to_have_accessible_description("This may have 20 characters at most.")
    expect(page.get_by_label("Amount")).to_have_accessible_description("This is no number.")
    expect(page.get_by_label("Extra")).to_have_accessible_description("This is no JSON.")
    expect(page.get_by_label("Count", exact=True)).to_have_accessible_description(
        "This must be a whole number."
    )
    expect(page.get_by_label("Sku")).to_have_accessible_description("This is required.")
    expect(page.get_by_text("more than 0, 1000 at most")).to_be_visible()


def test_what_only_the_server_sees_stands_at_its_field_too(visit, home_):
    there = visit()
    there.refusals = {400}
    page = there.log_in("/types/callWebserviceEndpoint")
    page.get_by_label("Url").fill("ftp://example.com/file")
    run(page)
    # The help of the field speaks of http, too, before the server has answered.
    expect(page.get_by_label("Url")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Url")).to_have_accessible_description(re.compile("http"))
    page.get_by_label("Url").fill("http")
    expect(page.get_by_label("Url")).not_to_have_attribute("aria-invalid", "true")


def test_who_may_not_run_finds_no_form(visit, home_):
    vera = home_.member("Vera", "viewer")
    page = visit().log_in("/types/play:order", member=vera["id"])
    expect(page.get_by_text("Who may run jobs finds a form here.")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_have_count(0)


def test_it_is_accessible(visit):
    page = visit().log_in("/types")
    expect(page.locator("tr[data-code='play:order']")).to_be_visible()
    check_accessible(page)
    page.get_by_role("link", name="Send an order", exact=True).click()
    for group in ("Tags", "Rows", "Headers"):
        page.get_by_role("group", name=group, exact=True).get_by_role("button", name="Add").click()
    run(page)
    expect(page.get_by_text("This is required.").first).to_be_visible()
    check_accessible(page)


def test_a_file_that_is_on_its_way_is_waited_for(visit, home_):
    page = visit().log_in("/types/play:order")
    page.get_by_label("Title").fill("Slow")
    page.get_by_label("Amount").fill("1")
    page.get_by_label("Due").fill("2026-12-24")
    held = []

    def hold(route):
        held.append(route)

    page.route("**/v1/files?*", hold)
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a"}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("progressbar", name="Uploading a.csv")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    attachment = page.get_by_role("group", name="Attachment")
    expect(attachment).to_contain_text("It is still being uploaded.")
    held[0].continue_()
    expect(attachment).not_to_contain_text("uploaded")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/jobs/*")
