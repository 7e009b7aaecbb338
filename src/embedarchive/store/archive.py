"""Values -> rows: the only writer of an archive. Everything one call keeps is one durable transaction.

What is done in it is said by the files of what is kept: `articles`, `downloads` of them, `posts`, `visits`, and `rows` below.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from embedarchive.core import clock
from embedarchive.core.errors import ArchiveError
from embedarchive.core.model import Capture, Described, Description, Fetch, Found, Post, Rendering, Replay
from embedarchive.core.version import __version__
from embedarchive.platforms.kit.specification import Platform
from embedarchive.store import (
    articles,
    browsing,
    clocks,
    collections,
    conclusions,
    downloads,
    erasing,
    evidence,
    exports,
    forgetting,
    marks,
    posts,
    sidefiles,
    visits,
    watching,
)
from embedarchive.store.cases import read_withdrawal
from embedarchive.store.conclusions import PostScope
from embedarchive.store.erasing import Erasure
from embedarchive.store.forgetting import Brought
from embedarchive.store.fulltext import join_pieces
from embedarchive.store.opening import LONGEST_START_S, connect, create_archive, end_log, make_folder, wait_for_readers
from embedarchive.store.reading import remember_opened
from embedarchive.store.rows import fields_of, insert, is_barred, to_json
from embedarchive.store.sample import Sample, settle_replay
from embedarchive.store.schema import check_identity, immediate
from embedarchive.store.schema.strangers import refuse_strange

ADOPTED_AT_ONCE = 50
"""Rows to a transaction, where those from before the log are put into it."""
CONCLUDED_AT_ONCE = 200
"""Posts to a transaction, where many are concluded anew."""
REFRESHED_EVERY_S = 1.0
"""A run that concludes posts one by one makes what they are browsed by anew for all of a second together."""
TAG_HEADINGS = ("tag", "tags")
"""Columns of a list that tag its articles."""


class Archive:
    """An archive open for writing, by one process at a time. Use it as a context manager.

    Raises ArchiveLocked, NotAnArchive, NewerArchive, OlderArchive, DamagedArchive on opening, ArchiveBusy when other programs
    still read it after `patience_s` seconds, DiskFull when nothing more can be kept.
    """

    def __init__(
        self,
        path: Path,
        *,
        platforms: Iterable[Platform] = (),
        patience_s: float = LONGEST_START_S,
        private: bool = False,
    ) -> None:
        self.path = path
        self._sample = Sample()
        self.doubts_clock = False
        self._refreshed_s = -math.inf
        self._longest_log = sidefiles.LOG_BYTES
        make_folder(path, private=private)
        self._lock = sidefiles.lock_archive(path)
        try:
            sidefiles.settle_side_files(path, held=True)
            create_archive(path, private=private)
            check_identity(path)
            self.conn = connect(path)
        except BaseException:
            self._lock.close()
            raise
        try:
            remember_opened(path)
            refuse_strange(self.conn)
            wait_for_readers(self.conn, path, patience_s)
            self.keep_platforms(platforms)
            if erasing.has_barred(self.conn):
                # What comes again of what was erased goes again, and leaves nothing behind.
                self.conn.execute("PRAGMA secure_delete = ON")
            self.begin_log()
            exports.take_in(self.conn, path)
        except BaseException:
            self.conn.close()
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except ArchiveError:
            if error is None:  # else that one came first, and is told
                raise

    def close(self) -> None:
        """Leave a single file at rest: `datasette -i` does not read a write-ahead log.

        Raises the first ArchiveError that was met on the way there, after the rest was done: a disk that failed at the very
        end has failed, even where a second try went well.
        """
        with contextlib.ExitStack() as ending:
            ending.callback(self._lock.close)
            ending.callback(self.conn.close)
            leave_at_rest = partial(end_log, self.conn, self.path)
            met = [self._try(self._tidy), self._try(leave_at_rest)]
            if met[1]:
                # Pages that were not synced are written anew: the log holds them until they are.
                self._try(leave_at_rest)
            for error in filter(None, met):
                raise error

    def _try(self, step: Callable[[], None]) -> ArchiveError | None:
        """The ArchiveError that a step of closing ended with; anything else that SQLite says is nobody's loss.

        It is made anew: its traceback would hold a cursor, and that keeps SQLite's connection open beyond our closing it.
        """
        try:
            with contextlib.suppress(sqlite3.Error):
                step()
        except ArchiveError as error:
            return type(error)(*error.args)
        return None

    def _tidy(self) -> None:
        self.refresh_browsing()
        join_pieces(self.conn)
        self.conn.execute("PRAGMA optimize")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """What is done within is kept as one, or not at all; one within another is a part of that."""
        if self.conn.in_transaction:
            yield self.conn
            return
        with immediate(self.conn):
            yield self.conn
        if sidefiles.log_size(self.path) > self._longest_log:
            sidefiles.begin_anew(self.conn)
            self._longest_log = sidefiles.log_size(self.path) + sidefiles.LOG_BYTES

    # ----------------------------------------------------------------------------------------------------- the run

    def keep_platforms(self, platforms: Iterable[Platform]) -> None:
        """Tell the archive what this version can visit, so that its views know what is due."""
        wanted = list(map(visits.platform_row, platforms))
        known = self.conn.execute("SELECT * FROM platforms ORDER BY name").fetchall()
        if wanted and [tuple(row) for row in known] != sorted(wanted):
            with self.transaction() as conn:
                conn.execute("DELETE FROM platforms")
                conn.executemany("INSERT INTO platforms VALUES (?, ?, ?, ?, ?, ?)", wanted)
                conn.execute(visits.ASK_TO_DESCRIBE_ANEW)
                conclusions.ask_for_denials(conn)

    def begin_log(self) -> None:
        """Say in the log of an archive from before it that what is there is taken over; `adopt` takes it."""
        if evidence.has_to_begin(self.conn):
            with self.transaction() as conn:
                evidence.begin(conn, clock.now(), __version__)

    def adopt(self, most: int = ADOPTED_AT_ONCE) -> int:
        """Log so many of the rows from before there was a log; give how many: 0 when all are in it."""
        if not evidence.has_unlogged(self.conn):
            return 0
        with self.transaction() as conn:
            return evidence.adopt(conn, most)

    def start_crawl(self, command: str, now: str, version: str, options: Mapping[str, Any]) -> int:
        """Open a run. Only one writes at a time, so what earlier runs left to visit is nobody's any more."""
        asked = {name: int(bool(options.get(name))) for name in ("render", "in_article")}
        row = {"command": command, "started_at": now, "version": version, "options": to_json(dict(options)), **asked}
        with self.transaction() as conn:
            conn.execute("DELETE FROM targets")
            conn.execute("DELETE FROM placements")
            conn.execute("UPDATE seeds SET fetch_after = NULL WHERE fetch_after IS NOT NULL")
            return insert(conn, "crawls", row)

    def erase(self, case: int, now: str, *, thorough: bool = False) -> Erasure:
        """Erase the words and bytes of a case, in one transaction; give what that was. Raises UsageError.

        `thorough` looks for the posts' words into the pages of every article, and not only of those that embed them.

        The file still has them in its free pages until it is compacted.
        """
        request = read_withdrawal(self.conn, case)
        erasing.refuse_erasing(request, now)
        self.conn.execute("PRAGMA secure_delete = ON")
        with self.transaction() as conn:
            plan = erasing.plan_erasure(conn, request, thorough=thorough)
            erasing.refuse_held(conn, plan, now)
            erasing.erase_rows(conn, plan, now)
        return plan

    def finish_crawl(self, crawl_id: int, now: str, ended: str, summary: Mapping[str, Any]) -> None:
        """Close a run; `ended` is done, interrupted or failed."""
        with self.transaction() as conn:
            conn.execute(
                "UPDATE crawls SET finished_at = ?, ended = ?, summary = ? WHERE id = ?",
                (now, ended, to_json(dict(summary)), crawl_id),
            )

    def doubt_clock(self, crawl_id: int, why: str) -> None:
        """Mark a run whose clock cannot be right: what it keeps settles nothing, and nothing is concluded from it."""
        self.doubts_clock = True
        with self.transaction() as conn:
            clocks.doubt(conn, crawl_id, why)

    def trust_clock(self, now: str) -> tuple[int, int]:
        """Believe that it is `now`; give how many runs are believed again, and how many no more."""
        with self.transaction() as conn:
            return clocks.trust(conn, now)

    # ----------------------------------------------------------------------------------------------------- articles

    def keep_seed(self, crawl_id: int, url: str, origin: str, now: str, fresh_since: str = "", depth: int = 0) -> int:
        """Keep that a run is about this article and its posts; it is due unless fetched well since `fresh_since`."""
        with self.transaction() as conn:
            return articles.keep_seed(conn, crawl_id, url, origin, now, fresh_since, depth)

    def keep_seeds(
        self, crawl_id: int, seeds: Iterable[tuple[str, str]], now: str, fresh_since: str, depth: int, limit: int | None
    ) -> int:
        """Keep many (url, origin) at once, as long as the run is about fewer than `limit` articles; give how many."""
        with self.transaction() as conn:
            count = self.count_seeds(crawl_id)
            room = None
            if limit is not None:
                room = max(0, limit - count)
            for url, origin in islice(seeds, room):
                articles.keep_seed(conn, crawl_id, url, origin, now, fresh_since, depth)
            return self.count_seeds(crawl_id) - count

    def keep_notes(self, notes: Iterable[tuple[str, str, str]], by: str, now: str) -> None:
        """Keep what somebody says of articles, as (address, name, value): beside the evidence, never a part of it.

        Of one name those of the newest `now` (ISO 8601) count, several where a list has several rows of an article.
        """
        with self.transaction() as conn:
            for url, name, value in notes:
                articles.keep_note(conn, url, name, value, by, now)
                if name.strip().lower() in TAG_HEADINGS:
                    for each in collections.split_names(value):
                        articles.keep_note(conn, url, f"tag {each}", each, by, now)
                if name.strip().lower() in collections.HEADINGS:
                    for each in collections.split_names(value):
                        collections.keep_members(conn, each, [("article", url)], by, now)

    def keep_remark(self, kind: str, subject: str, name: str, value: str | None, by: str, now: str) -> None:
        """Keep what a person says of one of the `articles` (its address) or `posts` (its key); None takes it back."""
        with self.transaction() as conn:
            articles.keep_note(conn, subject, name, value, by, now, kind)

    def keep_followed(self, crawl_id: int, article_id: int) -> None:
        """Keep that this run has looked at an article's links."""
        with self.transaction() as conn:
            conn.execute("UPDATE seeds SET followed = 1 WHERE crawl_id = ? AND article_id = ?", (crawl_id, article_id))

    def count_seeds(self, crawl_id: int) -> int:
        """How many articles a run is about."""
        return int(self.conn.execute("SELECT count(*) FROM seeds WHERE crawl_id = ?", (crawl_id,)).fetchone()[0])

    def remove_seed(self, crawl_id: int, article_id: int) -> int:
        """Forget what is no article of this run's; if it was one, what was kept of it stays. Gives how deep it was."""
        with self.transaction() as conn:
            query = "SELECT depth FROM seeds WHERE crawl_id = ? AND article_id = ?"
            seed = conn.execute(query, (crawl_id, article_id)).fetchone()
            articles.remove_article(conn, article_id)
            if seed:
                return int(seed[0])
            return 0

    def keep_listing(
        self, url: str, kind: str, entries: int, truncated: str | None, now: str, named_by: str | None = None
    ) -> None:
        """Keep that an address is no article but a list of them; `named_by` is the index of sitemaps that names it."""
        with self.transaction() as conn:
            conn.execute("DELETE FROM listings WHERE url = ?", (url,))
            row = {
                "url": url, "kind": kind, "read_at": now, "entries": entries, "truncated": truncated, "named_by": named_by,
            }  # fmt: skip
            insert(conn, "listings", row)

    def find_brought(self, seeds: Iterable[str]) -> Brought:
        """What these seeds brought into the plan and nothing else did."""
        return forgetting.find_brought(self.conn, seeds)

    def forget(self, brought: Brought, now: str) -> None:
        """Take that out of the plan; what was seen of it stays."""
        with self.transaction() as conn:
            forgetting.forget(conn, brought, now)

    def keep_fetch(self, article_id: int, crawl_id: int, fetch: Fetch, retry_at: str | None = None) -> int | None:
        """Keep one download and clear what was due; None if it only repeats what is already kept.

        `retry_at` is when a failed fetch falls due again, if ever.
        """
        with self.transaction() as conn:
            return downloads.keep_fetch(conn, article_id, crawl_id, fetch, retry_at)

    def keep_referred(self, article_id: int, crawl_id: int, fetch: Fetch, found: Found, rules: int) -> int | None:
        """Keep one download by reference: where its page stands, and no copy. None if it was, and searched by these `rules`.

        What was `found` in it is kept by `keep_found`. Of a page that embeds what was erased, not even its place is kept.
        """
        with self.transaction() as conn:
            return downloads.keep_referred(conn, article_id, crawl_id, fetch, found, rules)

    def keep_rendering(self, fetch_id: int, rendering: Rendering) -> None:
        """Keep what a browser made of a fetched article; there is then more of it to search."""
        with self.transaction() as conn:
            downloads.keep_rendering(conn, fetch_id, rendering)

    def keep_found(self, fetch_id: int, found: Found, rules: int, now: str, crawl_id: int) -> None:
        """Keep what a search of one fetch gave, in place of what older rules gave; its posts become the run's."""
        with self.transaction() as conn:
            downloads.keep_found(conn, fetch_id, found, rules, now, crawl_id)
            browsing.refresh_articles(conn, CONCLUDED_AT_ONCE)

    def keep_opened(self, fetch_id: int, crawl_id: int, posts: Iterable[Post], rendering: Rendering) -> None:
        """Keep the picture of a whole article, and that this run has tried to photograph these posts in it."""
        with self.transaction() as conn:
            downloads.keep_opened(conn, fetch_id, crawl_id, posts, rendering)

    # -------------------------------------------------------------------------------------------------------- posts

    def keep_target(self, crawl_id: int, post: Post, now: str, *, forced: bool) -> None:
        """Keep that a run is about this post; `forced` visits it even if an earlier visit answered for good."""
        self.keep_targets(crawl_id, [(post, forced)], now)

    def keep_targets(self, crawl_id: int, targets: Iterable[tuple[Post, bool]], now: str) -> None:
        """Keep that a run is about these posts, each with whether it is forced."""
        with self.transaction() as conn:
            for post, forced in targets:
                posts.keep_post(conn, post, now)
                posts.want_again(conn, crawl_id, "p.key = :value", post.key)
                posts.target_post(conn, crawl_id, post.key, forced=forced)

    def keep_all_due(self, crawl_id: int, takes: Callable[[str], bool] = lambda _: True) -> None:
        """Make a run about all that is due in the archive, whichever run left it; of the articles those that `takes` takes."""
        with self.transaction() as conn:
            due = conn.execute("SELECT id, url FROM articles_to_fetch").fetchall()
            conn.executemany(
                "INSERT INTO seeds (crawl_id, article_id, origin, outlet, fetch_after) "
                "SELECT ?, id, 'due', coalesce(outlet, ''), fetch_after FROM articles_to_fetch WHERE id = ?",
                [(crawl_id, row["id"]) for row in due if takes(row["url"])],
            )
            posts.want_again(conn, crawl_id, "p.key IN (SELECT post_key FROM conclusions WHERE kept = 'partial')")
            conn.execute(
                f"INSERT INTO targets (crawl_id, post_key, turn) SELECT :crawl, key, {posts.TURN} FROM posts_to_capture p "
                f"WHERE {posts.CHOSEN}",
                {"crawl": crawl_id},
            )

    def keep_check_targets(self, crawl_id: int, unseen_since: str, limit: int) -> None:
        """Make a run about preserved posts last looked at before then, longest unseen first; all with a limit of -1."""
        with self.transaction() as conn:
            conn.execute(
                "INSERT INTO targets (crawl_id, post_key, turn, forced) SELECT :crawl, key, platform, 1 FROM posts_to_check p "
                f"WHERE last_checked_at <= :since AND {posts.CHOSEN} ORDER BY last_checked_at LIMIT :limit",
                {"crawl": crawl_id, "since": unseen_since, "limit": limit},
            )

    def keep_resolution(self, crawl_id: int, key: str, post: Post | None, now: str) -> None:
        """Keep which post a short link names; with None, that it named none (its embeds stay unresolved)."""
        with self.transaction() as conn:
            conn.execute("UPDATE targets SET visited = 1 WHERE post_key = ?", (key,))
            if post is None:
                conn.execute("UPDATE posts SET capture_after = NULL WHERE key = ?", (key,))
                return
            posts.keep_post(conn, post, now)
            conn.execute("UPDATE posts SET same_as = ?, capture_after = NULL WHERE key = ?", (post.key, key))
            conn.execute("UPDATE embeds SET post_key = ? WHERE post_key = ?", (post.key, key))
            if is_barred(conn, post.key):
                erasing.erase_again(conn, post.key, now)
            posts.target_post(conn, crawl_id, post.key)
            posts.place_embeds(conn, crawl_id, "post_key", post.key)

    def keep_capture(
        self, capture: Capture, crawl_id: int, retry_at: str | None = None, said: Described | None = None
    ) -> int:
        """Keep a visit with all its bytes, and the liveness observation it is, in one transaction.

        `retry_at` is when a post that gave no answer about itself falls due again; `said` is what it said, if that was read
        already. Kept twice, it is there once; of a post that was erased nothing is kept (0).
        """
        with self.transaction() as conn:
            capture_id = visits.keep_capture(conn, capture, crawl_id, retry_at, settles=not self.doubts_clock)
            if said and capture_id:
                self.keep_described(capture_id, capture.post.key, said)
            return capture_id

    def keep_capture_in_place(self, capture: Capture, crawl_id: int, fetch_id: int) -> int:
        """Keep a post photographed in an article. Seen there, it is alive; not seen there, nothing is known of it.

        The post stays due for a visit by itself, if it was. Of one that was erased nothing is kept (0).
        """
        with self.transaction() as conn:
            return visits.keep_capture_in_place(conn, capture, crawl_id, fetch_id)

    def keep_control(self, capture: Capture, crawl_id: int) -> int:
        """Keep a visit that only shows whether a platform still answers: evidence, counted nowhere.

        A living post releases what was withheld because no control was seen, and lets the losses of that hour be concluded.
        One that was seen beside its frame only says nothing of the frame, and is kept as what the frame was.
        """
        with self.transaction() as conn:
            return visits.keep_control(conn, capture, crawl_id, settles=not self.doubts_clock)

    def keep_described(self, capture_id: int, post_key: str, said: Described) -> None:
        """Keep what was read of a post just now."""
        self.keep_description(capture_id, post_key, said.description, said.rules, clock.now(), said.also)

    def keep_description(
        self,
        capture_id: int,
        post_key: str,
        description: Description,
        rules: int,
        now: str,
        also: tuple[Post, ...] = (),
    ) -> None:
        """Keep what a post said, as rules of this version read it from this capture. `also` are other names of the same
        post that the platform told: what embeds them embeds this one from now on."""
        with self.transaction() as conn:
            if visits.keep_description(conn, capture_id, post_key, description, rules, now, also):
                self._sample.ask_to_replay(conn, capture_id)
                conclusions.ask_for_post(conn, post_key)

    def keep_marks(self, capture_id: int, marked: marks.Marked) -> None:
        """Keep by what a capture's pictures are found again."""
        with self.transaction() as conn:
            marks.keep_marks(conn, capture_id, marked)

    def keep_replay(self, capture_id: int, replay: Replay) -> None:
        """Keep how much of a capture came back when it was shown again from the archive alone."""
        with self.transaction() as conn:
            insert(conn, "replays", fields_of(replay) | {"capture_id": capture_id})
            settle_replay(conn, capture_id)

    def keep_hold(self, scope: PostScope, since: str, why: str, crawl_id: int) -> None:
        """Withhold, from a moment on, that posts of a platform are gone; what was concluded of that time is so anew."""
        with self.transaction() as conn:
            conclusions.keep_hold(conn, scope, since, why, crawl_id)

    def release_holds(self, platform: str, by: str, now: str) -> int:
        """Release every open hold of a platform, as somebody who looked into it; give how many there were."""
        with self.transaction() as conn:
            return conclusions.release_holds(conn, platform, by, now)

    def conclude(self, post_key: str) -> Mapping[str, Any]:
        """Make anew what is concluded of a post and its due time; give its row of `conclusions`. The counts follow in a second,
        or when the archive is closed."""
        with self.transaction() as conn:
            row = conclusions.conclude_post(conn, post_key)
            if time.monotonic() - self._refreshed_s > REFRESHED_EVERY_S:
                browsing.refresh(conn, CONCLUDED_AT_ONCE)
                self._refreshed_s = time.monotonic()
            return row

    def conclude_all(self) -> int:
        """Conclude whatever is still to be concluded and described well enough; give how many posts."""
        done = set()
        query = f"SELECT DISTINCT post_key FROM captures_to_conclude LIMIT {CONCLUDED_AT_ONCE}"
        while keys := [row["post_key"] for row in self.conn.execute(query)]:
            with self.transaction() as conn:
                for post_key in keys:
                    conclusions.conclude_post(conn, post_key)
            done.update(keys)
        return len(done)

    def refresh_browsing(self) -> None:
        """Make anew the rows that posts are browsed by, and figures told by, of all that changed."""
        while browsing.is_due(self.conn):
            with self.transaction() as conn:
                browsing.refresh(conn)

    # ----------------------------------------------------------------------------------------------------- watching

    def settle_pacing(self, platform: str, per_day: int, longest_d: float, today: str) -> None:
        """Solve how often a platform's posts are observed from what a day may cost."""
        with self.transaction() as conn:
            watching.settle_pacing(conn, platform, per_day, longest_d, today)

    def keep_watch_targets(
        self, crawl_id: int, now: str, most: Mapping[str, int], collection: str | None = None
    ) -> None:
        """Make a run about the posts to observe that are due, of each platform at most so many, and of a collection only."""
        with self.transaction() as conn:
            for platform, count in most.items():
                watching.target_due(conn, crawl_id, platform, now, count, collection)
            watching.target_new(conn, crawl_id, collection)

    def keep_reading(self, crawl_id: int, now: str, most: int, collection: str | None = None) -> int:
        """Make a run about the articles and feeds whose time to be read again has come, of a collection only; give how many."""
        with self.transaction() as conn:
            return watching.seed_due(conn, crawl_id, now, most, collection)

    def spend(self, post_key: str, now: str, per_day: int) -> bool:
        """Count an observation of a post before it is made; False where the day's budget does not allow it."""
        with self.transaction() as conn:
            return watching.spend_on(conn, post_key, now, per_day)

    def drop_target(self, crawl_id: int, post_key: str) -> None:
        """Let a run leave a post alone; it stays due."""
        with self.transaction() as conn:
            conn.execute("DELETE FROM targets WHERE crawl_id = ? AND post_key = ?", (crawl_id, post_key))

    def announce(
        self, now: str, channels: Iterable[str] = (), collection: str | None = None, *, since_ever: bool = False
    ) -> list[str]:
        """Note the changes that nobody was told of yet, due for these channels; give their ids, oldest first.

        Those of a collection's posts only, where one is named: the others are left for whoever watches them.
        With `since_ever` they are noted as of their own time, and told to nobody: they are from before there was a watch.
        """
        with self.transaction() as conn:
            return watching.announce(conn, now, tuple(channels), collection, since_ever=since_ever)

    def keep_delivery(self, channel: str, change_id: str, now: str, answer: str, retry_at: str | None) -> None:
        """Keep how a channel answered to a change; `retry_at` is when it is told again, if it did not take it."""
        with self.transaction() as conn:
            watching.keep_delivery(conn, channel, change_id, now, answer, retry_at)
