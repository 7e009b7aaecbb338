"""The commands that only look: find, platforms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import click
from rich.table import Table
from rich.text import Text

from embedarchive.cli.console import open_console
from embedarchive.cli.options import (
    SCOPE_OPTIONS,
    WORLD_OPTIONS,
    base_url_option,
    column_option,
    farm_option,
    render_option,
    take_scope,
    take_settings,
    with_options,
)
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode
from embedarchive.core.model import Embed, Fetch, Found
from embedarchive.detect.merge import merge_found
from embedarchive.detect.obstacles import OBSTACLES
from embedarchive.detect.pool import count_cores
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform
from embedarchive.run.failures import ADVICE, find_advice
from embedarchive.run.in_order import in_order
from embedarchive.run.ledger import DOM_TYPE
from embedarchive.run.report import say_closed
from embedarchive.run.services import Services, Settings
from embedarchive.show.words import printable
from embedarchive.sources import LinkScope, Seed, expand_seeds, walk
from embedarchive.sources.intake import Intake, say_skipped
from embedarchive.sources.media import refuse_no_article
from embedarchive.sources.seeds import Scan
from embedarchive.sources.versions import make_feed_version
from embedarchive.sources.walk import OUT_OF_SCOPE, is_left_out

SEARCHED_AHEAD = 16 + 8 * count_cores()
"""Pages that are searched, or wait for their turn to be printed, while further ones are read."""


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@base_url_option
@column_option
@click.option("--nl", is_flag=True, help="One JSON object a line.")
@click.option("--mentions", is_flag=True, help="Also links, credits and feed tiles that name a post but show none.")
@click.option("--unknown", is_flag=True, help="Also third-party frames and widgets of no known platform.")
@render_option
@with_options(SCOPE_OPTIONS)
@farm_option
@with_options(WORLD_OPTIONS)
def find(
    sources: tuple[str, ...],
    base_url: str | None,
    column: str | None,
    nl: bool,
    mentions: bool,
    unknown: bool,
    render: bool,
    **values: Any,
) -> int:
    """Print the embeds of articles, and keep nothing.

    A SOURCE is what `embedarchive crawl` takes: an article's URL, a saved article, @FILE, or - for standard input.

    \b
    embedarchive find story.html.gz
    embedarchive find https://news.example/story --nl | jq -r .key
    """
    from embedarchive.run.scanning import make_scan  # it brings warcio

    intake = Intake()
    scope, limit, settings = take_scope(values, sources), values.pop("limit"), take_settings(values)
    kinds = {"embed"} | ({"mention"} if mentions else set()) | ({"unknown"} if unknown else set())
    options = {"mentions": mentions, "unknown": unknown, "obstacles": True}
    with make_scan(settings.farm, options, note=partial(click.secho, fg="yellow", err=True)) as scan:
        apart: Scan | None = scan.expand
        if "-" in sources:  # what comes by a pipe is told as it comes
            apart = None
        seeds = expand_seeds(sources, base_url=base_url, column=column, intake=intake, scan=apart)
        return print_found(seeds, intake, settings, nl=nl, kinds=kinds, scope=scope, limit=limit, render=render)


def print_found(
    seeds: Iterable[Seed],
    intake: Intake,
    settings: Settings,
    *,
    nl: bool,
    kinds: Iterable[str] = ("embed",),
    scope: LinkScope | None = None,
    limit: int | None = None,
    render: bool = False,
    platforms: Collection[str] = (),
) -> int:
    """Print what is found in each article as it comes; give IN_PART if some could not be read, else DONE.

    Of `platforms` only, if any are named.
    """
    wanted = Wanted(frozenset(kinds), frozenset(platforms))
    return asyncio.run(
        print_all(seeds, intake, settings, nl=nl, wanted=wanted, scope=scope, limit=limit, render=render)
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which embeds are printed: of these kinds, and of these platforms if any are named."""

    kinds: frozenset[str]
    platforms: frozenset[str] = frozenset()

    def choose(self, embeds: Iterable[Embed]) -> list[Embed]:
        of = self.platforms
        return [each for each in embeds if each.kind in self.kinds and (not of or each.platform in of)]


