"""What the archive says is due -> done and kept: the run, readable on one screen.

The record of what happened outlives the process that did it. Kill a run anywhere and start it again: the archive's
views say what is left, and doing something twice is harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from embedarchive.core import clock
from embedarchive.core.errors import BrowserMissing, DiskFull, EmbedArchiveError, is_full
from embedarchive.core.model import Capture, Described, Fetch, Found, Post, PostStanding, Rendering
from embedarchive.core.page_in_hand import page_in_hand
from embedarchive.detect import FINDER_RULES, identify_post
from embedarchive.detect.merge import merge_found
from embedarchive.detect.obstacles import OBSTACLES
from embedarchive.detect.pool import count_cores
from embedarchive.detect.shown import find_shown
from embedarchive.library.alerts import describe_alert, read_alert
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replay import Replayable, read_replayable
from embedarchive.run.at_work import AtWork
from embedarchive.run.backoff import BackOff
from embedarchive.run.board import Board
from embedarchive.run.controls import Controls
from embedarchive.run.deriving import describe_page
from embedarchive.run.engine import Pass, Row, run_passes
from embedarchive.run.pace import Pace, ran_out_of_time
from embedarchive.run.referred import NOT_READ_AGAIN, find_files, read_due
from embedarchive.run.spare import Marking, SpareTime
from embedarchive.run.telling import make_request, say_answer, wait_after
from embedarchive.run.watch import Watch
from embedarchive.show.words import say_interval
from embedarchive.sources import LinkScope, Listing, canonicalize_article, find_links, find_listing
from embedarchive.sources.media import refuse_no_article
from embedarchive.sources.versions import FeedVersions
from embedarchive.sources.walk import OUT_OF_SCOPE, ListingBudget, is_left_out
from embedarchive.store import Archive
from embedarchive.store.conclusions import lacks_files, was_seen_alive, was_visited
from embedarchive.store.evidence import has_unlogged
from embedarchive.store.marks import mark_pictures, read_unmarked
from embedarchive.store.optouts import OPTED_OUT, OptOuts, is_barred, read_optouts
from embedarchive.store.reading import read_fetched, read_page, read_placed, read_post
from embedarchive.store.sample import has_more_at_once, has_more_than

if TYPE_CHECKING:
    from embedarchive.replay import Shown
    from embedarchive.run.recovering import Recover

T = TypeVar("T")
FAITHFUL = 0.9  # a replay that scores less lacks something a reader would notice
MOST_CRASHES = 5
DOM_TYPE = "text/html; charset=utf-8"

# Each asks for rows of as many queues as there are rows asked for, and as many of each: which to take, the engine decides
# (`schedule_fairly`). A list made by json_group_array is the one way to limit the rows of each queue by an index.

# The next outlets after the last one served, around the circle of those with something due.
ARTICLES = """
WITH RECURSIVE
  due AS NOT MATERIALIZED (SELECT * FROM seeds WHERE crawl_id = :crawl AND fetch_after <= :now),
  turns(outlet) AS (
    SELECT coalesce((SELECT min(outlet) FROM due WHERE outlet > :served), (SELECT min(outlet) FROM due))
    UNION
    SELECT coalesce((SELECT min(outlet) FROM due WHERE outlet > turns.outlet), (SELECT min(outlet) FROM due)) FROM turns
    LIMIT :n)
