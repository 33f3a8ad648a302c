import json


def test_members_are_added_and_listed_over_all_pages(api, tickwire):
    added = tickwire("members", "add", "Ada", "--email", "ada@example.com", "--role", "admin")
    assert added.stdout == "member Ada (admin) is added; let Ada in: tickwire login-link us_mem_1.\n"
    shown = json.loads(tickwire("members", "add", "Bob", "--email", "bob@example.com", "--json").stdout)
    assert (shown["id"], shown["role"]) == ("us_mem_2", "viewer")
    listed = tickwire("members").stdout
    assert "ada@example.com" in listed
    assert "bob@example.com" in listed
    assert [one["name"] for one in json.loads(tickwire("members", "list", "--json").stdout)] == ["Ada", "Bob"]
    assert tickwire("members", "list", "--role", "operator").stdout == "There are no members.\n"
    assert "Ada" not in tickwire("members", "list", "--inactive").stdout


def test_the_way_in_names_the_space_and_the_server_too(api, tickwire, monkeypatch):
    monkeypatch.setenv("TICKWIRE_SPACE", "")
    added = tickwire("members", "add", "Ada", "--email", "a@b", "--space", "acme", "--url", api.url)
    assert added.stdout.endswith(f"tickwire login-link us_mem_1 --space acme --url {api.url}.\n")


def test_a_member_is_named_by_e_mail_or_id(api, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com")
    assert (
        tickwire("members", "set-role", "ada@example.com", "operator").stdout
        == "member Ada is operator now.\n"
    )
    assert tickwire("members", "deactivate", "us_mem_1").stdout == "member Ada may not log in any more.\n"
    assert api.members["us_mem_1"]["active"] is False
    assert json.loads(tickwire("members", "activate", "us_mem_1", "--json").stdout)["active"] is True
    assert tickwire("members", "log-out", "us_mem_1").stdout == "us_mem_1 is logged out everywhere.\n"
    assert api.members["us_mem_1"]["loggedOut"] is True
    assert tickwire("members", "remove", "ada@example.com").stdout == "ada@example.com is removed.\n"
    assert api.members["us_mem_1"]["deletedAt"]


def test_schedules_that_run_no_more_are_told(api, tickwire):
    tickwire("members", "add", "Ada", "--email", "ada@example.com", "--role", "operator")
    api.members["us_mem_1"]["schedules"] = 2
    advice = "2 schedules of Ada run no more: tickwire schedules hand-over --all-of us_mem_1 --to MEMBER\n"
    assert tickwire("members", "deactivate", "us_mem_1").stdout.endswith(advice)
    assert "no more" not in tickwire("members", "activate", "us_mem_1").stdout
    assert tickwire("members", "set-role", "us_mem_1", "viewer").stdout.endswith(advice)
    api.members["us_mem_1"]["schedules"] = 1
    assert "1 schedule of Ada runs no more:" in tickwire("members", "remove", "us_mem_1").stdout


def test_an_e_mail_that_nobody_has_is_told(api, tickwire):
    refused = tickwire("members", "deactivate", "nobody@example.com")
    assert refused.exit_code != 0
    assert "No member of this space has the e-mail nobody@example.com" in refused.stderr


def test_programs_are_no_members(api, tickwire):
    refused = tickwire("members", "add", "x", "--email", "x@y", "--role", "listener")
    assert refused.exit_code == 2
    assert api.members == {}
