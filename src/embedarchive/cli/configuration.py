"""`embedarchive.toml`, beside the archive and the user's own -> what a command's options are where nobody says, and by whom.

A key is an option without its dashes. At the top of a file it is for every command that has the option, in a table of the
command's name (`[crawl]`, `[watch.alerts]`) for that one. The command line comes first, then the environment, then the file
beside the archive, then the user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click
from platformdirs import user_config_path

from embedarchive.core.errors import UsageError

FILE_NAME = "embedarchive.toml"

KNOWN = frozenset(
    {
        "allow-private", "archive", "base-url", "browser-path", "budget", "ca-file", "concurrency", "contact", "delay", "host",
        "ignore-robots", "in-article", "json", "log-file", "longest", "max-bytes", "no-film", "open", "platform", "port",
        "proxy", "quiet", "render", "replay", "resolve", "room", "storage-state", "tabs", "verbose", "webhook",
        "webhook-secret",
    }
)  # fmt: skip
"""Options that are likely to stand at the top of a file. Any other is looked for in all commands, which takes a second."""

OF_SOME_COMMANDS = {"base-url": frozenset({"export", "serve", "show", "watch"})}
"""Options that mean another thing elsewhere: at the top of a file they are for these commands."""

NOT_FROM_AN_ARCHIVE = frozenset(
    {
        "allow-private", "archive", "browser-path", "ca-file", "host", "ignore-robots", "proxy", "resolve", "room",
        "storage-state", "test", "trust-clock", "webhook", "webhook-secret",
    }
)  # fmt: skip
"""What the file beside an archive cannot say: anybody may have made that folder, and these lead to programs, files of this
machine, or out of it. Options that name a file belong to them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a file says of one option: its value as click takes it, and the file."""

    value: Any
    path: Path


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file that was read. `is_own` is False of the one beside the archive."""

    path: Path
    values: Mapping[str, Any]
    is_own: bool

    @property
    def tables(self) -> tuple[str, ...]:
        """The commands that it has a table for."""
        return tuple(key for key, value in self.values.items() if isinstance(value, dict))


def own_file() -> Path:
    """Where the user's own file is, or would be: $XDG_CONFIG_HOME/embedarchive on Linux."""
    return user_config_path("embedarchive") / FILE_NAME


def read_files(folder: Path) -> tuple[ConfigFile, ...]:
    """The files that there are, that of an archive's folder first. Raises UsageError for one that cannot be read."""
    places = {folder / FILE_NAME: False, own_file(): True}
    return tuple(ConfigFile(path, read_file(path), is_own) for path, is_own in places.items() if path.is_file())


def read_file(path: Path) -> Mapping[str, Any]:
    """What a file says. Raises UsageError."""
    import tomllib  # only where there is a file

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read as TOML ({error}). Nothing was done; --no-config goes without."
        ) from error


def check_names(
    file: ConfigFile, names: Sequence[str], command: click.Command, all_options: Callable[[], frozenset[str]]
) -> None:
    """Raise UsageError, with the nearest name, for what is said to a command that it has no option for, and to none else."""
    own = {name_of(option) for option in options_of(command)}
    for key, is_for_all in keys_for(file, names):
        known = own
        if is_for_all:
            if key in own | KNOWN:
                known = own | KNOWN
            else:
                known = own | all_options()
        refuse_wrong(file, {key} - known, known)


def check_file(
    file: ConfigFile,
    commands: Collection[str],
    load: Callable[[str], click.Command],
    all_options: Callable[[], frozenset[str]],
) -> None:
    """Raise UsageError for a wrong name anywhere in a file."""
    refuse_wrong(file, set(file.tables) - set(commands), commands)
    for name in file.tables or tuple(commands)[:1]:
        check_names(file, (name,), load(name), all_options)


def refuse_wrong(file: ConfigFile, wrong: Collection[str], known: Iterable[str]) -> None:
    """Raise UsageError for the first of the wrong names, with the nearest of the known ones."""
    for name in sorted(wrong):
        near = get_close_matches(name, sorted(known), 1)
        meant = ""
        if near:
            meant = f" Did you mean {near[0]}?"
        raise UsageError(f"{file.path}: there is no {name!r}.{meant} Nothing was done; --no-config goes without.")


