"""Posts that are gone -> who still holds them: sources are asked in order, what they hold is judged by the platform's rules.

An index that lists an address is no find: only what the platform's own rules see as this very post is kept, as a capture of
whoever saw it. Walls, shells, logins and missing pages are rows of `mementos`.
"""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, cast

from embedarchive.core import clock
from embedarchive.core.mementos import (
    SOURCES,
    IndexAnswer,
    ListedMemento,
    Source,
    Unreadable,
    differs,
    group_forms,
    sort_by_nearness,
    strip_address,
)
from embedarchive.core.model import Embed, Exchange, Fetch, Found, Post
from embedarchive.detect import identify_post
from embedarchive.detect.identity import identify_pasted
from embedarchive.library.possible import is_about_then
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import fill_url
from embedarchive.recovery import commoncrawl, wayback
from embedarchive.run.engine import Pass, Row
from embedarchive.run.own_files import (
    choose_files,
    judge_sight,
    list_named_files,
    list_untried,
    make_with_files,
    read_sight,
)
from embedarchive.run.recorded import JudgedSight, Witness, gather, judge, make_capture, name_files, read_address
from embedarchive.sources.warcs import read_record
from embedarchive.store import Archive, consulted, recovering, rows
from embedarchive.store.optouts import is_barred, read_optouts
from embedarchive.store.posts import keep_post_of_others
from embedarchive.store.reading import read_post
from embedarchive.store.recorded import keep_recorded

FIRST_FORMS = 4
"""Addresses of a post that an index is asked for, the likeliest; for the rarer ones only where it knows one of these."""
MOST_ARTICLES = 1
"""Articles of which older versions are looked for: with the forms and a crawl that makes six questions about a post."""
MOST_TRIED = 8
MOST_VERSIONS = 2
MOST_FILES = 20
MOST_TRIES = 3
"""Times that a busy archive is asked the same."""
MOST_PAGES = 2
MOST_ACCOUNT_FORMS = 2
MOST_POSSIBLE = 20
"""Posts of an account that are noted for one embed which names none."""
MOST_MET = 8
"""Mementos of a post that are looked at again beside another: what one does not show, two of a day may."""

WITNESSES: Mapping[Source, str] = {"wayback": wayback.NAME, "articles": wayback.NAME, "commoncrawl": commoncrawl.NAME}
VERDICTS = {"blocked": "wall", "gone": "gone", "unavailable": "gone", "error": "other page"}

SEARCHES = """
SELECT s.post_key || ' ' || s.source AS name, s.post_key, s.source FROM searches s
WHERE s.crawl_id = :crawl AND s.due_at <= :now
  AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = s.post_key)
  AND NOT EXISTS (SELECT 1 FROM searches e WHERE e.post_key = s.post_key AND e.crawl_id = s.crawl_id AND e.turn < s.turn
                  AND e.due_at <= :now)
  AND (:dry OR NOT EXISTS (SELECT 1 FROM mementos m WHERE m.post_key = s.post_key AND m.crawl_id = s.crawl_id
                           AND m.tried_at IS NULL))
ORDER BY s.turn, s.post_key LIMIT :n"""
MEMENTOS = """
SELECT m.* FROM mementos m WHERE m.crawl_id = :crawl AND m.tried_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = m.post_key) ORDER BY m.id LIMIT :n"""
CLAIMS = """
SELECT count(*) FROM embeds WHERE post_key = ? AND coalesce(text, author_handle, author_name, posted_at) IS NOT NULL"""
HANDLES = """
SELECT author_handle FROM descriptions WHERE post_key = :key AND author_handle IS NOT NULL
UNION SELECT author_handle FROM embeds WHERE post_key = :key AND author_handle IS NOT NULL LIMIT 1"""
UNNAMED_IN = """
SELECT a.id, a.url, coalesce(a.published_at, a.first_seen_at) AS at FROM articles a
WHERE a.id IN (SELECT article_id FROM current_embeds WHERE post_key IS NULL AND kind = 'embed' AND author_handle IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM fetches f WHERE f.article_id = a.id AND f.source GLOB 'https://web.archive.org/*')
  AND NOT EXISTS (SELECT 1 FROM barred_articles b WHERE b.id = a.id) ORDER BY a.id"""
