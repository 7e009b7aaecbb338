"""What a crawl would be about -> what it would cost: articles, posts, requests, time, room. Nothing is sent.

Posts of pages that are in hand are counted, and so are those that are due; those of pages that nobody has read are estimated,
from the archive's own averages where it has seen enough, else from figures whose source is said.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from embedarchive.core.model import Found
from embedarchive.platforms import BY_NAME
from embedarchive.sources import Seed, canonicalize_article
from embedarchive.sources.links import may_list

ENOUGH = 20
"""Articles, or visits, of which an archive's own average is believed."""

LATELY = 500
"""Visits whose averages are taken."""

MOST_SEARCHED = 200
"""Pages in hand that are searched for a plan; of more, their average is taken."""


@dataclass(frozen=True, slots=True)
class Averages:
    """What one article and one visit come to: `posts` of an article, by platform; bytes in the archive; requests and seconds.

    `posts_from` and `visits_from` say where this is from.
    """

    posts: Mapping[str, float]
    article_bytes: float
    post_bytes: float
    requests: float
    visit_s: float
    posts_from: str
    visits_from: str


DEFAULTS = Averages(
    posts={"x": 0.73, "instagram": 0.24, "youtube": 0.53, "facebook": 0.03, "vimeo": 0.02},
    article_bytes=40_000,
    post_bytes=300_000,
    requests=6,
    visit_s=6.0,
    posts_from="249 real article pages of 213 publishers, two thirds of which have such posts: more than most newsrooms' do",
    visits_from=(
        "a photograph, its page and 6 requests, 300 kB in all (bench/results/capture.md; films are many times larger), and an "
        "assumed 6 seconds a visit"
    ),
)


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """What a run would come to. `posts` are by platform, and in part estimated (`estimated` of them).

    `articles` would be fetched, at `hosts` hosts; `in_hand` are read from files, `fresh` were fetched lately enough;
    `may_list` addresses may stand for many articles. `days` are at the polite rate, `gigabytes` in the archive.
    """

    articles: int
    hosts: int
    in_hand: int
    fresh: int
    may_list: int
    posts: Mapping[str, int]
    estimated: int
    requests: int
    days: float
    gigabytes: float
    sources: tuple[str, ...]


@dataclass
class Subjects:
    """What a run would be about, gathered: addresses by host, pages in hand, posts that are known to be due."""

    by_host: Counter[str] = field(default_factory=Counter)
    in_hand: int = 0
    searched: int = 0
    found: Counter[str] = field(default_factory=Counter)
    known: set[str] = field(default_factory=set)
    fresh: int = 0
    may_list: int = 0
    due: Counter[str] = field(default_factory=Counter)

    def add_found(self, found: Found, conn: sqlite3.Connection | None) -> None:
        """Count the posts of a page in hand that were not met before, and are not answered for in the archive."""
        self.searched += 1
        for embed in found.embeds:
            if embed.kind == "embed" and embed.post and embed.post.key not in self.known:
                self.known.add(embed.post.key)
                self.found[embed.post.platform] += conn is None or is_due(conn, embed.post.key)


def gather_addresses(
    conn: sqlite3.Connection | None, seeds: Iterable[Seed], subjects: Subjects, fresh_since: str
) -> Iterator[Seed]:
    """Sort addresses by what a run would do about them; give the seeds that are pages in hand."""
    seen: set[str] = set()
    for seed in seeds:
        if seed.fetch is not None:
            subjects.in_hand += 1
            yield seed
            continue
        url = canonicalize_article(seed.url)
        if url in seen:
            continue
        seen.add(url)
        subjects.may_list += may_list(url)
        if conn and is_fresh(conn, url, fresh_since):
            subjects.fresh += 1
            for key, platform in conn.execute(_DUE_OF_ARTICLE, (url,)).fetchall():
                if key not in subjects.known:
                    subjects.known.add(key)
                    subjects.due[platform] += 1
        else:
            subjects.by_host[urlsplit(url).netloc] += 1


_DUE_OF_ARTICLE = """
SELECT DISTINCT p.key, p.platform FROM article_urls u JOIN embeds e ON e.article_id = u.article_id
JOIN posts p ON p.key = e.post_key WHERE u.url = ? AND e.kind = 'embed' AND p.capture_after IS NOT NULL"""


def is_due(conn: sqlite3.Connection, key: str) -> bool:
    """Whether a post would be visited: it is new to the archive, or due."""
    row = conn.execute("SELECT capture_after FROM posts WHERE key = ?", (key,)).fetchone()
    return row is None or row[0] is not None


def is_fresh(conn: sqlite3.Connection, url: str, fresh_since: str) -> bool:
    """Whether an article was fetched well since then, so that it would not be asked for."""
    query = """SELECT 1 FROM article_urls u JOIN fetches f ON f.article_id = u.article_id
               WHERE u.url = ? AND f.outcome <> 'failed' AND f.fetched_at >= ? LIMIT 1"""
    return conn.execute(query, (url, fresh_since)).fetchone() is not None


