"""The commands that write to an archive: crawl, capture, check, and the demo."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import click

from embedarchive.cli.options import (
    DISPLAY_OPTIONS,
    SCOPE_OPTIONS,
    WORLD_OPTIONS,
    archive_option,
    login_option,
    render_option,
    take_scope,
    take_settings,
    with_options,
)
from embedarchive.cli.progress import Display, print_summary
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.core.model import Post
from embedarchive.detect import identify_post
from embedarchive.run.services import Settings
from embedarchive.run.session import Prepare, run_session
from embedarchive.sources import Seed, canonicalize_article, expand_seeds
from embedarchive.store import Archive, archive_path, open_reader


class Age(click.ParamType[float]):
    """A length of time: 30m, 12h, 7d, 2w; plain numbers are days."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
        text = str(value).strip().lower()
        number, unit = (text[:-1], text[-1]) if text[-1:] in seconds else (text, "d")
        try:
            return float(number) * seconds[unit]
        except ValueError:
            self.fail(f"{value!r} is no length of time; write 30m, 12h, 7d or 2w", param, ctx)


replay_option = click.option(
    "--replay/--no-replay",
    default=True,
    help="Show each capture again from the archive alone, and keep how much of it came back.",
)


@click.command()
@click.argument("seeds", nargs=-1, metavar="[SEED]...")
@archive_option
@click.option("--base-url", help="The address of a saved article that does not say its own.")
@click.option("--refresh", type=Age(), default="1d", show_default=True, help="Fetch again what was fetched longer ago.")
@click.option("--dry-run", is_flag=True, help="Print the embeds that would be captured; keep nothing.")
@render_option
@click.option("--in-article", is_flag=True, help="Photograph every post in its article too, and each article whole.")
@with_options(SCOPE_OPTIONS)
@login_option
@replay_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def crawl(seeds: tuple[str, ...], archive: str, base_url: str | None, **values: Any) -> int:
    """Fetch articles, find the posts they embed, capture and keep them.

    A SEED is an article's URL, a sitemap, a feed, a saved article (.html, .html.gz, .txt), a folder of them, a web
    archive (WARC, WACZ), @FILE with one seed a line, or - for standard input. Without a seed it goes on with all that
    the archive says is due. The same command again resumes: nothing is done twice.

    \b
    embedarchive crawl https://news.example/story https://news.example/other
    embedarchive crawl @articles.txt -a newsroom/
    embedarchive crawl saved/story.html --base-url https://news.example/story
    embedarchive crawl https://news.example/sitemap.xml --since 2026-01-01
    embedarchive crawl https://news.example/culture/ --follow --scope prefix --limit 500
    embedarchive crawl https://news.example/story --render --in-article
    """
    fresh_since, dry_run, limit = clock.later(-values.pop("refresh")), values.pop("dry_run"), values.pop("limit")
    sources = look_at_first(expand_seeds(seeds, base_url=base_url))
    if dry_run:
        from embedarchive.cli.finding import print_found

        scope = take_scope(values, seeds)
        settings, render = take_settings(values), values["render"]
        return print_found(sources, settings, nl=values["as_json"], scope=scope, limit=limit, render=render)

    def prepare(kept: Archive, crawl_id: int) -> None:
        if not seeds:
            kept.keep_all_due(crawl_id)
        for in_hand, some in groupby(islice(sources, limit), key=lambda seed: seed.fetch is not None):
            (keep_documents if in_hand else keep_addresses)(kept, crawl_id, some, fresh_since)

    choices = {"scope": take_scope(values, seeds), "limit": limit, "fresh_since": fresh_since}
    return run("crawl", archive, prepare, values, **choices)


def look_at_first(sources: Iterator[Seed]) -> Iterator[Seed]:
    """The same seeds, the first one read already: a mistake in the call shows before there is an archive."""
    return chain(list(islice(sources, 1)), sources)


def keep_addresses(archive: Archive, crawl_id: int, seeds: Iterator[Seed], fresh_since: str) -> None:
    """Put addresses to fetch into the archive, many to a transaction."""
    while some := list(islice(seeds, 1000)):
        pairs = [(canonicalize_article(seed.url), seed.origin) for seed in some]
        archive.keep_seeds(crawl_id, pairs, clock.now(), fresh_since, 0, None)


