"""``tickwire hooks deliveries``, ``delivery``, ``replay`` and ``try``."""

import json

HOOK, CAME = "us_hk_0000000001", "us_hd_0000000001"


def test_what_came_is_listed(api, tickwire):
    shown = tickwire("hooks", "deliveries", HOOK, "--status", "started", "-n", "5").stdout
    assert api.hooks.asked == [{"status": "started", "pageSize": "5"}]
    row = shown.splitlines()[1].split()
    assert (row[0], row[3:5], row[-2:]) == (CAME, ["started", "us_jb_0000000001"], ["2.0", "KiB"])
    api.hooks.status = "failed"
    assert "there is no such field" in tickwire("hooks", "deliveries", HOOK).stdout
    assert json.loads(tickwire("hooks", "deliveries", HOOK, "--json").stdout)[0]["id"] == CAME


def test_one_is_shown_with_its_headers_and_its_body(api, tickwire):
    shown = tickwire("hooks", "delivery", CAME).stdout
    for text in (
        f"{CAME}: started",
        "job: us_jb_0000000001",
        "authorization: ***",
        "?a: b",
        '{"ref":\n"main"}',
    ):
        assert text in shown
    api.hooks.status = "failed"
    assert "params.echo: there is no such field" in tickwire("hooks", "delivery", CAME).stdout
    assert json.loads(tickwire("hooks", "delivery", CAME, "--json").stdout)["size"] == 2048


def test_one_comes_once_more(api, tickwire):
    assert "us_hd_0000000002: started, us_jb_0000000002" in tickwire("hooks", "replay", CAME).stdout
    assert api.hooks.asked == [f"/v1/hook-deliveries/{CAME}/replay"]
    api.hooks.status = "failed"
    failed = tickwire("hooks", "replay", CAME, "--json")
    assert (failed.exit_code, json.loads(failed.stdout)["status"]) == (1, "failed")
    assert "tickwire hooks delivery us_hd_0000000002" in failed.stderr


def test_a_call_is_tried(api, tickwire, tmp_path):
    path = tmp_path / "push.json"
    path.write_text('{"ref": "main"}', encoding="utf-8")
    headers = ("-H", "X-GitHub-Event=push", "--header", "X-Number=7", "-q", "a=b=c")
    assert 'parameters: {"echo": 7}' in tickwire("hooks", "try", HOOK, path, *headers).stdout
    assert api.hooks.asked == [
        {
            "text": '{"ref": "main"}',
            "contentType": "application/json",
            "headers": {"X-GitHub-Event": "push", "X-Number": "7"},
            "query": {"a": "b=c"},
        }
    ]
    api.hooks.status = "ignored"
    form = ("--content-type", "application/x-www-form-urlencoded")
    assert "ignores it" in tickwire("hooks", "try", HOOK, "-", *form, typed="a=1").stdout
    assert (api.hooks.asked[-1]["text"], api.hooks.asked[-1]["contentType"]) == ("a=1", form[1])
    api.hooks.status = "failed"
    failed = tickwire("hooks", "try", HOOK, path)
    assert (failed.exit_code, "params.echo: there is no such field" in failed.stdout) == (1, True)
    assert tickwire("hooks", "try", HOOK, path, "--json").exit_code == 1


def test_what_no_hook_takes_is_not_sent(api, tickwire, tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff")
    for args, told in (
        ((path,), "UTF-8"),
        ((tmp_path / "none",), "none"),
        ((path, "-H", "X-A"), "--header"),
        ((path, "-q", "=b"), "--query"),
    ):
        result = tickwire("hooks", "try", HOOK, *args)
        assert (result.exit_code, told in result.stderr) == (2, True), args
    assert api.hooks.asked == []
