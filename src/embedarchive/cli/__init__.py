"""The command line: one command a verb, no logic. Data goes to standard output, everything else to standard error.

What a command ends with is one of `ExitCode`, whatever the command.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import signal
import sys
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from embedarchive.core.errors import EmbedArchiveError, ExitCode, is_full
from embedarchive.core.version import __version__

NO_CONFIG = "--no-config"
WITHOUT_FILES = "embedarchive.without_files"
"""In the context's `meta`: whether a call goes without the files, for the command that tells of them."""

CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EMBEDARCHIVE", "max_content_width": 100}

SECTIONS = {
    "Collect": {
        "crawl": ("running", "Fetch articles, capture and keep the posts they embed."),
        "capture": ("running", "Capture posts by their own address, in any form of it."),
        "import": ("running", "Bring in web archives that others made, or ourselves."),
        "find": ("finding", "Print the embeds of articles, and keep nothing."),
    },
    "Read": {
        "lookup": ("reading", "Is it preserved? Takes addresses, ids, words, pictures."),
        "search": ("reading", "Search what posts said, and what publishers say of them."),
        "show": ("reading", "Show a preserved post, an unresolved embed, an article."),
        "serve": ("reading", "Read the archive in a browser."),
    },
    "Watch": {
        "watch": ("watching", "Know soon that a post went, and tell whom you name."),
        "check": ("running", "Visit preserved posts again: is each still there?"),
        "recover": ("recovering", "Ask web archives for posts that are gone."),
        "heal": ("healing", "Put the preserved post where an article shows a hole."),
    },
    "Study": {
        "query": ("querying", "Ask in SQL, or by the name of a saved question."),
        "note": ("noting", "Note something of a post or an article, or tag it."),
        "collection": ("collecting", "Named sets of posts and articles, to work by."),
        "stats": ("studying", "Count what is held and gone; say how long posts live."),
        "export": ("exporting", "Write a web archive, a table, a web site."),
        "publish": ("querying", "Write a copy of the archive for the public."),
    },
    "Keep": {
        "verify": ("keeping", "Read every byte, and say what is not as it was kept."),
        "evidence": ("evidence", "Prove what was kept: its log, packs, keys, time stamps."),
        "merge": ("merging", "Make other archives a part of this one."),
        "backup": ("keeping", "Copy the archive, also while a run writes to it."),
        "restore": ("keeping", "Put a backup in the place of the archive."),
        "access": ("access", "Say who may see what: hide, decide, erase, remember why."),
    },
    "Machine": {
        "doctor": ("upkeep", "Say whether this machine can do the work."),
        "install": ("upkeep", "Provide a browser, if this machine has none."),
        "farm": ("farming", "Let several machines visit posts for one archive."),
        "demo": ("running", "See it work without the internet, in a bundled newsroom."),
    },
}
"""What the list of commands shows: each command's module, and a line of it. Reading that imports none of them."""

UNLISTED = {
    "platforms": ("finding", "Print what is known of each platform."),
    "rehydrate": ("querying", "Join a dehydrated export with an archive you hold."),
}
"""Commands that few need; they work, and the documentation has them."""

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()} | UNLISTED


class Commands(click.Group):
    """Commands imported when they are asked for: one that reads an archive must not wait for a browser's libraries.

    Their reader may go away: `embedarchive find … | head` is no fault.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            return load_command(cmd_name)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the defaults that files say; a name that is none says which was meant.

        Raises click's UsageError, and ours for a file.
        """
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, 1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]}?", ctx) from None
        with_files = not ctx.params["no_config"] and NO_CONFIG not in rest
        ctx.meta[WITHOUT_FILES] = not with_files
        rest = [each for each in rest if each != NO_CONFIG]
        if name and command and with_files and not {"-h", "--help"} & set(rest):
            ctx.default_map = {name: read_defaults(name, command, rest)}
        return name, command, rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first, by section; the whole must stay on one screen of 40 lines, whatever is added."""
        formatter.write_paragraph()
        for line in list_sections():
            formatter.write(line)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.indentation():
            formatter.write_paragraph()
            formatter.write_text("COMMAND --help shows its options; --no-config reads no embedarchive.toml.")
        formatter.write(say_exit_codes(formatter.width))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # told here, for click makes it an error of its own
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.DONE
        return code


def list_sections() -> Iterator[str]:
    """The list of commands, a line each, with the section's name before its first."""
    section_width = max(map(len, SECTIONS)) + 2
    name_width = max(len(name) for commands in SECTIONS.values() for name in commands) + 2
    for section, commands in SECTIONS.items():
        titles = [click.style(section.ljust(section_width), bold=True)]
        for name, (_, line) in commands.items():
            if titles:
                title = titles.pop()
            else:
                title = " " * section_width
            yield f"  {title}{name.ljust(name_width)}{line}\n"


def say_exit_codes(width: int) -> str:
    """Every exit code with its words, each kept on one line."""
    said = ", ".join(f"{code} {code.brief}".replace(" ", "\N{NO-BREAK SPACE}") for code in ExitCode)
    text = textwrap.fill(f"Exit codes: {said}.", width, initial_indent="  ", subsequent_indent="  ")
    return text.replace("\N{NO-BREAK SPACE}", " ") + "\n"


