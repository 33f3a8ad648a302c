"""The live list of jobs."""

import itertools
import re

import pytest
from console import HEAR_CANCELED, check_accessible, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-jobs")]


def row(page, job):
    return page.locator(f"tr[data-id={job['id']}]")


def started(home_, job):
    return home_.call("GET", f"/v1/jobs/{job['id']}")["data"]["status"] == "executing"


def test_a_job_appears_moves_and_ends_without_reload(visit, home_):
    page = visit().log_in()
    job = home_.job(input={"steps": 30, "pause_s": 0.1})
    found = row(page, job)
    expect(found).to_contain_text("Running")
    bar = found.get_by_role("progressbar")
    expect(found).to_contain_text(re.compile(r"Step \d+ of 30"))
    seen = int(bar.get_attribute("aria-valuenow"))
    expect(found.locator(".left")).to_contain_text("left")
    expect(found).to_have_attribute("data-status", "complete")
    expect(bar).to_have_attribute("aria-valuenow", "100")
    assert seen < 100
    expect(found).to_contain_text("All steps are done.")
    expect(found.locator(".left")).to_contain_text("took")


def test_a_job_that_fails_says_why(visit, home_):
    page = visit().log_in()
    job = home_.job(input={"steps": 1, "fail": "The sheet has no header"}, maxAttempts=1)
    expect(row(page, job)).to_have_attribute("data-status", "failed")
    expect(row(page, job)).to_contain_text("The sheet has no header")


def test_new_jobs_wait_while_the_pointer_is_in_the_list(visit, home_):
    first = home_.job("nobody")
    page = visit().log_in()
    expect(row(page, first)).to_be_visible()
    row(page, first).hover()
    second = home_.job("nobody")
    page.get_by_role("button", name="1 new").wait_for()
    expect(row(page, second)).to_have_count(0)
    page.get_by_role("heading", level=1).hover()
    expect(row(page, second)).to_be_visible()


def test_what_happens_while_the_list_is_read_has_it_read_once_more(visit, home_):
    first = home_.job("nobody")
    page = visit().log_in()
    expect(row(page, first)).to_be_visible()
    held = []
    page.route(
        "**/v1/jobs?*", lambda route: route.continue_() if held else held.append((route, route.fetch()))
    )
    with page.expect_response("**/v1/jobs?*"):
        second = home_.job("nobody")
        until(lambda: page.evaluate("true") and held, "the list is read")
        third = home_.job("nobody")
        home_.call("POST", f"/v1/jobs/{first['id']}/cancel", {})
        expect(row(page, first)).to_contain_text("Canceled")
        route, answer = held[0]
        route.fulfill(response=answer)
    expect(row(page, second)).to_be_visible()
    expect(row(page, third)).to_be_visible()


def test_what_a_job_comes_to_while_it_is_read_for_the_first_time_is_shown(visit, home_):
    page = visit().log_in("/jobs?tag=first-read")
    expect(page.get_by_text("No job fits these filters")).to_be_visible()
    held = []

    def hold(route):
        answer = route.fetch()
        if held or "us_jb_" not in answer.text():
            route.fulfill(response=answer)
        else:
            held.append((route, answer))

    page.route("**/v1/jobs?*tag=first-read*", hold)
    page.evaluate(HEAR_CANCELED)
    job = home_.job("nobody", tags=["first-read"])
    until(lambda: page.evaluate("true") and held, "the list is read")
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    until(lambda: job["id"] in page.evaluate("canceled"), "the page has heard of it")
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(row(page, job)).to_contain_text("Canceled")


@pytest.mark.parametrize("status", ["executing", "canceled"])
def test_what_comes_to_fit_a_filter_appears(visit, home_, status):
    page = visit().log_in(f"/jobs?tag=fits-{status}&status={status}")
    expect(page.get_by_text("No job fits these filters")).to_be_visible()
    job = home_.job(input={"steps": 200, "pause_s": 0.1}, tags=[f"fits-{status}"])
    if status == "canceled":
        until(lambda: started(home_, job), "it runs")
        home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})
    expect(row(page, job)).to_have_attribute("data-status", status)
    if status == "executing":
        home_.call("POST", f"/v1/jobs/{job['id']}/cancel", {})


def test_what_changes_before_a_row_looks_out_for_it_is_drawn_too(visit):
    page = visit().log_in()
    page.evaluate("""async () => {
        const { html, render } = await import("/console/vendor/htm-preact-standalone.js")
        const { put, useJob } = await import("/console/jobs.js")
        const Shown = () => html`<output aria-label="drawn">${useJob("us_jb_drawn").status}</output>`
        put([{ id: "us_jb_drawn", status: "executing" }], "e:1")
        render(html`<${Shown} />`, document.body.appendChild(document.createElement("div")))
        put([{ id: "us_jb_drawn", status: "failed" }], "e:2")
    }""")
    expect(page.get_by_label("drawn")).to_have_text("failed")


