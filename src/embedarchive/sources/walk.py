"""Seeds that stand for many articles (sitemaps, feeds, whole sites) turned into those articles, as they are found."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from embedarchive.core.model import Fetch
from embedarchive.sources.article_url import canonicalize_article
from embedarchive.sources.intake import Intake
from embedarchive.sources.links import LinkScope, find_links
from embedarchive.sources.listing import find_listing
from embedarchive.sources.seed import Seed

MAX_LISTINGS = 1000
"""Sitemaps that indexes name, read in one run: an index may name 50,000, and they may name each other."""

MAX_LEVELS = 3
"""Indexes of indexes that are read; the protocol of sitemaps allows none within another."""


@dataclass(frozen=True, slots=True)
class Step:
    """One address to fetch on a walk: `depth` links from its seed; `level` indexes of sitemaps led to it."""

    seed: Seed
    depth: int = 0
    level: int = 0


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What one fetched document gave: the article itself (None if it is a listing), further articles, further steps.

    `left_out` is what the scope does not take, `elsewhere` what a sitemap names of other sites.
    """

    article: Seed | None
    articles: tuple[Seed, ...] = ()
    steps: tuple[Step, ...] = ()
    truncated: str | None = None
    left_out: int = 0
    elsewhere: int = 0


def find_articles(step: Step, fetch: Fetch, scope: LinkScope | None) -> SourceFile:
    """Say what a fetched document is, and what it leads to. Pure.

    The entries of a sitemap or a feed are articles; a page is one, and with a scope its links are the next steps.
    """
    listing = None
    if fetch.outcome == "ok":
        listing = find_listing(fetch.body, fetch.final_url, fetch.truncated)
    if listing is None:
        if _is_followed(step, fetch, scope):
            links = find_links(fetch.body, fetch.final_url)
        else:
            links = ()
        steps = (Step(Seed(url, fetch.final_url), step.depth + 1) for url in links if scope and scope.admits(url))
        if is_left_out(fetch, step.seed.url, scope):
            return SourceFile(None, (), tuple(steps), left_out=1)
        return SourceFile(replace(step.seed, fetch=fetch), (), tuple(steps))
    chosen = [e for e in listing.entries if scope is None or scope.chooses(e.url, e.changed_at, listing.kind)]
    seeds = tuple(Seed(e.url, fetch.final_url, changed_at=e.changed_at, content=e.content) for e in chosen)
    counts = (listing.truncated, len(listing.entries) - len(chosen), listing.elsewhere)
    if listing.kind == "sitemap_index":
        return SourceFile(None, (), tuple(Step(seed, step.depth, step.level + 1) for seed in seeds), *counts)
    return SourceFile(None, seeds, (), *counts)


OUT_OF_SCOPE = "out_of_scope"


def is_left_out(fetch: Fetch, url: str, scope: LinkScope | None) -> bool:
    """Whether what was fetched for an address is no article of the scope. What failed for another reason is told as that."""
    if fetch.outcome == "failed":
        return fetch.reason == OUT_OF_SCOPE
    return scope is not None and not scope.takes(url, fetch.final_url)


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
    intake: Intake | None = None,
) -> AsyncIterator[Seed]:
    """Fetch the seeds and what they lead to, breadth first, and give each article once, as soon as it is known.

    A page that had to be fetched comes with its `fetch`; an entry of a listing comes without. A `scope` says which are taken,
    and whether pages are followed. `limit` counts articles; `width` is how many fetches are under way at once. With `every`,
    each file that was read is given, also where several say that they are one article. What is not taken is counted in
    `intake`.
    """
    intake = Intake() if intake is None else intake
    walker = _Walk(scope, limit, intake)
    for seed in choose_seeds(seeds, scope, intake):
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
                for seed in walker.take(found, step.seed.url):
                    yield seed
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _take(step: Step, fetch: Callable[[str], Awaitable[Fetch]]) -> tuple[Step, Fetch]:
    return step, await fetch(step.seed.url)


def choose_seeds(seeds: Iterable[Seed], scope: LinkScope | None, intake: Intake) -> Iterator[Seed]:
    """The seeds that a scope takes, as far as can be said before they are fetched; the others are counted.

    A document in hand is as old as its capture, or as its file.
    """
    for seed in seeds:
        if scope is None or _is_chosen(seed, scope):
            if scope and seed.fetch is None:
                scope.follow_from(seed.url)
            yield seed
        else:
            intake.skip(seed.origin, OUT_OF_SCOPE, seed.url)


def _is_chosen(seed: Seed, scope: LinkScope) -> bool:
    if seed.fetch is None:
        return scope.asks_for(seed.url, seed.origin) and scope.is_recent(seed.changed_at)
    return scope.takes(seed.url, seed.fetch.final_url) and scope.is_recent(seed.changed_at or seed.fetch.fetched_at)


class ListingBudget:
    """Which sitemaps of indexes a run still reads: each once, and not without end."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._read = 0
        self._spent = self._told = False

    def note(self, *urls: str) -> None:
        """Listings that were read because somebody named them."""
        self._known.update(urls)

    def allows(self, url: str, level: int) -> bool:
        """Whether a sitemap that `level` indexes led to is to be read; then it is counted."""
        if url in self._known:
            return False
        if self._read >= MAX_LISTINGS or level > MAX_LEVELS:
            self._spent = True
            return False
        self._known.add(url)
        self._read += 1
        return True

    def tell_spent(self) -> bool:
        """Whether some were left for there were too many: once."""
        tell = self._spent and not self._told
        self._told = self._spent
        return tell


class _Walk:
    """What a walk remembers: what is still to fetch, what was seen, how many articles there are."""

    def __init__(self, scope: LinkScope | None, limit: int | None, intake: Intake) -> None:
        self.scope = scope
        self.limit = limit
        self.intake = intake
        self.steps: deque[Step] = deque()
        self._planned: set[str] = set()
        self._given: set[str] = set()
        self._budget = ListingBudget()

    @property
    def is_done(self) -> bool:
        return self.limit is not None and len(self._given) >= self.limit

    def add(self, step: Step) -> None:
        """Plan a step, unless the same article, or the same listing, was planned before."""
        if step.level:
            if self._budget.allows(step.seed.url, step.level):
                self.steps.append(step)
            elif self._budget.tell_spent():
                self.intake.skip(step.seed.origin, "too_many_listings", step.seed.url)
            return
        self._budget.note(step.seed.url)
        key = canonicalize_article(step.seed.url)
        if key not in self._planned:
            self._planned.add(key)
            self.steps.append(step)

    def counts(self, seed: Seed) -> bool:
        """Whether an article is new, and still within the limit; then it is counted."""
        if seed.url.startswith("http"):
            key = canonicalize_article(seed.url)
        else:
            key = seed.url
        if self.is_done or key in self._given:
            return False
        self._given.add(key)
        return True

    def take(self, found: SourceFile, origin: str) -> Iterator[Seed]:
        """Plan what a document leads to, and give its articles that are new."""
        if found.truncated:
            self.intake.skip(origin, "too_many" if found.truncated == "too_many" else "damaged", origin)
        self.intake.skipped += Counter({OUT_OF_SCOPE: found.left_out, "other_site": found.elsewhere})
        for step in found.steps:
            self.add(step)
        if found.article:
            articles = (found.article, *found.articles)
        else:
            articles = found.articles
        yield from (seed for seed in articles if self.counts(seed))
