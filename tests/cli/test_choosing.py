from datetime import timedelta

import pytest

from listener_sdk.cli.choosing import filters_of
from listener_sdk.cli.failures import Misuse
from listener_sdk.cli.progress import wall_clock


def test_only_what_is_said_is_asked_for():
    assert filters_of((), None, None, None) == {}
    assert filters_of(("ready", "failed"), "a:*", None, "us_jb_1") == {
        "status": ["ready", "failed"],
        "job": "a:*",
        "parent_id": "us_jb_1",
    }
    assert filters_of((), None, None, None, "acme") == {"tag": "acme"}


def test_since_is_a_time_gone_by():
    since = filters_of((), None, "1h", None)["created_after"]
    assert timedelta(hours=1) <= wall_clock() - since < timedelta(hours=1, minutes=1)
    with pytest.raises(Misuse, match="--since"):
        filters_of((), None, "2100-01-01", None)


def test_the_options_of_a_list_go_to_the_server(api, tickwire):
    tickwire(
        "jobs",
        "--status",
        "ready",
        "--status",
        "failed",
        "--since",
        "2020-01-01",
        "--parent",
        "us_jb_1",
        "--tag",
        "acme",
    )
    (asked,) = api.lists
    assert (asked["status"], asked["parentId"], asked["tag"]) == ("ready,failed", "us_jb_1", "acme")
    assert asked["createdAfter"].startswith(("2020-01-01", "2019-12-31"))


def test_a_status_that_is_none_names_those_that_exist(api, tickwire):
    result = tickwire("jobs", "--status", "done")
    assert result.exit_code == 2
    assert "executing" in result.stderr
