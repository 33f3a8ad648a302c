from datetime import datetime, timedelta

import pytest

from listener_sdk.cli.creation import input_of
from listener_sdk.cli.progress import wall_clock


def only(api):
    (job,) = api.jobs.values()
    return job


def test_pairs_win_over_the_whole_input():
    assert input_of(("a=1",), '{"a": 0, "b": 2}') == {"a": 1, "b": 2}


@pytest.mark.parametrize("command", [("run",), ("jobs", "create")])
def test_a_job_follows_others_goes_before_others_and_starts_at_a_time(api, tickwire, command):
    options = ("--after", "us_jb_8", "--after", "us_jb_9", "--priority", "7", "--at", "2h", "-i", "rows=5")
    result = tickwire(*command, "workbook:export", *options)
    assert result.exit_code == 0, result.output
    job = only(api)
    assert (job["predecessorIds"], job["priority"], job["input"]) == (["us_jb_8", "us_jb_9"], 7, {"rows": 5})
    ahead = datetime.fromisoformat(job["scheduledAt"]) - wall_clock()
    assert timedelta(minutes=119) < ahead <= timedelta(hours=2)


@pytest.mark.parametrize("command", [("run",), ("jobs", "create")])
def test_a_job_is_tagged(api, tickwire, command):
    result = tickwire(*command, "workbook:export", "--tag", "acme", "--tag", "Q3 2026")
    assert result.exit_code == 0, result.output
    assert only(api)["tags"] == ["acme", "Q3 2026"]


@pytest.mark.parametrize("tag", ["", "a,b", "a*", "x" * 65])
def test_a_tag_that_is_none_makes_nothing(api, tickwire, tag):
    result = tickwire("jobs", "create", "a:b", "--tag", tag)
    assert result.exit_code != 0
    assert "tags[0]" in result.stderr
    assert "printable characters but comma, * and ?" in result.stderr
    assert api.jobs == {}


def test_what_is_left_out_is_the_servers_to_say(api, tickwire):
    tickwire("jobs", "create", "a:b")
    assert {"predecessorIds", "scheduledAt", "metadata", "tags"}.isdisjoint(only(api))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--at", "yesterday"), "--at 'yesterday' is no span or time"),
        (("--at", "2020-01-01"), "--at '2020-01-01' has passed"),
        (("--priority", "5000"), "-1000<=x<=1000"),
        (("--input", "rows"), "is not of the form name=value"),
    ],
)
def test_options_that_are_not_understood_make_nothing(api, tickwire, options, why):
    result = tickwire("jobs", "create", "a:b", *options)
    assert result.exit_code == 2
    assert why in result.stderr
    assert api.jobs == {}


@pytest.mark.parametrize("name", ["export", ":export", "workbook:"])
def test_a_name_that_is_none_is_refused_before_anything_is_made(api, tickwire, name):
    result = tickwire("run", name)
    assert result.exit_code == 2
    assert "error:" in result.stderr
    assert f"{name!r} is not the name of a job. Write type:operation" in result.stderr
    assert "Did you mean" not in result.stderr
    assert api.jobs == {}


@pytest.mark.parametrize(
    ("name", "meant"),
    [("Stock:Import", "stock:Import"), ("Work Book:export", "work-book:export"), ("a:b\n", "a:b")],
)
def test_a_name_that_is_nearly_one_is_answered_with_what_was_meant(api, tickwire, name, meant):
    result = tickwire("run", name)
    assert result.exit_code == 2
    assert result.stderr.endswith(f" Did you mean {meant}?\n")