ACCOUNTS_OF = """
SELECT DISTINCT e.platform, ltrim(e.author_handle, '@') AS handle, e.posted_at, a.published_at AS article_at
FROM current_embeds e JOIN articles a ON a.id = e.article_id
WHERE e.article_id = ? AND e.post_key IS NULL AND e.kind = 'embed' AND e.platform IS NOT NULL AND e.author_handle IS NOT NULL
LIMIT 20"""
MET = """
SELECT * FROM mementos WHERE post_key = ? AND tried_at IS NOT NULL AND capture_id IS NULL AND article_id IS NULL AND id <> ?
  AND source <> 'cdn'
  AND (status IS NULL OR status = 200) ORDER BY id DESC LIMIT ?"""
EMBEDDED_IN = """
SELECT a.id, a.url, coalesce(a.published_at, a.first_seen_at) AS at FROM articles a
WHERE a.id IN (SELECT article_id FROM embeds WHERE post_key = ?)
  AND NOT EXISTS (SELECT 1 FROM barred_articles b WHERE b.id = a.id) ORDER BY at LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Recover:
    """What a run asks: which `sources`, and with `dry_run` only who holds what. `thorough` asks for every address, tries more
    of what is held, and does not stop at the first capture that shows the post."""

    sources: tuple[Source, ...] = SOURCES
    dry_run: bool = False
    thorough: bool = False
    unresolved: bool = False
    """Whether it is about articles whose embeds name no post, instead: their older versions may name it."""


class Asked(Protocol):
    """The edges through which archives are asked."""

    async def consult(self, url: str, headers: Mapping[str, str] | None = None) -> Fetch: ...
    async def search(self, body: bytes, *, url: str, content_type: str | None) -> Found: ...


@dataclass
class Recovery:
    """The passes of one run that recovers. `keep` calls the archive in its own thread, `emit` tells what happened."""

    archive: Archive
    asked: Asked
    crawl_id: int
    keep: Callable[..., Awaitable[Any]]
    emit: Callable[..., None]
    is_barred: Callable[[str, str], Awaitable[bool]]
    choice: Recover
    crawls: tuple[commoncrawl.Crawl, ...] = ()
    read: set[int] = field(default_factory=set)
    """Articles of which older versions were asked for in this run."""

    def passes(self) -> tuple[Pass, ...]:
        """Ask a source about a post; try one memento. Archives are asked one at a time."""
        if self.choice.unresolved:
            return (Pass("seek", 1, self.due_articles, self.seek_versions, "id"),)
        seek = Pass("seek", 1, self.due(SEARCHES), self.seek, "name")
        salvage = Pass("salvage", 1, self.due(MEMENTOS), self.salvage, "id")
        if self.choice.dry_run:
            return (seek,)
        return (seek, salvage)

    def due(self, query: str) -> Callable[[int], Sequence[Row]]:
        def rows(n: int) -> Sequence[Row]:
            bound = {"crawl": self.crawl_id, "now": clock.now(), "n": n, "dry": self.choice.dry_run}
            found: list[Row] = self.archive.conn.execute(query, bound).fetchall()
            return found

        return rows

    def due_articles(self, n: int) -> Sequence[Row]:
        """Articles with embeds that name no post, and of which no older version is kept yet."""
        rows = self.archive.conn.execute(UNNAMED_IN).fetchall()
        return [row for row in rows if row["id"] not in self.read][:n]

    # ---------------------------------------------------------------------------------------------------------- asking

    async def seek(self, row: Row) -> None:
        """Ask one source about one post, and keep what it said and what it holds."""
        key, source = row["post_key"], row["source"]
        post = await self.keep(read_post, self.archive.conn, key)
        if await self.is_barred(key, post.url):
            await self.keep(self.leave, key)
            self.emit("skipped", key, "opted_out", "")
            return
        count, listed = _Counted(partial(self.ask, key)), list[tuple[int | None, list[ListedMemento], int]]()
        answer = await SEEKERS[source](self, post, count, listed)
        due_at = None
        if answer.said in ("refused", "error"):
            due_at = clock.later(recovering.REFUSED_FOR_S)
        await self.keep(self.keep_answer, post, source, answer, count.requests, due_at, listed)
        self.emit("seek", key, answer.said, f"{source}: {answer.reason or len(answer.held)}", len(answer.held))

    def keep_answer(
        self, post: Post, source: Source, answer: IndexAnswer, requests: int, due_at: str | None,
        listed: Sequence[tuple[int | None, list[ListedMemento], int]],
    ) -> None:  # fmt: skip
        now, rules = clock.now(), rules_of(post)
        with self.archive.transaction() as conn:
            recovering.keep_answer(conn, self.crawl_id, post.key, source, answer, requests, rules, now, due_at)
            for article_id, held, most in listed:
                recovering.keep_listed(conn, self.crawl_id, post.key, source, held, most, now, article_id)
            if self.choice.dry_run:
                consulted.forget_consulted(conn, post.key)
            else:
                consulted.forget_settled(conn, self.crawl_id, post.key)

    def leave(self, key: str) -> None:
        with self.archive.transaction() as conn:
            recovering.leave_rest(conn, self.crawl_id, key)
            consulted.forget_settled(conn, self.crawl_id, key)

    async def ask(
        self, subject: str, url: str, headers: Mapping[str, str] | None = None, tries: int = MOST_TRIES
    ) -> Fetch:
        """Ask an archive about a post (or an article); one that is busy is asked again, when it is to be.

        What was answered, to this run or to one that was killed, is not asked again.
        """
        asked = name_question(url, headers)
        if known := await self.keep(consulted.find_consulted, self.archive.conn, subject, asked):
            return cast("Fetch", known)
        for _ in range(tries):
            fetch = await self.asked.consult(url, headers)
            if not is_busy(fetch):
                await self.keep(self.keep_consulted, subject, asked, fetch)
            if fetch.reason == "deferred" or not is_busy(fetch):
                break
        return fetch

    def keep_consulted(self, subject: str, asked: str, fetch: Fetch) -> None:
        with self.archive.transaction() as conn:
            consulted.keep_consulted(conn, subject, asked, fetch)

    async def seek_claims(self, post: Post, count: _Counted, listed: Listed) -> IndexAnswer:
        """What this archive's own articles say of the post."""
        claims = await self.keep(count_claims, self.archive.conn, post.key)
        return IndexAnswer("held" if claims else "none", f"claims {claims}" if claims else None)

    async def seek_in_files(self, post: Post, count: _Counted, listed: Listed) -> IndexAnswer:
        """Files in hand were read before the run began: what they hold is kept already."""
        held = await self.keep(has_capture_of, self.archive.conn, self.crawl_id, post.key)
        return IndexAnswer("held" if held else "none")

    async def seek_in_wayback(self, post: Post, count: _Counted, listed: Listed) -> IndexAnswer:
        forms = await self.keep(self.list_forms, post)
        near = await self.keep(find_moment, self.archive.conn, post)
        held, answer = list[ListedMemento](), IndexAnswer("none")
        for place, form in enumerate(forms):
            if place >= FIRST_FORMS and not held and not self.choice.thorough:
                break
            answer = await self.read_pages(count, form, lambda url: names_post(url, post))
            held += answer.held
            if answer.said not in ("held", "none"):
                break
        listed.append((None, sort_by_nearness(held, near), self.most(MOST_TRIED)))
        return merge_answers(answer, held)

    async def read_pages(
        self, count: _Counted, form: str, wanted: Callable[[str], bool], *, exact: bool = False
    ) -> IndexAnswer:
        """What the Wayback Machine's index says of an address, page by page."""
        held, resume = list[ListedMemento](), ""
        for _ in range(MOST_PAGES):
            answer = wayback.read_index(await count.ask(wayback.ask_index(form, resume, exact=exact)), wanted)
            held += answer.held
            resume = answer.resume
            if not resume:
                break
        return merge_answers(answer, held)

    async def seek_in_articles(self, post: Post, count: _Counted, listed: Listed) -> IndexAnswer:
        """Older versions of the articles that embed the post may say more of it."""
        articles = await self.keep(find_articles, self.archive.conn, post.key, self.most(MOST_ARTICLES))
        held, answer = list[ListedMemento](), IndexAnswer("none")
        for article in articles:
            answer = await self.read_pages(count, article["url"], lambda url: True, exact=True)
            found = [each for each in answer.held if each.status in (200, None)]
            listed.append((article["id"], sort_by_nearness(found, article["at"]), self.most(MOST_VERSIONS)))
            held += found
        return merge_answers(answer, held)

    async def seek_versions(self, row: Row) -> None:
        """Keep older versions of an article that name a post where the newest names none."""
        self.read.add(row["id"])
        if await self.is_barred(row["url"], row["url"]):
            self.emit("skipped", row["url"], "opted_out", "")
            return
        ask = partial(self.ask, row["url"])
        answer = await self.read_pages(_Counted(ask), row["url"], lambda url: True, exact=True)
        held = sort_by_nearness([each for each in answer.held if each.status in (200, None)], row["at"])
        kept, claims = 0, list[Embed]()
        for each in held[: self.most(MOST_VERSIONS)]:
            read = wayback.read_capture(await ask(each.place))
            if isinstance(read, Unreadable):
                continue
            body = read[-1].body or b""
            found = await self.asked.search(body, url=read[-1].url, content_type=read[-1].content_type)
            told = [embed for embed in found.embeds if embed.kind == "embed" and is_more(embed)]
            claims += [embed for embed in told if embed.post is None]
            if told:
                await self.keep_fetch(row["id"], read[-1], each.place)
                kept += 1
        self.emit("seek", row["url"], answer.said, f"articles: {answer.reason or len(held)}, {kept} kept", len(held))
        for account in await self.keep(find_accounts, self.archive.conn, row["id"]):
            await self.seek_account(add_day(account, claims), _Counted(ask))
        await self.keep(self.forget, row["url"])

    def forget(self, subject: str) -> None:
        with self.archive.transaction() as conn:
            consulted.forget_consulted(conn, subject)

    async def seek_account(self, account: Account, count: _Counted) -> None:
        """Note which posts of an account an archive holds of about the day that an embed says, or its article."""
        if not (account.posted_at or account.article_at):
            return
        forms, held = BY_NAME[account.platform].account_forms(account.handle), list[ListedMemento]()
        for form in forms[: self.most(MOST_ACCOUNT_FORMS)]:
            answer = await self.read_pages(count, strip_address(form) + "/", lambda url: is_of_day(url, account))
            held += answer.held
            if answer.said not in ("held", "none"):
                break
        posts = {post.key: (post, each) for each in held if (post := identify_post(each.url))}
        await self.keep(self.keep_possible, list(posts.values())[: self.most(MOST_POSSIBLE)])
        told = f"wayback: {len(posts)} posts of about {account.posted_at or account.article_at or 'no known day'}"
        self.emit("seek", f"@{account.handle}", "held" if posts else "none", told, len(posts))

    def keep_possible(self, found: Sequence[tuple[Post, ListedMemento]]) -> None:
        """Keep the names of posts, and where each is held: nothing is due of them, and nothing is linked."""
        now = clock.now()
        optouts = read_optouts(self.archive.conn, now)
        with self.archive.transaction() as conn:
            for post, held in found:
                if is_barred(conn, optouts, post.key, post.url) or rows.is_barred(conn, post.key):
                    continue
                keep_post_of_others(conn, post, now)
                recovering.keep_listed(conn, self.crawl_id, post.key, "wayback", [held], 1, now)
                recovering.put_off(conn, self.crawl_id, post.key)

    async def seek_in_commoncrawl(self, post: Post, count: _Counted, listed: Listed) -> IndexAnswer:
        if not self.crawls:
            self.crawls = commoncrawl.read_crawls((await self.ask(post.key, commoncrawl.CRAWLS)).body)
        if not self.crawls:
            return IndexAnswer("error", "no_list_of_crawls")
        near = await self.keep(find_moment, self.archive.conn, post)
        forms = await self.keep(self.list_forms, post)
        held, answer = list[ListedMemento](), IndexAnswer("none")
        for crawl in commoncrawl.choose_crawls(self.crawls, near, self.most(1)):
            for form in forms[: self.most(1)]:
                fetch = await count.ask(commoncrawl.ask_index(crawl.index, form))
                answer = commoncrawl.read_index(fetch, lambda url: names_post(url, post))
                held += answer.held
        listed.append((None, sort_by_nearness(held, near), self.most(MOST_TRIED)))
        return merge_answers(answer, held)

    async def seek_in_cdn(self, post: Post, count: _Counted, listed: Listed) -> IndexAnswer:
        """Files that descriptions of the post name and nobody kept: their addresses are here, so nobody is asked yet."""
        held = await self.keep(list_named_files, self.archive.conn, post.key)
        listed.append((None, held, self.most(MOST_FILES)))
        return merge_answers(IndexAnswer("none"), held)

    def most(self, usual: int) -> int:
        if self.choice.thorough:
            return usual * 5
        return usual

    def list_forms(self, post: Post) -> tuple[str, ...]:
        row = self.archive.conn.execute(HANDLES, {"key": post.key}).fetchone()
        handle = str(row[0]).lstrip("@") if row else None
        return group_forms((*BY_NAME[post.platform].archived_forms(post, handle), *list_answers(post)))

    # --------------------------------------------------------------------------------------------------------- salvage

    async def salvage(self, row: Row) -> None:
        """Fetch one memento, have the platform's rules say what it shows, and keep it where that is the post."""
        post = await self.keep(read_post, self.archive.conn, row["post_key"])
        if await self.is_barred(post.key, post.url):
            await self.keep(self.leave, post.key)
            return
        if row["source"] == "cdn":
            await self.keep_own_files(row, post)
            return
        found = await self.fetch_memento(row)
        if isinstance(found, Unreadable) and found.reason in ("deferred", "http_429", "http_503"):
            await self.keep(self.put_off, post.key)
            self.emit("seek", post.key, "refused", f"{row['source']}: {found.reason}")
            return
        if isinstance(found, Unreadable):
            await self.settle(row, found.verdict, found.reason)
        elif row["article_id"]:
            await self.keep_version(row, post, found[-1])
        else:
            await self.keep_sight(row, post, found)

    async def fetch_memento(self, row: Row) -> tuple[Exchange, ...] | Unreadable:
        """What a memento holds; of one that was fetched in this run, or in one that was killed, without asking again."""
        held = ListedMemento(row["url"], row["seen_at"], row["place"], row["status"], row["mime"], row["digest"])
        if row["source"] == "commoncrawl":
            url, headers = commoncrawl.ask_record(held.place)
            fetch = await self.ask(row["post_key"], url, headers)
            found = await asyncio.to_thread(read_record, io.BytesIO(fetch.body), held.place.partition(" ")[0])
            return commoncrawl.read_record(fetch, held, found)
        read = wayback.read_capture(await self.ask(row["post_key"], held.place))
        if isinstance(read, Unreadable) or read[-1].started_at != held.seen_at or held.mime == "warc/revisit":
            return read  # of another moment, or the same as another: the digest is of something else
        if differs(read[-1], held.digest):
            return Unreadable("unreadable", "wrong_digest")
        return read

    async def keep_sight(self, row: Row, post: Post, exchanges: tuple[Exchange, ...]) -> None:
        judged = await asyncio.to_thread(judge_best, post, exchanges)
        if judged is None or judged.verdict.outcome != "available":
            together = [*await self.read_met(row), *exchanges][-MOST_MET:]
            judged = choose_seen(await asyncio.to_thread(judge_best, post, tuple(together)), judged)
        if judged is None:
            await self.settle(row, "other page", "names_another")
            return
        verdict = judged.verdict
        if verdict.outcome != "available":
            word = "unreadable"
            if verdict.reason != "truncated":
                word = VERDICTS[verdict.outcome]
            await self.settle(row, word, verdict.reason)
            return
        files = await self.fetch_files(judged)
        witness = Witness("memento", WITNESSES[row["source"]], row["place"])
        now = clock.now()
        capture = await asyncio.to_thread(make_capture, judged, witness, now, files)
        capture_id = await self.keep(keep_recorded, self.archive, capture, self.crawl_id, now)
        if capture_id:
            await self.settle(row, "recovered", None, capture_id)
        else:
            await self.settle(row, "lost", "not_kept")

    async def keep_own_files(self, row: Row, post: Post) -> None:
        """Ask the platform's own server for the files that one sight of a post names, and keep that sight with them."""
        rows = await self.keep(list_untried, self.archive.conn, post.key, self.crawl_id, row["seen_at"])
        given = [(each, await self.fetch_own(each)) for each in rows]
        sight = await self.keep(read_sight, self.archive.conn, post.key, row["seen_at"])
        judged = sight and await asyncio.to_thread(judge_sight, post, sight)
        files, capture_id, now = choose_files(given), 0, clock.now()
        if judged and sight and files:
            capture = await asyncio.to_thread(make_with_files, judged, sight, files, row["place"], now)
            capture_id = await self.keep(keep_recorded, self.archive, capture, self.crawl_id, now)
        for each, file in given:
            if file and capture_id:
                await self.settle(each, "recovered", None, capture_id)
            elif file:
                await self.settle(each, "unreadable", "no_sight")  # a file alone is not the post
            else:
                await self.settle(each, "lost", "not_given")

    async def fetch_own(self, row: Row) -> Exchange | None:
        """A file from its platform's own server, as it gives it now; None where it does not."""
        fetch = await self.ask(row["post_key"], row["place"], tries=1)
        if fetch.outcome != "ok" or not fetch.body or fetch.truncated:
            return None
        return Exchange(
            row["url"], status=fetch.status, response_headers=fetch.headers, body=fetch.body,
            content_type=fetch.content_type, started_at=fetch.fetched_at, remote_address=fetch.remote_address,
        )  # fmt: skip

    async def read_met(self, row: Row) -> list[Exchange]:
        """What was fetched of a post before this memento and did not show it by itself, in the order in which it came."""
        key = row["post_key"]
        met, found = await self.keep(list_met, self.archive.conn, key, row["id"]), list[Exchange]()
        for each in met:
            read = await self.fetch_memento(each)
            if not isinstance(read, Unreadable):
                found += read
        return found

    async def fetch_files(self, judged: JudgedSight) -> dict[str, Exchange]:
        """The post's files as the archive has them, else where its platform still gives them."""
        files: dict[str, Exchange] = {}
        for media in name_files(judged)[:MOST_FILES]:
            if not media.url or media.missing:
                continue
            seen_at, key = judged.sight.seen_at, judged.sight.post.key
            for place in (wayback.ask_file(media.url, seen_at), media.url):
                fetch = await self.ask(key, place, tries=1)
                if fetch.outcome == "ok" and fetch.body and not fetch.truncated:
                    files[media.url] = Exchange(
                        media.url, status=fetch.status, body=fetch.body, content_type=fetch.content_type,
                        started_at=seen_at, remote_address=fetch.remote_address,
                    )  # fmt: skip
                    break
        return files

    async def keep_version(self, row: Row, post: Post, exchange: Exchange) -> None:
        """Keep an older version of an article if it embeds the post: what it says of it is a publisher's claim."""
        body = exchange.body or b""
        found = await self.asked.search(body, url=exchange.url, content_type=exchange.content_type)
        if not any(each.post and each.post.key == post.key for each in found.embeds):
            await self.settle(row, "other page", "does_not_embed_it")
            return
        await self.keep_fetch(row["article_id"], exchange, row["place"])
        await self.settle(row, "claim", None)

    async def keep_fetch(self, article_id: int, exchange: Exchange, place: str) -> None:
        """Keep an article as an archive has it; what it embeds is found by the run's own search."""
        fetch = Fetch(
            exchange.url, exchange.url, exchange.started_at, "ok", exchange.status, headers=exchange.response_headers,
            content_type=exchange.content_type, body=exchange.body or b"", truncated=exchange.truncated, source=place,
        )  # fmt: skip
        await self.keep(self.archive.keep_fetch, article_id, self.crawl_id, fetch)

    async def settle(self, row: Row, verdict: str, reason: str | None, capture_id: int | None = None) -> None:
        await self.keep(self.settle_row, row, verdict, reason, capture_id)
        self.emit("salvage", row["post_key"], verdict, f"{row['source']} {row['seen_at'][:10]} {reason or ''}".strip())

    def settle_row(self, row: Row, verdict: str, reason: str | None, capture_id: int | None) -> None:
        with self.archive.transaction() as conn:
            recovering.settle_memento(conn, row["id"], verdict, reason, clock.now(), capture_id)
            if verdict == "recovered" and not self.choice.thorough:
                recovering.leave_rest(conn, self.crawl_id, row["post_key"])
            consulted.forget_settled(conn, self.crawl_id, row["post_key"])

    def put_off(self, key: str) -> None:
        with self.archive.transaction() as conn:
            recovering.put_off(conn, self.crawl_id, key)


