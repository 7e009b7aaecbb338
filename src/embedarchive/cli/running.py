"""The commands that write to an archive: crawl, capture, check, and the demo."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from embedarchive.api import commands as api
from embedarchive.cli.options import (
    DISPLAY_OPTIONS,
    MEDIA_OPTIONS,
    SCOPE_OPTIONS,
    WORLD_OPTIONS,
    Age,
    archive_option,
    base_url_option,
    column_option,
    farm_option,
    login_option,
    platform_option,
    render_option,
    take_scope,
    take_settings,
    with_options,
)
from embedarchive.cli.progress import Display
from embedarchive.core.errors import EmbedArchiveError, ExitCode, UsageError
from embedarchive.run.log import LogFile
from embedarchive.run.plan import CrawlPlan
from embedarchive.run.report import Report
from embedarchive.run.services import SettingsOptions
from embedarchive.show.words import say_count
from embedarchive.sources import expand_seeds
from embedarchive.sources.intake import Intake
from embedarchive.store import archive_path

replay_option = click.option(
    "--replay/--no-replay",
    default=None,
    help="Show every capture again from the archive alone, and keep how much of it came back; or none. By default: the "
    "first of a platform and of every kind, one in ten of the rest, and more while the browser would wait.",
)


@click.command()
@click.argument("seeds", nargs=-1, metavar="[SEED]...")
@archive_option
@base_url_option
@column_option
@click.option("--refresh", type=Age(), default="1d", show_default=True, help="Fetch again what was fetched longer ago.")
@click.option("--dry-run", is_flag=True, help="Print the embeds that would be captured; keep nothing.")
@click.option(
    "--plan",
    is_flag=True,
    help="Say what it would cost (articles, posts, requests, days, GB), from the archive's own averages; send nothing.",
)
@render_option
@click.option(
    "--report", metavar="FILE.csv", help="List every failure in this table, with its reason and what to do about it."
)
@click.option(
    "--forget",
    "forgotten",
    multiple=True,
    metavar="SEED",
    help="Take back a mistaken seed: what it brought, and nothing else did, is not due any more. What was seen stays; fetch "
    "and visit nothing. With --dry-run only say what that is.",
)
@click.option(
    "--by-reference",
    is_flag=True,
    help="Of pages out of web archives keep the place and the digest, no copy: the files stay where they are.",
)
@click.option("--in-article", is_flag=True, help="Photograph every post in its article too, and each article whole.")
@with_options(SCOPE_OPTIONS)
@platform_option
@with_options(MEDIA_OPTIONS)
@login_option
@replay_option
@farm_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def crawl(seeds: tuple[str, ...], **values: Any) -> int:
    """Fetch articles, find the posts they embed, capture and keep them.

    A SEED is an article's URL, a sitemap, a feed, a list on the web (text, CSV), a saved article (HTML with its folder
    of files, MHTML, HAR, text, packed or not), a saved feed or sitemap, a folder of them, a web
    archive (WARC, ARC, WACZ), a table (CSV, TSV), a browser's bookmarks, @FILE with one seed a line, or - for standard
    input. What of it is not taken is told by reason. Without a seed it goes on with all that
    the archive says is due. The same command again resumes: nothing is done twice.

    \b
    embedarchive crawl https://news.example/story https://news.example/other
    embedarchive crawl @articles.txt -a newsroom/
    embedarchive crawl saved/story.html --base-url https://news.example/story
    embedarchive crawl https://news.example/sitemap.xml --since 2026-01-01
    embedarchive crawl https://news.example/culture/ --follow --scope prefix --limit 500
    embedarchive crawl https://news.example/story --render --in-article
    embedarchive crawl --forget https://news.example/sitemap.xml
    """
    only_said = values.pop("dry_run")
    if values.pop("plan"):
        return print_plan(seeds, values)
    if forgotten := values.pop("forgotten"):
        if seeds:
            raise UsageError("--forget takes a seed back, and none can be crawled with it. Nothing was done.")
        return forget_seeds(forgotten, values["archive"], only_said=only_said, as_json=values["as_json"])
    if only_said:
        return dry_run(seeds, values)
    if not seeds:
        refuse_nothing(values["archive"])
    return run_shown(partial(api.crawl, *seeds), "crawl", values)


def refuse_nothing(archive: str) -> None:
    """Raise UsageError where a crawl of no seed has no archive to go on with, rather than make an empty one."""
    path = archive_path(archive)
    if not path.exists():
        raise UsageError(
            f"Nothing was named to crawl, and there is no archive at {path} yet to go on with. Nothing was done. "
            "Give an article's address: embedarchive crawl https://…"
        )


def forget_seeds(seeds: tuple[str, ...], archive: str, *, only_said: bool, as_json: bool) -> int:
    """Take seeds back, and say what that does."""
    brought = api.forget(*seeds, archive=archive, dry_run=only_said)
    if as_json:
        counts = {name: len(getattr(brought, name)) for name in ("articles", "unread", "listings", "posts")}
        stays = {"due": brought.due, "fetches": brought.fetches, "captures": brought.captures}
        click.echo(json.dumps({"forgotten": not only_said} | counts | stays))
        return ExitCode.DONE
    does = "would leave" if only_said else "left"
    click.echo(
        f"{say_count(len(brought.articles), 'article')} ({len(brought.unread)} never fetched) and "
        f"{say_count(len(brought.posts), 'post')} that nothing else embeds ({brought.due} due for a visit) {does} the plan of "
        f"{archive_path(archive)}. What was seen of them stays: {say_count(brought.fetches, 'download')}, "
        f"{say_count(brought.captures, 'capture')}. To crawl a seed again takes it all back."
    )
    return ExitCode.DONE


def print_plan(seeds: tuple[str, ...], values: dict[str, Any]) -> int:
    """Print what a crawl would cost; IN_PART if some of its seeds could not be read."""
    from embedarchive.cli.finding import print_skipped

    intake = Intake()
    taken = inspect.signature(api.plan).parameters.keys() | SettingsOptions.__annotations__.keys()
    given = {name: value for name, value in values.items() if name in taken}
    planned = api.plan(*seeds, intake=intake, **given)
    if values["as_json"]:
        click.echo(json.dumps(asdict(planned)))
    else:
        for title, text in say_plan(planned, follows=values["follow"]):
            click.echo(f"{title:<10}{text}")
    print_skipped(intake)
    if intake.losses:
        return ExitCode.IN_PART
    return ExitCode.DONE


def say_plan(planned: CrawlPlan, *, follows: bool) -> Iterator[tuple[str, str]]:
    """The lines of a plan: what it is about, and what of it is not known."""
    yield (
        "Articles",
        (
            f"{planned.articles} to fetch, at {say_count(planned.hosts, 'host')}; {planned.in_hand} in hand; "
            f"{planned.fresh} fetched lately enough"
        ),
    )
    by_platform = ", ".join(f"{name} {count}" for name, count in planned.posts.items())
    about = "about " if planned.estimated else ""
    yield "Posts", f"{about}{sum(planned.posts.values())} to visit" + (f": {by_platform}" if by_platform else "")
    yield "Requests", f"about {planned.requests}"
    yield "Time", f"about {say_days(planned.days)} at the polite rate"
    yield "Room", f"about {planned.gigabytes:.2f} GB"
    if planned.may_list:
        yield (
            "Unknown",
            f"{say_count(planned.may_list, 'address')} may be lists; what they name is known when they are read",
        )
    if follows:
        yield "Unknown", "how many links lead to more articles of the scope; --limit bounds it"
    for source in planned.sources:
        yield "From", source


def say_days(days: float) -> str:
    """A length of time in the unit that fits it."""
    if days >= 1:
        return f"{days:.1f} days"
    if days * 24 >= 1:
        return f"{days * 24:.1f} hours"
    return f"{max(1, round(days * 1440))} min"


def dry_run(seeds: tuple[str, ...], values: dict[str, Any]) -> int:
    """Print what a crawl would capture, as `find` does."""
    from embedarchive.cli.finding import print_found

    scope, settings = take_scope(values, seeds), take_settings(values)
    intake = Intake()
    sources = expand_seeds(seeds, base_url=values["base_url"], column=values["column"], intake=intake)
    nl, limit, render = values["as_json"], values["limit"], values["render"]
    chosen = api.choose_platforms(values["platforms"])
    return print_found(sources, intake, settings, nl=nl, scope=scope, limit=limit, render=render, platforms=chosen)


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="POST_URL...")
@archive_option
@click.option("--again", is_flag=True, help="Capture also what is already preserved.")
@platform_option
@with_options(MEDIA_OPTIONS)
@login_option
@replay_option
@farm_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def capture(urls: tuple[str, ...], **values: Any) -> int:
    """Capture posts by their own address, in any form of it.

    \b
    embedarchive capture "https://www.instagram.com/reel/C79gQqLpkul/?igsh=…"
    """
    return run_shown(partial(api.capture, *urls), "capture", values)


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@archive_option
@with_options(DISPLAY_OPTIONS)
def import_(files: tuple[str, ...], **values: Any) -> int:
    """Bring in what others recorded: web archives (WACZ, WARC, ARC, packed or not), saved pages, auto-archiver's sheets, and
    folders of them.

    Posts in them become captures that say who saw them and when, judged by their platform's own rules; they are no visits
    of ours, and never a check. Articles come in as they do for crawl, and the posts they embed are due for it. What
    embedarchive export wrote comes back whole. Nothing is asked of anybody. The same file again changes nothing.

    \b
    embedarchive import collection.wacz
    embedarchive import /collections/warc/ -a newsroom/
    """
    return run_shown(partial(api.import_files, *files), "import", values)


@click.command()
@archive_option
@click.option(
    "--older-than", type=Age(), default="0s", help="Only posts last looked at longer ago than this (7d, 12h …)."
)
@click.option("--limit", type=click.IntRange(1), help="At most so many posts, longest unseen first.")
@click.option(
    "--release", metavar="PLATFORM", help="Let the losses of a platform count that are withheld; visit nothing."
)
@click.option(
    "--trust-clock", is_flag=True, help="Believe this machine's clock, not runs that were after it; visit nothing."
)
@platform_option
@click.option("--collection", metavar="NAME", help="Only posts of this collection.")
@login_option
@replay_option
@farm_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
def check(**values: Any) -> int:
    """Visit preserved posts again and record, with evidence, whether each is still there.

    It looks now, outside of the budgets that `embedarchive watch` keeps to.

    \b
    embedarchive check --older-than 7d
    embedarchive check --release instagram      when many posts seemed gone at once, and they are
    """
    if platform := values.pop("release"):
        return release_losses(platform, values["archive"])
    if values.pop("trust_clock"):
        again, no_more = api.trust_clock(values["archive"])
        click.echo(f"{say_count(again, 'run')} believed again, {no_more} no more; their posts are concluded anew.")
        return ExitCode.DONE
    return run_shown(api.check, "check", values)


def release_losses(platform: str, archive: str) -> int:
    """Release what is withheld of a platform, and say what came of it."""
    holds, posts = api.release(platform, archive)
    if holds:
        click.echo(f"{say_count(holds, 'hold')} of {platform} released; {say_count(posts, 'post')} concluded anew.")
    else:
        click.echo(f"Nothing of {platform} is withheld.")
    return ExitCode.DONE


@click.command()
@archive_option
@with_options(DISPLAY_OPTIONS)
def demo(**values: Any) -> int:
    """See it work without the internet: crawl a bundled newsroom, lose some of its posts, read them all the same."""
    from embedarchive.replica.demo import play

    def step(call: Callable[..., Report], command: str, **given: Any) -> Report:
        return show_run(call, command, values | given)

    return play(archive_path(values["archive"]), step)


def run_shown(call: Callable[..., Report], command: str, values: dict[str, Any]) -> int:
    """Run a command with its display and give its exit code."""
    return show_run(call, command, values).exit_code


def show_run(call: Callable[..., Report], command: str, values: dict[str, Any]) -> Report:
    """Call the function that a command is made of, with its display, which prints the summary at the end."""
    shown = {name: values[name] for name in ("quiet", "verbose", "as_json")}
    log = values.get("log_file")
    given = {name: value for name, value in values.items() if name not in shown and name != "log_file"}
    with Display(f"{command} → {archive_path(values['archive'])}", **shown, command=command) as display:
        if log is None:
            return call(watcher=display, **given)
        watcher = LogFile(log, command, display)
        try:
            return call(watcher=watcher, **given)
        except EmbedArchiveError as error:
            watcher.write("error", {"text": str(error), "exit_code": int(error.exit_code)})
            raise
