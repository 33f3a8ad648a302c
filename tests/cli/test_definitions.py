import json

import pytest


def test_a_definition_is_made_shown_and_listed(api, tickwire):
    made = tickwire(
        "definitions",
        "create",
        "nightly",
        "--type",
        "workbook:export",
        "-p",
        "limit=3",
        "-p",
        "sheet=Orders",
        "--target",
        "t",
    )
    assert "tickwire definitions enable nightly" in made.stdout
    sent = api.definitions.known["nightly"]
    assert (sent["params"], sent["jobType"], sent["target"]) == (
        {"limit": 3, "sheet": "Orders"},
        "workbook:export",
        "t",
    )
    assert "enabled" not in json.loads(
        tickwire("definitions", "create", "b", "--type", "a:b", "--json").stdout
    ).get("options", {})
    shown = tickwire("definitions", "nightly").stdout
    assert "state: disabled" in shown
    assert '{"limit": 3, "sheet": "Orders"}' in shown
    listed = tickwire("definitions").stdout
    assert "workbook:export" in listed
    assert json.loads(tickwire("definitions", "list", "--enabled", "--json").stdout) == []
    assert (
        json.loads(tickwire("definitions", "show", "nightly", "--json").stdout)["jobDefinitionCode"]
        == "nightly"
    )


def test_a_definition_is_made_of_a_file_as_the_server_shows_it(api, tickwire, tmp_path):
    body = {
        "jobDefinition": {
            "id": "us_def_1",
            "version": 7,
            "jobDefinitionCode": "a",
            "jobType": "b",
            "params": {"x": 1},
            "enabled": True,
        }
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(body))
    assert tickwire("definitions", "create", "--file", path, "-p", "y=2").stdout == "definition a is made.\n"
    assert (api.definitions.known["a"]["params"], api.definitions.known["a"]["version"]) == (
        {"x": 1, "y": 2},
        1,
    )
    tickwire("definitions", "create", "c", "-f", json.dumps(body))
    assert api.definitions.known["c"]["jobType"] == "b"
    for wrong in ("[]", '{"jobDefinition": 5}'):
        refused = tickwire(
            "definitions", "create", "-f", f"@{tmp_path / 'none.json'}" if wrong == "[]" else wrong
        )
        assert refused.exit_code == 2
    assert "needs a code and a job type" in tickwire("definitions", "create", "x").stderr
    misspelt = tickwire(
        "definitions", "create", "-f", '{"jobDefinitionCode": "a", "jobType": "b", "parms": {}}'
    )
    assert misspelt.exit_code != 0


def test_a_definition_is_changed_enabled_and_disabled(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "-p", "x=1", "-p", "y=2")
    assert "(version 2)" in tickwire("definitions", "update", "a", "-p", "x=5").stdout
    assert api.definitions.known["a"]["params"] == {"x": 5, "y": 2}
    tickwire("definitions", "update", "a", "--params", '{"z": 1}', "--name", "A")
    assert (api.definitions.known["a"]["params"], api.definitions.known["a"]["name"]) == ({"z": 1}, "A")
    tickwire("definitions", "update", "a", "--file", '{"modes": {"default": "delta"}}')
    assert api.definitions.known["a"]["modes"] == {"default": "delta"}
    assert tickwire("definitions", "enable", "a").stdout == "definition a is enabled.\n"
    assert api.definitions.known["a"]["enabled"] is True
    tickwire("definitions", "disable", "a")
    assert api.definitions.known["a"]["enabled"] is False


def test_a_change_of_nothing_is_told_as_such(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "-p", "x=1")
    for nothing in ((), ("--file", "{}"), ("--file", '{"jobDefinitionCode": "a"}')):
        refused = tickwire("definitions", "update", "a", *nothing)
        assert (refused.exit_code, "Nothing is to be changed" in refused.stderr) == (2, True), nothing
    same = tickwire("definitions", "update", "a", "-p", "x=1")
    assert same.stdout == "definition a is as it was (version 1).\n"


def test_another_code_is_refused(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b")
    refused = tickwire("definitions", "update", "a", "--file", '{"jobDefinitionCode": "c", "name": "C"}')
    assert refused.exit_code == 2
    assert "never changes" in refused.stderr
    assert api.definitions.known["a"]["name"] == "a"
    kept = tickwire("definitions", "update", "a", "--file", '{"jobDefinitionCode": "a", "name": "A"}')
    assert kept.stdout == "definition a is changed (version 2).\n"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("update", "a", "--file", '{"schedul": {}}'), ["schedul: there is no such field. Did you mean schedule?"]),
        (("create", "a", "--type", "b", "-f", '{"schedul": 1, "x": 1}'), ["Did you mean schedule?", "x: there is no"]),
        (
            ("create", "-f", '{"jobDefinition": {"jobDefinitionCode": "a", "jobType": "b"}, "x": 1}'),
            ["x: there is no such field. There are jobDefinition."],
        ),
        (
            ("create", "a", "--type", "b", "-f", '{"triggers": [{"topic": "a:b", "filtre": {}}], "name": 5}'),
            ["triggers[0].filtre: there is no such field. Did you mean filter?", "name: "],
        ),
        (("create", "web 2", "--type", "b"), ["jobDefinitionCode: must be 1 to 128 letters"]),
        (("create", "a", "--type", "b", "-f", '{"params": [1]}', "-p", "x=1"), ["params: must be an object"]),
    ],
)  # fmt: skip
def test_what_a_file_must_not_hold_is_told_line_by_line(api, tickwire, call, said):
    tickwire("definitions", "create", "a", "--type", "b")
    refused = tickwire("definitions", *call)
    assert refused.exit_code == 2, refused.output
    lines = refused.stderr.removeprefix("error: ").splitlines()
    assert len(lines) == len(said)
    assert all(any(part in line for line in lines) for part in said), lines
    assert ".." not in refused.stderr


def test_a_definition_is_deleted(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b")
    assert tickwire("definitions", "delete", "a").stdout == "definition a is deleted.\n"
    tickwire("definitions", "create", "a", "--type", "b")
    api.schedules.put()
    api.schedules.put()
    assert (
        tickwire("definitions", "delete", "a").stdout == "definition a is deleted, and 2 schedules of it.\n"
    )
    assert api.definitions.known == {}
