"""Files, the environment and defaults -> what each option of a command is, and where that comes from (`doctor config`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from embedarchive.cli.configuration import ConfigFile, find_settings, name_of, options_of

SECRET = frozenset({"proxy", "webhook-secret"})
PREFIX = "EMBEDARCHIVE"


@dataclass(frozen=True, slots=True)
class OptionSource:
    """One option of one command: what it is without a word on the command line, and where that comes from."""

    command: str
    option: str
    value: str
    source: str


def walk(names: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and its own commands, each with the words that lead to it."""
    yield names, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from walk((*names, name), inner)


def name_variable(names: Sequence[str], option: click.Option) -> str:
    """The variable of the environment that an option is read from."""
    if isinstance(option.envvar, str):
        return option.envvar
    return "_".join([PREFIX, *names, str(option.name)]).replace("-", "_").upper()


def find_sources(
    files: Sequence[ConfigFile], names: Sequence[str], command: click.Command, environ: Mapping[str, str]
) -> Iterator[OptionSource]:
    """Where each option of a command comes from. Raises UsageError for a file that says what it cannot."""
    settings = find_settings(files, names, command)
    for option in options_of(command):
        variable, said = name_variable(names, option), settings.get(str(option.name))
        if environ.get(variable):
            value, source = environ[variable], f"${variable}"
        elif said:
            value, source = say_value(said.value), str(said.path)
        else:
            value, source = say_value(option.get_default(click.Context(command), call=True)), "default"
        if name_of(option) in SECRET and source != "default":
            shown = "set, and not shown"
        else:
            shown = value
        yield OptionSource(" ".join(names), name_of(option), shown, source)


def say_value(value: Any) -> str:
    """A value as a file would have it."""
    if value is None or value == () or "Sentinel" in type(value).__name__:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def gather(sources: Sequence[OptionSource]) -> Iterator[tuple[str, str, str, str]]:
    """What is not a default, each value once with the commands that it is for."""
    commands: dict[tuple[str, str, str], list[str]] = {}
    for each in sources:
        if each.source != "default":
            commands.setdefault((each.option, each.value, each.source), []).append(each.command)
    for (option, value, source), names in commands.items():
        yield option, value, source, ", ".join(names)
