"""Seeds that stand for many articles (sitemaps, feeds, whole sites) turned into those articles, as they are found."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from embedarchive.core.model import Fetch
from embedarchive.sources.article_url import canonicalize_article
from embedarchive.sources.links import LinkScope, find_links
from embedarchive.sources.listing import find_listing
from embedarchive.sources.seed import Seed

MAX_LISTINGS = 5000
"""Sitemaps and feeds read in one walk: an index may name 50,000 sitemaps, and they may name each other."""


@dataclass(frozen=True, slots=True)
class Step:
    """One address to fetch on a walk: `depth` links from its seed; `listing` if an index of sitemaps named it."""

    seed: Seed
    depth: int = 0
    listing: bool = False


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What one fetched document gave: the article itself (None if it is a listing), further articles, further steps."""

    article: Seed | None
    articles: tuple[Seed, ...] = ()
    steps: tuple[Step, ...] = ()
    truncated: str | None = None


def find_articles(step: Step, fetch: Fetch, scope: LinkScope | None) -> SourceFile:
    """Say what a fetched document is, and what it leads to. Pure.

    The entries of a sitemap or a feed are articles; a page is one, and with a scope its links are the next steps.
    """
    listing = find_listing(fetch.body, fetch.final_url, fetch.truncated) if fetch.outcome == "ok" else None
    if listing is None:
        links = find_links(fetch.body, fetch.final_url) if _is_followed(step, fetch, scope) else ()
        steps = (Step(Seed(url, fetch.final_url), step.depth + 1) for url in links if scope and scope.admits(url))
        return SourceFile(replace(step.seed, fetch=fetch), (), tuple(steps))
    chosen = (e for e in listing.entries if scope is None or scope.chooses(e.url, e.changed_at, listing.kind))
    seeds = tuple(Seed(e.url, fetch.final_url, changed_at=e.changed_at, content=e.content) for e in chosen)
    if listing.kind == "sitemap_index":
        steps = (Step(seed, step.depth, listing=True) for seed in seeds)
        return SourceFile(None, (), tuple(steps), listing.truncated)
    return SourceFile(None, seeds, (), listing.truncated)


def _is_followed(step: Step, fetch: Fetch, scope: LinkScope | None) -> bool:
    return scope is not None and fetch.outcome == "ok" and step.depth < scope.depth


async def walk(
    seeds: Iterable[Seed],
    fetch: Callable[[str], Awaitable[Fetch]],
    scope: LinkScope | None = None,
    *,
    limit: int | None = None,
    width: int = 6,
    every: bool = False,
) -> AsyncIterator[Seed]:
    """Fetch the seeds and what they lead to, breadth first, and give each article once, as soon as it is known.

    A page that had to be fetched comes with its `fetch`; an entry of a listing comes without. With a `scope` pages are
    followed. `limit` counts articles; `width` is how many fetches are under way at once. With `every`, each file that was
    read is given, also where several say that they are one article.
    """
    walker = _Walk(scope, limit)
    for seed in seeds:
        if seed.fetch is not None:
            if walker.counts(seed) or (every and not walker.is_done):
                yield seed
        else:
            walker.add(Step(seed))
    running: set[asyncio.Task[tuple[Step, Fetch]]] = set()
    try:
        while not walker.is_done and (walker.steps or running):
            while walker.steps and len(running) < width:
                running.add(asyncio.create_task(_take(walker.steps.popleft(), fetch)))
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                step, fetched = task.result()
                found = await asyncio.to_thread(find_articles, step, fetched, scope)
                for seed in walker.take(found):
                    yield seed
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _take(step: Step, fetch: Callable[[str], Awaitable[Fetch]]) -> tuple[Step, Fetch]:
    return step, await fetch(step.seed.url)


class _Walk:
    """What a walk remembers: what is still to fetch, what was seen, how many articles there are."""

    def __init__(self, scope: LinkScope | None, limit: int | None) -> None:
        self.scope = scope
        self.limit = limit
        self.steps: deque[Step] = deque()
        self._planned: set[str] = set()
        self._given: set[str] = set()
        self._listings = 0

    @property
    def is_done(self) -> bool:
        return self.limit is not None and len(self._given) >= self.limit

    def add(self, step: Step) -> None:
        """Plan a step, unless the same article, or the same listing, was planned before."""
        key = step.seed.url if step.listing else canonicalize_article(step.seed.url)
        self._listings += step.listing
        if key not in self._planned and self._listings <= MAX_LISTINGS:
            self._planned.add(key)
            self.steps.append(step)

    def counts(self, seed: Seed) -> bool:
        """Whether an article is new, and still within the limit; then it is counted."""
        key = canonicalize_article(seed.url) if seed.url.startswith("http") else seed.url
        if self.is_done or key in self._given:
            return False
        self._given.add(key)
        return True

    def take(self, found: SourceFile) -> Iterator[Seed]:
        """Plan what a document leads to, and give its articles that are new."""
        for step in found.steps:
            self.add(step)
        articles = (found.article, *found.articles) if found.article else found.articles
        yield from (seed for seed in articles if self.counts(seed))
