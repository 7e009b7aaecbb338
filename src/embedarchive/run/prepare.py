"""What a command is about -> rows of the archive, so that all of it is due: articles for a crawl, posts for the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby, islice

from embedarchive.core import clock
from embedarchive.core.model import Post
from embedarchive.run.ledger import Event
from embedarchive.sources import Seed, canonicalize_article
from embedarchive.sources.intake import LOST, Intake
from embedarchive.sources.versions import FeedVersions
from embedarchive.store import Archive
from embedarchive.store.conclusions import is_open

Emit = Callable[[Event], None]
Prepare = Callable[[Archive, int, Emit], None]
"""Puts into the archive what the run of that number is about, and tells what was in hand and what was not taken."""


def prepare_crawl(
    seeds: Iterator[Seed], intake: Intake, versions: FeedVersions, *, limit: int | None, fresh_since: str, all_due: bool
) -> Prepare:
    """At most `limit` articles, those fetched well since `fresh_since` (ISO 8601) only to be searched; or `all_due`."""
    seeds = chain(list(islice(seeds, 1)), seeds)  # a mistake in the call shows before there is an archive

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        if all_due:
            archive.keep_all_due(crawl_id)
        for in_hand, some in groupby(islice(seeds, limit), key=lambda seed: seed.fetch is not None):
            if in_hand:
                keep_documents(archive, crawl_id, some, emit)
            else:
                keep_addresses(archive, crawl_id, some, fresh_since, versions)
        tell_skipped(intake, emit)

    return prepare


def keep_addresses(
    archive: Archive, crawl_id: int, seeds: Iterator[Seed], fresh_since: str, versions: FeedVersions
) -> None:
    """Put addresses to fetch into the archive, many to a transaction."""
    while some := list(islice(seeds, 1000)):
        for seed in some:
            versions.add(seed.url, seed.content)
        pairs = [(canonicalize_article(seed.url), seed.origin) for seed in some]
        archive.keep_seeds(crawl_id, pairs, clock.now(), fresh_since, 0, None)


def tell_skipped(intake: Intake, emit: Emit) -> None:
    """Tell what readers did not take: each loss by name, all else counted."""
    for lost in intake.lost:
        emit(
            Event(
                "skipped", f"{lost.source}: {lost.subject}" if lost.subject else lost.source, lost.reason, lost.detail
            )
        )
    told = Counter(lost.reason for lost in intake.lost)
    for reason, count in (intake.skipped - told).items():
        emit(Event("skipped", LOST.get(reason, ""), reason, "", count))


def keep_documents(archive: Archive, crawl_id: int, seeds: Iterator[Seed], emit: Emit) -> None:
    """Put documents already in hand into the archive; they are never too old to search."""
    for seed in seeds:
        assert seed.fetch is not None, "only documents in hand come here"
        url = canonicalize_article(seed.url) if seed.url.startswith("http") else seed.url
        article_id = archive.keep_seed(crawl_id, url, seed.origin, clock.now(), fresh_since="")
        kept = archive.keep_fetch(article_id, crawl_id, seed.fetch)
        outcome = "unchanged" if kept is None else seed.fetch.outcome
        emit(Event("article", seed.url, outcome, seed.fetch.reason or seed.fetch.truncated or ""))


def prepare_capture(posts: Iterable[Post], *, again: bool) -> Prepare:
    """These posts; with `again` also those that are preserved already.

    Whoever names a post of which something is missing or in doubt need not wait until it is due.
    """

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        for post in posts:
            forced = again or is_open(archive.conn, post.key)
            archive.keep_target(crawl_id, post, clock.now(), forced=forced)

    return prepare


def prepare_check(*, seen_before: str, limit: int | None) -> Prepare:
    """Preserved posts last looked at before a time (ISO 8601), those unseen for longest first."""

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        archive.keep_check_targets(crawl_id, seen_before, limit or -1)

    return prepare