class _Counted:
    """Asks, and counts how often."""

    def __init__(self, ask: Callable[[str], Awaitable[Fetch]]) -> None:
        self._ask = ask
        self.requests = 0

    async def ask(self, url: str) -> Fetch:
        self.requests += 1
        return await self._ask(url)


Listed = list[tuple[int | None, list[ListedMemento], int]]
"""Of which article (None: of the post) something is listed, what, in the order to try it, and how many of it."""

SEEKERS: Mapping[str, Callable[[Recovery, Post, _Counted, Listed], Awaitable[IndexAnswer]]] = {
    "archive": Recovery.seek_claims,
    "files": Recovery.seek_in_files,
    "wayback": Recovery.seek_in_wayback,
    "articles": Recovery.seek_in_articles,
    "commoncrawl": Recovery.seek_in_commoncrawl,
    "cdn": Recovery.seek_in_cdn,
}


def merge_answers(last: IndexAnswer, held: Iterable[ListedMemento]) -> IndexAnswer:
    """What several questions came to: the last says how they ended."""
    found = tuple(held)
    said = "held" if found and last.said == "none" else last.said
    return IndexAnswer(said, last.reason, found)


def is_busy(fetch: Fetch) -> bool:
    """Whether nothing was answered: what is asked is to be asked again."""
    return fetch.status is None or fetch.status in (429, 502, 503, 504)


