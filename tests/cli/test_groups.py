import click
import pytest
from click.testing import CliRunner

from listener_sdk.cli.groups import DefaultGroup, ShowGroup


@click.group(cls=DefaultGroup)
def things():
    """Things."""


@things.command("list")
@click.option("--status")
def list_things(status):
    click.echo(f"list {status}")


@things.command("show")
@click.argument("name")
def show(name):
    click.echo(f"show {name}")


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ([], "list None"),
        (["--status", "ready"], "list ready"),
        (["list", "--status", "ready"], "list ready"),
        (["show", "x"], "show x"),
    ],
)
def test_the_list_is_meant_where_no_subcommand_is_named(arguments, output):
    assert CliRunner().invoke(things, arguments).output == f"{output}\n"


def test_help_is_that_of_the_group_and_a_wrong_name_is_refused():
    assert "show" in CliRunner().invoke(things, ["--help"]).output
    wrong = CliRunner().invoke(things, ["shwo"])
    assert wrong.exit_code == 2
    assert "No such command 'shwo'" in wrong.output


@click.group(cls=ShowGroup)
def named():
    """Things that a word names."""


named.add_command(list_things)
named.add_command(show)


@pytest.mark.parametrize(
    ("arguments", "output"), [([], "list None"), (["--status", "a"], "list a"), (["x"], "show x"), (["show", "list"], "show list")]
)  # fmt: skip
def test_a_word_that_is_no_subcommand_is_shown(arguments, output):
    assert CliRunner().invoke(named, arguments).output == f"{output}\n"
