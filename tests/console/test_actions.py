"""Actions: the buttons of a resource."""

import re

import pytest
from console import NARROW, check_accessible, needs_console
from playwright.sync_api import expect

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-actions")]

FORM = {
    "type": "simple",
    "fields": [
        {
            "key": "format",
            "type": "enum",
            "label": "Format",
            "defaultValue": "csv",
            "config": {
                "options": [
                    {"value": "csv", "label": "CSV", "color": "green"},
                    {"value": "xlsx", "label": "Excel", "color": "url(https://example.com/x)"},
                ]
            },
        },
        {"key": "title", "type": "string", "label": "Title", "constraints": [{"type": "required"}]},
        {"key": "head", "type": "boolean", "label": "With a head", "constraints": [{"type": "required"}]},
    ],
}


@pytest.fixture
def act(home_):
    """Makes actions."""

    def make(target, label, operation="steps", **fields):
        body = {
            "label": label,
            "operation": operation,
            "targetId": target,
            "mount": {"type": "play"},
            **fields,
        }
        return home_.call("POST", "/v1/actions", body)

    return make


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def jobs(home_, target):
    return home_.call("GET", f"/v1/jobs?source={target}")["data"]


def test_a_press_starts_the_job_and_shows_it(visit, home_, act):
    act("us_wb_one", "Go", tooltip="Takes some steps", icon="play")
    page = visit().log_in("/actions?target=us_wb_one")
    button = page.get_by_role("button", name="Go", exact=True)
    expect(button).to_have_accessible_description("Takes some steps")
    button.click()
    row = page.locator("table.jobs tbody tr")
    expect(row).to_contain_text(re.compile(r"Step \d+ of 10"))
    expect(row).to_contain_text("All steps are done.")


def test_a_form_is_asked_first_and_its_answers_are_the_input(visit, home_, act):
    act(
        "us_wb_form",
        "Export",
        operation="nobody",
        inputForm=FORM,
        description="Writes one file.",
        primary=True,
    )
    page = visit().log_in("/actions?target=us_wb_form")
    press(page, "Export …")
    dialog = page.get_by_role("dialog", name="Export on us_wb_form")
    expect(dialog).to_contain_text("Writes one file.")
    expect(dialog.get_by_role("radio", name="CSV")).to_be_checked()
    # What is no colour is not shown as one.
    expect(dialog.locator(".dot")).to_have_count(1)
    press(dialog, "Export")
    expect(dialog.get_by_label("Title")).to_be_focused()
    dialog.get_by_label("Title").fill("Orders")
    dialog.get_by_role("radio", name="Excel").check()
    press(dialog, "Export")
    expect(dialog).to_have_count(0)
    [job] = jobs(home_, "us_wb_form")
    assert job["input"] == {"format": "xlsx", "title": "Orders", "head": False}


