"""Articles of another archive -> the same here, by any of their addresses: one that both know by one of them is one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from embedarchive.store import rows
from embedarchive.store.articles import move_article
from embedarchive.store.merging.beside import columns_of
from embedarchive.store.merging.posts import least_of_both

AT_ONCE = 300
HEAD = ("title", "site_name", "lang", "published_at")
"""What an article's page says of itself: of two the one that was fetched later."""

TOLD = ("outlet", "title", "published_at")
"""Of what differs, what is told."""

PLAN = ("fetch_after", "failures", "reread_after")
LATEST = "coalesce((SELECT max(fetched_at) FROM fetches f WHERE f.article_id = articles.id), '') AS latest"
MAP = "CREATE TEMP TABLE IF NOT EXISTS merging_articles (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)"

SEARCH_AGAIN = """UPDATE fetches SET searched_rules = NULL WHERE id = (SELECT id FROM fetches WHERE article_id = ?
  AND outcome = 'ok' AND html_sha256 IS NOT NULL ORDER BY fetched_at DESC, id DESC LIMIT 1)"""

Article = dict[str, Any]


class CountedArticles(Protocol):
    articles: int
    told: list[str]


def unite_articles(
    conn: sqlite3.Connection, other: sqlite3.Connection, _: object, done: CountedArticles
) -> Iterator[int]:
    """Keep the articles, a batch each time it is asked for; which is which is noted in a temporary table."""
    conn.execute(MAP)
    conn.execute("DELETE FROM temp.merging_articles")
    names = columns_of(conn, "articles")
    last = 0
    while batch := read_articles(other, names, "id > ? ORDER BY id LIMIT ?", (last, AT_ONCE)):
        last = batch[-1]["id"]
        for theirs in batch:
            here = unite_article(conn, other, names, theirs, done)
            conn.execute("INSERT INTO temp.merging_articles VALUES (?, ?)", (theirs["id"], here))
        yield len(batch)


def read_articles(conn: sqlite3.Connection, names: list[str], where: str, given: tuple[Any, ...]) -> list[Article]:
    found = conn.execute(f"SELECT {LATEST}, {', '.join(names)} FROM articles WHERE {where}", given).fetchall()
    return [dict(zip(("latest", *names), tuple(row), strict=True)) for row in found]


def unite_article(
    conn: sqlite3.Connection, other: sqlite3.Connection, names: list[str], theirs: Article, done: CountedArticles
) -> int:
    """Keep one article with all its addresses; give its number here."""
    urls = [row[0] for row in other.execute("SELECT url FROM article_urls WHERE article_id = ?", (theirs["id"],))]
    addresses = json.dumps(sorted({*urls, theirs["url"]}))
    named = "id IN (SELECT article_id FROM article_urls WHERE url IN (SELECT value FROM json_each(?)))"
    known = read_articles(conn, names, f"{named} ORDER BY latest DESC, url", (addresses,))
    if not known:
        here = rows.insert(conn, "articles", {name: theirs[name] for name in names if name != "id"})
        done.articles += 1
    else:
        mine, *others = known
        here = int(mine["id"])
        for each in others:
            tell_names(done, mine["url"], each["url"])
            move_article(conn, each["id"], here)
            mine = settle(conn, mine, each)
        tell_names(done, mine["url"], theirs["url"])
        tell_facts(done, theirs, mine, settle(conn, mine, theirs))
    conn.execute(
        "INSERT OR IGNORE INTO article_urls (url, article_id) SELECT value, ? FROM json_each(?)", (here, addresses)
    )
    return here


def tell_names(done: CountedArticles, one: str, two: str) -> None:
    if one != two:
        done.told.append(f"{two} is {one}: one article with both addresses")


def tell_facts(done: CountedArticles, theirs: Article, mine: Article, united: Article) -> None:
    """Tell what the two say differently of one article."""
    for name in TOLD:
        if mine[name] and theirs[name] and mine[name] != theirs[name]:
            done.told.append(
                f"{united['url']} has {name} {mine[name]!r} here and {theirs[name]!r} there; "
                f"{united[name]!r} is kept, of the page fetched later"
            )


def settle(conn: sqlite3.Connection, mine: Article, theirs: Mapping[str, Any]) -> Article:
    """Let one article say what both say, where they differ what the later fetched says; give what it says now."""
    first, second = sorted(
        (mine, theirs), key=lambda each: (each["latest"], *map(str, sorted_facts(each))), reverse=True
    )
    united = {name: first[name] if first[name] is not None else second[name] for name in ("url", "outlet", *HEAD)}
    united["first_seen_at"] = min(mine["first_seen_at"], theirs["first_seen_at"])
    united["forgotten_at"] = least_of_both(mine["forgotten_at"], theirs["forgotten_at"])
    united |= {name: first[name] for name in PLAN}
    changed = {name: value for name, value in united.items() if mine[name] != value}
    if changed:
        rows.index(conn, "articles", mine["id"], remove=True)
        sets = ", ".join(f"{name} = ?" for name in changed)
        conn.execute(f"UPDATE articles SET {sets} WHERE id = ?", (*changed.values(), mine["id"]))
        rows.index(conn, "articles", mine["id"])
    if (
        united["title"] is None or united["site_name"] is None
    ):  # emptied, perhaps: what is left of the page says it again
        conn.execute(SEARCH_AGAIN, (mine["id"],))
    return {**mine, **united, "latest": first["latest"]}


def sorted_facts(article: Mapping[str, Any]) -> list[Any]:
    """What decides between two that were fetched last at the same time, alike in every archive. Pure."""
    return [article[name] for name in ("url", *HEAD, *PLAN)]