def gather_due(conn: sqlite3.Connection, subjects: Subjects) -> None:
    """All that the archive says is due."""
    for (url,) in conn.execute("SELECT url FROM articles_to_fetch").fetchall():
        subjects.by_host[urlsplit(url).netloc] += 1
    subjects.due.update(dict(conn.execute("SELECT platform, count(*) FROM posts_to_capture GROUP BY 1").fetchall()))


OF_OURS = "outcome = 'available' AND fetch_id IS NULL AND origin = 'visit'"
"""Of the captures, our own visits that saw a post by itself."""


def read_averages(conn: sqlite3.Connection | None, *, film: bool = True, max_bytes: int | None = None) -> Averages:
    """An archive's own averages, as far as it has seen enough; else the declared ones."""
    if conn is None:
        return DEFAULTS
    posts, posts_from = DEFAULTS.posts, DEFAULTS.posts_from
    articles = conn.execute(
        "SELECT count(DISTINCT article_id) FROM fetches WHERE searched_rules IS NOT NULL"
    ).fetchone()[0]
    if articles >= ENOUGH:
        rows = conn.execute(
            "SELECT platform, count(DISTINCT post_key) FROM embeds WHERE kind = 'embed' AND post_key IS NOT NULL GROUP BY 1"
        )
        posts = {platform: count / articles for platform, count in rows.fetchall()}
        posts_from = f"this archive's own {articles} articles"
    visits = conn.execute(f"SELECT count(*) FROM captures WHERE {OF_OURS}").fetchone()[0]
    if visits < ENOUGH:
        return Averages(
            posts, DEFAULTS.article_bytes, DEFAULTS.post_bytes, DEFAULTS.requests, DEFAULTS.visit_s, posts_from,
            DEFAULTS.visits_from,
        )  # fmt: skip
    lately = f"(SELECT id FROM captures WHERE {OF_OURS} ORDER BY id DESC LIMIT ?)"
    seconds = f"SELECT avg((julianday(finished_at) - julianday(started_at)) * 86400) FROM captures WHERE id IN {lately}"
    requests = f"SELECT count(*) * 1.0 / ? FROM exchanges WHERE capture_id IN {lately}"
    html = conn.execute(
        "SELECT sum(length(body)), count(*) FROM blobs WHERE sha256 IN (SELECT html_sha256 FROM fetches)"
    ).fetchone()
    left_out = conn.execute(
        "SELECT coalesce(sum(size), 0) FROM artifacts "
        "WHERE role = 'media' AND (NOT ? AND content_type LIKE 'video/%' OR size > ?)",
        (film, max_bytes or 1 << 62),
    ).fetchone()[0]
    pages, page_size = (conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return Averages(
        posts=posts,
        article_bytes=(html[0] or 0) / max(html[1], 1) or DEFAULTS.article_bytes,
        post_bytes=max(pages * page_size - (html[0] or 0) - left_out, 0) / visits,
        requests=conn.execute(requests, (min(visits, LATELY), LATELY)).fetchone()[0],
        visit_s=conn.execute(seconds, (LATELY,)).fetchone()[0] or DEFAULTS.visit_s,
        posts_from=posts_from,
        visits_from=f"this archive's own {visits} visits",
    )


def make_plan(
    subjects: Subjects, averages: Averages, *, platforms: Collection[str], limit: int | None, delay: float, tabs: int
) -> CrawlPlan:
    """What all that comes to. Pure. Only posts that can be visited cost anything."""
    articles = sum(subjects.by_host.values())
    if limit is not None:
        articles = max(0, min(articles, limit - subjects.in_hand - subjects.fresh))
    more_in_hand = subjects.in_hand - subjects.searched
    each = {name: count / max(subjects.searched, 1) for name, count in subjects.found.items()}
    guessed = Counter({name: round(articles * share) for name, share in averages.posts.items()})
    guessed += Counter({name: round(more_in_hand * share) for name, share in each.items()})
    posts = {
        name: count
        for name, count in sorted((guessed + subjects.found + subjects.due).items(), key=lambda pair: -pair[1])
        if name in BY_NAME and BY_NAME[name].visit and (not platforms or name in platforms)
    }
    visits = sum(posts.values())
    slowest_host = max(subjects.by_host.values(), default=0) * (articles / max(sum(subjects.by_host.values()), 1))
    visiting_s = max(visits * averages.visit_s / tabs, max(posts.values(), default=0) * delay)
    if articles:
        sources = [f"Posts of pages not read yet: {averages.posts_from}."]
    else:
        sources = []
    sources += [f"What a post comes to: {averages.visits_from}."] if visits else []
    return CrawlPlan(
        articles=articles,
        hosts=len(subjects.by_host),
        in_hand=subjects.in_hand,
        fresh=subjects.fresh,
        may_list=subjects.may_list,
        posts=posts,
        estimated=sum(count for name, count in guessed.items() if name in posts),
        requests=round(articles + (len(subjects.by_host) if articles else 0) + visits * averages.requests),
        days=max(slowest_host * delay, visiting_s) / 86_400,
        gigabytes=((articles + subjects.in_hand) * averages.article_bytes + visits * averages.post_bytes) / 1e9,
        sources=tuple(sources),
    )
