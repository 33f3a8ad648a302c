"""Writing long lists; tests/cli/test_audit.py and test_runs.py do so by their commands."""

import click
import pytest

from listener_sdk.cli.exports import export_options


@pytest.fixture
def command():
    @click.command()
    @export_options
    def found(form, out):
        click.echo(f"{form} {out}")

    return found


def test_format_and_place_must_be_named(command):
    from click.testing import CliRunner

    run = CliRunner().invoke
    assert run(command, ["--format", "csv", "--out", "-"]).output == "csv -\n"
    for missing in (["--format", "csv"], ["--out", "x"], ["--format", "xlsx", "--out", "x"]):
        assert run(command, missing).exit_code == 2
