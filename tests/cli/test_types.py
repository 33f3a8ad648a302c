"""``tickwire types``."""

import json

import pytest

TYPE = {
    "code": "workbook:export", "name": "workbook:export", "domain": "workbook", "operation": "export", "label": "Export",
    "description": "To CSV", "modes": ["full", "delta"], "online": True, "builtIn": False, "needsFile": True,
    "inputForm": {"fields": []}, "updatedAt": "2026-01-01T12:00:00.000Z",
    "inputSchema": {
        "type": "object",
        "properties": {
            "rows": {"type": "integer", "default": 10, "description": "How many"},
            "to": {"enum": ["csv", "xlsx"], "title": "Format"},
            "any": True,
        },
        "required": ["to"],
    },
}  # fmt: skip
OTHER = TYPE | {"code": "noop", "name": "system:noop", "label": None, "builtIn": True, "modes": ["full"]}
GONE = TYPE | {"code": "gone", "online": False, "inputSchema": {"type": "object"}}


@pytest.fixture(autouse=True)
def known(api):
    for one in (OTHER, TYPE, GONE):
        api.types[one["code"]] = one


def test_all_pages_are_listed(api, tickwire):
    lines = tickwire("types").stdout.splitlines()
    assert lines[0].split() == ["CODE", "JOB", "STATE", "MODES", "LABEL"]
    assert lines[1].split() == ["noop", "system:noop", "built", "in", "full"]
    assert lines[2].split() == ["workbook:export", "online", "full,", "delta", "Export"]
    assert "offline" in lines[3]
    assert len(lines) == 4
    assert [one["code"] for one in json.loads(tickwire("types", "--json").stdout)] == list(api.types)


def test_a_list_may_be_narrowed(api, tickwire):
    tickwire("types", "list", "--offline", "--domain", "workbook", "-s", "exp")
    assert api.lists[-1] == {"online": "false", "domain": "workbook", "q": "exp", "cursor": "2"}
    api.types.clear()
    assert tickwire("types", "--online").stdout == "There are no job types.\n"


def test_a_code_alone_shows_the_type(tickwire):
    shown = tickwire("types", "workbook:export").stdout
    assert shown == tickwire("types", "show", "workbook:export").stdout
    assert "Export\nTo CSV\n" in shown
    assert "online, modes full, delta; needs a file" in shown
    assert [line.split() for line in shown.splitlines()[-3:]] == [
        ["rows", "integer", "10", "How", "many"],
        ["to", '"csv"', "or", '"xlsx"', "yes", "Format"],
        ["any"],
    ]
    assert "Any parameters are taken" in tickwire("types", "gone").stdout
    assert json.loads(tickwire("types", "workbook:export", "--json").stdout)["needsFile"] is True


def test_an_unknown_code_is_told(tickwire):
    result = tickwire("types", "exprt")
    assert (result.exit_code, "Did you mean export?" in result.stderr) == (1, True)


def test_a_job_is_made_watched_and_shown(api, tickwire, tmp_path):
    (tmp_path / "p.json").write_text('{"rows": 1, "to": "csv"}')
    (tmp_path / "in.csv").write_text("a")
    result = tickwire(
        "types", "run", "workbook:export", "-p", "rows=5", "--params", f"@{tmp_path / 'p.json'}", "--mode", "delta",
        "--file", tmp_path / "in.csv", "--label", "Mine", "--priority", 3, "-m", "team=x", "--tag", "acme", "--at", "2030-01-31T08:00",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    ((code, body),) = api.executed
    assert code == "workbook:export"
    assert body["params"] == {"rows": 5, "to": "csv"}
    assert (body["mode"], body["fileId"], body["label"], body["priority"]) == ("delta", "us_fl_1", "Mine", 3)
    assert (body["metadata"], body["tags"], body["scheduledAt"][:4]) == ({"team": "x"}, ["acme"], "2030")


def test_a_detached_run_prints_the_job(api, tickwire):
    api.never_ends = True
    assert tickwire("types", "run", "noop", "-d").stdout == "us_jb_0000000001\n"
    shown = json.loads(tickwire("types", "run", "noop", "-d", "--json").stdout)
    assert (shown["id"], "createdAt" in shown) == ("us_jb_0000000002", True), (
        "JSON is as the server writes it"
    )
    assert api.executed == [("noop", {"params": {}})] * 2


def test_the_exit_code_is_that_of_the_job(api, tickwire):
    api.ending = {"status": "failed"}
    assert tickwire("types", "run", "noop").exit_code == 1


def test_all_that_is_wrong_with_the_parameters_is_shown(api, tickwire):
    api.problems = [{"code": "invalid", "key": f"params.{n}", "message": f"params.{n}: bad."} for n in "ab"]
    result = tickwire("types", "run", "noop")
    assert result.exit_code == 1
    assert result.stderr == "error: params.a: bad.\nparams.b: bad.\n"


def test_a_type_is_deleted(api, tickwire):
    assert tickwire("types", "delete", "gone").stdout == "job type gone is deleted.\n"
    assert json.loads(tickwire("types", "delete", "noop", "--json").stdout) == {"deleted": "noop"}
    assert list(api.types) == ["workbook:export"]


PARAMS = {
    "type": "object",
    "properties": {
        "sha": {
            "anyOf": [{"type": "string", "minLength": 64, "maxLength": 64}, {"type": "null"}],
            "default": None,
        },
        "rows": {"type": "integer", "minimum": 1, "maximum": 9},
        "title": {"type": "string"},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "maxItems": 3},
    },
    "$defs": {"Tag": {"type": "string"}},
}


def test_kinds_and_limits_of_parameters_are_shown(api, tickwire):
    api.types["gone"] = GONE | {"inputSchema": PARAMS}
    shown = {line.split()[0]: line for line in tickwire("types", "gone").stdout.splitlines()[-4:]}
    assert "string or null" in shown["sha"]
    assert "  64 characters" in shown["sha"]
    assert "1 to 9" in shown["rows"]
    assert "array of string" in shown["tags"]
    assert "at most 3 items" in shown["tags"]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"additionalProperties": {"type": "string"}}, "Any parameters are taken, each of the type string."),
        ({"additionalProperties": False}, "It takes no parameters."),
    ],
)
def test_a_type_that_names_no_parameters_says_what_it_takes(api, tickwire, schema, said):
    api.types["gone"] = GONE | {"inputSchema": schema}
    assert said in tickwire("types", "gone").stdout


def test_what_must_be_text_stays_text(api, tickwire):
    api.types["gone"] = GONE | {"inputSchema": PARAMS}
    tickwire(
        "types", "run", "gone", "-p", "title=2026", "-p", "rows=5", "-p", "sha=null", "-p", "other=7", "-d"
    )
    assert api.executed[-1][1]["params"] == {"title": "2026", "rows": 5, "sha": None, "other": 7}
    tickwire("definitions", "create", "a", "--type", "gone", "-p", "title=2026")
    assert api.definitions.known["a"]["params"] == {"title": "2026"}
    tickwire("definitions", "update", "a", "-p", "title=true")
    assert api.definitions.known["a"]["params"] == {"title": "true"}
    tickwire("definitions", "launch", "a", "-d", "-p", "title=3")
    assert api.definitions.asked[-1][1]["params"] == {"title": "3"}
