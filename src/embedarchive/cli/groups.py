"""A command that has commands of its own: where its options go, and what to type where one stands in the wrong place."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from embedarchive.core.shell import say_command

GIVEN = "embedarchive: the words behind"
LIKELY = ("list", "log", "show", "status")
"""Commands of groups that change nothing: what an example had best be of."""


class Group(click.Group):
    """A group whose options stand behind one of its commands. What is typed otherwise is told with the line to type."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **{"options_metavar": "", "subcommand_metavar": "COMMAND [OPTIONS]...", **values})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises UsageError for an option that is one of its commands'."""
        ctx.meta[f"{GIVEN} {ctx.command_path}"] = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not any(error.option_name in each.opts for sub in self.commands.values() for each in sub.params):
                raise
            raise click.UsageError(self.explain(ctx), ctx) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does. Raises UsageError where the group took an option that its command was to have, and would not get."""
        found = super().resolve_command(ctx, args)
        if any(ctx.get_parameter_source(each) is ParameterSource.COMMANDLINE for each in ctx.params):
            raise click.UsageError(self.explain(ctx), ctx)
        return found

    def explain(self, ctx: click.Context) -> str:
        """What is wrong with the words behind the group's name, and the line to type."""
        path = find_path(ctx)
        given: tuple[str, ...] = ctx.meta[f"{GIVEN} {ctx.command_path}"]
        at = next((number for number, word in enumerate(given) if word in self.commands), None)
        if at is None:
            likely = next((name for name in LIKELY if name in self.commands), next(iter(sorted(self.commands))))
            line = say_command(*path, likely, *given)
            named = ", ".join(sorted(self.commands))
            return f"{' '.join(path)} needs one of its commands first: {named}. For example: {line}"
        name, early = given[at], given[:at]
        known = {option for each in self.commands[name].params for option in each.opts}
        foreign = [word for word in early if word.startswith("-") and word.partition("=")[0] not in known]
        if foreign:
            return f"{' '.join(path)} {name} has no option {foreign[0]}. It has: {', '.join(sorted(known))}."
        line = say_command(*path, name, *early, *given[at + 1 :])
        return f"The options of {' '.join(path)} {name} stand behind it. Nothing was done. Type: {line}"


def find_path(ctx: click.Context) -> tuple[str, ...]:
    """The words that lead to a command, however the program itself was called."""
    if ctx.parent is None:
        return ("embedarchive",)
    return (*find_path(ctx.parent), str(ctx.info_name))
