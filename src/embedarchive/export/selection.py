"""What a user names -> which visits and which article downloads of an archive an export is about. Read-only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embedarchive.core.errors import UsageError
from embedarchive.core.shell import say_command
from embedarchive.detect.identity import identify_pasted
from embedarchive.library import find_article
from embedarchive.store.collections import PREFIX, refuse_unknown

_CAPTURES_OF_POSTS = "SELECT id FROM captures WHERE post_key IN (SELECT value FROM json_each(?))"
_FETCHES_OF_ARTICLES = "SELECT id FROM fetches WHERE article_id IN (SELECT value FROM json_each(?))"
_POSTS_OF_ARTICLE = "SELECT DISTINCT post_key FROM embeds WHERE article_id = ? AND post_key IS NOT NULL"
_KEY = "SELECT coalesce(same_as, key) FROM posts WHERE key = ?"


@dataclass(frozen=True, slots=True)
class Selection:
    """Row ids and post keys, or None for all of them.

    `posts` are those named and those that a named article embeds; `articles` those named.
    """

    captures: tuple[int, ...] | None = None
    fetches: tuple[int, ...] | None = None
    posts: tuple[str, ...] | None = None
    articles: tuple[int, ...] | None = None


EVERYTHING = Selection()

_POSTS_OF_COLLECTION = "SELECT post_key FROM collection_posts WHERE name = ?"
_ARTICLES_OF_COLLECTION = """
SELECT u.article_id FROM collections c JOIN article_urls u ON u.url = c.subject WHERE c.kind = 'article' AND c.name = ?
UNION SELECT s.article_id FROM collections c JOIN seeds s ON s.origin = c.subject WHERE c.kind = 'seed' AND c.name = ?"""


def find_selection(conn: sqlite3.Connection, names: Sequence[str]) -> Selection:
    """Turn post keys, addresses of posts and articles, and `collection:NAME` into a selection; none of them means everything.

    A post brings all its visits; an article its downloads and the visits of the posts it embeds. Raises UsageError for
    a name that the archive does not know, before anything is written.
    """
    if not names:
        return EVERYTHING
    posts: list[str] = []
    articles: list[int] = []
    for name in names:
        if name.startswith(PREFIX):
            collected = name.removeprefix(PREFIX)
            refuse_unknown(conn, collected)
            posts += (key for (key,) in conn.execute(_POSTS_OF_COLLECTION, (collected,)))
            articles += (number for (number,) in conn.execute(_ARTICLES_OF_COLLECTION, (collected, collected)))
        elif key := find_post_key(conn, name):
            posts.append(key)
        elif article := find_article(conn, name):
            articles.append(article)
        else:
            raise UsageError(f"The archive has no post and no article {name}. Nothing was written; see what it has "
                             f"with: {say_command('embedarchive', 'lookup', name)}")  # fmt: skip
    for article in articles:
        posts += (key for (key,) in conn.execute(_POSTS_OF_ARTICLE, (article,)))
    captures, fetches = find_ids(conn, _CAPTURES_OF_POSTS, posts), find_ids(conn, _FETCHES_OF_ARTICLES, articles)
    return Selection(captures, fetches, tuple(dict.fromkeys(posts)), tuple(dict.fromkeys(articles)))


def find_post_key(conn: sqlite3.Connection, name: str) -> str | None:
    """The key of a post the archive knows, by its key or by any of its addresses."""
    post = identify_pasted(name)
    for key in (name, post.key if post else ""):
        if found := conn.execute(_KEY, (key,)).fetchone():
            return str(found[0])
    return None


def find_ids(conn: sqlite3.Connection, query: str, values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(row[0] for row in conn.execute(f"{query} ORDER BY id", (json.dumps(list(values)),)))


def read_selected(
    conn: sqlite3.Connection, table: str, chosen: tuple[int, ...] | None, where: str = "TRUE"
) -> Iterator[Mapping[str, Any]]:
    """The chosen rows of one of our tables, in order, one at a time (more may be there than memory holds)."""
    query = f"SELECT * FROM {table} WHERE {where}"
    if chosen is None:
        cursor = conn.execute(f"{query} ORDER BY id")
    else:
        cursor = conn.execute(f"{query} AND id IN (SELECT value FROM json_each(?)) ORDER BY id", (json.dumps(chosen),))
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, tuple(row), strict=True))


def count_selected(conn: sqlite3.Connection, selection: Selection) -> int:
    """How many visits and downloads that is."""
    chosen = {"captures": selection.captures, "fetches": selection.fetches}
    return sum(
        conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if ids is None else len(ids)
        for table, ids in chosen.items()
    )
