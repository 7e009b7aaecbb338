"""What a command is about -> rows of the archive, so that all of it is due: articles for a crawl, posts for the others."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby, islice
from pathlib import Path

from embedarchive.core import clock
from embedarchive.core.errors import IntakeError
from embedarchive.core.model import Fetch, Found, Post
from embedarchive.detect import FINDER_RULES
from embedarchive.detect.bounded import search_bounded
from embedarchive.detect.obstacles import OBSTACLES
from embedarchive.run.ledger import Event
from embedarchive.run.watch import MOST_READINGS, Watch, find_allowed
from embedarchive.sources import LinkScope, Seed, canonicalize_article
from embedarchive.sources.intake import LOST, Intake
from embedarchive.sources.versions import FeedVersions
from embedarchive.sources.walk import choose_seeds
from embedarchive.store import Archive
from embedarchive.store.conclusions import is_open
from embedarchive.store.erasing import has_barred
from embedarchive.store.handed_in import HandedPage, find_newest, read_waiting, settle_page
from embedarchive.store.optouts import OPTED_OUT, OptOuts, read_optouts
from embedarchive.store.watching import find_platforms, has_watched

EVERYTHING = LinkScope(())
"""Nothing is left out, and nothing followed."""

Emit = Callable[[Event], None]
Prepare = Callable[[Archive, int, Emit], None]
"""Puts into the archive what the run of that number is about, and tells what was in hand and what was not taken."""


def prepare_crawl(
    seeds: Iterator[Seed],
    intake: Intake,
    versions: FeedVersions,
    *,
    scope: LinkScope = EVERYTHING,
    limit: int | None,
    fresh_since: str,
    all_due: bool,
    by_reference: bool = False,
) -> Prepare:
    """At most `limit` articles of a scope, or of all that are due (`all_due`).

    Those fetched well since `fresh_since` (ISO 8601) are only searched. Of pages out of web archives only the place is kept,
    if they are taken `by_reference`.
    """
    seeds = choose_seeds(seeds, scope, intake)
    seeds = chain(list(islice(seeds, 1)), seeds)  # a mistake in the call shows before there is an archive

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        if all_due:
            archive.keep_all_due(crawl_id, scope.takes)
        started_at = clock.now()
        for in_hand, some in groupby(limit_articles(seeds, limit), key=lambda seed: seed.fetch is not None):
            if in_hand:
                keep_documents(archive, crawl_id, some, emit, started_at, by_reference=by_reference)
            else:
                keep_addresses(archive, crawl_id, some, fresh_since, versions, started_at)
        take_handed_in(archive, crawl_id, emit)
        tell_skipped(intake, emit)

    return prepare


def limit_articles(seeds: Iterator[Seed], limit: int | None) -> Iterator[Seed]:
    """The seeds of the first `limit` articles: one may be named in several rows of a list."""
    named: set[str] = set()
    for seed in seeds:
        if limit is not None and seed.url not in named and len(named) >= limit:
            return
        if limit is not None:
            named.add(seed.url)
        yield seed


def keep_addresses(
    archive: Archive, crawl_id: int, seeds: Iterator[Seed], fresh_since: str, versions: FeedVersions, started_at: str
) -> None:
    """Put addresses to fetch into the archive, many to a transaction, and what their lists note of them."""
    while some := list(islice(seeds, 1000)):
        for seed in some:
            versions.add(seed.url, seed.content)
        pairs = [(canonicalize_article(seed.url), seed.origin) for seed in some]
        archive.keep_seeds(crawl_id, pairs, clock.now(), fresh_since, 0, None)
        for seed in some:
            keep_notes(archive, seed, started_at)


def keep_notes(archive: Archive, seed: Seed, started_at: str) -> None:
    """Keep what a list notes of an article under its headings. All that one run reads is of one time: `started_at`."""
    if seed.notes:
        url = find_own_address(seed)
        archive.keep_notes([(url, name, value) for name, value in seed.notes.items()], seed.noted_by, started_at)


def find_own_address(seed: Seed) -> str:
    """The address under which an article is kept; a file without one is kept under its own."""
    if seed.url.startswith("http"):
        return canonicalize_article(seed.url)
    return seed.url


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


def keep_documents(
    archive: Archive, crawl_id: int, seeds: Iterator[Seed], emit: Emit, started_at: str, *, by_reference: bool = False
) -> None:
    """Put documents already in hand into the archive; they are never too old to search."""
    optouts = read_optouts(archive.conn, started_at)
    for some in gather_pages(seeds):
        told = list[Event]()
        with archive.transaction():
            for seed in some:
                refer = by_reference and stands_in_archive(seed)
                keep_document(archive, crawl_id, seed, told.append, started_at, optouts, refer=refer)
        for event in told:  # once all of it is kept
            emit(event)


def gather_pages(seeds: Iterator[Seed]) -> Iterator[list[Seed]]:
    """Pages of web archives a few at a time, which are kept as one; every other document by itself, as it comes."""
    some, size = list[Seed](), 0
    for seed in seeds:
        some.append(seed)
        size += len(seed.fetch.body) if seed.fetch else 0
        if not stands_in_archive(seed) or len(some) >= MOST_AT_ONCE or size >= MOST_BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def stands_in_archive(seed: Seed) -> bool:
    """Whether a page was read out of a web archive, where it can be read again. Pure."""
    return seed.fetch is not None and seed.fetch.place is not None


def keep_document(
    archive: Archive, crawl_id: int, seed: Seed, emit: Emit, started_at: str, optouts: OptOuts, *, refer: bool = False
) -> str:
    """Put one document into the archive, or with `refer` its place; give what became of it: `ok`, `unchanged`, `failed` or
    `opted_out`."""
    assert seed.fetch is not None, "only documents in hand come here"
    if any(map(optouts.bars_address, (seed.url, seed.fetch.final_url))):
        emit(Event("skipped", seed.url, OPTED_OUT))
        return OPTED_OUT
    article_id = archive.keep_seed(crawl_id, find_own_address(seed), seed.origin, clock.now(), fresh_since="")
    keep_notes(archive, seed, started_at)
    found: Found | None
    if refer and seed.fetch.outcome == "ok":
        kept, found = keep_referred(archive, article_id, crawl_id, seed)
    else:
        kept, found = keep_copy(archive, article_id, crawl_id, seed)
    outcome = "unchanged"
    if kept is not None:
        outcome = seed.fetch.outcome
    emit(Event("article", seed.url, outcome, seed.fetch.reason or seed.fetch.truncated or ""))
    if kept is not None and found is not None:
        emit(tell_search(seed.url, found))
    return outcome


def tell_search(url: str, found: Found) -> Event:
    """What a search of an article's page gave, as it is told. Pure."""
    embeds = sum(each.kind == "embed" for each in found.embeds)
    outcome = "ok"
    if found.truncated:
        outcome = "truncated"
    return Event("search", url, outcome, found.truncated or "", embeds)