def keys_for(file: ConfigFile, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The keys of a file that are for a command: those at its top, True, and those in the command's table, False."""
    table: Any = file.values
    yield from ((spell(key), True) for key, value in table.items() if not isinstance(value, dict))
    for name in names:
        table = table.get(name)
        if not isinstance(table, dict):
            return
    yield from ((spell(key), False) for key, value in table.items() if not isinstance(value, dict))


def spell(name: str) -> str:
    return name.replace("_", "-")


def name_of(option: click.Option) -> str:
    """An option's name in a file: its long form without dashes."""
    return max(option.opts, key=len).lstrip("-")


def options_of(command: click.Command) -> Iterator[click.Option]:
    return (each for each in command.params if isinstance(each, click.Option) and each.name != "help")


def list_names(command: click.Command) -> Iterator[str]:
    """The names of a command's options, and of its own commands'."""
    yield from map(name_of, options_of(command))
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from list_names(inner)


def find_settings(files: Sequence[ConfigFile], names: Sequence[str], command: click.Command) -> dict[str, Setting]:
    """What files say of a command's options, by parameter; `names` leads to it, as ("watch", "alerts").

    Raises UsageError for what an archive's own file cannot say, and for a value that the option cannot have.
    """
    options = {name_of(option): option for option in options_of(command)}
    found: dict[str, Setting] = {}
    for file in reversed(files):
        for key, value in said_to(file, names).items():
            if option := options.get(key):
                found[str(option.name)] = Setting(take(file, key, value, option, command), file.path)
    return found


def said_to(file: ConfigFile, names: Sequence[str]) -> dict[str, Any]:
    """What a file says to one command: what it says to all, and over that what it says in the command's table."""
    table: Any = file.values
    said = {
        spell(key): value
        for key, value in table.items()
        if not isinstance(value, dict) and names[0] in OF_SOME_COMMANDS.get(spell(key), {names[0]})
    }
    for name in names:
        table = table.get(name)
        if not isinstance(table, dict):
            return said
    return said | {spell(key): value for key, value in table.items() if not isinstance(value, dict)}


def take(file: ConfigFile, key: str, value: Any, option: click.Option, command: click.Command) -> Any:
    """A value as click takes it for an option. Raises UsageError."""
    names_file = isinstance(option.type, click.Path) or "FILE" in (option.metavar or "")
    if not file.is_own and (key in NOT_FROM_AN_ARCHIVE or names_file):
        raise UsageError(
            f"{file.path}: {key} is taken from your own {FILE_NAME} only ({own_file()}), for anybody may have made an "
            "archive's folder. Nothing was done; --no-config goes without."
        )
    if (names_file or key == "archive") and isinstance(value, str) and value != "-":
        value = str(file.path.parent / Path(value).expanduser())
    try:
        option.type_cast_value(click.Context(command), value)
    except click.BadParameter as error:
        raise UsageError(f"{file.path}: {key}: {error.message} Nothing was done; --no-config goes without.") from error
    return value


def make_defaults(files: Sequence[ConfigFile], names: Sequence[str], command: click.Command) -> dict[str, Any]:
    """The defaults of a command, and of its own commands, as click's `default_map` has them. Raises UsageError."""
    defaults = {name: setting.value for name, setting in find_settings(files, names, command).items()}
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            defaults[name] = make_defaults(files, (*names, name), inner)
    return defaults


def find_folder(name: str, command: click.Command, args: Sequence[str], environ: Mapping[str, str]) -> Path:
    """The folder of the archive that a command is about, wherever that is said. Raises UsageError."""
    archive = find_named(name, args) or environ.get("EMBEDARCHIVE_ARCHIVE", "")
    if not archive:
        own = own_file()
        files = (ConfigFile(own, read_file(own), is_own=True),) if own.is_file() else ()
        said = find_settings(files, (name,), command).get("archive")
        archive = str(said.value) if said else "archive"
    path = Path(archive).expanduser()
    if path.suffix in (".db", ".sqlite", ".sqlite3"):
        return path.parent
    return path


def find_named(name: str, args: Sequence[str]) -> str:
    """The archive that arguments name, the last one as click has it; "" where they name none. Pure."""
    named = ""
    for arg, following in zip_longest(args, args[1:], fillvalue=""):
        if arg in ("-a", "--archive"):
            named = following
        elif arg.startswith("--archive="):
            named = arg.partition("=")[2]
        elif arg.startswith("-a") and not arg.startswith("--"):
            named = arg[2:]
    if not named and name == "serve":  # which takes archives as arguments
        named = next((each for each in args if not each.startswith("-") and Path(each).exists()), "")
    return named
