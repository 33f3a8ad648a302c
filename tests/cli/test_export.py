"""``tickwire export``: the descriptions, without a server."""

import json
import sys


def test_each_description_is_printed(tickwire):
    for what, version in (("openapi", "3.1.0"), ("asyncapi", "3.0.0")):
        result = tickwire("export", what)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)[what] == version


def test_it_is_written_to_a_file(tickwire, tmp_path):
    path = tmp_path / "openapi.json"
    result = tickwire("export", "openapi", "--out", path)
    assert result.exit_code == 0
    assert "/v1/jobs" in json.loads(path.read_text())["paths"]
    assert result.stdout == ""
    assert str(path) in result.stderr


def test_a_file_that_cannot_be_written_is_named(tickwire, tmp_path):
    result = tickwire("export", "openapi", "--out", tmp_path / "no" / "such.json")
    assert result.exit_code == 1
    assert "could not be written" in result.stderr


def test_there_are_two(tickwire):
    assert tickwire("export", "raml").exit_code == 2


def test_what_goes_wrong_is_shown(tickwire, monkeypatch):
    broken = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    monkeypatch.setattr("listener_sdk.cli.export.describing_command", lambda _: broken)
    result = tickwire("export", "openapi")
    assert result.exit_code == 1
    assert "no such thing" in result.stderr