def choose_seen(judged: JudgedSight | None, other: JudgedSight | None) -> JudgedSight | None:
    """What shows the post, else the other."""
    if judged and judged.verdict.outcome == "available":
        return judged
    return other


def judge_best(post: Post, exchanges: tuple[Exchange, ...]) -> JudgedSight | None:
    """What was recorded, judged by the platform's rules: the sight that shows the post, else the last, if any is of it."""
    sights = [judge(sight) for sight in gather(post, exchanges)]
    seen: Iterator[JudgedSight] = (each for each in sights if each.verdict.outcome == "available")
    return next(seen, sights[-1] if sights else None)


def names_post(url: str, post: Post) -> bool:
    """Whether an archived address is one of the post's, or of an answer about it."""
    named = identify_post(url) or identify_pasted(url)
    return (named is not None and named.key == post.key) or read_address(url, post) is not None


def list_answers(post: Post) -> tuple[str, ...]:
    """The addresses at which the platform's services tell of a post: seldom archived, and asked for last."""
    visit = BY_NAME[post.platform].visit
    if visit:
        asked = [fill_url(probe.url, post, visit) for probe in visit.probes]
    else:
        asked = []
    return tuple(filter(None, asked))


def rules_of(post: Post) -> int:
    visit = BY_NAME[post.platform].visit
    if visit:
        return visit.rules
    return 0