def test_of_many_jobs_that_change_at_once_each_frame_draws_some(visit):
    page = visit().log_in()
    told = page.evaluate("""async () => {
        const { put, watch } = await import("/console/jobs.js")
        const ids = Array.from({ length: 60 }, (_, at) => `us_jb_many${at}`)
        const drawn = []
        const ends = ids.map((id) => watch(id, () => drawn.push(id)))
        for (const position of ["e:1", "e:2"]) put(ids.map((id) => ({ id, status: "executing" })), position)
        const counts = [0]
        while (counts.at(-1) < 60 && counts.length < 60) {
            await new Promise(requestAnimationFrame)
            counts.push(drawn.length)
        }
        ends.forEach((end) => end())
        return { counts, inOrder: drawn.join() === ids.join() }
    }""")
    assert told["inOrder"]
    assert max(after - before for before, after in itertools.pairwise(told["counts"])) < 30, told["counts"]


def test_keys_move_through_the_list(visit, home_):
    jobs = [home_.job("nobody") for _ in range(3)]
    page = visit().log_in()
    expect(row(page, jobs[0])).to_be_visible()
    for key, job in (("j", jobs[2]), ("j", jobs[1]), ("j", jobs[0]), ("k", jobs[1])):
        page.keyboard.press(key)
        expect(row(page, job).locator("a.name")).to_be_focused()


def test_filters_stand_in_the_address(visit, home_):
    tagged, other = home_.job("nobody", tags=["shop"]), home_.job("nobody")
    page = visit().log_in("/jobs?tag=shop")
    expect(row(page, tagged)).to_be_visible()
    expect(row(page, other)).to_have_count(0)
    late, _ = home_.job("nobody", tags=["shop"]), home_.job("nobody")
    expect(row(page, late)).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_each_filter_is_set_by_hand_and_stays_after_a_reload(visit, home_):
    job = home_.job("elsewhere", tags=["by-hand"], label="Orders of Graz")
    page = visit().log_in()
    expect(row(page, job)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("orders of g")
    expect(page).to_have_url(re.compile("q=orders"))
    page.get_by_role("button", name="Status").click()
    page.get_by_label("Waiting", exact=True).check()
    page.keyboard.press("Escape")
    for name, value in (("Tag", "by-hand"), ("Job", "play:*")):
        page.get_by_role("button", name=name, exact=True).click()
        page.get_by_role("textbox", name=name).fill(value)
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Time", exact=True).click()
    page.get_by_label("Last hour").check()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"q=orders.*status=ready.*tag=by-hand.*job=play:.*since=1h"))
    page.reload()
    expect(row(page, job)).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Clear all").click()
    assert page.url.endswith("/console/jobs")
    page.get_by_role("button", name="Job", exact=True).click()
    page.get_by_role("button", name="play:steps").click()
    expect(row(page, job)).to_have_count(0)


def saves(page, name):
    page.get_by_label("Name of the view").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()


def test_names_of_views_may_be_long_and_are_taken_once(visit):
    page = visit().log_in("/jobs?tag=names")
    page.get_by_role("button", name="Views").click()
    long = "W" * 60
    saves(page, long)
    drop = page.get_by_role("button", name=f"Remove the view {long}")
    panel = page.locator(".panel:popover-open").bounding_box()
    box = drop.bounding_box()
    assert box["x"] + box["width"] <= panel["x"] + panel["width"]
    saves(page, "All jobs")
    expect(page.get_by_role("button", name="Remove the view All jobs")).to_have_count(0)
    saves(page, "Second")
    saves(page, "Second")
    expect(page.get_by_role("status").filter(has_text="is saved anew")).to_be_visible()
    page.get_by_role("button", name="Remove the view Second").click()
    expect(page.get_by_role("link", name=long)).to_be_focused()


def test_views_of_two_tabs_do_not_undo_each_other(visit):
    there = visit()
    first = there.log_in("/jobs?tag=tabs")
    second = there.page()
    second.goto("/console/jobs?tag=others")
    for page, name in ((first, "Of the first"), (second, "Of the second")):
        page.get_by_role("button", name="Views").click()
        saves(page, name)
    expect(first.get_by_role("link", name="Of the second")).to_be_visible()
    expect(second.get_by_role("link", name="Of the first")).to_be_visible()