SELECT a.id, a.url, turns.outlet FROM turns CROSS JOIN json_each((SELECT json_group_array(article_id) FROM
  (SELECT article_id FROM due WHERE outlet = turns.outlet ORDER BY fetch_after, article_id LIMIT :n))) some
  CROSS JOIN articles a ON a.id = some.value"""
RENDERINGS = "SELECT * FROM fetches_to_render ORDER BY id LIMIT :n"
SEARCHES = 8 + 4 * count_cores()
"""How many pages are searched at once: enough for each core to have one, and another to go on with."""
FETCHES = """SELECT * FROM fetches_to_search WHERE coalesce(searched_rules, 0) < :finder
             ORDER BY coalesce(searched_rules, 0), id LIMIT :n"""
PREPARED = """SELECT a.id, a.url FROM seeds s JOIN fetches f ON f.article_id = s.article_id AND f.crawl_id = s.crawl_id
              JOIN articles a ON a.id = s.article_id
              WHERE s.crawl_id = ? AND f.html_sha256 IS NOT NULL AND f.searched_rules IS NOT NULL ORDER BY f.id"""
PAGES = """SELECT s.article_id AS id, s.depth, f.id AS fetch_id, f.final_url FROM seeds s
           JOIN fetches f ON f.id = (SELECT max(id) FROM fetches WHERE article_id = s.article_id AND outcome = 'ok')
           WHERE s.crawl_id = :crawl AND s.followed = 0 AND s.fetch_after IS NULL AND s.depth < :depth LIMIT :n"""
LINKS = "SELECT key, url FROM targets_to_visit WHERE crawl_id = :crawl AND turn = 'link' LIMIT :n"
POSTS = """
SELECT p.* FROM platforms f CROSS JOIN json_each((SELECT json_group_array(key) FROM
  (SELECT key FROM targets_to_visit WHERE crawl_id = :crawl AND turn = f.name AND (forced OR capture_after <= :now)
   LIMIT :n))) some
  CROSS JOIN posts p ON p.key = some.value
  WHERE f.name NOT IN (SELECT value FROM json_each(:resting))"""
PLACES = "SELECT * FROM articles_to_open WHERE crawl_id = :crawl LIMIT :n"
CAPTURES = "SELECT * FROM captures_to_describe ORDER BY id LIMIT :n"
MARKS = "SELECT * FROM captures_to_mark WHERE :mark ORDER BY id DESC LIMIT :n"
TELLINGS = """SELECT * FROM changes_to_tell WHERE due_at <= :now AND channel IN (SELECT value FROM json_each(:channels))
              ORDER BY due_at LIMIT :n"""
CONCLUSIONS = "SELECT * FROM captures_to_conclude ORDER BY id LIMIT :n"
REPLAYS = "SELECT * FROM captures_to_replay WHERE :replay AND work = 'replay' ORDER BY id LIMIT :n"
REPLAYS_LATER = "SELECT * FROM captures_to_replay WHERE :later AND work = 'replay later' ORDER BY id LIMIT :n"

MOST_ADOPTED_AT_THE_END = 500
"""Rows from before the log that a run does not end without putting into it: a second or two."""

MOST_AT_THE_END = 5
"""Captures left to be shown again that a run does not end without: two seconds, for all of them."""

FEW_REPLAYS = 5
"""Captures of the sample that wait for one tab: a few seconds. For more, as in an archive of many kinds, others open."""

NEW_S = 8 * 86_400.0
"""An entry of a sitemap that changed no longer ago is taken when a watch reads it again; older ones were not wanted before."""

OFFLINE = frozenset({"search", "search referred", "describe", "mark", "conclude", "log"})
"""The passes that ask nobody for anything."""

ReplayChoice = Literal["all", "sample", "none"]


class RunServices(Protocol):
    """The edges a run acts through; everything it sends leaves by the one door."""

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        robots: bool = True,
        excludes: Callable[[str], bool] | None = None,
    ) -> Fetch: ...
    async def search(self, body: bytes, *, url: str, content_type: str | None) -> Found: ...
    async def render(self, url: str, posts: Sequence[Post] = ()) -> Rendering: ...
    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture: ...
    async def show(self, capture: Replayable) -> Shown: ...
    async def hand_over(self, url: str, content: bytes, headers: Mapping[str, str]) -> Fetch: ...
    async def consult(self, url: str, headers: Mapping[str, str] | None = None) -> Fetch: ...


@dataclass(frozen=True)
class Event:
    """One thing that happened, for whoever watches.

    `what` is seek (a source was asked about a post), salvage (a memento was tried), article, feed,
    listing, follow, render, search, link, capture, import (what others
    saw of a post), control, hold, closed (a host), in place, describe,
    conclude, replay, pace, postponed, change, tell, skipped (what was seen and not taken), fault, posts (an article is done:
    `posts` says how those that it embeds stand) or waiting (nothing happened for a while; `subject` is what for).
    """

    what: str
    subject: str
    outcome: str
    detail: str = ""
    count: int = 1
    posts: tuple[PostStanding, ...] = ()


@dataclass
class Run:
    """One run of one command over one archive.

    `media` is False for a check, which looks without downloading again. With a `scope` the links of articles are
    followed, until the run is about `limit` articles; none is fetched again that was fetched well since `fresh_since`.
    With `replay` captures are shown again from the archive alone, and compared with what was seen: all that were not yet, or
    a sample (`store/sample.py`) and of the rest as many as there is spare time for. With a `watch` each observation is
    counted in its day's budget before it is made, and what changed is told at the end.
    """

    archive: Archive
    services: RunServices
    crawl_id: int
    on_event: Callable[[Event], None]
    fetchers: int = 6
    tabs: int = 3
    room: Callable[[], int] | None = None
    """How many visits there is room for, where that changes (a farm); else there is for as many as there are tabs."""
    ahead: int = 0
    """Posts that may wait for a tab, so that none is idle while the post that it showed is being kept."""
    media: bool = True
    scope: LinkScope | None = None
    limit: int | None = None
    fresh_since: str = ""
    watch: Watch | None = None
    offline: bool = False
    """Nothing leaves this machine: what is in hand is searched, described and concluded, and all else stays due."""
    recover: Recover | None = None
    """What others are asked about posts that are gone."""
    versions: FeedVersions = field(default_factory=FeedVersions)
    """What feeds carry of articles, for those that cannot be had."""
    replay: ReplayChoice = "none"
    spare: SpareTime = field(default_factory=SpareTime)
    at_work: AtWork = field(default_factory=AtWork)
    backoff: BackOff = field(default_factory=BackOff)
    listings: ListingBudget = field(default_factory=ListingBudget)
    served: str = ""
    """The outlet that had its turn last."""
    no_browser: BrowserMissing | None = None
    crashes: int = 0
    """Visits in a row that the browser did not survive."""
    optouts: OptOuts = field(default_factory=OptOuts)
    """Who does not want to be archived, as of the beginning of the run."""
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "archive"))

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nothing more is to be begun."""
    adopted: int = 0
    _referred: list[Row] | None = None
    """Web archives with pages to search again, once it was asked."""

    def __post_init__(self) -> None:
        self.pace = Pace(self.tabs, self.tabs)
        permit = self.spend if self.watch else None
        self.controls = Controls(
            self.archive, self.services, self.crawl_id, self.keep, self.backoff, self.emit, permit, self.is_barred
        )
        self.marking = Marking(self.spare, visits_nothing=self.offline or self.recover is not None)
        self.board = Board(self.archive, self.crawl_id, self.keep, self.emit_posts)

    def passes(self) -> tuple[Pass, ...]:
        """What is due, how many at once, what to do with each; the last can wait."""
        at_once = 1
        if self.replay == "all":
            at_once = self.tabs
        due = (
            Pass("fetch", self.fetchers, self.due(ARTICLES), self.fetch_article, "id", "outlet"),
            Pass("render", self.at_once, self.due_in_browser(RENDERINGS), self.render_fetch, "id"),
            Pass("search", SEARCHES, self.due(FETCHES), self.search_fetch, "id"),
            Pass("search referred", 1, self.due_referred, self.search_referred, "file"),
            Pass("follow", 1, self.due(PAGES), self.follow_page, "id"),
            Pass("link", 2, self.due(LINKS), self.resolve_link, "key"),
            Pass("capture", self.captures_at_once, self.due_in_browser(POSTS), self.capture_post, "key", "platform"),
            Pass("in place", self.at_once, self.due_in_browser(PLACES), self.photograph_article, "id"),
            Pass("describe", 1, self.due(CAPTURES), self.describe_capture, "id"),
            Pass("conclude", 1, self.due_by_the_clock(CONCLUSIONS), self.conclude_post, "post_key"),
            Pass("replay", self.replays_at_once, self.due_in_browser(REPLAYS), self.replay_capture, "id"),
        )
        later = (
            Pass("mark", 1, self.due(MARKS), self.mark_capture, "id"),
            Pass("replay later", at_once, self.due_in_browser(REPLAYS_LATER), self.replay_capture, "id"),
            Pass("log", 1, self.due_to_adopt, self.adopt, "id"),
        )
        if self.offline or self.recover:  # what others hold is taken in, and nothing is visited for it
            at_hand = (step for step in (*due, *later) if step.name in OFFLINE)
            return tuple(map(self.watched, (*self.recovering(), *at_hand)))
        # Counted outside of what is watched: a task counts from the moment it is asked for.
        counted = (replace(step, work=self.spare.counted(step.work)) for step in map(self.watched, due))
        return (*counted, *map(self.watched, later))

    def recovering(self) -> tuple[Pass, ...]:
        """What a run does that asks others for lost posts."""
        if self.recover is None:
            return ()
        from embedarchive.run.recovering import Recovery

        recovery = Recovery(
            self.archive, self.services, self.crawl_id, self.keep, self.emit, self.is_barred, self.recover
        )
        return recovery.passes()

    def watched(self, step: Pass) -> Pass:
        return replace(step, work=self.at_work.watched(step.name, step.work))

    async def run(self, stop: asyncio.Event) -> None:
        """Do all that is due. Raises ArchiveError when nothing more can be kept; BrowserMissing when the rest is done."""
        self.stopping = stop
        self.optouts = await self.keep(read_optouts, self.archive.conn, clock.now())
        try:
            for row in await self.keep(read_prepared, self.archive, self.crawl_id):
                await self.board.look(row["id"], row["url"])
            await run_passes(self.passes(), stop, self.emit_fault, self.keep)
            await self.board.close()
            if self.watch:
                await self.announce(self.watch)
                telling = Pass("tell", 2, self.due(TELLINGS), self.tell_change, "name")
                await run_passes((telling,), stop, self.emit_fault, self.keep)
        finally:
            self._thread.shutdown()
        if self.no_browser:
            raise self.no_browser

    async def keep(self, call: Callable[..., T], *args: Any) -> T:
        """Call the archive in its own thread: one writer, and a loop that never waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args))

    def due(self, query: str) -> Callable[[int], Sequence[Row]]:
        """What asks the archive, in its own thread."""

        def rows(n: int) -> Sequence[Row]:
            found: list[Row] = self.archive.conn.execute(query, self.bindings(n)).fetchall()
            return found

        return rows

    def due_in_browser(self, query: str) -> Callable[[int], Sequence[Row]]:
        """As `due`, and nothing once it is known that there is no browser: it stays due for the next run."""
        rows = self.due(query)
        return lambda n: () if self.no_browser else rows(n)

    def due_by_the_clock(self, query: str) -> Callable[[int], Sequence[Row]]:
        """As `due`, and nothing while the clock cannot be right."""
        rows = self.due(query)
        return lambda n: () if self.archive.doubts_clock else rows(n)

    def bindings(self, n: int) -> Mapping[str, Any]:
        return {
            "crawl": self.crawl_id, "now": clock.now(), "n": n, "finder": FINDER_RULES,
            "resting": self.backoff.resting_json(), "depth": self.scope.depth if self.scope else 0,
            "replay": self.replay != "none", "later": self.may_replay_later(), "served": self.served,
            "mark": self.marking.is_due, "channels": self.watch.channels_json() if self.watch else "[]",
        }  # fmt: skip

    def may_replay_later(self) -> bool:
        """Whether it is the time for what can wait: while no visit has to wait for it, and at the end if it is little."""
        if self.replay == "sample":
            few = self.spare.at_the_end and not has_more_than(self.archive.conn, MOST_AT_THE_END)
            return self.spare.while_visits_wait or few
        return self.replay == "all"

    def due_to_adopt(self, n: int) -> Sequence[Row]:
        """Whether rows from before the log are put into it now: while no visit waits for that, and a few at the end."""
        has_time = self.spare.while_visits_wait or (self.spare.at_the_end and self.adopted < MOST_ADOPTED_AT_THE_END)
        if not has_time or not has_unlogged(self.archive.conn):
            return ()
        return [{"id": 0}]

    async def adopt(self, row: Row) -> None:
        self.adopted += await self.keep(self.archive.adopt)

    # ----------------------------------------------------------------------------------------------- one row of each

    async def fetch_article(self, row: Row) -> None:
        self.served = row["outlet"]
        etag, last_modified = await self.keep(last_validators, self.archive, row["id"])
        fetch = await self.services.fetch(row["url"], etag=etag, last_modified=last_modified, excludes=self.excludes)
        listing = await asyncio.to_thread(find_listing, fetch.body, fetch.final_url, fetch.truncated)
        if listing and fetch.outcome == "ok":
            await self.take_listing(row, fetch, listing)
            return
        if is_left_out(fetch, row["url"], self.scope):
            await self.leave_out(row, fetch)
            return
        fetch = refuse_no_article(fetch)
        if fetch.outcome == "failed":
            await self.keep_feed_version(row["id"], row["url"])
        await self.keep(self.archive.keep_fetch, row["id"], self.crawl_id, fetch, retry_after_failure(fetch))
        self.emit("article", row["url"], fetch.outcome, fetch.reason or fetch.truncated or "")
        if fetch.closed_until:
            self.emit("closed", urlsplit(fetch.final_url).netloc, "deferred", fetch.closed_until)

    def excludes(self, url: str) -> bool:
        """Whether an address is not to be asked for: it is out of the scope, or does not want to be archived."""
        return self.optouts.bars_address(url) or (self.scope is not None and self.scope.excludes(url))

    async def leave_out(self, row: Row, fetch: Fetch) -> None:
        """What was fetched is no article of the scope; the links of a seed are followed all the same."""
        depth = await self.keep(self.archive.remove_seed, self.crawl_id, row["id"])
        opted_out = any(map(self.optouts.bars_address, (row["url"], fetch.final_url)))
        self.skip(row["url"], OPTED_OUT if opted_out else OUT_OF_SCOPE, 1)
        if self.scope and fetch.outcome == "ok" and depth < self.scope.depth:
            links = await asyncio.to_thread(find_links, fetch.body, fetch.final_url)
            await self.keep_links(self.scope, links, fetch.final_url, depth + 1)

    async def keep_feed_version(self, article_id: int, url: str) -> None:
        """Keep what a feed carries of an article that cannot be had itself."""
        version = None
        if self.versions.contents:
            version = self.versions.take(url)
        if version:
            await self.keep(self.archive.keep_fetch, article_id, self.crawl_id, version)
            self.emit("feed", url, "ok", "what the feed carries of it is searched")

    async def take_listing(self, row: Row, fetch: Fetch, listing: Listing) -> None:
        """What was fetched as an article is a sitemap or a feed: its entries are the run's articles."""
        self.listings.note(row["url"], fetch.final_url)
        await self.keep(self.archive.remove_seed, self.crawl_id, row["id"])
        waiting = deque((url, row["url"], 1) for url in await self.take_entries(row["url"], listing))
        while waiting and not self.stopping.is_set() and not await self.keep(self.has_enough):
            url, named_by, level = waiting.popleft()
            if self.listings.allows(url, level):
                waiting.extend((inner, url, level + 1) for inner in await self.read_sitemap(url, named_by))
        if self.listings.tell_spent():
            self.skip(row["url"], "too_many_listings", 1)

    async def read_sitemap(self, url: str, named_by: str) -> list[str]:
        """Read one that an index names; give those that it names itself."""
        fetch = await self.services.fetch(url, excludes=self.excludes)
        if self.optouts.bars_address(fetch.final_url):
            self.skip(url, OPTED_OUT, 1)
            return []
        if fetch.outcome != "ok":
            self.emit("skipped", f"{named_by}: {url}", "unread_listing", fetch.reason or fetch.outcome)
            return []
        listing = await asyncio.to_thread(find_listing, fetch.body, fetch.final_url, fetch.truncated)
        if listing is None:
            await self.keep_seeds([(url, named_by)], depth=0)
            return []
        return await self.take_entries(url, listing, named_by)

    async def take_entries(self, url: str, listing: Listing, named_by: str | None = None) -> list[str]:
        """Keep a listing, and its entries as articles of the run; give the sitemaps that it names."""
        scope = self.scope
        if self.watch:
            entries = listing.find_new(clock.later(-NEW_S))
        else:
            entries = listing.entries
        chosen = [e for e in entries if scope is None or scope.chooses(e.url, e.changed_at, listing.kind)]
        self.skip(url, OUT_OF_SCOPE, len(entries) - len(chosen))
        self.skip(url, "other_site", listing.elsewhere)
        count, why, is_index = len(listing.entries), listing.truncated, listing.kind == "sitemap_index"
        await self.keep(self.archive.keep_listing, url, listing.kind, count, why, clock.now(), named_by)
        for entry in chosen:
            self.versions.add(entry.url, entry.content)
        if is_index:
            articles = []
        else:
            articles = [(entry.url, url) for entry in chosen]
        new = await self.keep_seeds(articles, depth=0)
        self.emit("listing", url, "truncated" if why else "ok", why or "", new)
        if is_index:
            return [entry.url for entry in chosen]
        return []

    def skip(self, subject: str, reason: str, count: int) -> None:
        if count:
            self.emit("skipped", subject, reason, "", count)

    def has_enough(self) -> bool:
        """Whether the run is about as many articles as it may be."""
        return self.limit is not None and self.archive.count_seeds(self.crawl_id) >= self.limit

    async def follow_page(self, row: Row) -> None:
        assert self.scope is not None, "pages are due for following only with a scope"
        html = await self.keep(read_fetched, self.archive.conn, row["fetch_id"], "html_sha256")
        links = await asyncio.to_thread(find_links, html, row["final_url"])
        await self.keep_links(self.scope, links, row["final_url"], row["depth"] + 1)
        await self.keep(self.archive.keep_followed, self.crawl_id, row["id"])

    async def keep_links(self, scope: LinkScope, links: Iterable[str], page: str, depth: int) -> None:
        chosen = {canonicalize_article(url): page for url in links if scope.admits(url)}
        new = await self.keep_seeds(chosen.items(), depth=depth)
        self.emit("follow", page, "ok", "", new)

    async def keep_seeds(self, seeds: Iterable[tuple[str, str]], depth: int) -> int:
        args = (self.crawl_id, seeds, clock.now(), self.fresh_since, depth, self.limit)
        return await self.keep(self.archive.keep_seeds, *args)

    async def render_fetch(self, row: Row) -> None:
        rendering = await self.render(row["final_url"])
        await self.keep(self.archive.keep_rendering, row["id"], rendering)
        self.emit("render", row["url"], "ok" if rendering.dom else "failed", rendering.reason or "")

    async def render(self, url: str, posts: Sequence[Post] = ()) -> Rendering:
        """Open an article in the browser, unless it does not want to be archived."""
        if self.optouts.bars_address(url):
            self.skip(url, OPTED_OUT, 1)
            return Rendering(url, url, clock.now(), reason=OPTED_OUT)
        with self.spare.visiting():
            return await self.services.render(url, posts)

    async def search_fetch(self, row: Row) -> None:
        body = await self.keep(read_fetched, self.archive.conn, row["id"], "html_sha256")
        found = await self.services.search(body, url=row["final_url"], content_type=row["content_type"])
        if row["dom_sha256"]:
            dom = await self.keep(read_fetched, self.archive.conn, row["id"], "dom_sha256")
            found = merge_found(found, await self.services.search(dom, url=row["final_url"], content_type=DOM_TYPE))
        await self.keep_found(row, found)

    async def keep_found(self, row: Row, found: Found) -> None:
        """Keep what was found in a download of an article, and tell it."""
        await self.keep(self.archive.keep_found, row["id"], found, FINDER_RULES, clock.now(), self.crawl_id)
        if found.truncated in OBSTACLES:
            await self.keep_feed_version(row["article_id"], row["url"])
        embeds = sum(e.kind == "embed" for e in found.embeds)
        self.emit("search", row["url"], "truncated" if found.truncated else "ok", found.truncated or "", embeds)
        await self.board.look(row["article_id"], row["url"])

    def due_referred(self, n: int) -> Sequence[Row]:
        """Web archives that hold pages kept by reference which a newer finder is to search: asked once in a run."""
        if self._referred is None:
            self._referred = find_files(self.archive.conn)
        return self._referred[:n]

    async def search_referred(self, row: Row) -> None:
        """Search the pages of one web archive again, as many at once as of those that are kept here."""
        assert self._referred is not None, "it was asked what is due"
        self._referred.remove(row)
        due = await self.keep(read_due, self.archive.conn, row["file"])
        pages = due.read()
        while some := await asyncio.to_thread(lambda: list(islice(pages, SEARCHES))):
            await asyncio.gather(*(self.search_page(page, body) for page, body in some))
            if self.stopping.is_set():
                return
        if due.left:
            self.emit("skipped", due.file, NOT_READ_AGAIN, due.why, len(due.left))

    async def search_page(self, row: Row, body: bytes) -> None:
        found = await self.services.search(body, url=row["final_url"], content_type=row["content_type"])
        await self.keep_found(row, found)

    async def resolve_link(self, row: Row) -> None:
        if await self.leave_alone(row["key"], row["url"]):
            return
        fetch = await self.services.fetch(row["url"], robots=False, excludes=self.optouts.bars_address)
        if fetch.reason == OUT_OF_SCOPE:
            await self.drop(row["key"])
            return
        hops = (fetch.final_url, *(url for _, url in reversed(fetch.redirects)))
        post = next((p for p in map(identify_post, hops) if p and p.resolved), None)
        post = post or find_shown(fetch.body, row["platform"])
        await self.keep(self.archive.keep_resolution, self.crawl_id, row["key"], post, clock.now())
        if post:
            self.emit("link", row["url"], "ok", post.url)
        else:
            self.emit("link", row["url"], "failed", fetch.reason or "names no post")
        await self.board.settle(row["key"], post.key if post else row["key"])

    def at_once(self) -> int:
        """How many visits at once, now."""
        if self.room:
            self.pace = self.pace.within(self.room())
        return self.pace.tabs

    def captures_at_once(self) -> int:
        """As many as there may be visits, and those ahead of their tab; none is where fewer visits are made than tabs could."""
        at_once = self.at_once()
        if at_once < self.pace.most:
            return at_once
        return at_once + self.ahead

    def replays_at_once(self) -> int:
        """One, while it keeps up: to open a tab costs as much as a replay. As many as there are tabs where many wait."""
        if self.replay == "all" or has_more_at_once(self.archive.conn, FEW_REPLAYS):
            return self.tabs
        return 1

    async def capture_post(self, row: Row) -> None:
        post, window = Post(row["platform"], row["native_id"], row["url"], row["posted_at"]), self.pace.window
        if await self.leave_alone(post.key, post.url):
            return
        if self.watch and not await self.may_observe(post):
            await self.keep(self.archive.drop_target, self.crawl_id, post.key)
            self.emit("postponed", post.key, "budget", "today's budget is used")
            return
        with self.spare.waiting():
            await self.backoff.turn(post.platform)
        # A check looks without downloading again, unless a file is missing that may still be had.
        wanted = self.media or await self.keep(lacks_files, self.archive.conn, post.key)
        media = wanted or not await self.keep(was_seen_alive, self.archive.conn, post.key)
        with self.spare.visiting():
            capture = await self.services.capture(post, BY_NAME[post.platform], media=media)
        capture = replace(capture, purpose="post" if media else "check")
        self.insist_on_browser(capture)
        self.learn_pace(window, capture)
        wait = self.backoff.learn(post.platform, capture.verdict, capture.retry_after_s)
        said = await self.read_in_hand(capture)
        await self.keep(self.archive.keep_capture, capture, self.crawl_id, clock.later(wait), said)
        self.board.note_visit(post.key)
        self.marking.note_kept()
        missing = ""
        if media:
            missing = "; ".join(capture.missing)
        self.emit("capture", post.key, capture.verdict.outcome, capture.verdict.reason or missing)
        if said:
            self.emit("describe", post.key, "ok")
        if capture.verdict.outcome == "gone":
            await self.controls.settle(post, capture.started_at)

    async def read_in_hand(self, capture: Capture) -> Described | None:
        """What a post said, read before its capture is kept, so that both are kept at once and no page is read twice.

        None where nothing is read of such a capture, or the rules fail: then it is described from the archive, which tells it.
        """
        if capture.verdict.outcome != "available":
            return None
        with contextlib.suppress(Exception):
            return await asyncio.to_thread(describe_page, page_in_hand(capture), capture.post, capture.origin)
        return None

    async def leave_alone(self, key: str, url: str) -> bool:
        """Whether a post does not want to be archived; then it is dropped, told, and stays due."""
        if await self.is_barred(key, url):
            await self.drop(key)
            return True
        return False

    async def is_barred(self, key: str, url: str) -> bool:
        return bool(await self.keep(is_barred, self.archive.conn, self.optouts, key, url))

    async def drop(self, key: str) -> None:
        await self.keep(self.archive.drop_target, self.crawl_id, key)
        self.skip(key, OPTED_OUT, 1)

    async def may_observe(self, post: Post) -> bool:
        """Whether a post may be visited today. A first visit is no observation, and free."""
        return not await self.keep(was_visited, self.archive.conn, post.key) or await self.spend(post)

    async def spend(self, post: Post) -> bool:
        """Count an observation in its day's budget, before it is made; False where there is no more of it."""
        assert self.watch is not None, "only a watch has a budget"
        return await self.keep(self.archive.spend, post.key, clock.now(), self.watch.budget(post.platform))

    async def announce(self, watch: Watch) -> None:
        """Note what changed and nobody was told of: it is in the feeds from now on, and due for the webhooks."""
        told = await self.keep(self.archive.announce, clock.now(), watch.channels, watch.collection)
        for change_id in told:
            alert = await self.keep(read_alert, self.archive.conn, change_id)
            if alert:
                self.emit("change", alert.post.key, alert.change, say_interval(alert.after, alert.happened_by))

    async def tell_change(self, row: Row) -> None:
        """Hand one change over to one webhook, and keep how it answered."""
        assert self.watch is not None, "nothing is told by a run that does not watch"
        hook = next(each for each in self.watch.webhooks if each.name == row["channel"])
        alert = await self.keep(read_alert, self.archive.conn, row["id"])
        assert alert is not None, "only changes that are still there are due"
        said = describe_alert(alert, say_archive(self.archive.path), self.watch.room)
        answer = say_answer(await self.services.hand_over(hook.url, *make_request(hook, said)))
        wait = wait_after(row["tried"] + 1, answer)
        retry_at = None
        if wait is not None:
            retry_at = clock.later(wait)
        await self.keep(self.archive.keep_delivery, hook.name, row["id"], clock.now(), answer, retry_at)
        self.emit("tell", row["channel"], "ok" if answer == "ok" else "failed", answer)

    def learn_pace(self, window: int, capture: Capture) -> None:
        """Visit fewer posts at once when visits run out of time, more again when they do not, and say so."""
        before, self.pace = self.pace.tabs, self.pace.after(window, out_of_time=ran_out_of_time(capture))
        if self.pace.tabs < before:
            self.emit("pace", f"{self.pace.tabs} at once", "fewer", f"visits run out of time with {before} at once")
        elif self.pace.tabs > before:
            self.emit("pace", f"{self.pace.tabs} at once", "more", "visits end in time")

    def insist_on_browser(self, capture: Capture) -> None:
        """Count crashes. Raises BrowserMissing for a browser that dies again and again, whatever it visits: it is none."""
        crashed = capture.verdict.reason == "browser_crashed"
        self.crashes = self.crashes + 1 if crashed else 0
        if self.crashes >= MOST_CRASHES:
            why = ""
            if capture.verdict.signs:
                why = capture.verdict.signs[0].saw
            raise BrowserMissing(
                f"The browser died at {self.crashes} visits in a row ({why}). What it needs may be missing: embedarchive doctor"
            )

    async def photograph_article(self, row: Row) -> None:
        posts = await self.keep(read_placed, self.archive.conn, self.crawl_id, row["id"])
        wanted = [each for each in posts if not await self.is_barred(each.key, each.url)]
        self.skip(row["url"], OPTED_OUT, len(posts) - len(wanted))
        rendering = await self.render(row["final_url"], wanted)
        for capture in rendering.captures:
            await self.keep(self.archive.keep_capture_in_place, capture, self.crawl_id, row["id"])
            self.marking.note_kept()
            self.emit("in place", capture.post.key, capture.verdict.outcome, capture.verdict.reason or "")
        await self.keep(self.archive.keep_opened, row["id"], self.crawl_id, posts, rendering)

    async def describe_capture(self, row: Row) -> None:
        page = await self.keep(read_page, self.archive.conn, row["id"])
        post = await self.keep(read_post, self.archive.conn, row["post_key"])
        assert post is not None, "a capture refers to its post"
        said = await asyncio.to_thread(describe_page, page, post, row["origin"])
        await self.keep(self.archive.keep_described, row["id"], post.key, said)
        self.emit("describe", post.key, "ok")

    async def mark_capture(self, row: Row) -> None:
        """By what a part of a picture finds its post."""
        self.marking.note_marked()
        pictures = await self.keep(read_unmarked, self.archive.conn, row["id"])
        marked = await asyncio.to_thread(mark_pictures, pictures)
        await self.keep(self.archive.keep_marks, row["id"], marked)

    async def conclude_post(self, row: Row) -> None:
        """What may now be said of a post: where it stands, whether it is whole, when it is due again."""
        concluded = await self.keep(self.archive.conclude, row["post_key"])
        self.emit("conclude", row["post_key"], concluded["status"], concluded["doubt"] or "")
        await self.board.settle(row["post_key"])
        if concluded["status"] == "gone" and concluded["last_available_at"]:
            await self.controls.weigh_losses(row["post_key"])

    async def replay_capture(self, row: Row) -> None:
        from embedarchive.replay import fail_replay, score_replay

        if row["has_page"]:
            kept = await self.keep(read_replayable, self.archive.conn, row["id"])
            replay = await asyncio.to_thread(score_replay, kept, await self.services.show(kept), clock.now())
        else:
            replay = fail_replay(clock.now())
        await self.keep(self.archive.keep_replay, row["id"], replay)
        self.emit("replay", row["post_key"], "ok" if replay.score >= FAITHFUL else "poor", f"{replay.score:.2f}")

    # ------------------------------------------------------------------------------------------------------- telling

    def emit(self, what: str, subject: str, outcome: str, detail: str = "", count: int = 1) -> None:
        self.on_event(Event(what, subject, outcome, detail, count))

    def emit_posts(self, url: str, posts: tuple[PostStanding, ...]) -> None:
        """An article is done with, or as good as this run can."""
        due = any(each.state == "due" for each in posts)
        self.on_event(Event("posts", url, "in part" if due else "ok", "", len(posts), posts))

    def emit_fault(self, name: str, row: Row, error: Exception) -> None:
        """One bad row never stops the rest. What no row can be done without stops everything; a browser, what needs one.

        Raises DiskFull when there is no room left, and any error of ours that ends a run.
        """
        if isinstance(error, BrowserMissing):
            self.no_browser = error
            return
        if isinstance(error, EmbedArchiveError) and error.ends_run:
            raise error
        if is_disk_full(error):
            raise DiskFull(f"There is no room left on this machine ({error}). Make some.") from error
        with contextlib.suppress(Exception):
            self.emit("fault", str(next(iter(dict(row).values()))), name, f"{type(error).__name__}: {error}")


