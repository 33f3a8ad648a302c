import json


def test_jobs_are_listed_newest_first(api, tickwire):
    first = api.job(job="a:one", progress=40)["id"]
    second = api.job(job="a:two", info="Reading \x1b[2J")["id"]
    lines = tickwire("jobs").stdout.splitlines()
    assert lines[0].split() == ["ID", "JOB", "STATUS", "PROGRESS", "CREATED", "INFO"]
    assert [line.split()[0] for line in lines[1:]] == [second, first]
    assert "Reading \\x1b[2J" in lines[1]
    assert "40 %" in lines[2]
    assert api.lists[0]["sortDirection"] == "desc"


def test_what_has_ended_is_listed_with_what_it_came_to(api, tickwire):
    api.job(status="complete", info="Writing", outcome={"message": "Hashed 2 files.\nAll is well."})
    (line,) = tickwire("jobs").stdout.splitlines()[1:]
    assert line.endswith("Hashed 2 files.")


def test_filters_go_to_the_server(api, tickwire):
    api.job(status="failed")
    api.job(status="ready")
    found = json.loads(tickwire("jobs", "--status", "failed", "--job", "a:*", "--json").stdout)
    assert [job["status"] for job in found] == ["failed"]
    assert api.lists[0]["job"] == "a:*"


def test_the_limit_ends_the_list(api, tickwire):
    for _ in range(5):
        api.job()
    assert len(json.loads(tickwire("jobs", "list", "--limit", "3", "--json").stdout)) == 3


def test_an_empty_list_says_how_to_begin(api, tickwire):
    assert tickwire("jobs").stdout == "There are no such jobs. Create one: tickwire run JOB\n"


def test_show_tells_the_facts_and_the_outcome(api, tickwire):
    job = api.job(
        status="complete",
        progress=100,
        done=10,
        total=10,
        input={"rows": 10},
        finishedAt="2026-01-01T12:00:09.000Z",
        outcome={"heading": "Done", "next": {"type": "download", "url": "http://h/f"}},
    )
    shown = tickwire("jobs", "show", job["id"]).stdout
    for text in (
        "status       complete",
        "counts       10 of 10",
        "attempt      1 of 5",
        'input        {"rows": 10}',
        "Done",
        "Download: http://h/f",
    ):
        assert text in shown
    assert json.loads(tickwire("jobs", "show", job["id"], "--json").stdout)["id"] == job["id"]


def test_show_tells_where_a_job_comes_from_and_from_where_it_reads(api, tickwire):
    job = api.job(
        label="Nightly", definition="nightly", definitionVersion=3, jobType="workbook:export", runMode="delta", depth=2,
        watermark={"since": "2026-01-01", "to": "2026-01-02", "moved": True, "version": 4},
        startedBy={"kind": "event", "eventId": "us_evt_0000000007", "trigger": 0},
    )  # fmt: skip
    shown = tickwire("jobs", "show", job["id"]).stdout
    for text in (
        "label        Nightly",
        "definition   nightly, version 3",
        "job type     workbook:export",
        "run mode     delta",
        "watermark    since 2026-01-01, to 2026-01-02, moved",
        "started by   event: eventId us_evt_0000000007, trigger 0",
        "depth        2 (event triggers in a row)",
    ):
        assert text in shown
    plain = tickwire("jobs", "show", api.job()["id"]).stdout
    assert not any(name in plain for name in ("watermark", "started by", "depth", "label"))


def test_show_lists_attempts_that_ended_without_an_outcome(api, tickwire):
    job = api.job(status="scheduled", attempt=2)["id"]
    assert "ATTEMPT" not in tickwire("jobs", "show", job).stdout
    ended = "2026-01-01T12:00:00.000Z"
    api.attempts += [
        {"attempt": 1, "fence": 1, "reason": "failed", "message": "busy \x1b[2J", "endedAt": ended},
        {"attempt": 2, "fence": 3, "reason": "lease_lost", "endedAt": ended},
    ]
    *_, header, first, second = tickwire("jobs", "show", job).stdout.strip().splitlines()
    assert header.split() == ["ATTEMPT", "ENDED", "REASON", "MESSAGE"]
    assert first.split()[0] == "1"
    assert first.endswith("failed      busy \\x1b[2J")
    assert second.endswith("lease_lost")
    api.attempts += api.attempts * 9
    shown = tickwire("jobs", "show", job).stdout
    assert "... and 10 earlier ones." in shown
    assert shown.count("lease_lost") == 5


