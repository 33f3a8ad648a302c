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


def test_an_unknown_status_names_those_that_exist(api, tickwire):
    result = tickwire("jobs", "--status", "done")
    assert result.exit_code == 2
    assert "executing" in result.stderr


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


def test_cancel_retry_and_delete_say_what_they_did(api, tickwire):
    job = api.job()["id"]
    assert tickwire("jobs", "cancel", job).stdout == f"{job} is canceled.\n"
    again = tickwire("jobs", "retry", job).stdout
    assert again.startswith(f"us_jb_0000000002 runs {job} again.")
    assert tickwire("jobs", "delete", job).stdout == f"{job} is deleted.\n"
    assert json.loads(tickwire("jobs", "delete", "us_jb_0000000002", "--json").stdout) == {
        "deleted": "us_jb_0000000002"
    }
    assert api.jobs == {}


def test_an_unknown_job_is_one_line(api, tickwire):
    result = tickwire("jobs", "show", "us_jb_9")
    assert (result.exit_code, result.stderr) == (1, "error: There is no such job.\n")
