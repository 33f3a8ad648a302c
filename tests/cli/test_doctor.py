import json

from listener_sdk.cli.checks import Finding
from listener_sdk.cli.doctor import text_line


def test_a_line_is_level_name_text_and_fix():
    assert (
        text_line(Finding("disk", "warn", "1 GiB free", "Free some"))
        == "warn  disk          1 GiB free. Free some"
    )
    assert text_line(Finding("disk", "ok", "9 GiB free")) == "ok    disk          9 GiB free"


def test_a_healthy_installation_passes(api, tickwire):
    result = tickwire("doctor")
    assert result.exit_code == 0, result.output
    assert "ok    server" in result.stdout


def test_a_failed_check_is_the_exit_code(api, tickwire):
    result = tickwire("doctor", "--key", "wrong", "--json")
    assert result.exit_code == 1
    assert {finding["name"]: finding["level"] for finding in json.loads(result.stdout)}["key"] == "fail"
