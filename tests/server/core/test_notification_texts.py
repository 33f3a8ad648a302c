"""The words of messages: what they say, and that nothing of what jobs say is taken for markup, a header or a mention."""

import pytest

from server.core.notification_texts import (
    Links,
    Told,
    html,
    inbox,
    moment,
    one_line,
    plain,
    read_told,
    slack,
    subject,
    summary,
    title,
    trial_mail,
    webhook,
)
from server.core.notifications import OWNER, Digest, disabled_facts, missed_facts

RUN = {
    "jobId": "us_jb_1",
    "result": "failed",
    "at": "2026-01-01T23:30:00.000Z",
    "heading": "No rows",
    "message": "The file was empty.",
    "counts": {"total": 1200, "ok": 0, "failed": 1200},
    "next": [{"label": "a.csv", "fileId": "us_fl_1"}, {"label": "Docs", "url": "https://docs.example"}],
}
LINKS = Links(lambda job: f"https://jobs.example/{job}", lambda file: f"https://jobs.example/{file}?signed")
NOWHERE = Links(lambda _: None, lambda _: None)
EVIL = '<img src=x onerror=alert(1)> & <!channel> "quoted"\r\nBcc: all@example.com'


def told(*runs, name="Nightly import", **fields):
    given = {"space": "Shop", "zone": "Europe/Paris", "definition": "nightly", "job": "nightly:run"}
    rule = {"kind": "definition", "number": 0}
    return Told(**{**given, "rule": rule, "name": name, "digest": Digest().with_(runs), **fields})


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("failed", "Nightly import failed"),
        ("partial", "Nightly import was completed only in part"),
        ("success", "Nightly import succeeded"),
        ("canceled", "Nightly import was canceled"),
        ("recovered", "Nightly import has recovered"),
        ("missed", "Nightly import did not run"),
        ("paused", "Nightly import has a schedule that is paused now"),
    ],
)
def test_the_title_of_one_run(result, words):
    assert title(told({"result": result})) == words


def test_an_endpoint_that_was_disabled_is_told_with_what_switches_it_on_again():
    payload = {"endpointId": "us_ep_1", "reason": "gone", "message": "It has answered 410."}
    one = disabled_facts({**payload, "name": "Alarms", "disabledAt": "2026-01-01T23:30:00.000Z"})
    message = told(one, name="Endpoints", rule={"kind": "space", "number": 0}, definition=None)
    assert title(message) == "The endpoint Alarms was disabled"
    assert summary(message) == "It has answered 410."
    shown = plain(message, LINKS)
    assert "Was disabled: 2 January 2026, 00:30 Europe/Paris (endpoint Alarms)" in shown
    assert "tickwire endpoints enable us_ep_1" in shown
    assert "as an administrator of the space Shop" in shown
    assert "<code>tickwire endpoints enable us_ep_1</code>" in html(message, LINKS)
    other = disabled_facts(payload)
    assert title(told(other)) == "The endpoint us_ep_1 was disabled"
    assert title(told(one, other, name="Endpoints")) == "Endpoints: 2 disabled"


def test_the_title_of_many_runs_counts_them():
    runs = [{"result": "failed"}] * 1 + [{"result": "success"}] * 3 + [{"result": "missed", "count": 4}]
    assert title(told(*runs)) == "Nightly import: 1 run failed, 3 succeeded, 4 did not happen"
    paused = {"result": "paused"}
    assert title(told(paused, *runs[:1], paused)) == "Nightly import: 2 schedules paused, 1 failed"
    assert title(told(runs[0], paused)) == "Nightly import: 1 run failed, 1 schedule paused"


@pytest.mark.parametrize(
    ("least", "said"), [(False, ", 10,000 times in a row"), (True, ", at least 10,000 times in a row")]
)
def test_a_count_that_ended_says_so(least, said):
    payload = {"count": 10_000, "countIsLeast": least, "dueAt": "2026-01-01T23:30:00Z"}
    text = plain(told(missed_facts(payload, failed=False)), NOWHERE)
    assert text.splitlines()[2] == f"Did not run{said}: due 2 January 2026, 00:30 Europe/Paris"


def test_a_mail_says_what_happened_when_and_where_to_go():
    text = plain(told(RUN), LINKS)
    assert text.splitlines() == [
        "Nightly import failed",
        "",
        "Failed: 2 January 2026, 00:30 Europe/Paris",
        "No rows. The file was empty. (total 1,200, failed 1,200)",
        "Open the run: https://jobs.example/us_jb_1",
        "a.csv: https://jobs.example/us_fl_1?signed",
        "Docs: https://docs.example",
        "",
        "-- ",
        "You get this by a notification rule of the job definition nightly in the space Shop.",
    ]


def test_where_no_page_shows_the_run_a_command_is_named_that_does():
    run = {**RUN, "next": [{"label": "Open the run", "url": "https://evil.example"}]}
    text = plain(told(run), NOWHERE)
    assert "\ntickwire runs show us_jb_1\n" in text
    assert "jobs.example" not in text
    assert "<code>tickwire runs show us_jb_1</code>" in html(told(run), NOWHERE)
    assert "`tickwire runs show us_jb_1`" in slack(told(run), NOWHERE)["blocks"][0]["text"]["text"]
    assert "tickwire" not in plain(told(RUN), LINKS) + html(told(RUN), LINKS)


