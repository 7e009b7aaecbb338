"""The command that asks others for posts that are gone: recover."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from embedarchive.api import commands as api
from embedarchive.cli.options import DISPLAY_OPTIONS, DOOR_OPTIONS, archive_option, with_options
from embedarchive.cli.running import run_shown
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.library.possible import Unnamed, find_candidates
from embedarchive.show.words import printable
from embedarchive.store import archive_path
from embedarchive.store.sharing import open_shared


@click.command()
@click.argument("posts", nargs=-1, metavar="[POST]...")
@archive_option
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Look here first: another archive, a web archive (WARC, WACZ), or a folder of them. May be given several times.",
)
@click.option(
    "--sources",
    multiple=True,
    metavar="NAME",
    help="Ask only these, with commas between: archive, files, wayback, articles, commoncrawl, cdn.",
)
@click.option("--dry-run", is_flag=True, help="Ask only who holds what; fetch nothing of it.")
@click.option(
    "--all",
    "thorough",
    is_flag=True,
    help="Ask for every address of a post, try more of what is held, and go on after the first find.",
)
@click.option(
    "--unresolved",
    is_flag=True,
    help="Ask for older versions of articles whose embeds name no post, and say which posts it may be, by handle, date and "
    "words; nothing is linked. With --dry-run nobody is asked.",
)
@with_options(DOOR_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def recover(posts: tuple[str, ...], **values: Any) -> int:
    """Ask others for posts that are gone: does anybody still hold them?

    Without a POST about all that are gone or cannot be seen and of which nothing is held. This archive's own articles are
    asked first, then --from, the Wayback Machine about every address of the post and about older versions of the article,
    Common Crawl, and the platform's own server for files that are named here and were not kept; politely (24 questions a
    minute at most, which takes a while for many posts). Only what the platform's own rules see as this very post is kept,
    and it says who saw it and when. The same command again goes on.

    \b
    embedarchive recover
    embedarchive recover instagram:CxYz… "https://x.com/…/status/…"
    embedarchive recover --from /collections/warc/ --from other/embeds.db
    embedarchive recover --sources wayback --dry-run
    """
    if values.pop("unresolved"):
        if posts:
            raise UsageError("--unresolved is about embeds that name no post, and none can be named. Nothing was done.")
        code = int(ExitCode.DONE)
        if not values["dry_run"]:
            quiet = values | {"quiet": True, "as_json": False, "unresolved": True}
            code = run_shown(api.recover, "recover", quiet)
        print_candidates(values)
        return code
    return run_shown(partial(api.recover, *posts), "recover", values)


def print_candidates(values: dict[str, Any]) -> None:
    """Say of embeds that name no post which it may be."""
    with closing(open_shared(archive_path(values["archive"]), "staff")) as conn:
        found = list(find_candidates(conn))
    for each in found:
        click.echo(json.dumps(asdict(each)) if values["as_json"] else "\n".join(map(printable, say_unnamed(each))))
    if not found and not values["as_json"]:
        click.echo("Every embed that says whose post it is names the post.")


def say_unnamed(each: Unnamed) -> Iterator[str]:
    """An embed that names no post, and what it may be, as lines."""
    yield f"{each.article}"
    yield f"  a post of @{each.handle}" + (f", {each.posted_at[:10]}" if each.posted_at else "")
    for post in each.candidates:
        likely = "possible"
        if post.is_likely:
            likely = "likely  "
        agrees = ", ".join(("handle", *post.agrees))
        yield f"    {likely}  {post.url}  ({agrees} agree; not linked)"
    if not each.candidates:
        yield "    nothing of that account is known here"