def test_views_are_those_of_one_person(visit, home_):
    first, second = (home_.member(name, "viewer")["id"] for name in ("First at it", "Second at it"))
    there = visit()
    # Who logs in ends the session of the pages before, which may be asking something.
    there.refusals.add(401)
    page = there.page()
    page.goto("/console/")
    # As they were kept before people had their own.
    page.evaluate("""localStorage['tickwire.jobViews'] = '[{"name": "Before", "query": "tag=before"}]'""")

    def names(member):
        page = there.log_in("/jobs", member=member)
        page.get_by_role("button", name="Views").click()
        expect(page.get_by_role("link", name="All jobs")).to_be_visible()
        return page, page.get_by_role("button", name=re.compile("^Remove the view"))

    page, views = names(first)
    expect(views).to_have_count(1)
    page.goto("/console/jobs?tag=hers")
    page.get_by_role("button", name="Views").click()
    saves(page, "Hers")
    expect(views).to_have_count(2)
    expect(names(second)[1]).to_have_count(0)
    expect(names(first)[1]).to_have_count(2)


def test_what_is_kept_wrongly_breaks_no_page(visit):
    there = visit()
    there.context.add_init_script("localStorage['tickwire.jobViews'] = '5'")
    page = there.log_in("/jobs")
    expect(page.get_by_role("heading", level=1, name="Jobs")).to_be_visible()


def test_a_view_is_saved_used_and_removed(visit, home_):
    tagged, other = home_.job("nobody", tags=["saved"]), home_.job("nobody")
    page = visit().log_in("/jobs?tag=saved")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("My shop")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="All jobs").click()
    expect(row(page, other)).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("link", name="My shop").click()
    expect(row(page, other)).to_have_count(0)
    expect(row(page, tagged)).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Remove the view My shop").click()
    expect(page.get_by_role("link", name="My shop")).to_have_count(0)


def test_paused_nothing_changes_until_one_goes_on(visit, home_):
    page = visit().log_in()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Live updates are paused.")).to_be_visible()
    job = home_.job("nobody")
    seen = visit().log_in()
    expect(row(seen, job)).to_be_visible()
    expect(row(page, job)).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(row(page, job)).to_be_visible()


def test_many_jobs_are_canceled_run_again_and_acknowledged(visit, home_):
    jobs = [home_.job("nobody", tags=["bulk"]) for _ in range(3)]
    page = visit().log_in("/jobs?tag=bulk")
    row(page, jobs[2]).get_by_role("checkbox").check()
    row(page, jobs[0]).get_by_role("checkbox").click(modifiers=["Shift"])
    bar = page.get_by_role("region", name="Selected jobs")
    expect(bar).to_contain_text("3 selected")
    expect(bar.get_by_role("button", name="Run again 0")).to_be_disabled()
    bar.get_by_role("button", name="Cancel 3").click()
    dialog = page.get_by_role("dialog", name="Cancel: 3 jobs?")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_label("Reason").fill("Not needed")
    dialog.get_by_role("button", name="Cancel 3 jobs").click()
    for job in jobs:
        expect(row(page, job)).to_have_attribute("data-status", "canceled")
        expect(row(page, job)).to_contain_text("Not needed")
    page.get_by_role("checkbox", name="Select all rows").check()
    bar.get_by_role("button", name="Acknowledge 3").click()
    page.get_by_role("dialog").get_by_role("button", name="Acknowledge 3").click()
    expect(page.get_by_role("status").filter(has_text="Acknowledged: 3 jobs.")).to_be_visible()
    assert home_.call("GET", f"/v1/jobs/{jobs[1]['id']}")["data"]["outcomeAcknowledgedAt"]
    row(page, jobs[1]).get_by_role("checkbox").check()
    bar.get_by_role("button", name="Run again 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Run 1 again").click()
    expect(page.locator("tbody tr")).to_have_count(4)


