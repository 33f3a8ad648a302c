import json


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


def test_versions_are_listed(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "-p", "x=1")
    assert '{"x": 1}' in tickwire("definitions", "versions", "a").stdout
    assert json.loads(tickwire("definitions", "versions", "a", "--json").stdout)[0]["version"] == 1


def test_a_definition_is_deleted(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b")
    assert tickwire("definitions", "delete", "a").stdout == "definition a is deleted.\n"
    assert api.definitions.known == {}