def keep_copy(archive: Archive, article_id: int, crawl_id: int, seed: Seed) -> tuple[int | None, Found | None]:
    """Keep a page, and what was found in it if it was searched as it was read; give its number, None if it was kept before.

    What is found of a page that is no article, or in an archive out of which something was erased, is left to the run.
    """
    assert seed.fetch, "only pages in hand come here"
    kept = archive.keep_fetch(article_id, crawl_id, seed.fetch)
    found = seed.found
    if kept is None or found is None or found.truncated in OBSTACLES or has_barred(archive.conn):
        return kept, None
    archive.keep_found(kept, found, FINDER_RULES, clock.now(), crawl_id)
    return kept, found


def keep_referred(archive: Archive, article_id: int, crawl_id: int, seed: Seed) -> tuple[int | None, Found]:
    """Keep where a page stands and what is embedded in it; give its number, None if that was kept before, and what was found.

    One in hand is searched now.
    """
    fetch, found = seed.fetch, seed.found
    assert fetch, "only pages in hand come here"
    assert fetch.place, "and only such as have a place"
    if found is None:
        found = search_bounded(fetch.body, url=fetch.final_url, content_type=fetch.content_type, obstacles=True)
        place = replace(fetch.place, sha256=hashlib.sha256(fetch.body).hexdigest(), size=len(fetch.body))
        fetch = replace(fetch, place=place)
    kept = archive.keep_referred(article_id, crawl_id, fetch, found, FINDER_RULES)
    if kept is not None:
        archive.keep_found(kept, found, FINDER_RULES, clock.now(), crawl_id)
    return kept, found


