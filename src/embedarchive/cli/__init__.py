"""The command line: one command a verb, no logic. Data goes to standard output, everything else to standard error.

Exit codes: 0 done · 1 error · 2 wrong use · 3 done in part (some articles or posts failed) · 4 no browser · 5 disk full
· 6 kept out by a platform, its posts are still due · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from embedarchive import __version__
from embedarchive.core.errors import EmbedArchiveError

CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EMBEDARCHIVE", "max_content_width": 100}


COMMANDS = {
    "capture": ("running", "Capture posts by their own address, in any form of it."),
    "check": ("running", "Visit preserved posts again, and record whether each is still there."),
    "crawl": ("running", "Fetch articles, find the posts they embed, capture and keep them."),
    "demo": ("running", "See it work without the internet, in a bundled newsroom."),
    "doctor": ("upkeep", "Say whether this machine can do the work."),
    "export": ("exporting", "Write posts into a form that others open: a web archive, a table, a web site."),
    "find": ("finding", "Print the embeds of articles, and keep nothing."),
    "heal": ("healing", "Put the preserved post where an article shows a hole."),
    "install": ("upkeep", "Provide a browser and fonts, if this machine has none."),
    "lookup": ("reading", "Is it preserved? Takes addresses, ids, handles, words, pictures: anything."),
    "platforms": ("finding", "Print what is known of each platform."),
    "publish": ("querying", "Write a copy of the archive for the public."),
    "query": ("querying", "Ask an archive a question, in SQL or by the name of a saved one."),
    "rehydrate": ("querying", "Join a dehydrated export with an archive you hold."),
    "search": ("reading", "Search what posts said, what publishers say of them, and articles' titles."),
    "serve": ("reading", "Read the archive in a browser: Datasette with the reading room."),
    "show": ("reading", "Show one preserved post, an unresolved embed, or an article."),
    "stats": ("reading", "Count what an archive holds, and what of it is gone elsewhere."),
}
"""Each command's module, and the line that the list of commands says of it: reading that imports none of them."""


class Commands(click.Group):
    """Commands imported when they are asked for: one that reads an archive must not wait for a browser's libraries.

    Their reader may go away: `embedarchive find … | head` is no fault.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # told here, for click makes it an error of its own
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return code


@click.group(cls=Commands, context_settings=CONTEXT, epilog=__doc__.split("\n\n", 1)[1] if __doc__ else None)
@click.version_option(__version__, prog_name="embedarchive")
def cli() -> None:
    """Find every social post an article embeds, capture what a reader saw, keep it in one SQLite file.

    \b
    embedarchive crawl https://news.example/story      find, capture and keep its posts
    embedarchive lookup https://instagram.com/p/…      is it preserved?
    embedarchive serve                                 read the archive in a browser
    """


def load_command(name: str) -> click.Command:
    """Import one of COMMANDS."""
    command: click.Command = getattr(import_module(f"embedarchive.cli.{COMMANDS[name][0]}"), name)
    return command


def main() -> None:
    """Run the command line; errors are told in one paragraph, with the exit code of their kind."""
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except EmbedArchiveError as error:
        click.secho(f"embedarchive: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