@click.group(cls=Commands, context_settings=CONTEXT, options_metavar="", subcommand_metavar="COMMAND [OPTIONS]...")
@click.option(NO_CONFIG, is_flag=True, help="Take no option from a file (embedarchive.toml).")
@click.version_option(__version__, prog_name="embedarchive")
def cli(no_config: bool) -> None:
    """Find the posts articles embed, capture what readers saw, keep it in SQLite.

    \b
    embedarchive crawl https://news.example/story   find, capture, keep its posts
    embedarchive lookup https://instagram.com/p/…   is it preserved?
    """


def read_defaults(name: str, command: click.Command, args: list[str]) -> dict[str, Any]:
    """What files say of a command's options. Raises UsageError."""
    from embedarchive.cli import configuration

    files = configuration.read_files(configuration.find_folder(name, command, args, os.environ))
    for file in files:
        wrong = set(file.tables) - set(COMMANDS)
        configuration.refuse_wrong(file, wrong, COMMANDS)
        configuration.check_names(file, (name,), command, list_options)
    return configuration.make_defaults(files, (name,), command)


def list_options() -> frozenset[str]:
    """The options of every command, as files name them."""
    from embedarchive.cli.configuration import list_names

    return frozenset(name for command in COMMANDS for name in list_names(load_command(command)))


def load_command(name: str) -> click.Command:
    """Import one of COMMANDS.

    click keeps a command's help option as it was first asked for, so the command itself says what it is called: also
    where it is used without `cli` around it.
    """
    module = import_module(f"embedarchive.cli.{COMMANDS[name][0]}")
    command: click.Command = getattr(module, f"{name}_" if iskeyword(name) else name)
    command.context_settings.setdefault("help_option_names", CONTEXT["help_option_names"])
    return command


NOT_HERE = (
    "embedarchive runs on Linux and macOS: it locks archives and bounds its children as those systems let it. "
    "Nothing was done. On Windows, use it within WSL (https://learn.microsoft.com/windows/wsl)."
)


def main() -> None:
    """Run the command line and exit with an `ExitCode`; what went wrong is told in one paragraph."""
    if sys.platform == "win32":
        sys.exit(fail(NOT_HERE, ExitCode.ERROR))
    spare_the_collector()
    with ended_by_signal(), telling_warnings():
        sys.exit(run_command())


def spare_the_collector() -> None:
    """Do not look for garbage in what was just imported, and not in all there is when the process ends: 100 of the 450 CPU-ms
    that a command takes to start and to end."""
    gc.set_threshold(10_000, 10, 10)
    atexit.register(gc.freeze)


def run_command() -> int:
    """Run the command that was called for and give its exit code."""
    try:
        code = cli(standalone_mode=False)
        if isinstance(code, int):
            return code
        return ExitCode.DONE
    except EmbedArchiveError as error:
        notes: list[str] = getattr(error, "__notes__", [])
        return fail("\n".join([str(error), *notes]), error.exit_code)
    except OSError as error:
        return fail(explain(error), ExitCode.DISK_FULL if is_full(error) else ExitCode.ERROR)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Exception as error:
        fault = find_fault(error) or find_cause(error)
        if fault is None:
            raise
        return fail(str(fault), fault.exit_code)


def find_fault(error: Exception) -> EmbedArchiveError | None:
    """What an error that nobody expected means for the archive, if it is SQLite's."""
    from embedarchive.store import faults

    if isinstance(error, faults.FAULTS):
        return faults.explain(error, "The archive")
    return None


def find_cause(error: Exception) -> EmbedArchiveError | None:
    """The damage that explains an error which nobody expected: a value that its column may not hold, where there is one."""
    from embedarchive.store.reading import last_opened
    from embedarchive.store.verify import explain_surprise

    told = map(explain_surprise, reversed(dict.fromkeys(last_opened)))
    return next(filter(None, told), None)


def fail(message: str, code: ExitCode) -> ExitCode:
    from embedarchive.show.words import printable

    told = "\n".join(map(printable, message.split("\n")))  # it may quote what stands in an archive of anybody's
    click.secho(f"embedarchive: {told}", fg="red", err=True)
    return code


def explain(error: OSError) -> str:
    """What the system would not do, in a sentence."""
    where = ""
    if error.filename:
        where = f"{error.filename}: "
    return f"{where}{error.strerror or error}. What was reported as kept is kept."


class Teller(logging.Handler):
    """What is warned of, as an error would be told: ours, and by its name what a library says, which may quote a stranger."""

    def emit(self, record: logging.LogRecord) -> None:
        from embedarchive.show.terminal import escape_terminal  # here, for most commands warn of nothing

        name = "embedarchive"
        if not record.name.startswith("embedarchive."):
            name = record.name
        click.secho(escape_terminal(f"{name}: {self.format(record)}", lines=True), fg="yellow", err=True)


@contextlib.contextmanager
def telling_warnings() -> Iterator[None]:
    """Say what is done about an archive that was not asked for: a log set aside, a reader waited for."""
    told, teller = logging.getLogger(), Teller(logging.WARNING)
    told.addHandler(teller)
    try:
        yield
    finally:
        told.removeHandler(teller)


@contextlib.contextmanager
def ended_by_signal() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: what is half written is taken away, and the archive is closed."""

    def end(number: int, frame: object) -> None:
        sys.exit(ExitCode.ENDED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