def count_claims(conn: sqlite3.Connection, key: str) -> int:
    return int(conn.execute(CLAIMS, (key,)).fetchone()[0])


def find_articles(conn: sqlite3.Connection, key: str, most: int) -> list[Any]:
    """The articles that embed a post, the first published first."""
    return conn.execute(EMBEDDED_IN, (key, most)).fetchall()


@dataclass(frozen=True, slots=True)
class Account:
    """Whose post an embed that names none is said to be, and of which day, if it says that; `article_at` is its article's."""

    platform: str
    handle: str
    posted_at: str | None
    article_at: str | None


def find_accounts(conn: sqlite3.Connection, article_id: int) -> list[Account]:
    """Whose posts the embeds of an article that name none are said to be, and of which day."""
    return [Account(*row) for row in conn.execute(ACCOUNTS_OF, (article_id,)).fetchall()]


def add_day(account: Account, claims: Iterable[Embed]) -> Account:
    """An account with the day that an older version of the article names, where that is one."""
    days = {each.claim.posted_at for each in claims if is_of(each, account) and each.claim.posted_at}
    if account.posted_at or len(days) != 1:
        return account
    return replace(account, posted_at=days.pop())


def is_of(embed: Embed, account: Account) -> bool:
    handle = (embed.claim.author_handle or "").lstrip("@").lower()
    return embed.platform == account.platform and handle == account.handle.lower()