def test_many_are_run_again_once_although_the_answer_is_lost(visit, home_):
    ids = [home_.job("nobody", tags=["lost"])["id"] for _ in range(2)]
    home_.call("POST", "/v1/jobs/bulk/cancel", {"ids": ids})
    there = visit()
    page = there.log_in("/jobs?tag=lost")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("checkbox", name="Select all rows").check()
    page.get_by_role("region", name="Selected jobs").get_by_role("button", name="Run again 2").click()
    page.route("**/v1/jobs/bulk/retry", lambda route: (route.fetch(), route.abort()), times=1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Run 2 again").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    there.faults.clear()
    dialog.get_by_role("button", name="Run 2 again").click()
    expect(page.get_by_role("status").filter(has_text="2 jobs")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(page.locator("tbody tr")).to_have_count(4)


def test_what_can_be_done_with_the_selected_goes_with_them(visit, home_):
    jobs = [home_.job("nobody", tags=["going"]) for _ in range(2)]
    page = visit().log_in("/jobs?tag=going")
    expect(row(page, jobs[0])).to_be_visible()
    page.get_by_role("checkbox", name="Select all rows").check()
    bar = page.get_by_role("region", name="Selected jobs")
    expect(bar.get_by_role("button", name="Cancel 2")).to_be_enabled()
    home_.call("POST", f"/v1/jobs/{jobs[0]['id']}/cancel", {})
    expect(bar.get_by_role("button", name="Cancel 1")).to_be_enabled()
    expect(bar.get_by_role("button", name="Run again 1")).to_be_enabled()


def test_all_that_fit_a_filter_are_acted_on(visit, home_):
    body = {"type": "play", "operation": "nobody", "tags": ["masses"]}
    home_.call("POST", "/v1/jobs/bulk", {"jobs": [body] * 60})
    page = visit().log_in("/jobs?tag=masses")
    page.get_by_role("checkbox", name="Select all rows").check()
    page.get_by_role("button", name="Take all that fit the filters").click()
    page.get_by_role("region", name="Selected jobs").get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog", name="Cancel: 60 jobs?").get_by_role("button", name="Cancel 60 jobs").click()
    expect(page.get_by_role("status").filter(has_text="60 jobs")).to_be_visible()
    found = home_.call("GET", "/v1/jobs?tag=masses&status=canceled&pageSize=1")
    assert found["pagination"]["totalCount"] == 60


def test_older_jobs_are_shown_when_asked_for_and_stay_live(visit, home_):
    body = {"type": "play", "operation": "nobody", "tags": ["pages"]}
    made = home_.call("POST", "/v1/jobs/bulk", {"jobs": [body] * 70})["data"]["jobs"]
    page = visit().log_in("/jobs?tag=pages")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Show older jobs").click()
    expect(page.locator("tbody tr")).to_have_count(70)
    home_.call("POST", f"/v1/jobs/{made[0]['id']}/cancel", {})
    expect(row(page, made[0])).to_have_attribute("data-status", "canceled")
    home_.job("nobody", tags=["pages"])
    page.get_by_role("heading", level=1).hover()
    expect(page.locator("tbody tr")).to_have_count(71)
    expect(page.get_by_role("button", name="Show older jobs")).to_have_count(0)


def test_a_row_opens_beside_the_list(visit, home_):
    jobs = [home_.job("nobody", label=f"Beside {number}") for number in range(2)]
    page = visit().log_in()
    expect(row(page, jobs[1])).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drawer = page.get_by_role("complementary", name="Job")
    expect(drawer).to_contain_text("Beside 1")
    expect(page).to_have_url(re.compile(f"open={jobs[1]['id']}"))
    page.keyboard.press("j")
    expect(drawer).to_contain_text("Beside 0")
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(row(page, jobs[0]).locator("a.name")).to_be_focused()
    row(page, jobs[1]).locator("td.left").click()
    drawer.get_by_role("link", name="Whole page").click()
    expect(page.get_by_role("heading", level=1, name="Beside 1")).to_be_visible()
    page.go_back()
    expect(drawer).to_be_visible()


def test_a_viewer_selects_nothing(visit, home_):
    job = home_.job("nobody")
    page = visit().log_in(member=home_.member("Vera", "viewer")["id"])
    expect(row(page, job)).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile("Select"))).to_have_count(0)


def test_a_lost_connection_is_told_and_caught_up(visit, home_):
    there = visit()
    page = there.log_in()
    job = home_.job(input={"steps": 60, "pause_s": 0.1})
    expect(row(page, job)).to_contain_text("Running")
    there.context.set_offline(True)
    expect(page.locator(".banner")).to_contain_text("The connection is lost")
    expect(page.locator(".live")).to_have_text("Not live")
    there.context.set_offline(False)
    expect(page.locator(".banner")).to_be_empty()
    expect(page.locator(".live")).to_have_text("Live")
    expect(row(page, job)).to_have_attribute("data-status", "complete")
    # The browser itself says that it was offline.
    there.faults[:] = [fault for fault in there.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


def test_it_is_accessible(visit, home_):
    home_.job(input={"steps": 1, "fail": "No header"}, maxAttempts=1)
    job = home_.job("nobody", label="Orders of November")
    page = visit().log_in()
    expect(row(page, job)).to_be_visible()
    check_accessible(page)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_browser_whose_clock_is_wrong_goes_by_the_servers(visit, home_, hours):
    job = home_.job(label="Just now")
    there = visit()
    there.context.add_init_script(f"""
        const right = Date.now.bind(Date)
        Date.now = () => right() + {hours} * 3_600_000
    """)
    page = there.log_in("/jobs?since=1h")
    row = page.locator(f"tr[data-id={job['id']}]")
    expect(row.locator("time").last).to_have_text(re.compile(r"^(now|\d{1,2} s)$"))
    page.goto("/console/schedules")
    wrong_by = f"""async () => {{
        const {{ now }} = await import("/console/live.js")
        return now() - (Date.now() - {hours} * 3_600_000)
    }}"""
    until(lambda: abs(page.evaluate(wrong_by)) < 5_000, "an answer has told the time")
