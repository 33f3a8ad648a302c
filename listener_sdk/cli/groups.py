"""A command with subcommands, one of which is meant when none is named: ``tickwire jobs --status failed``."""

from typing import ClassVar

import click


class DefaultGroup(click.Group):
    """A group that runs ``default`` unless a subcommand is named."""

    default: ClassVar[str] = "list"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own_help = bool(args) and args[0] in self.get_help_option_names(ctx)
        if not own_help and (not args or args[0] not in self.commands):
            args = [self.default, *args] if not args or args[0].startswith("-") else args
        return super().parse_args(ctx, args)


class ShowGroup(DefaultGroup):
    """A group in which a word that is no subcommand names what is to be shown: ``tickwire definitions web-test``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)
