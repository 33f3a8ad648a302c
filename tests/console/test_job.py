"""One job: all that is told of it, and all that can be done with it."""

import re

import pytest
from console import check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-job")]


def opened(visit, job, **how):
    return visit(**how).log_in(f"/jobs/{job['id']}")


def card(page, name):
    return page.get_by_role("region", name=name, exact=True)


def test_it_goes_on_before_ones_eyes(visit, home_):
    job = home_.job(input={"steps": 60, "pause_s": 0.1, "log": True}, label="Orders")
    page = opened(visit, job)
    expect(page.get_by_role("heading", level=1, name="Orders")).to_be_visible()
    expect(card(page, "Progress").get_by_role("progressbar")).to_have_attribute(
        "aria-valuenow", re.compile(r"\d+")
    )
    expect(card(page, "Progress")).to_contain_text("a second")
    expect(card(page, "Progress").get_by_role("img")).to_be_visible()
    expect(card(page, "Log")).to_contain_text('{"step":3}')
    expect(card(page, "Timeline")).to_contain_text("Taken by a listener")
    expect(card(page, "Outcome")).to_contain_text("All steps are done.")
    expect(card(page, "Timeline")).to_contain_text("Complete: Arrived")
    expect(page.locator(".jobhead")).to_contain_text("Complete")


def test_an_outcome_offers_its_file(visit, home_):
    page = opened(visit, home_.job(input={"steps": 1, "file": "a,b\n1,2\n"}))
    with page.expect_download() as begun:
        card(page, "Outcome").get_by_role("link", name="Get it").click()
    assert begun.value.path().read_text() == "a,b\n1,2\n"
    assert begun.value.suggested_filename == "steps.csv"


@pytest.mark.parametrize(
    ("following", "role", "name", "href"),
    [
        ({"type": "url", "url": "https://example.com/a", "label": "See it"}, "link", "See it", "https://example.com/a"),
        ({"type": "retry"}, "button", "Try again", None),
        ({"type": "id", "id": "us_wb_7", "label": "The workbook"}, None, "us_wb_7", None),
        ({"type": "snapshot", "snapshotId": "us_ss_1", "sheetId": "us_sh_1"}, None, "us_ss_1", None),
        ({"type": "wait", "label": "Nearly there"}, None, "Nearly there", None),
    ],
)  # fmt: skip
def test_each_next_action_is_something_to_press_or_to_read(visit, home_, following, role, name, href):
    job = home_.job("by-hand")
    home_.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    home_.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": {"message": "Done", "next": following}})
    found = card(opened(visit, job), "Outcome")
    if role is None:
        expect(found).to_contain_text(name)
        return
    expect(found.get_by_role(role, name=name)).to_be_visible()
    if href:
        expect(found.get_by_role(role, name=name)).to_have_attribute("href", href)
        expect(found.get_by_role(role, name=name)).to_have_attribute("target", "_blank")


def test_an_outcome_is_acknowledged_and_another_page_sees_it(visit, home_):
    job = home_.job(input={"steps": 1, "acknowledge": True})
    page, other = opened(visit, job), visit().log_in()
    row = other.locator(f"tr[data-id={job['id']}]")
    expect(row).to_contain_text("to acknowledge")
    card(page, "Outcome").get_by_role("button", name="Understood").click()
    expect(card(page, "Outcome")).to_contain_text("Acknowledged")
    expect(row).not_to_contain_text("to acknowledge")


def test_what_others_write_is_text(visit, home_):
    evil = "<img src=x onerror=alert(1)>"
    job = home_.job("by-hand", label=evil, tags=["<b>"], input={"a": evil})
    home_.call("POST", f"/v1/jobs/{job['id']}/ack", {"info": evil})
    body = {
        "outcome": {
            "message": evil,
            "heading": evil,
            "next": {"type": "id", "id": evil, "url": "javascript:alert(1)"},
        }
    }
    home_.call("POST", f"/v1/jobs/{job['id']}/complete", body)
    page = opened(visit, job)
    expect(card(page, "Outcome")).to_contain_text(evil)
    assert page.locator("main img:not([role])").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0


