import json

import pytest
from click.testing import CliRunner

from listener_sdk.cli import acts, main


@pytest.fixture
def terminal(monkeypatch):
    """Runs a command line before somebody who answers with these letters."""
    monkeypatch.setattr(acts, "_somebody_is_there", lambda: True)

    def run(*arguments, answer="y\n"):
        return CliRunner().invoke(main, arguments, input=answer, prog_name="tickwire")

    return run


def test_one_job_is_canceled_or_run_again_by_its_id(api, tickwire):
    job = api.job()["id"]
    assert tickwire("jobs", "cancel", job).stdout == f"{job} is canceled.\n"
    again = tickwire("jobs", "retry", job).stdout
    assert again.startswith(
        f"us_jb_0000000002 runs {job} again. Show it: tickwire jobs show us_jb_0000000002"
    )
    assert json.loads(tickwire("jobs", "retry", job, "--json").stdout)["rerunOf"] == job
    assert api.acts == []


def test_several_jobs_are_canceled_by_their_ids(api, tickwire):
    ids = [api.job()["id"] for _ in range(2)]
    assert (
        tickwire("jobs", "cancel", *ids, "--info", "No need").stdout
        == "2 jobs are canceled, or asked to stop.\n"
    )
    ((act, body),) = api.acts
    assert (act, body["ids"], body["info"]) == ("cancel", ids, "No need")


def test_ids_that_are_unknown_are_named_and_make_it_fail(api, tickwire):
    job = api.job()["id"]
    result = tickwire("jobs", "retry", job, "us_jb_9")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "1 job is run again.",
        "us_jb_9 is left as it is: There is no such job.",
    ]


def test_many_that_are_left_are_counted(api, tickwire):
    result = tickwire("jobs", "cancel", *(f"us_jb_{number}" for number in range(25)))
    assert result.stdout.splitlines()[-1] == "5 more are left as they are."
    assert len(result.stdout.splitlines()) == 22


def test_filters_say_which_are_meant(api, tickwire):
    api.job(status="ready")
    result = tickwire("jobs", "cancel", "--status", "ready", "--job", "a:*", "--limit", "7")
    assert (result.exit_code, result.stdout) == (0, "1 job is canceled, or asked to stop.\n")
    (_, counted), (_, done) = api.acts
    assert counted["dryRun"] is True
    assert done["filter"] == {"status": ["ready"], "job": "a:*"}
    assert done["limit"] == 1


def test_a_retry_means_failed_jobs_unless_it_says_more(api, tickwire):
    for status in ("failed", "complete", "canceled"):
        api.job(status=status)
    assert tickwire("jobs", "retry", "--all").stdout == "1 job is run again.\n"
    assert api.acts[-1][1]["filter"] == {"status": ["failed"]}
    both = ("--status", "failed", "--status", "canceled")
    assert tickwire("jobs", "retry", *both, "--since", "1h").stdout == "2 jobs are run again.\n"
    assert tickwire("jobs", "cancel", "--all").stdout.startswith("3 jobs")
    assert api.acts[-1][1]["all"] is True


def test_a_dry_run_only_counts(api, tickwire):
    api.job()
    assert (
        tickwire("jobs", "cancel", "--all", "--dry-run").stdout
        == "1 job would be canceled, or asked to stop.\n"
    )
    told = json.loads(tickwire("jobs", "cancel", "--all", "--dry-run", "--json").stdout)
    assert (told["matched"], told["done"]) == (1, 0)
    assert all(body["dryRun"] for _, body in api.acts)


def test_a_dry_run_never_acts_on_a_job_that_is_named(api, tickwire):
    job = api.job()["id"]
    assert (
        tickwire("jobs", "cancel", job, "--dry-run").stdout == "1 job would be canceled, or asked to stop.\n"
    )
    assert api.canceled == []
    assert [body["dryRun"] for _, body in api.acts] == [True]


def test_a_person_is_asked_before_filters_act(api, terminal):
    api.job(), api.job()
    refused = terminal("jobs", "cancel", "--all", answer="n\n")
    assert refused.exit_code == 1
    assert "Cancel 2 jobs? [y/N]" in refused.output
    assert all(body["dryRun"] for _, body in api.acts)
    assert "2 jobs are canceled" in terminal("jobs", "cancel", "--all").stdout
    assert "?" not in terminal("jobs", "cancel", "--all", "--yes").output


def test_nobody_is_asked_about_jobs_that_are_named(api, terminal):
    ids = [api.job()["id"] for _ in range(2)]
    assert "?" not in terminal("jobs", "cancel", *ids, answer="").output


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_what_says_nothing_or_too_much_is_refused(api, tickwire, act):
    nothing = tickwire("jobs", act)
    assert nothing.exit_code == 2
    assert nothing.stderr == (
        "error: Which jobs? Give their ids, or filters such as --status or --job, or --all. "
        f"See tickwire jobs {act} --help.\n"
    )
    both = tickwire("jobs", act, "us_jb_1", "--status", "ready")
    assert both.stderr == "error: Give ids, or filters: not both.\n"
    assert api.acts == []


@pytest.mark.parametrize(
    ("act", "statuses", "told"),
    [
        (
            "retry",
            ["ready"],
            "Only jobs that have ended can be run again: complete, failed, canceled, not ready.",
        ),
        (
            "cancel",
            ["failed", "complete"],
            "Only jobs that have not ended can be canceled: created, planning, scheduled, ready, executing, waiting, not failed, complete.",
        ),
    ],
)
def test_statuses_of_which_no_job_can_be_meant_are_refused(api, tickwire, act, statuses, told):
    given = [word for status in statuses for word in ("--status", status)]
    result = tickwire("jobs", act, *given, "--all")
    assert (result.exit_code, result.stderr) == (2, f"error: {told}\n")
    assert api.acts == []


def test_a_job_option_that_can_match_no_name_is_refused(api, tickwire):
    result = tickwire("jobs", "cancel", "--job", "bulk")
    told = "error: --job 'bulk' can match no job: a name is type:operation. Did you mean bulk:* or *:bulk?\n"
    assert (result.exit_code, result.stderr) == (2, told)
    assert api.acts == []
    assert tickwire("jobs", "cancel", "--job", "**").exit_code == 0