def keep_documents(archive: Archive, crawl_id: int, seeds: Iterator[Seed], fresh_since: str) -> None:
    """Put documents already in hand into the archive; they are never too old to search."""
    for seed in seeds:
        assert seed.fetch is not None, "only documents in hand come here"
        url = canonicalize_article(seed.url) if seed.url.startswith("http") else seed.url
        article_id = archive.keep_seed(crawl_id, url, seed.origin, clock.now(), fresh_since="")
        archive.keep_fetch(article_id, crawl_id, seed.fetch)


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="POST_URL...")
@archive_option
@click.option("--again", is_flag=True, help="Capture also what is already preserved.")
@login_option
@replay_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def capture(urls: tuple[str, ...], archive: str, again: bool, **values: Any) -> int:
    """Capture posts by their own address, in any form of it.

    \b
    embedarchive capture "https://www.instagram.com/reel/C79gQqLpkul/?igsh=…"
    """
    posts = [identify_or_fail(url) for url in urls]

    def prepare(kept: Archive, crawl_id: int) -> None:
        for post in posts:
            kept.keep_target(crawl_id, post, clock.now(), forced=again)

    return run("capture", archive, prepare, values)


def identify_or_fail(url: str) -> Post:
    post = identify_post(url)
    if post is None:
        raise UsageError(
            f"{url} is no post of a platform this version knows (see: embedarchive platforms). Nothing was done."
        )
    return post


@click.command()
@archive_option
@click.option(
    "--older-than", type=Age(), default="0s", help="Only posts last looked at longer ago than this (7d, 12h …)."
)
@click.option("--limit", type=click.IntRange(1), help="At most so many posts, longest unseen first.")
@login_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def check(archive: str, older_than: float, limit: int | None, **values: Any) -> int:
    """Visit preserved posts again and record, with evidence, whether each is still there.

    \b
    embedarchive check --older-than 7d
    """
    open_reader(archive_path(archive)).close()  # a check makes no archive

    def prepare(kept: Archive, crawl_id: int) -> None:
        kept.keep_check_targets(crawl_id, clock.later(-older_than), limit or -1)

    return run("check", archive, prepare, values, media=False)


@click.command()
@archive_option
@with_options(DISPLAY_OPTIONS)
def demo(archive: str, **values: Any) -> int:
    """See it work without the internet: crawl a bundled newsroom, lose some of its posts, read them all the same."""
    from embedarchive.replica.demo import play

    def step(command: str, prepare: Prepare, settings: Settings, media: bool) -> int:
        return run(command, archive, prepare, dict(values), media=media, settings=settings)

    return play(archive_path(archive), step)


def run(
    command: str,
    archive: str,
    prepare: Prepare,
    values: dict[str, Any],
    settings: Settings | None = None,
    **choices: Any,
) -> int:
    """Run one command with its display, print its summary, give its exit code; `choices` are the run's own."""
    path = archive_path(archive)
    settings = settings or take_settings(values)
    options = {k: v for k, v in values.items() if v} | {"settings": {"delay": settings.delay, "tabs": settings.tabs}}
    choices |= {"replay": values.get("replay", command != "check")}
    quiet, as_json = values["quiet"], values["as_json"]
    with Display(f"{command} → {path}", quiet=quiet, verbose=values["verbose"]) as display:
        ended = asyncio.run(run_session(path, command, settings, options, prepare, display, **choices))
    if as_json:
        json.dump(display.summary() | {"ended": ended, "archive": str(path)}, sys.stdout)
        sys.stdout.write("\n")
    elif not quiet:
        print_summary(display.tally, describe_file(path))
    return exit_code(ended, display)


def describe_file(path: Path) -> str:
    return f"{path} ({path.stat().st_size / 1_000_000:.1f} MB)"


def exit_code(ended: str, display: Display) -> int:
    tally = display.tally
    if ended == "interrupted":
        return ExitCode.INTERRUPTED
    if ended == "kept out":
        return ExitCode.KEPT_OUT
    failed = tally.articles["failed"] or tally.captures["error"] or tally.faults
    return ExitCode.IN_PART if failed else ExitCode.DONE
