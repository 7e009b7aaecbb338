"""The command line: one command a verb, no logic. Data goes to standard output, everything else to standard error.

Exit codes: 0 done · 1 error · 2 wrong use · 3 done in part (some articles or posts failed) · 4 no browser · 5 disk full
· 6 kept out by a platform, its posts are still due · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from embedarchive import __version__
from embedarchive.cli.exporting import export
from embedarchive.cli.finding import find, platforms
from embedarchive.cli.healing import heal
from embedarchive.cli.querying import publish, query, rehydrate
from embedarchive.cli.reading import lookup, search, serve, show, stats
from embedarchive.cli.running import capture, check, crawl, demo
from embedarchive.cli.upkeep import doctor, install
from embedarchive.errors import EmbedArchiveError

CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EMBEDARCHIVE", "max_content_width": 100}


class Commands(click.Group):
    """Commands whose reader may go away: `embedarchive find … | head` is no fault."""

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


for command in (
    find, crawl, capture, check, lookup, show, search, stats, serve, query, export, publish, rehydrate, heal, demo,
    doctor, install, platforms,
):  # fmt: skip
    cli.add_command(command)


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
