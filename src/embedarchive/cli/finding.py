"""The commands that only look: find, platforms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, field, replace
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
from embedarchive.core.model import Embed, Fetch, Found, Post
from embedarchive.core.texts import cut_text
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
    return asyncio.run(print_all(seeds, intake, settings, wanted, scope, nl=nl, limit=limit, render=render))


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
    wanted: Wanted,
    scope: LinkScope | None,
    *,
    nl: bool,
    limit: int | None,
    render: bool,
) -> int:
    async with Services(settings) as services:
        told = Findings(services, intake, wanted, scope, nl=nl, render=render)
        pages = told.take_pages(seeds, limit, settings.concurrency)
        async for (seed, fetch), found in in_order(pages, told.search, SEARCHED_AHEAD):
            if found is None:
                await told.say_unread(seed, fetch)
            else:
                await told.say_found(seed, fetch, found)
    for host, until in told.closed.items():
        click.secho(say_closed(host, until), fg="yellow", err=True)
    print_skipped(intake)
    if told.is_partial or intake.losses:
        return ExitCode.IN_PART
    return ExitCode.DONE


@dataclass(slots=True)
class Findings:
    """What is found in articles, printed as it comes, and what of them could not be read.

    `closed` is until when a host lets nobody in, by its name; `is_partial` whether any page was not read to its end.
    """

    services: Services
    intake: Intake
    wanted: Wanted
    scope: LinkScope | None
    _: KW_ONLY
    nl: bool
    render: bool
    closed: dict[str, str] = field(default_factory=dict)
    is_partial: bool = False

    async def fetch(self, url: str) -> Fetch:
        if self.scope is None:
            return await self.services.fetch(url)
        return await self.services.fetch(url, excludes=self.scope.excludes)

    async def take_pages(
        self, seeds: Iterable[Seed], limit: int | None, width: int
    ) -> AsyncIterator[tuple[Seed, Fetch]]:
        """The articles that seeds lead to, each with its download; what is none, or leads out of the scope, is counted."""
        walked = walk(seeds, self.fetch, self.scope, limit=limit, width=width, every=True, intake=self.intake)
        async for seed in walked:
            fetch = seed.fetch or await self.fetch(seed.url)
            if is_left_out(fetch, seed.url, self.scope):
                self.intake.skip(seed.origin, OUT_OF_SCOPE, seed.url)
            elif seed.found:
                yield seed, fetch
            else:
                yield seed, refuse_no_article(fetch)

    async def search(self, page: tuple[Seed, Fetch]) -> Found | None:
        """What is in a page; None where it could not be had."""
        seed, fetch = page
        if seed.found or fetch.outcome == "failed":
            return seed.found
        return await self.search_page(fetch.body, fetch.final_url, fetch.content_type)

    async def search_page(self, body: bytes, url: str, content_type: str | None) -> Found:
        kinds = self.wanted.kinds
        return await self.services.search(
            body, url=url, content_type=content_type, mentions="mention" in kinds, unknown="unknown" in kinds
        )

    async def say_unread(self, seed: Seed, fetch: Fetch) -> None:
        """Say why an article could not be had, and print what its feed carries of it."""
        self.is_partial = True
        to_do = find_advice(fetch.reason or "", "failed", "article")
        click.secho(f"{seed.url}: not fetched ({fetch.reason}); {to_do}", fg="red", err=True)
        if fetch.closed_until:
            self.closed[urlsplit(fetch.final_url).netloc] = fetch.closed_until
        await self.print_feed_version(seed)

    async def say_found(self, seed: Seed, fetch: Fetch, found: Found) -> None:
        """Print what was found in an article, and say where it was searched in part only."""
        if self.render and fetch.source == "network":
            found = await self.search_rendered(fetch, found)
        found = replace(found, truncated=found.truncated or fetch.truncated)
        to_do = ""
        if found.truncated in OBSTACLES:
            to_do = f"; {ADVICE[found.truncated]}"
        if found.truncated:
            self.is_partial = True
            click.secho(f"{seed.url}: searched in part only ({found.truncated}){to_do}", fg="yellow", err=True)
        self.print_embeds(seed, found)
        if found.truncated in OBSTACLES:
            await self.print_feed_version(seed)

    async def print_feed_version(self, seed: Seed) -> None:
        """Print what the feed carries of an article that cannot be had itself."""
        if not seed.content:
            return
        fetch = make_feed_version(seed.url, seed.content, clock.now())
        found = await self.search_page(fetch.body, fetch.url, fetch.content_type)
        self.print_embeds(replace(seed, origin=fetch.source), found)

    async def search_rendered(self, fetch: Fetch, found: Found) -> Found:
        """Render a fetched article and search that too; give what both searches found."""
        rendering = await self.services.render(fetch.final_url)
        if rendering.reason:
            click.secho(f"{fetch.url}: rendered in part or not at all ({rendering.reason})", fg="yellow", err=True)
        dom = await self.search_page(rendering.dom.encode(), fetch.final_url, DOM_TYPE)
        return merge_found(found, dom)

    def print_embeds(self, seed: Seed, found: Found) -> None:
        embeds = self.wanted.choose(found.embeds)
        if self.nl:
            print_lines(seed, found, embeds)
        else:
            print_table(seed, found, embeds)


def print_skipped(intake: Intake) -> None:
    """Say on standard error what was not taken: each loss by name, all of it by reason."""
    for lost in intake.lost:
        parts = dict.fromkeys(
            (lost.source, lost.subject, lost.detail)
        )  # a subject that is its own source is named once
        said = ": ".join(filter(None, parts))
        click.secho(f"{printable(said)} ({lost.reason})", fg="red", err=True)
    if intake.skipped:
        click.secho(f"Not taken: {say_skipped(intake.skipped)}", fg="yellow", err=True)


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
        posted_at, told_by = date_embed(embed)
        yield {
            "source": seed.origin, "article": found.canonical_url or seed.url, "position": embed.position,
            "platform": embed.platform, **name_post(embed), "form": embed.form,
            "author_name": embed.claim.author_name, "author_handle": embed.claim.author_handle, "text": embed.claim.text,
            "posted_at": posted_at, "posted_at_source": told_by, "about": find_subject(embed.post),
            "truncated": found.truncated, "seen_in": embed.seen_in,
            "kind": embed.kind, "layer": embed.layer, "rule": embed.rule,
        }  # fmt: skip


def name_post(embed: Embed) -> dict[str, str | None]:
    """The ids of an embed's post, and its address; where no post is named, the address that the embed has."""
    if embed.post is None:
        return {"native_id": None, "key": None, "url": embed.url}
    return {"native_id": embed.post.native_id, "key": embed.post.key, "url": embed.post.url}


def date_embed(embed: Embed) -> tuple[str | None, str | None]:
    """When a post was made, and who says so: its `id`, or the `publisher`; nobody knows of some."""
    if embed.post and embed.post.posted_at:
        return embed.post.posted_at, "id"
    if embed.claim.posted_at:
        return embed.claim.posted_at, "publisher"
    return None, None


def find_subject(post: Post | None) -> str | None:
    """The post that a comment belongs to."""
    if post is None:
        return None
    return BY_NAME[post.platform].about(post.native_id)


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
    if embeds:
        console.print(table)
    else:
        console.print(Text("no embedded posts", style="dim"))
    console.print()


def excerpt(embed: Embed) -> str:
    return cut_text(printable(" ".join((embed.claim.text or embed.url or "").split())), 60)


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
