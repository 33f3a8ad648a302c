"""``tickwire hooks create``, ``update`` and ``rotate``."""

import json

import pytest


def test_one_is_made_and_its_secret_stands_alone_on_the_last_line(api, tickwire):
    args = ("create", "Pushes", "github", "--event", "git:push", "-p", "ref={{ hook.body.ref }}")
    where = ("--where", '{"headers.x-github-event": "push"}')
    shown = tickwire("hooks", *args, *where, "--wait", 0).stdout
    assert shown.splitlines()[-2:] == ["http://a.example/v1/hooks/abc", "the-new-secret"]
    assert "shown only now" in shown
    assert api.hooks.asked == [
        {
            "name": "Pushes",
            "enabled": True,
            "verification": {"kind": "github"},
            "event": "git:push",
            "params": {"ref": "{{ hook.body.ref }}"},
            "filter": {"headers.x-github-event": "push"},
            "waitS": 0,
        }
    ]
    made = json.loads(tickwire("hooks", *args, "--disabled", "--json").stdout)
    assert (made["secret"], made["enabled"]) == ("the-new-secret", False)


def test_a_secret_that_the_sender_gave_is_read_from_a_file(api, tickwire, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\r\n")
    args = ("create", "Shop", "standard", "--definition", "web", "--tolerance", 60)
    shown = tickwire("hooks", *args, "--secret-file", path)
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (0, "http://a.example/v1/hooks/abc")
    assert tickwire("hooks", *args, "--secret-file", "-", typed=path.read_text()).exit_code == 0
    for asked in api.hooks.asked:
        assert asked["secret"] == "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="
        assert asked["verification"] == {"kind": "standard", "toleranceS": 60}


def test_any_other_way_to_sign_is_said_by_options(api, tickwire):
    way = ("--header", "X-Sig", "--prefix", "sha512=", "--encoding", "base64", "--algorithm", "sha512")
    signed = ("--signed", "{timestamp}.{body}", "--timestamp-header", "X-Time")
    tickwire("hooks", "create", "Shop", "hmac", "--job-type", "shop:import", *way, *signed)
    assert api.hooks.asked[-1]["verification"] == {
        "kind": "hmac", "header": "x-sig", "prefix": "sha512=", "encoding": "base64", "algorithm": "sha512",
        "signed": "{timestamp}.{body}", "timestampHeader": "x-time",
    }  # fmt: skip


def test_a_hook_without_secret_shows_its_address_alone(api, tickwire):
    shown = tickwire("hooks", "create", "Open", "none", "--definition", "web").stdout
    assert shown.splitlines()[-1] == "http://a.example/v1/hooks/abc"
    assert "Whoever knows its address" in shown


def test_what_is_named_is_changed(api, tickwire):
    one = api.hooks.put(event="a:b", params={"a": 1, "b": 2})
    shown = tickwire("hooks", "update", one["id"], "-p", "b=3", "--all", "--name", "Books").stdout
    assert "is changed (version 2)" in shown
    assert api.hooks.asked[-1] == {"name": "Books", "filter": None, "params": {"a": 1, "b": 3}}
    tickwire("hooks", "update", one["id"], "--params", '{"c": 4}', "-p", "d=5")
    assert api.hooks.asked[-1] == {"params": {"c": 4, "d": 5}}
    tickwire("hooks", "update", one["id"], "--definition", "web", "--wait", 5)
    assert api.hooks.asked[-1] == {"definition": "web", "waitS": 5}


def test_a_new_secret_is_shown_once(api, tickwire):
    one = api.hooks.put()
    shown = tickwire("hooks", "rotate", one["id"]).stdout
    assert "is valid until" in shown
    assert shown.splitlines()[-1] == "the-newer-secret"
    assert api.hooks.asked[-1] == {"overlapS": 86_400, "address": False}
    assert (
        "is valid until" not in tickwire("hooks", "rotate", one["id"], "--overlap", "0", "--address").stdout
    )
    assert api.hooks.asked[-1] == {"overlapS": 0, "address": True}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("create", "Shop", "github"), "Say what it starts"),
        (("create", "Shop", "github", "--event", "a:b", "--definition", "web"), "Say what it starts"),
        (("create", "Shop", "md5", "--event", "a:b"), "md5"),
        (("create", "Shop", "hmac", "--event", "a:b"), "hmac needs header"),
        (("create", "Shop", "github", "--header", "X", "--event", "a:b"), "takes no header"),
        (("create", "Shop", "github", "--event", "a:b", "--where", "[1]"), "--where"),
        (("create", "Shop", "github", "--event", "job:created"), "job"),
        (("create", "Shop", "github", "--event", "a:b", "-p", "x"), "--param"),
        (("update", "us_hk_1"), "Nothing is to be changed"),
        (("update", "us_hk_1", "--all", "--where", "{}"), "exclude each other"),
        (("rotate", "us_hk_1", "--overlap", "90d"), "30d at most"),
    ],
)
def test_what_is_not_understood_is_said(api, tickwire, args, told):
    result = tickwire("hooks", *args)
    assert result.exit_code == 2, result.output
    assert told in result.stderr
    assert api.hooks.asked == []
