"""What a command is about -> rows of the archive, so that all of it is due: articles for a crawl, posts for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby, islice

from embedarchive.core import clock
from embedarchive.core.model import Post
from embedarchive.sources import Seed, canonicalize_article
from embedarchive.store import Archive
from embedarchive.store.conclusions import is_open

Prepare = Callable[[Archive, int], None]
"""Puts into the archive what the run of that number is about."""


def prepare_crawl(seeds: Iterator[Seed], *, limit: int | None, fresh_since: str, all_due: bool) -> Prepare:
    """At most `limit` articles, those fetched well since `fresh_since` (ISO 8601) only to be searched; or `all_due`."""
    seeds = chain(list(islice(seeds, 1)), seeds)  # a mistake in the call shows before there is an archive

    def prepare(archive: Archive, crawl_id: int) -> None:
        if all_due:
            archive.keep_all_due(crawl_id)
        for in_hand, some in groupby(islice(seeds, limit), key=lambda seed: seed.fetch is not None):
            if in_hand:
                keep_documents(archive, crawl_id, some)
            else:
                keep_addresses(archive, crawl_id, some, fresh_since)

    return prepare


def keep_addresses(archive: Archive, crawl_id: int, seeds: Iterator[Seed], fresh_since: str) -> None:
    """Put addresses to fetch into the archive, many to a transaction."""
    while some := list(islice(seeds, 1000)):
        pairs = [(canonicalize_article(seed.url), seed.origin) for seed in some]
        archive.keep_seeds(crawl_id, pairs, clock.now(), fresh_since, 0, None)


def keep_documents(archive: Archive, crawl_id: int, seeds: Iterator[Seed]) -> None:
    """Put documents already in hand into the archive; they are never too old to search."""
    for seed in seeds:
        assert seed.fetch is not None, "only documents in hand come here"
        url = canonicalize_article(seed.url) if seed.url.startswith("http") else seed.url
        article_id = archive.keep_seed(crawl_id, url, seed.origin, clock.now(), fresh_since="")
        archive.keep_fetch(article_id, crawl_id, seed.fetch)


def prepare_capture(posts: Iterable[Post], *, again: bool) -> Prepare:
    """These posts; with `again` also those that are preserved already.

    Whoever names a post of which something is missing or in doubt need not wait until it is due.
    """

    def prepare(archive: Archive, crawl_id: int) -> None:
        for post in posts:
            forced = again or is_open(archive.conn, post.key)
            archive.keep_target(crawl_id, post, clock.now(), forced=forced)

    return prepare


def prepare_check(*, seen_before: str, limit: int | None) -> Prepare:
    """Preserved posts last looked at before a time (ISO 8601), those unseen for longest first."""

    def prepare(archive: Archive, crawl_id: int) -> None:
        archive.keep_check_targets(crawl_id, seen_before, limit or -1)

    return prepare
