import json

import pytest


@pytest.fixture(autouse=True)
def no_space(monkeypatch):
    monkeypatch.setenv("TICKWIRE_SPACE", "")


def test_spaces_are_made_and_listed_over_all_pages(api, tickwire):
    made = tickwire("spaces", "create", "Acme & Sons", "--time-zone", "Europe/Paris")
    assert "--space acme-sons" in made.stdout
    tickwire("spaces", "create", "Other", "--code", "o", "--link-template", "https://a.example/{id}")
    assert api.spaces["o"]["linkTemplate"] == "https://a.example/{id}"
    listed = tickwire("spaces").stdout
    assert "Europe/Paris" in listed
    assert "Other" in listed
    assert [one["code"] for one in json.loads(tickwire("spaces", "list", "--json").stdout)] == [
        "acme-sons",
        "o",
    ]


def test_a_space_is_renamed_archived_and_restored(api, tickwire):
    tickwire("spaces", "create", "Acme")
    assert tickwire("spaces", "rename", "acme", "Acme Ltd").stdout == "space acme is Acme Ltd now.\n"
    assert tickwire("spaces", "archive", "acme").stdout == "space acme is archived.\n"
    assert api.spaces["acme"]["status"] == "archived"
    assert json.loads(tickwire("spaces", "restore", "acme", "--json").stdout)["status"] == "active"


def test_a_space_is_deleted_once_it_is_confirmed(api, tickwire):
    tickwire("spaces", "create", "Acme")
    refused = tickwire("spaces", "delete", "acme", typed="n\n")
    assert (refused.exit_code, list(api.spaces)) == (1, ["acme"])
    assert "for ever" in refused.stderr
    assert "is closed" in tickwire("spaces", "delete", "acme", "--yes").stdout
    assert api.spaces == {}


def test_a_command_acts_in_the_space_that_it_names(api, tickwire):
    tickwire("spaces", "list", "--space", "acme")
    assert api.acted_in == ["acme"]
    refused = tickwire("spaces", "list", "--space", "A B")
    assert refused.exit_code != 0
    assert "is not a space" in refused.stderr


def test_a_code_that_is_none_is_refused_before_it_is_sent(api, tickwire):
    assert tickwire("spaces", "create", "Acme", "--code", "A B").exit_code != 0
    assert api.spaces == {}


def test_settings_change_one_by_one(api, tickwire):
    tickwire("spaces", "create", "Acme", "--link-template", "https://a.example/{id}")
    told = tickwire("spaces", "set", "acme", "--time-zone", "Europe/Paris", "--job-days", "30").stdout
    assert told == "space acme is set up: time zone Europe/Paris, keeps jobs 30 days.\n"
    assert "jobs 30 days" in tickwire("spaces").stdout
    found = tickwire("spaces", "set", "acme", "--file-days", "0.5", "--link-template", "none", "--json")
    shown = json.loads(found.stdout)
    assert (shown["timeZone"], shown["retention"]) == ("Europe/Paris", {"jobDays": 30.0, "fileDays": 0.5})
    assert "linkTemplate" not in shown
    kept = json.loads(tickwire("spaces", "set", "acme", "--job-days", "default", "--json").stdout)
    assert kept["retention"] == {"fileDays": 0.5}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Nothing is to be changed"),
        (("--job-days", "many"), "--job-days 'many' is no number"),
        (("--job-days", "0"), "--job-days '0' is none: more than 0, and 36,500 days"),
        (("--file-days", "nan"), "--file-days 'nan' is none"),
    ],
)
def test_settings_that_mean_nothing_are_refused(api, tickwire, args, told):
    refused = tickwire("spaces", "set", "acme", *args)
    assert (refused.exit_code, told in refused.stderr) == (2, True)


def test_the_first_space_is_archived_once_it_is_confirmed(api, tickwire):
    tickwire("spaces", "create", "Default")
    refused = tickwire("spaces", "archive", "default", typed="n\n")
    assert (refused.exit_code, api.spaces["default"]["status"]) == (1, "active")
    assert "keys of the whole store act" in refused.stderr
    assert tickwire("spaces", "archive", "default", "--yes").stdout == "space default is archived.\n"