MOST_AT_ONCE = 50
"""Pages of web archives that are kept in one transaction: the disk is waited for once for all of them."""
MOST_BYTES_AT_ONCE = 8_000_000

READER = "reader"
"""What names an article that a reader handed in, and where its page comes from."""


def take_handed_in(archive: Archive, crawl_id: int, emit: Emit) -> None:
    """Take up the pages that readers handed in, as saved pages; what is wrong with their file ends no run.

    A run that is killed between the two files takes the page up again, which the archive knows it by.
    """
    now = clock.now()
    try:
        if not find_newest(archive.path):
            return
        optouts = read_optouts(archive.conn, now)
        for page in read_waiting(archive.path):
            state = "damaged"
            if page.body:
                state = keep_document(archive, crawl_id, make_seed(page), emit, now, optouts)
            else:
                emit(Event("skipped", page.url, "damaged"))
            settle_page(archive.path, page.id, state, clock.now())
    except IntakeError as error:
        emit(Event("skipped", "pages handed in", "unreadable", str(error)))


def gather_handed_in(path: Path) -> Iterator[Seed]:
    """The pages that wait beside the archive of that path, as a plan counts them; what cannot be read is none."""
    try:
        if find_newest(path):
            yield from (make_seed(page) for page in read_waiting(path) if page.body)
    except IntakeError:
        return


def make_seed(page: HandedPage) -> Seed:
    """A page that a reader handed in, as a page in hand. Pure."""
    fetch = Fetch(
        url=page.url, final_url=page.url, fetched_at=page.received_at, outcome="ok",
        content_type="text/html; charset=utf-8", body=page.body, source=READER,
    )  # fmt: skip
    return Seed(page.url, READER, fetch)


def prepare_capture(posts: Iterable[Post], *, again: bool, platforms: Collection[str] = ()) -> Prepare:
    """These posts, of `platforms` if any are named; with `again` also those that are preserved already.

    Whoever names a post of which something is missing or in doubt need not wait until it is due.
    """

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        wanted = list[tuple[Post, bool]]()
        for post in posts:
            if platforms and post.platform not in platforms:
                emit(Event("skipped", post.key, "other_platform"))
            else:
                wanted.append((post, again or is_open(archive.conn, post.key)))
        archive.keep_targets(crawl_id, wanted, clock.now())

    return prepare


def prepare_check(*, seen_before: str, limit: int | None) -> Prepare:
    """Preserved posts last looked at before a time (ISO 8601), those unseen for longest first."""

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        archive.keep_check_targets(crawl_id, seen_before, limit or -1)

    return prepare


def prepare_watch(watch: Watch) -> Prepare:
    """What is due of a watched archive: posts to observe within the day's budgets, articles, feeds and sitemaps to read again.

    What changed before anybody watched is told to nobody. By a clock that cannot be right nothing is observed.
    """

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        if archive.doubts_clock:
            return
        now = clock.now()
        archive.conclude_all()
        if not has_watched(archive.conn, crawl_id):
            archive.announce(now, since_ever=True)
        for platform in find_platforms(archive.conn):
            archive.settle_pacing(platform, watch.budget(platform), watch.longest_d, now[:10])
        archive.conclude_all()
        archive.keep_watch_targets(crawl_id, now, find_allowed(archive.conn, watch, now), watch.collection)
        archive.keep_reading(crawl_id, now, MOST_READINGS, watch.collection)
        take_handed_in(archive, crawl_id, emit)

    return prepare