def is_more(embed: Embed) -> bool:
    """Whether an embed names its post, or says whose it is and of which day."""
    return embed.post is not None or bool(embed.claim.author_handle and embed.claim.posted_at)


def is_of_day(url: str, account: Account) -> bool:
    """Whether an address is a post's of the platform and of about the day that is claimed, by the date in its id."""
    post = identify_post(url)
    if post is None or post.platform != account.platform:
        return False
    return is_about_then(account.posted_at, account.article_at, post.posted_at)


def find_moment(conn: sqlite3.Connection, post: Post) -> str | None:
    """About when somebody will have archived a post: when it was first embedded, else when it was posted."""
    rows = find_articles(conn, post.key, 1)
    if rows:
        return str(rows[0]["at"])
    return post.posted_at


def list_met(conn: sqlite3.Connection, key: str, but: int) -> list[Any]:
    """The mementos of a post that were fetched and did not show it, the last ones, in order; of those whose answer is here."""
    rows = conn.execute(MET, (key, but, MOST_MET)).fetchall()
    return [row for row in reversed(rows) if has_answer(conn, row)]


def has_answer(conn: sqlite3.Connection, row: Row) -> bool:
    asked = row["place"]
    if row["source"] == "commoncrawl":
        asked = name_question(*commoncrawl.ask_record(asked))
    return consulted.has_consulted(conn, row["post_key"], asked)


def name_question(url: str, headers: Mapping[str, str] | None) -> str:
    """What an answer is kept under: the address that is asked, and which of its bytes if they are not all."""
    return " ".join((url, *(value for name, value in (headers or {}).items() if name == "Range")))


def has_capture_of(conn: sqlite3.Connection, crawl_id: int, key: str) -> bool:
    """Whether this run has kept a capture that shows a post."""
    query = "SELECT 1 FROM captures WHERE crawl_id = ? AND post_key = ? AND outcome = 'available'"
    return conn.execute(query, (crawl_id, key)).fetchone() is not None