def test_show_tells_for_how_long_a_job_has_stalled(api, tickwire):
    job = api.job(status="executing", progress=40, stalledSince="2026-01-01T12:00:00.000Z")
    shown = tickwire("jobs", "show", job["id"]).stdout
    assert "stalled      for " in shown
    assert "no progress since 2026-01-01" in shown
    assert "ends about" not in shown


def test_show_tells_the_result_and_why_it_failed_where_the_log_says_it(api, tickwire):
    done = api.job(status="complete", finishedAt="2026-01-01T12:00:09.000Z", result={"sum": 7.0})["id"]
    assert tickwire("jobs", "show", done).stdout.endswith('a:b is complete\nResult: {"sum": 7}\n')
    failed = api.job(status="failed", finishedAt="2026-01-01T12:00:09.000Z")["id"]
    assert "Why:" not in tickwire("jobs", "show", failed).stdout
    api.log = [{"level": "error", "message": "boom"}]
    assert tickwire("jobs", "show", failed).stdout.endswith(f"Why: tickwire jobs log {failed}\n")


def test_the_log_is_shown_with_levels_and_fields(api, tickwire):
    job = api.job()["id"]
    assert tickwire("jobs", "log", job).stdout == "The log is empty.\n"
    api.log = [{"level": "error", "message": "Traceback:\n  boom", "fields": {"row": 7}}]
    assert "error   Traceback:\n  boom row=7" in tickwire("jobs", "log", job).stdout
    assert json.loads(tickwire("jobs", "log", job, "--json").stdout)[0]["fields"] == {"row": 7}


def test_show_tells_what_a_job_waits_for_and_what_a_part_works_on(api, tickwire):
    job = api.job(
        status="waiting", predecessorIds=["us_jb_8", "us_jb_9"], priority=5, part=1, partData={"page": 2}
    )
    shown = tickwire("jobs", "show", job["id"]).stdout
    for text in (
        "job          a:b part 1",
        "waits for    us_jb_8, us_jb_9",
        "priority     5",
        'part data    {"page": 2}',
    ):
        assert text in shown
    assert "follows" not in shown
    job |= {"status": "ready"}
    assert "follows      us_jb_8, us_jb_9" in tickwire("jobs", "show", job["id"]).stdout


def test_a_job_is_created_without_waiting_for_it(api, tickwire):
    api.untaken = True
    made = tickwire("jobs", "create", "a:b", "-i", "rows=1").stdout
    assert made == "us_jb_0000000001 is ready. Show it: tickwire jobs show us_jb_0000000001\n"
    assert json.loads(tickwire("jobs", "create", "a:b", "--json").stdout)["id"] == "us_jb_0000000002"


def test_a_job_may_wait_until_it_is_started(api, tickwire):
    made = tickwire("run", "a:b", "--manual")
    assert made.stdout == "us_jb_0000000001 waits to be started: tickwire jobs execute us_jb_0000000001\n"
    assert api.jobs["us_jb_0000000001"]["trigger"] == "manual"
    assert json.loads(tickwire("run", "a:b", "--manual", "--json").stdout)["trigger"] == "manual"
    started = tickwire("jobs", "execute", "us_jb_0000000001").stdout
    assert started.startswith("us_jb_0000000001 is executing.")
    assert (
        json.loads(tickwire("jobs", "execute", "us_jb_0000000001", "--json").stdout)["status"] == "executing"
    )


def test_delete_says_what_it_did(api, tickwire):
    first, second = (api.job()["id"] for _ in range(2))
    assert tickwire("jobs", "delete", first).stdout == f"{first} is deleted.\n"
    assert json.loads(tickwire("jobs", "delete", second, "--json").stdout) == {"deleted": second}
    assert api.jobs == {}


def test_an_unknown_job_is_one_line(api, tickwire):
    result = tickwire("jobs", "show", "us_jb_9")
    assert (result.exit_code, result.stderr) == (1, "error: There is no such job.\n")


def test_a_token_of_one_job_shows_it(api, tickwire):
    job, api.lists_nothing = api.job(), True
    shown = tickwire("jobs", "show", job["id"])
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert job["id"] in shown.stdout