def test_a_question_names_the_consequence_and_the_object(visit, home_, act):
    act(
        "us_wb_ask",
        "Clean up",
        operation="nobody",
        confirm=True,
        description="Removes all empty rows for good.",
    )
    page = visit().log_in("/actions?target=us_wb_ask")
    press(page, "Clean up …")
    dialog = page.get_by_role("dialog", name="Clean up on us_wb_ask?")
    expect(dialog).to_contain_text("Removes all empty rows for good.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert jobs(home_, "us_wb_ask") == []
    press(page, "Clean up …")
    press(dialog, "Clean up")
    expect(page.locator("table.jobs tbody tr")).to_have_count(1)


def test_a_selection_is_asked_where_it_is_needed(visit, home_, act):
    act(
        "us_wb_some",
        "Send",
        operation="nobody",
        constraints=[{"type": "hasSelection"}, {"type": "hasAllValid"}],
    )
    page = visit().log_in("/actions?target=us_wb_some")
    press(page, "Send …")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Meant for valid records alone")
    dialog.get_by_label("Selected records 1", exact=True).fill("r1")
    press(dialog, "Send")
    expect(dialog).to_have_count(0)
    [job] = jobs(home_, "us_wb_some")
    assert job["subject"]["params"] == {"ids": ["r1"]}


def test_a_blocking_job_makes_the_toolbar_dark_and_says_why(visit, home_, act):
    act("us_wb_block", "Clean", mode="toolbarBlocking")
    act("us_wb_block", "Other")
    act("us_wb_free", "Elsewhere")
    page, other = visit().log_in("/actions"), visit().log_in("/actions?target=us_wb_block")
    press(page, "Clean")
    for one in (page, other):
        expect(one.get_by_role("button", name="Other", exact=True)).to_be_disabled()
        expect(one.get_by_text("Clean is running. The toolbar can be used")).to_be_visible()
    expect(page.get_by_role("button", name="Elsewhere", exact=True)).to_be_enabled()
    for one in (page, other):
        expect(one.get_by_role("button", name="Other", exact=True)).to_be_enabled()


def test_jobs_of_others_hide_none_that_blocks_a_toolbar(visit, home_, act):
    act("us_wb_busy", "Beside")
    job = home_.job("nobody", label="Clean", mode="toolbarBlocking", source="us_wb_busy")
    body = {"type": "play", "operation": "nobody", "tags": ["busy"]}
    home_.call("POST", "/v1/jobs/bulk", {"jobs": [body] * 201})
    page = visit().log_in("/actions")
    expect(page.get_by_role("button", name="Beside", exact=True)).to_be_disabled()
    home_.call("POST", "/v1/jobs/bulk/cancel", {"filter": {"tag": "busy"}})
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    expect(page.get_by_role("button", name="Beside", exact=True)).to_be_enabled()


def test_a_toolbar_is_bright_when_the_end_is_heard_although_nothing_can_be_read(visit, home_, act):
    act("us_wb_heard", "Other")
    there = visit()
    page = there.log_in("/actions?target=us_wb_heard")
    job = home_.job("nobody", label="Clean", mode="toolbarBlocking", source="us_wb_heard")
    button = page.get_by_role("button", name="Other", exact=True)
    expect(button).to_be_disabled()
    expect(page.get_by_text("Clean is running. The toolbar can be used")).to_be_visible()
    page.route("**/v1/jobs?*", lambda route: route.abort())
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    expect(button).to_be_enabled()
    there.faults.clear()


def test_what_runs_is_named_on_a_phone_too(visit, home_, act):
    act("us_wb_phone", "Other")
    job = home_.job("nobody", label="A long name of a job", source="us_wb_phone")
    page = visit(viewport=NARROW).log_in("/actions?target=us_wb_phone")
    name = page.locator(f"tr[data-id={job['id']}] a.name")
    expect(name).to_be_visible()
    assert name.bounding_box()["width"] > 60


def test_who_may_not_run_presses_nothing(visit, home_, act):
    act("us_wb_look", "Go")
    vera = home_.member("Vera", "viewer")
    page = visit().log_in("/actions?target=us_wb_look", member=vera["id"])
    button = page.get_by_role("button", name="Go", exact=True)
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("Who may run jobs can press this.")


def test_it_is_accessible(visit, act):
    target = "us_wb_looked_at"
    act(
        target,
        "Export",
        inputForm=FORM,
        primary=True,
        messages=[{"type": "error", "content": "Locked."}],
        schedule="daily",
    )
    act(target, "Go", mode="toolbarBlocking")
    page = visit().log_in(f"/actions?target={target}")
    press(page, "Export …")
    press(page.get_by_role("dialog"), "Export")
    expect(page.get_by_text("This is required.")).to_be_visible()
    check_accessible(page)
    page.keyboard.press("Escape")
    press(page, "Go")
    expect(page.get_by_text("Go is running.")).to_be_visible()
    check_accessible(page)


def test_pressed_again_after_a_lost_answer_it_starts_one_job(visit, home_, act):
    act("us_wb_lost", "Send", operation="nobody", confirm=True)
    there = visit()
    page = there.log_in("/actions?target=us_wb_lost")
    there.faults.clear()
    page.route("**/execute", lambda route: (route.fetch(), route.abort()), times=1)
    press(page, "Send …")
    dialog = page.get_by_role("dialog")
    press(dialog, "Send")
    expect(dialog).to_contain_text("cannot be reached")
    there.faults.clear()
    press(dialog, "Send")
    expect(dialog).to_have_count(0)
    assert len(jobs(home_, "us_wb_lost")) == 1
    # Asked for once more when it was answered, it is meant.
    press(page, "Send …")
    press(dialog, "Send")
    expect(dialog).to_have_count(0)
    assert len(jobs(home_, "us_wb_lost")) == 2