def test_it_is_canceled_with_a_reason(visit, home_):
    page = opened(visit, home_.job(input={"steps": 600}, label="Long"))
    expect(page.locator(".jobhead")).to_contain_text("Running")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Cancel Long?")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_label("Reason").fill("Wrong file")
    check_accessible(page)
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".jobhead")).to_contain_text("Canceled")
    expect(card(page, "Timeline")).to_contain_text("Canceled")


def test_it_is_run_again_with_another_input(visit, home_):
    job = home_.job(input={"steps": 1, "fail": "No header"}, maxAttempts=1, label="Again", tags=["kept"])
    page = opened(visit, job)
    expect(card(page, "Outcome")).to_contain_text("No header")
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Run Again again")
    expect(dialog.get_by_label("Fail")).to_have_value("No header")
    expect(dialog).to_contain_text("As it was.")
    dialog.get_by_label("Fail").fill("")
    dialog.get_by_label("Steps").fill("2")
    expect(dialog).to_contain_text("This makes a new job with this input.")
    dialog.get_by_role("button", name="Run again").click()
    expect(page).not_to_have_url(re.compile(job["id"]))
    expect(card(page, "Outcome")).to_contain_text("All steps are done.")
    expect(card(page, "Facts")).to_contain_text("#kept")


def test_what_its_type_does_not_take_is_told_at_the_field(visit, home_):
    home_.declared("play:import")
    job = home_.job("import", input={"pages": 1, "owner": "Ada", "pause_s": 0})
    page = opened(visit, job)
    card(page, "Outcome").wait_for()
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Pages").fill("9999")
    dialog.get_by_role("button", name="Run again").click()
    expect(dialog.get_by_label("Pages")).to_have_attribute("aria-invalid", "true")
    expect(dialog).to_contain_text("500")
    check_accessible(page)
    dialog.get_by_label("Pages").fill("2")
    dialog.get_by_role("button", name="Run again").click()
    expect(card(page, "Outcome")).to_contain_text("2 pages for Ada")


def test_the_input_of_a_job_without_a_type_is_written_as_json(visit, home_):
    job = home_.job("by-hand", input={"steps": 1})
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    page = opened(visit, job)
    expect(card(page, "Timeline")).to_contain_text("Canceled")
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("Input")
    expect(text).to_have_value(re.compile('"steps": 1'))
    for wrong in ("{", "[]"):
        text.fill(wrong)
        dialog.get_by_role("button", name="Run again").click()
        expect(dialog).to_contain_text("This is no JSON")
    text.fill('{"steps": 2}')
    dialog.get_by_role("button", name="Run again").click()
    expect(dialog).to_have_count(0)
    expect(card(page, "Facts")).to_contain_text('"steps": 2')


def test_a_form_that_cannot_be_loaded_says_so(visit, home_):
    job = home_.job(input={"steps": 1})
    there = visit()
    page = there.log_in(f"/jobs/{job['id']}")
    card(page, "Outcome").wait_for()
    page.route("**/parts/againform.js", lambda route: route.abort())
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text("cannot be reached")
    there.faults.clear()


def test_as_it_was_it_is_a_rerun_of_it(visit, home_):
    job = home_.job(input={"steps": 1})
    page = opened(visit, job)
    card(page, "Outcome").wait_for()
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()
    expect(card(page, "Facts").get_by_role("link", name=job["id"])).to_be_visible()


def test_attempts_tell_why_they_ended(visit, home_):
    job = home_.job(input={"steps": 1, "fail": "No header"}, maxAttempts=2)
    page = opened(visit, job)
    expect(card(page, "Attempts")).to_contain_text("Failed: ValueError: No header")
    expect(card(page, "Facts")).to_contain_text(re.compile("[12] of 2"))


