"""Watermarks on the command line."""

import json

PATH = ("definitions", "watermark", "a")


def test_it_is_shown(api, tickwire):
    assert tickwire(*PATH).stdout == "no run of a has succeeded: the next one is as the first.\n"
    api.definitions.watermark = {
        "value": "2026-01-01",
        "version": 3,
        "movedAt": "2026-01-02T00:00:00.000Z",
        "jobId": "us_jb_0000000009",
        "succeededAt": "2026-01-01T00:00:00.000Z",
    }
    shown = tickwire(*PATH).stdout
    assert shown.startswith("watermark of a: 2026-01-01 (moved ")
    assert shown.endswith("by us_jb_0000000009)\n")
    assert json.loads(tickwire(*PATH, "--json").stdout) == api.definitions.watermark
    api.definitions.watermark = {"version": 0, "succeededAt": "2026-01-01T00:00:00.000Z"}
    assert "no run has said how far it came" in tickwire(*PATH).stdout


def test_it_is_set_and_reset(api, tickwire):
    assert tickwire(*PATH, "--set", "k 7").stdout.startswith("watermark of a: k 7 (moved ")
    assert api.definitions.watermark["value"] == "k 7"
    assert "since it was reset" in tickwire(*PATH, "--reset").stdout
    assert "value" not in api.definitions.watermark


def test_what_contradicts_itself_or_is_none_is_refused_here(api, tickwire):
    assert tickwire(*PATH, "--set", "k", "--reset").exit_code == 2
    for value in ("", "x" * 257):
        assert tickwire(*PATH, "--set", value).exit_code != 0
    assert api.definitions.watermark == {"version": 0}


def test_what_is_no_watermark_is_refused_in_one_line(api, tickwire):
    for value, said in (("", "printable"), ("x" * 300, "at most 256 characters"), ("a\0b", "printable")):
        refused = tickwire(*PATH, "--set", value)
        assert refused.exit_code == 2, value
        assert refused.stderr.startswith("error: --set: a watermark ")
        assert said in refused.stderr
        assert refused.stderr.count("\n") == 1