async def print_all(
    seeds: Iterable[Seed],
    intake: Intake,
    settings: Settings,
    *,
    nl: bool,
    wanted: Wanted,
    scope: LinkScope | None,
    limit: int | None,
    render: bool,
) -> int:
    failed = cut = 0
    closed: dict[str, str] = {}
    async with Services(settings) as services:
        more = {"mentions": "mention" in wanted.kinds, "unknown": "unknown" in wanted.kinds}
        ask = partial(services.fetch, excludes=scope.excludes) if scope else services.fetch
        options: dict[str, Any] = {"limit": limit, "width": settings.concurrency, "every": True, "intake": intake}

        async def take_pages() -> AsyncIterator[tuple[Seed, Fetch]]:
            async for seed in walk(seeds, ask, scope, **options):
                fetch = seed.fetch or await ask(seed.url)
                if is_left_out(fetch, seed.url, scope):
                    intake.skip(seed.origin, OUT_OF_SCOPE, seed.url)
                elif seed.found:
                    yield seed, fetch
                else:
                    yield seed, refuse_no_article(fetch)

        async def search(page: tuple[Seed, Fetch]) -> Found | None:
            seed, fetch = page
            if seed.found or fetch.outcome == "failed":
                return seed.found
            return await services.search(fetch.body, url=fetch.final_url, content_type=fetch.content_type, **more)

        async for (seed, fetch), found in in_order(take_pages(), search, SEARCHED_AHEAD):
            if found is None:
                failed += 1
                to_do = find_advice(fetch.reason or "", "failed", "article")
                click.secho(f"{seed.url}: not fetched ({fetch.reason}); {to_do}", fg="red", err=True)
                if fetch.closed_until:
                    closed[urlsplit(fetch.final_url).netloc] = fetch.closed_until
                await print_feed_version(services, seed, wanted, nl=nl, **more)
                continue
            if render and fetch.source == "network":
                found = await search_rendered(services, fetch, found, **more)
            found = replace(found, truncated=found.truncated or fetch.truncated)
            if found.truncated:
                cut += 1
                to_do = ""
                if found.truncated in OBSTACLES:
                    to_do = f"; {ADVICE[found.truncated]}"
                click.secho(f"{seed.url}: searched in part only ({found.truncated}){to_do}", fg="yellow", err=True)
            embeds = wanted.choose(found.embeds)
            (print_lines if nl else print_table)(seed, found, embeds)
            if found.truncated in OBSTACLES:
                await print_feed_version(services, seed, wanted, nl=nl, **more)
    for host, until in closed.items():
        click.secho(say_closed(host, until), fg="yellow", err=True)
    print_skipped(intake)
    if failed or cut or intake.losses:
        return ExitCode.IN_PART
    return ExitCode.DONE


async def print_feed_version(services: Services, seed: Seed, wanted: Wanted, *, nl: bool, **more: bool) -> None:
    """Print what the feed carries of an article that cannot be had itself."""
    if not seed.content:
        return
    fetch = make_feed_version(seed.url, seed.content, clock.now())
    found = await services.search(fetch.body, url=fetch.url, content_type=fetch.content_type, **more)
    embeds = wanted.choose(found.embeds)
    (print_lines if nl else print_table)(replace(seed, origin=fetch.source), found, embeds)


def print_skipped(intake: Intake) -> None:
    """Say on standard error what was not taken: each loss by name, all of it by reason."""
    for lost in intake.lost:
        said = ": ".join(filter(None, (lost.source, lost.subject if lost.subject != lost.source else "", lost.detail)))
        click.secho(f"{printable(said)} ({lost.reason})", fg="red", err=True)
    if intake.skipped:
        click.secho(f"Not taken: {say_skipped(intake.skipped)}", fg="yellow", err=True)


async def search_rendered(services: Services, fetch: Fetch, found: Found, **more: bool) -> Found:
    """Render a fetched article and search that too; give what both searches found."""
    rendering = await services.render(fetch.final_url)
    if rendering.reason:
        click.secho(f"{fetch.url}: rendered in part or not at all ({rendering.reason})", fg="yellow", err=True)
    dom = await services.search(rendering.dom.encode(), url=fetch.final_url, content_type=DOM_TYPE, **more)
    return merge_found(found, dom)