def test_the_log_is_searched_filtered_and_downloaded(visit, home_):
    job = home_.job(input={"steps": 30, "pause_s": 0.01, "log": True})
    page = opened(visit, job)
    log = card(page, "Log")
    expect(log).to_contain_text("31 lines")
    log.get_by_label("Search the log").fill("LAST ONE")
    expect(log.locator("li")).to_have_count(1)
    log.get_by_label("Search the log").fill("")
    log.get_by_label("Level").select_option("warning")
    expect(log.locator("li")).to_have_count(1)
    with page.expect_download() as begun:
        log.get_by_role("button", name="Download").click()
    lines = begun.value.path().read_text().splitlines()
    assert len(lines) == 31
    assert lines[0].endswith('INFO Went a step {"step":1}')


def test_parts_are_a_grid_that_fills_itself(visit, home_):
    job = home_.job("parts", input={"parts": 6})
    page = opened(visit, job)
    squares = card(page, "Parts").get_by_role("link", name=re.compile(r"^Part \d"))
    expect(squares).to_have_count(6)
    expect(card(page, "Parts")).to_contain_text("5 Complete")
    expect(card(page, "Parts")).to_contain_text("1 Failed")
    squares.first.focus()
    page.keyboard.press("ArrowRight")
    expect(squares.nth(1)).to_be_focused()
    check_accessible(page)
    page.keyboard.press("Enter")
    expect(card(page, "Facts")).to_contain_text("part 1 of a job")


def test_the_ends_of_the_grid_and_the_parts_that_failed_are_one_press_away(visit, home_):
    job = home_.job("parts", input={"parts": 6})
    page = opened(visit, job)
    squares = card(page, "Parts").get_by_role("link", name=re.compile(r"^Part \d"))
    expect(card(page, "Parts")).to_contain_text("5 Complete")
    squares.first.focus()
    for key, place in (("End", 5), ("Home", 0)):
        page.keyboard.press(key)
        expect(squares.nth(place)).to_be_focused()
    for _ in range(2):
        card(page, "Parts").get_by_role("button", name="Next that failed").click()
        expect(card(page, "Parts").get_by_role("link", name="Failed")).to_be_focused()


def test_jobs_that_it_has_started_are_listed(visit, home_):
    job = home_.job("nobody")
    page = opened(visit, job)
    expect(card(page, "Facts")).to_be_visible()
    child = home_.job("nobody", parentId=job["id"], label="A child")
    expect(card(page, "Jobs that it has started").locator(f"tr[data-id={child['id']}]")).to_be_visible()


def test_why_it_does_not_run(visit, home_):
    first = home_.job("nobody", label="The first")
    page = opened(visit, first)
    expect(card(page, "Progress")).to_contain_text("no listener for it is connected")
    second = home_.job(predecessorIds=[first["id"]])
    page = opened(visit, second)
    card(page, "Progress").get_by_role("link", name="The first").wait_for()
    page.get_by_role("button", name="Start now").click()
    expect(page.locator(".jobhead")).to_contain_text("Complete")
    later = home_.job(scheduledAt="2035-01-01T00:00:00Z")
    expect(card(opened(visit, later), "Progress")).to_contain_text("It starts 1 Jan")
    expect(card(opened(visit, home_.job(trigger="manual")), "Progress")).to_contain_text("press Start")


def test_an_event_opens_to_its_payload(visit, home_):
    page = opened(visit, home_.job("nobody"))
    card(page, "Timeline").get_by_text("Made", exact=True).click()
    expect(card(page, "Timeline")).to_contain_text('"topic": "job:created"')
    expect(card(page, "Timeline")).to_contain_text("Position ")


def test_it_is_copied_as_a_call(visit, home_):
    job = home_.job("nobody", input={"text": "it's", "flag": True})
    page = visit(permissions=["clipboard-read", "clipboard-write"]).log_in(f"/jobs/{job['id']}")
    for name, part in (
        ("curl", "/v1/jobs \\"), ("Python", '{"text": "it\'s", "flag": True}'), ("Shell", "tickwire run 'play:nobody'"),
        ("Web page", f'<tickwire-job job="{job["id"]}"></tickwire-job>'), ("Link", f"/console/jobs/{job['id']}"),
    ):  # fmt: skip
        page.get_by_role("button", name="Copy as").click()
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
        # It may still say so of the one before.
        until(lambda part=part: part in page.evaluate("navigator.clipboard.readText()"), f"{name} was copied")


