"""Definitions are made and changed in a form."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-define")]


@pytest.fixture(autouse=True)
def declared(home_):
    home_.declared("play:import")


def shown(home_, code):
    return home_.call("GET", f"/v1/job-definitions/{code}")["jobDefinition"]


def make(page):
    page.get_by_role("button", name="Make the definition").click()


def test_a_definition_is_made_and_launched(visit, home_):
    page = visit().log_in("/definitions")
    page.get_by_role("link", name="New definition").click()
    page.get_by_label("Job type").select_option("play:import")
    page.get_by_label("Code").fill("nightly")
    page.get_by_label("Name", exact=True).fill("Nightly contacts")
    page.get_by_role("radio", name="shop").check()
    page.get_by_label("Pages", exact=True).fill("7")
    page.get_by_label("Responsible").fill("Ada")
    page.get_by_role("radio", name="move the watermark").check()
    page.get_by_label("Mail on failure").check()
    page.get_by_label("Enabled at once").check()
    make(page)
    expect(page.get_by_role("heading", level=1, name="Nightly contacts")).to_be_visible()
    expect(page.get_by_role("button", name="Launch", exact=True)).to_be_enabled()
    found = shown(home_, "nightly")
    assert found["params"] == {"source": "shop", "pages": 7, "owner": "Ada"}
    assert (found["enabled"], found["modes"]["onPartial"], found["options"]["sendFailureEmail"]) == (
        True,
        "advance",
        True,
    )


def test_what_the_server_refuses_stands_at_its_field(visit, home_):
    there = visit()
    there.refusals = {400}
    page = there.log_in("/new-definition?type=play:import")
    page.get_by_label("Code").fill("no spaces here")
    make(page)
    expect(page.get_by_label("Code")).to_be_focused()
    expect(page.get_by_label("Code")).to_have_accessible_description(re.compile("Must be 1 to 128 letters"))
    page.get_by_label("Code").fill("refused")
    page.get_by_label("Responsible").fill("{{ evnt.id }}")
    page.get_by_role("button", name="Add").first.click()
    page.get_by_label("Topic").fill("order:paid")
    page.get_by_label("Filter").fill('{"payload.country": [[1]]}')
    make(page)
    expect(page.get_by_label("Filter")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Filter").fill('{"payload.country": "DE"}')
    make(page)
    expect(page.get_by_label("Responsible")).to_have_accessible_description(re.compile("Did you mean event"))
    page.get_by_label("Responsible").fill("{{ event.payload.who }}")
    page.get_by_label("Event", exact=True).fill('{"payload": {"who": "Grace"}}')
    expect(page.locator("figure.code")).to_contain_text('"owner": "Grace"')
    make(page)
    expect(page.get_by_role("heading", level=1, name="refused")).to_be_visible()
    expect(page.get_by_text("order:paid", exact=True)).to_be_visible()


def test_a_number_may_be_a_template(visit, home_):
    page = visit().log_in("/new-definition?type=play:import")
    page.get_by_label("Code").fill("templated")
    page.get_by_label("Responsible").fill("Ada")
    page.get_by_role("button", name="Template for Pages").click()
    page.get_by_label("Pages", exact=True).fill("{{ event.payload.pages }}")
    make(page)
    expect(page.get_by_role("heading", level=1, name="templated")).to_be_visible()
    assert shown(home_, "templated")["params"]["pages"] == "{{ event.payload.pages }}"
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Pages", exact=True)).to_have_value("{{ event.payload.pages }}")


def test_an_edit_changes_what_was_touched_alone(visit, home_):
    body = {
        "jobDefinitionCode": "edited",
        "jobType": "play:import",
        "name": "Edited",
        "target": "us_sh_1",
        "params": {"owner": "Ada", "pages": 3},
        "modes": {"default": "delta", "delta": {"startDate": "2026-01-01T00:00:00Z"}},
        "triggers": [{"topic": "order:paid", "params": {"owner": "{{ event.payload.who }}"}}],
    }
    before = home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})["jobDefinition"]
    page = visit(timezone_id="UTC").log_in("/definitions/edited")
    expect(page.get_by_text("It has not run yet.")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_label("The first run reads from")).to_have_value("2026-01-01T00:00")
    page.get_by_label("Name", exact=True).fill("Renamed")
    page.get_by_label("Target").fill("")
    page.get_by_label("Pages", exact=True).fill("4")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="Renamed")).to_be_visible()
    after = shown(home_, "edited")
    assert (after["name"], after["params"], after["version"]) == ("Renamed", {"owner": "Ada", "pages": 4}, 2)
    assert "target" not in after
    assert [after[name] for name in ("modes", "triggers", "options")] == [
        before[name] for name in ("modes", "triggers", "options")
    ]


def test_it_is_accessible(visit):
    page = visit().log_in("/new-definition?type=play:import")
    page.get_by_label("Responsible").fill("{{ event.payload.who }}")
    page.get_by_role("button", name="Add").first.click()
    make(page)
    expect(page.get_by_text("This is required.").first).to_be_visible()
    page.get_by_label("Event", exact=True).fill('{"payload": {"who": "Grace"}}')
    expect(page.locator("figure.code")).to_be_visible()
    check_accessible(page)


@pytest.mark.parametrize("path", ["/new-definition?type=play:import", "/definitions/kept/edit"])
def test_who_may_not_define_is_shown_no_form(visit, home_, path):
    body = {"jobDefinitionCode": "kept", "jobType": "play:import", "name": "Kept", "params": {"owner": "Ada"}}
    if "kept" not in [one["jobDefinitionCode"] for one in home_.call("GET", "/v1/job-definitions")["data"]]:
        home_.call("POST", "/v1/job-definitions", {"jobDefinition": body})
    member = home_.member(f"Otto {len(path)}", "operator")["id"]
    page = visit().log_in(path, member=member)
    expect(page.get_by_text("Your role may look at definitions, and not change them.")).to_be_visible()
    expect(page.locator("main form, main select")).to_have_count(0)