def print_lines(seed: Seed, found: Found, embeds: list[Embed]) -> None:
    for row in embed_rows(seed, found, embeds):
        click.echo(json.dumps(row, ensure_ascii=False))


def embed_rows(seed: Seed, found: Found, embeds: list[Embed]) -> Iterator[dict[str, Any]]:
    """One flat object an embed. `source` is what named the article, or `feed` where it was found in what the feed carries of
    it. `posted_at` comes from the post's id where ids carry time, else from the publisher, and
    `posted_at_source` says which (`id`, `publisher`). `about` is the post that a comment belongs to; `truncated` says why
    the page was searched in part only, if it was: then there is a row also where nothing was found."""
    if found.truncated and not embeds:
        yield {"source": seed.origin, "article": found.canonical_url or seed.url, "truncated": found.truncated}
    for embed in embeds:
        post, claim = embed.post, embed.claim
        dated = post.posted_at if post else None
        source = "id" if dated else "publisher"
        yield {
            "source": seed.origin, "article": found.canonical_url or seed.url, "position": embed.position,
            "platform": embed.platform, "native_id": post.native_id if post else None,
            "key": post.key if post else None, "url": post.url if post else embed.url, "form": embed.form,
            "author_name": claim.author_name, "author_handle": claim.author_handle, "text": claim.text,
            "posted_at": dated or claim.posted_at,
            "posted_at_source": source if dated or claim.posted_at else None,
            "about": BY_NAME[post.platform].about(post.native_id) if post else None,
            "truncated": found.truncated, "seen_in": embed.seen_in,
            "kind": embed.kind, "layer": embed.layer, "rule": embed.rule,
        }  # fmt: skip


def print_table(seed: Seed, found: Found, embeds: list[Embed]) -> None:
    console = open_console()
    console.print(Text(printable(found.title or seed.url), style="bold"))
    console.print(Text(printable(found.canonical_url or seed.url), style="dim"))
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for embed in embeds:
        if embed.claim.author_handle:
            author = f"@{embed.claim.author_handle}"
        else:
            author = embed.claim.author_name or ""
        if embed.post:
            name = embed.post.key
        else:
            name = f"{embed.platform or embed.kind}: no post named"
        table.add_row(str(embed.position), printable(name), embed.form, printable(author), excerpt(embed))
    console.print(table if embeds else Text("no embedded posts", style="dim"))
    console.print()


def excerpt(embed: Embed) -> str:
    text = printable(" ".join((embed.claim.text or embed.url or "").split()))
    if len(text) <= 60:
        return text
    return text[:59] + "…"


@click.command()
@click.option("--nl", is_flag=True, help="One JSON object a line.")
def platforms(nl: bool) -> None:
    """Print what is known of each platform: how its embeds are recognised, whether its posts can be visited."""
    if nl:
        for platform in PLATFORMS:
            click.echo(json.dumps(capabilities(platform), ensure_ascii=False))
        return
    table = Table(box=None, padding=(0, 3, 0, 0))
    for heading in ("platform", "found in articles", "date from id", "captured", "hosts"):
        table.add_column(heading, no_wrap=heading != "hosts")
    for platform in PLATFORMS:
        can = capabilities(platform)
        hosts = ", ".join(platform.hosts[:4]) + (" …" if len(platform.hosts) > 4 else "") or "any"
        dates, visits = ("yes" if can[name] else "–" for name in ("dates_from_id", "captured"))
        table.add_row(platform.title, "yes", dates, visits, hosts)
    open_console().print(table)


def capabilities(platform: Platform) -> dict[str, Any]:
    """What a platform's value says it can do; the documented matrix is made of these."""
    return {
        "platform": platform.name, "title": platform.title, "hosts": list(platform.hosts),
        "mirrors": list(platform.mirrors),
        "marks": [mark.css for mark in platform.selectors],
        "dates_from_id": any(example.posted_at for example in platform.examples),
        "captured": platform.visit is not None,
    }  # fmt: skip
