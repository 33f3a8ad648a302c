"""Listeners: who takes jobs, and who is drained."""

import re
import socket

import pytest
from console import check_accessible, home, needs_console
from playwright.sync_api import expect
from processes import until

pytestmark = [needs_console, pytest.mark.must_run, pytest.mark.xdist_group("console-listeners")]


@pytest.fixture(scope="module")
def home_(tmp_path_factory):
    with home(tmp_path_factory.mktemp("home")) as found:
        until(lambda: found.call("GET", "/v1/listeners")["data"], "the listener is there")
        yield found


@pytest.fixture
def session(home_):
    [found] = home_.call("GET", "/v1/listeners")["data"]
    yield found
    home_.call("POST", f"/v1/listeners/{found['id']}/resume")


def row(page, found):
    return page.locator(f"tr[data-id={found['id']}]")


def test_who_is_there_is_shown_with_what_it_takes_and_does(visit, home_, session):
    page = visit().log_in("/listeners")
    shown = row(page, session)
    expect(shown).to_contain_text(socket.gethostname()[:100])
    expect(shown).to_contain_text("tickwire-python/")
    expect(shown).to_contain_text("Connected")
    expect(shown.get_by_text("play:steps", exact=True)).to_be_visible()
    expect(shown).to_contain_text("0 of 10")
    job = home_.job(input={"steps": 600, "pause_s": 0.1})
    expect(shown.get_by_role("link", name=job["id"])).to_have_attribute("href", f"/console/jobs/{job['id']}")
    expect(shown).to_contain_text("1 of 10")
    home_.call("POST", f"/v1/jobs/{job['id']}/cancel")
    expect(shown).to_contain_text("0 of 10")


def test_one_is_drained_and_resumed_after_a_question(visit, home_, session):
    page = visit().log_in("/listeners")
    row(page, session).get_by_role("button", name="Drain").click()
    dialog = page.get_by_role("dialog", name=re.compile("Drain .*"))
    expect(dialog).to_contain_text("It gets no new jobs")
    expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    dialog.get_by_role("button", name="Drain").click()
    expect(row(page, session)).to_contain_text("Draining")
    expect(row(page, session)).to_contain_text("nobody takes it now")
    job = home_.job(input={"steps": 1})
    assert home_.call("GET", f"/v1/jobs/{job['id']}")["data"]["status"] == "ready"
    row(page, session).get_by_role("button", name="Resume").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    expect(row(page, session)).to_contain_text("Connected")
    until(
        lambda: home_.call("GET", f"/v1/jobs/{job['id']}")["data"]["status"] == "complete", "the job is done"
    )


def test_what_others_do_is_seen_at_once(visit, home_, session):
    page = visit().log_in("/listeners")
    expect(row(page, session)).to_contain_text("Connected")
    home_.call("POST", f"/v1/listeners/{session['id']}/drain")
    expect(row(page, session)).to_contain_text("Draining")


def test_who_may_only_look_has_no_button(visit, home_, session):
    reader = home_.member("Reader of listeners", "viewer")
    page = visit().log_in("/listeners", member=reader["id"])
    expect(row(page, session)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Drain|Resume"))).to_have_count(0)


def test_it_is_accessible(visit, session):
    page = visit().log_in("/listeners")
    expect(row(page, session)).to_be_visible()
    check_accessible(page)
    row(page, session).get_by_role("button", name="Drain").click()
    check_accessible(page)


def test_an_empty_list_teaches(visit, home_):
    home_.call("POST", "/v1/spaces", {"code": "empty", "name": "Empty"})
    page = visit().log_in("/listeners?space=empty")
    expect(page.get_by_role("heading", name="Nobody takes jobs")).to_be_visible()
    expect(page.get_by_text("tickwire listen hello.py")).to_be_visible()
    check_accessible(page)
