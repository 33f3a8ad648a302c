"""What a definition was, on the command line."""

import json

PATH = ("definitions", "versions", "a")


def test_each_version_tells_what_it_has_changed(api, tickwire):
    long = "x" * 200
    tickwire(
        "definitions", "create", "a", "--type", "b", "-p", f"text={long}", "-p", "limit=1", "-p", "old=1"
    )
    whole = json.dumps({"text": long, "limit": 2})
    tickwire("definitions", "update", "a", "--params", whole, "--target", "shop")
    first, second = tickwire(*PATH).stdout.splitlines()[:0:-1]
    assert "params.limit 1 > 2; target - > shop; params.old 1 > -" in second
    assert "params.text" not in second
    assert "params {" in first
    assert [one["version"] for one in json.loads(tickwire(*PATH, "--json").stdout)] == [2, 1]


def test_one_version_is_shown_whole(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b", "-p", f"text={'x' * 200}")
    tickwire("definitions", "update", "a", "-p", "text=new")
    shown = tickwire(*PATH, "1").stdout
    assert f'params: {{"text": "{"x" * 200}"}}' in shown
    assert shown.startswith("a, version 1\nsince: 2026-01-01")
    assert json.loads(tickwire(*PATH, "2", "--json").stdout)["params"] == {"text": "new"}


def test_rules_that_changed_are_told_too(api, tickwire):
    tickwire("definitions", "create", "a", "--type", "b")
    api.definitions.past["a"].insert(
        0, {**api.definitions.past["a"][0], "version": 2, "notifications": [{"on": ["failure"]}]}
    )
    assert 'notifications - > [{"on": ["failure"]}]' in tickwire(*PATH).stdout
