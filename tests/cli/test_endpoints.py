"""``tickwire endpoints``: made, shown, changed, given new secrets and removed."""

import json

import pytest


def test_one_is_made_and_its_secret_stands_alone_on_the_last_line(api, tickwire):
    args = ("create", "https://a.example/x", "--topic", "job:*", "--topic", "a:*")
    shown = tickwire("endpoints", *args, "--where", '{"status": "failed"}', "--name", "A").stdout
    assert shown.splitlines()[-1] == "whsec_new"
    assert "shown only now" in shown
    assert api.endpoints.asked == [
        {
            "url": "https://a.example/x",
            "topics": ["job:*", "a:*"],
            "filter": {"status": "failed"},
            "name": "A",
        }
    ]
    made = json.loads(tickwire("endpoints", *args, "--disabled", "--json").stdout)
    assert (made["secret"], made["enabled"]) == ("whsec_new", False)


def test_a_topic_that_the_server_never_publishes_is_told(api, tickwire):
    warning = "warning: the server publishes no job:complete. Did you mean job:completed?\n"
    made = tickwire("endpoints", "create", "https://a.example/x", "--topic", "job:complete")
    assert (made.exit_code, warning in made.stderr) == (0, True)
    changed = tickwire("endpoints", "update", "us_ep_0000000001", "--topic", "job:complete")
    assert (changed.exit_code, warning in changed.stderr) == (0, True)


def test_they_are_listed_with_how_they_stand(api, tickwire):
    assert "There are no endpoints" in tickwire("endpoints").stdout
    api.endpoints.put(name="Books")
    api.endpoints.put(enabled=False, disabledBecause="gone")
    api.endpoints.put(enabled=False)
    api.endpoints.put(failingSince="2026-01-01T12:00:00.000Z")
    lines = tickwire("endpoints", "list").stdout.splitlines()
    assert [line.split()[-3] for line in lines[1:]] == ["on", "gone", "off", "fails"]
    assert len(json.loads(tickwire("endpoints", "list", "--enabled", "--json").stdout)) == 4
    assert api.endpoints.asked[-1]["enabled"] == "true"


def test_one_is_shown_by_its_id(api, tickwire):
    one = api.endpoints.put(name="Books", pending=3, missed=2, filter={"a": 1})
    shown = tickwire("endpoints", one["id"]).stdout
    for text in ("Books", "https://a.example/in", "deliveries wait", "events left out"):
        assert text in shown
    assert "rests until" not in shown
    assert json.loads(tickwire("endpoints", "show", one["id"], "--json").stdout)["pending"] == 3


def test_what_is_named_is_changed(api, tickwire):
    one = api.endpoints.put()
    tickwire("endpoints", "update", one["id"], "--address", "https://b.example", "--topic", "a:*", "--all")
    assert api.endpoints.asked[-1] == {"filter": None, "url": "https://b.example", "topics": ["a:*"]}
    assert "enabled" in tickwire("endpoints", "enable", one["id"]).stdout
    assert "disabled" in tickwire("endpoints", "disable", one["id"]).stdout
    assert api.endpoints.asked[-2:] == [{"enabled": True}, {"enabled": False}]


def test_a_new_secret_is_shown_once(api, tickwire):
    one = api.endpoints.put()
    shown = tickwire("endpoints", "rotate", one["id"]).stdout
    assert "signs until" in shown
    assert shown.splitlines()[-1] == "whsec_newer"
    assert api.endpoints.asked[-1] == {"overlapS": 86_400.0}
    assert "has ended" in tickwire("endpoints", "rotate", one["id"], "--overlap", "0").stdout


def test_one_is_removed(api, tickwire):
    one = api.endpoints.put()
    assert "is deleted" in tickwire("endpoints", "delete", one["id"]).stdout
    assert api.endpoints.known == {}
    other = api.endpoints.put()
    assert json.loads(tickwire("endpoints", "delete", other["id"], "--json").stdout) == {
        "deleted": other["id"]
    }


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("create", "https://a.example"), "Say which events it hears"),
        (("create", "a.example", "--topic", "a:*"), "must begin with https://"),
        (("update", "us_ep_1"), "Nothing is to be changed"),
        (("update", "us_ep_1", "--all", "--where", "{}"), "exclude each other"),
        (("create", "https://a.example", "--topic", "a:*", "--where", "[1]"), "--where"),
        (("rotate", "us_ep_1", "--overlap", "90d"), "30d at most"),
    ],
)
def test_what_is_not_understood_is_said(api, tickwire, args, told):
    result = tickwire("endpoints", *args)
    assert result.exit_code == 2
    assert told in result.stderr
    assert api.endpoints.asked == []