def test_who_may_not_is_offered_nothing(visit, home_):
    job = home_.job("nobody")
    page = visit().log_in(f"/jobs/{job['id']}", member=home_.member("Victor", "viewer")["id"])
    expect(card(page, "Facts")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_job_that_is_not_there_says_so(visit, home_):
    there = visit()
    there.refusals.add(404)
    page = there.log_in("/jobs/us_jb_00000zzzzz")
    expect(page.get_by_text("There is no such job.")).to_be_visible()
    job = home_.job("nobody")
    page.goto(f"/console/jobs/{job['id']}")
    expect(card(page, "Facts")).to_be_visible()
    home_.call("DELETE", f"/v1/jobs/{job['id']}")
    expect(page.get_by_text("The job was removed.")).to_be_visible()


def test_it_is_accessible(visit, home_):
    job = home_.job(input={"steps": 3, "fail": "No header", "log": True}, maxAttempts=2, tags=["a"])
    page = opened(visit, job)
    expect(card(page, "Attempts")).to_be_visible()
    expect(card(page, "Log")).to_contain_text("Went a step")
    check_accessible(page)


def test_run_again_after_a_lost_answer_there_is_one_new_job(visit, home_):
    job = home_.job(input={"steps": 1}, label="Lost")
    there = visit()
    page = there.log_in(f"/jobs/{job['id']}")
    page.get_by_role("button", name="Run again").click()
    page.route("**/v1/jobs", lambda route: (route.fetch(), route.abort()), times=1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Steps").fill("2")
    dialog.get_by_role("button", name="Run again").click()
    expect(dialog).to_contain_text("cannot be reached")
    there.faults.clear()
    dialog.get_by_role("button", name="Run again").click()
    expect(dialog).to_have_count(0)
    found = [one for one in home_.call("GET", "/v1/jobs")["data"] if one.get("label") == "Lost"]
    assert len(found) == 2


FOCUS_AT_ONCE = """() => {
  const seen = () => {
    if (!document.querySelector("dialog [role=status]")) return
    watching.disconnect()
    window.focusedAtOnce = document.activeElement.textContent
  }
  const watching = new MutationObserver(seen)
  watching.observe(document.body, { childList: true, subtree: true })
}"""
"""What has the focus as soon as the dialog has changed, before anybody sees it."""


def test_a_question_about_a_job_that_ends_meanwhile_says_so(visit, home_):
    job = home_.job("by-hand", label="Late")
    home_.call("POST", f"/v1/jobs/{job['id']}/ack", {})
    page = opened(visit, job)
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog", name="Cancel Late?")
    expect(dialog.get_by_label("Reason")).to_be_visible()
    page.evaluate(FOCUS_AT_ONCE)
    home_.call("POST", f"/v1/jobs/{job['id']}/complete", {"outcome": {"message": "Done"}})
    expect(dialog.get_by_role("status")).to_contain_text("has ended meanwhile")
    expect(dialog.get_by_role("button", name="Cancel the job")).to_have_count(0)
    assert page.evaluate("window.focusedAtOnce") == "Close"
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)


def test_what_was_filled_in_is_not_lost_by_a_press_beside_it(visit, home_):
    job = home_.job("nobody", label="Typed")
    page = opened(visit, job)
    dialog = page.get_by_role("dialog", name="Cancel Typed?")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(dialog).to_be_visible()
    page.mouse.click(5, 5)
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog.get_by_label("Reason").fill("Twice the same file")
    page.mouse.click(5, 5)
    expect(dialog.get_by_label("Reason")).to_have_value("Twice the same file")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
