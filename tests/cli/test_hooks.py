"""``tickwire hooks``: listed, shown, switched on and off, removed."""

import json


def test_they_are_listed_with_what_they_start(api, tickwire):
    assert "There are no hooks" in tickwire("hooks").stdout
    api.hooks.put(name="Pushes")
    api.hooks.put(jobType="shop:import", definition=None, enabled=False)
    api.hooks.put(event="shop:called")
    lines = tickwire("hooks", "list").stdout.splitlines()
    assert lines[1].split() == ["us_hk_0000000001", "Pushes", "on", "github", "definition", "web"]
    assert lines[2].endswith("off    github  job type shop:import")
    assert lines[3].endswith("event shop:called")
    assert len(json.loads(tickwire("hooks", "list", "--json").stdout)) == 3


def test_one_is_shown_by_its_id(api, tickwire):
    one = api.hooks.put(
        verification={"kind": "hmac", "header": "x-sig"}, params={"echo": "{{ hook.body.a }}"}, filter={"body.a": 1},
        waitS=5, replayBy="header", replayHeader="x-id", oldSecretUntil="2026-01-02T12:00:00.000Z",
    )  # fmt: skip
    shown = tickwire("hooks", one["id"]).stdout
    for text in (
        "http://a.example/v1/hooks/abc",
        'hmac {"header": "x-sig"}',
        '{"echo": "{{ hook.body.a }}"}',
        "definition web",
        "header x-id",
        "5 s",
        "old secret until",
    ):
        assert text in shown
    assert "run mode" not in shown
    assert json.loads(tickwire("hooks", "show", one["id"], "--json").stdout)["waitS"] == 5


def test_one_is_switched_off_and_on(api, tickwire):
    one = api.hooks.put()
    assert "is disabled" in tickwire("hooks", "disable", one["id"]).stdout
    assert json.loads(tickwire("hooks", "enable", one["id"], "--json").stdout)["enabled"] is True
    assert api.hooks.asked == [{"enabled": False}, {"enabled": True}]


def test_one_is_removed(api, tickwire):
    one, other = api.hooks.put(), api.hooks.put()
    assert "is deleted" in tickwire("hooks", "delete", one["id"]).stdout
    assert json.loads(tickwire("hooks", "delete", other["id"], "--json").stdout) == {"deleted": other["id"]}
    assert api.hooks.known == {}
