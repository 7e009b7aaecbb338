"""A seed -> what it brought into the plan and nothing else did; and how that is taken back, observations untouched.

What named an article is kept with every run (`seeds.origin`): an argument, a list, a file, a listing, the page that links to
it. What is named by anything else besides stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from embedarchive.core.urls import split_anything
from embedarchive.store.articles import remove_article

NOT_NAMED = frozenset({"due", "watch"})
"""Origins of a run that only goes on with what others named."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What seeds brought and nothing else did.

    `articles` are ids, `unread` those of them that were never fetched, `listings` addresses; `posts` are keys, `due` those of
    them that no visit has answered for. `fetches` and `captures` count what was seen of them, and stays.
    """

    articles: tuple[int, ...]
    unread: tuple[int, ...]
    listings: tuple[str, ...]
    posts: tuple[str, ...]
    due: int
    fetches: int
    captures: int

    @property
    def is_nothing(self) -> bool:
        return not self.articles and not self.listings


def find_brought(conn: sqlite3.Connection, seeds: Iterable[str]) -> Brought:
    """What these seeds brought into the plan and nothing else did; they are spelled as `spell_seed` gives them."""
    names = set(seeds)
    named = _find_articles(conn, names)
    listings = _find_listings(conn, names)
    reached = _find_reached(conn, names, named)
    articles = _keep_what_others_name(conn, names, named, reached)
    posts = _find_posts(conn, articles)
    numbers = sorted(articles)
    fetched = {article for article in numbers if _count(conn, "fetches WHERE article_id = ?", article)}
    query = "SELECT count(*) FROM posts WHERE key = ? AND capture_after IS NOT NULL"
    return Brought(
        articles=tuple(numbers),
        unread=tuple(n for n in numbers if n not in fetched),
        listings=tuple(sorted(listings)),
        posts=tuple(posts),
        due=sum(conn.execute(query, (key,)).fetchone()[0] for key in posts),
        fetches=sum(_count(conn, "fetches WHERE article_id = ?", article) for article in numbers),
        captures=sum(_count(conn, "captures WHERE post_key = ? AND purpose <> 'control'", key) for key in posts),
    )


def forget(conn: sqlite3.Connection, brought: Brought, now: str) -> None:
    """Take it out of the plan, inside the caller's transaction. What was never fetched is not kept at all."""
    for article_id in brought.unread:
        remove_article(conn, article_id)
    for article_id in brought.articles:
        conn.execute(
            "UPDATE articles SET forgotten_at = ?, fetch_after = NULL, reread_after = NULL WHERE id = ?",
            (now, article_id),
        )
        conn.execute("UPDATE seeds SET fetch_after = NULL WHERE article_id = ?", (article_id,))
    for key in brought.posts:
        conn.execute("UPDATE posts SET forgotten_at = ?, capture_after = NULL WHERE key = ?", (now, key))
        conn.execute("DELETE FROM targets WHERE post_key = ?", (key,))
    for url in brought.listings:
        conn.execute("DELETE FROM listings WHERE url = ?", (url,))


def _find_articles(conn: sqlite3.Connection, names: Iterable[str]) -> set[int]:
    """Articles that the seeds name by their own address."""
    query = "SELECT article_id FROM article_urls WHERE url = ?"
    return {row[0] for name in names for row in conn.execute(query, (name,))}


def _find_listings(conn: sqlite3.Connection, names: set[str]) -> set[str]:
    """The listings that the seeds are, and those that these name; their addresses join the names."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        rows = conn.execute("SELECT url FROM listings WHERE url = ? OR named_by = ?", (name, name)).fetchall()
        new = {row[0] for row in rows} - found
        found |= new
        waiting += [url for url in new if url != name]
    names |= found
    return found


def _find_reached(conn: sqlite3.Connection, names: set[str], named: set[int]) -> set[int]:
    """Articles that the names led to, and those that these link to; pages that were followed are names too."""
    reached: set[int] = set(named)
    waiting = [*names, *(url for article in named for url in _addresses(conn, article))]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name in NOT_NAMED:
            continue
        seen.add(name)
        if split_anything(name).scheme == "":
            folder = name.rstrip("/") + "/"
        else:
            folder = name
        query = "SELECT DISTINCT article_id FROM seeds WHERE origin = ? OR substr(origin, 1, ?) = ?"
        prefix = folder if folder != name else "\0"
        for (article,) in conn.execute(query, (name, len(prefix), prefix)).fetchall():
            if article not in reached:
                reached.add(article)
                waiting += _addresses(conn, article)
    return reached


def _keep_what_others_name(conn: sqlite3.Connection, names: set[str], named: set[int], reached: set[int]) -> set[int]:
    """Of what was reached, without what something else named too, and without what that led to."""
    articles = set(reached)
    pages = {article: _addresses(conn, article) for article in articles}
    origins = {
        article: {row[0] for row in conn.execute("SELECT origin FROM seeds WHERE article_id = ?", (article,))}
        - NOT_NAMED
        for article in articles
    }
    while True:
        within = names | {url for article in articles for url in pages[article]}
        stays = {article for article in articles - named if not all(_is_within(o, within) for o in origins[article])}
        if not stays:
            return articles
        articles -= stays


def _is_within(origin: str, names: Collection[str]) -> bool:
    return origin in names or any(origin.startswith(name.rstrip("/") + "/") for name in names if "://" not in name)


def _find_posts(conn: sqlite3.Connection, articles: Collection[int]) -> list[str]:
    """The posts that only these articles embed, and that nobody captured by their own address."""
    keys = {
        row[0]
        for article in articles
        for row in conn.execute("SELECT post_key FROM embeds WHERE article_id = ? AND post_key IS NOT NULL", (article,))
    }
    by_hand = """SELECT 1 FROM captures c JOIN crawls r ON r.id = c.crawl_id
                 WHERE c.post_key = ? AND r.command = 'capture' AND c.purpose <> 'control'"""
    found = []
    for key in sorted(keys):
        shown_in = {row[0] for row in conn.execute("SELECT article_id FROM embeds WHERE post_key = ?", (key,))}
        if shown_in <= set(articles) and not conn.execute(by_hand, (key,)).fetchone():
            found.append(key)
    return found


def _addresses(conn: sqlite3.Connection, article_id: int) -> list[str]:
    """Every address that led to an article, and where its downloads ended."""
    query = "SELECT url FROM article_urls WHERE article_id = ? UNION SELECT final_url FROM fetches WHERE article_id = ?"
    return [row[0] for row in conn.execute(query, (article_id, article_id))]


def _count(conn: sqlite3.Connection, where: str, value: int | str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {where}", (value,)).fetchone()[0])