def is_disk_full(error: Exception) -> bool:
    """Whether a disk is full, the archive's or the one for what is passing (profiles, manners)."""
    if isinstance(error, sqlite3.OperationalError):
        return "full" in str(error)
    return isinstance(error, OSError) and is_full(error)


def say_archive(path: Path) -> str:
    """How a command names an archive; '' for the usual place. Pure."""
    if path == Path("archive") / "embeds.db":
        return ""
    return str(path)


def read_prepared(archive: Archive, crawl_id: int) -> Sequence[Row]:
    """The articles of a run that were kept and searched before it began, in that order."""
    rows: list[Row] = archive.conn.execute(PREPARED, (crawl_id,)).fetchall()
    return rows


def last_validators(archive: Archive, article_id: int) -> tuple[str | None, str | None]:
    """ETag and Last-Modified of the newest whole download of an article, to ask only whether it changed."""
    query = """SELECT headers FROM fetches WHERE article_id = ? AND outcome = 'ok' AND truncated IS NULL
               AND source = 'network' ORDER BY fetched_at DESC LIMIT 1"""
    row = archive.conn.execute(query, (article_id,)).fetchone()
    if row:
        headers = {name.lower(): value for name, value in json.loads(row[0])}
    else:
        headers = {}
    return headers.get("etag"), headers.get("last-modified")


PERMANENT = frozenset({"http_404", "http_410", "robots", "scheme", "no_article"})


def retry_after_failure(fetch: Fetch) -> str | None:
    """When a failed article falls due again: once its host may be asked, in an hour, or never if it will not get better."""
    reason = fetch.reason or ""
    if fetch.closed_until:
        return fetch.closed_until
    if reason in PERMANENT or reason.startswith("refused"):
        return None
    return clock.later(3600)