def test_an_inbox_says_the_first_of_several_runs():
    run = {**RUN, "heading": None, "counts": None, "message": "It broke"}
    assert inbox(told(run))["text"] == "It broke."
    assert inbox(told(run, {**run, "jobId": "us_jb_2"}))["text"] == "First: It broke."


def test_html_shows_texts_of_jobs_as_they_are():
    shown = html(
        told(
            {**RUN, "message": EVIL, "heading": EVIL, "next": [{"label": EVIL, "url": 'https://x/"><b>'}]},
            name=EVIL,
        ),
        LINKS,
    )
    assert "<img" not in shown
    assert '<b>"' not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert 'href="https://x/&quot;&gt;&lt;b&gt;"' in shown


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/inside", "data:text/html,x"])
def test_links_that_lead_nowhere_from_a_mail_are_left_out(url):
    run = {**RUN, "next": [{"label": "x", "url": url}]}
    assert url not in plain(told(run), LINKS) + html(told(run), LINKS)


def test_a_subject_has_one_line_whatever_names_hold():
    line = subject(told(RUN, name="a\r\nBcc: all@example.com\x00\u2028b" + "c" * 500, space="S\n"))
    assert line.startswith("[S] a Bcc: all@example.com b")
    assert "\n" not in line
    assert "\r" not in line
    assert len(line) < 210


def test_lines_of_text_are_one():
    assert one_line(" a\tb \n\n c ") == "a b c"


def test_slack_gets_no_mentions_from_jobs():
    body = slack(told({**RUN, "message": EVIL}, name="<!channel>"), LINKS)
    text = body["blocks"][0]["text"]["text"]
    assert "<!channel>" not in text + body["text"]
    assert "&lt;!channel&gt;" in text
    assert "<https://jobs.example/us_jb_1|Open the run>" in text


def test_slack_takes_three_thousand_characters():
    runs = [{**RUN, "message": "m" * 500} for _ in range(10)]
    text = slack(told(*runs), LINKS)["blocks"][0]["text"]["text"]
    assert len(text) <= 3_000
    assert text.endswith("…")


def test_a_webhook_says_it_for_programs():
    body = webhook(told(RUN), LINKS, "us_nd_1", "2026-01-02T00:00:00.000Z")
    assert (body["id"], body["type"], body["timestamp"]) == (
        "us_nd_1",
        "notification",
        "2026-01-02T00:00:00.000Z",
    )
    data = body["data"]
    assert (data["result"], data["counts"], data["jobDefinitionCode"]) == ("failed", {"failed": 1}, "nightly")
    [run] = data["runs"]
    assert run["url"] == "https://jobs.example/us_jb_1"
    assert run["next"][0] == {"label": "a.csv", "url": "https://jobs.example/us_fl_1?signed"}


def test_an_inbox_keeps_ids_and_no_links_that_go_stale():
    kept = inbox(told(RUN))
    assert (kept["title"], kept["jobId"], kept["counts"]) == (
        "Nightly import failed",
        "us_jb_1",
        {"failed": 1},
    )
    assert "next" not in kept["runs"][0]
    assert "jobId" not in inbox(told(RUN, RUN))


def test_the_summary_is_of_the_first_run():
    assert summary(told(RUN)) == "No rows. The file was empty. (total 1,200, failed 1,200)"
    assert summary(told(RUN, RUN)).startswith("First: No rows.")
    assert summary(told({"result": "failed"}, RUN)) == ""


def test_what_somebody_is_to_do_comes_first():
    assert summary(told(RUN, {"result": "paused", "message": "Enable it"})) == "Enable it."


@pytest.mark.parametrize(
    ("rule", "words"),
    [("schedule", "of the schedule nightly in"), ("space", "as an administrator of the space Shop")],
)
def test_a_mail_says_why_one_gets_it(rule, words):
    assert words in plain(told(RUN, rule={"kind": rule, "number": 0}), LINKS)


def test_a_mail_tells_the_owner_of_a_schedule_so():
    shown = plain(told(RUN, rule={"kind": "schedule", "number": OWNER}), LINKS)
    assert "as the owner of the schedule in the space Shop" in shown


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Paris", "2 January 2026, 00:30 Europe/Paris"),
        ("Nowhere/Else", "1 January 2026, 23:30 UTC"),
        ("../etc", "1 January 2026, 23:30 UTC"),
    ],
)
def test_times_stand_in_the_zone_of_the_space(zone, shown):
    assert moment(RUN["at"], zone) == shown
    assert moment(None, zone) == ""


def test_what_is_stored_is_read_back():
    assert read_told(told(RUN).stored()) == told(RUN)


def test_a_trial_mail_says_that_nothing_has_happened():
    line, text, shown = trial_mail("<Shop>\n")
    assert line == "[<Shop>] Mails of Tickwire reach you"
    assert "Nothing has happened." in text
    assert "<Shop>" not in shown
