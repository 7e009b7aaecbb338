"""What a case is about -> the posts, articles and embeds of it, under all their names."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from embedarchive.store.cases import Subject, Withdrawal
from embedarchive.store.erasing.columns import ARTICLES, POSTS


def resolve_case(conn: sqlite3.Connection, case: Withdrawal) -> tuple[set[str], set[int], set[int]]:
    """The posts, whole articles, and embeds that name no post, which a case is about."""
    posts: set[str] = set()
    articles: set[int] = set()
    embeds: set[int] = set()
    for subject in case.subjects:
        of_posts, of_articles, of_embeds = resolve(conn, subject)
        posts |= of_posts
        articles |= of_articles
        embeds |= of_embeds
    return posts, articles, embeds


def resolve(conn: sqlite3.Connection, subject: Subject) -> tuple[set[str], set[int], set[int]]:
    """The posts, whole articles, and embeds that name no post, which a subject is about."""
    if subject.kind == "post":
        return {subject.name}, set(), set()
    if subject.kind == "account":
        given = {"name": subject.name, "platform": subject.platform}
        posts = conn.execute(
            "SELECT p.key FROM descriptions d JOIN posts p ON p.key = d.post_key WHERE d.author_handle = :name COLLATE NOCASE "
            "AND (:platform IS NULL OR p.platform = :platform) UNION "
            "SELECT p.key FROM embeds e JOIN posts p ON p.key = e.post_key WHERE e.author_handle = :name COLLATE NOCASE "
            "AND (:platform IS NULL OR p.platform = :platform)",
            given,
        ).fetchall()
        bare = ids(
            conn,
            "SELECT id FROM embeds WHERE author_handle = :name COLLATE NOCASE AND post_key IS NULL "
            "AND (:platform IS NULL OR platform IS NULL OR platform = :platform)",
            **given,
        )
        return {row[0] for row in posts}, set(), set(bare)
    if subject.kind == "picture":
        showing = conn.execute(
            "SELECT c.post_key FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE a.sha256 = ?",
            (subject.name,),
        ).fetchall()
        return {row[0] for row in showing}, set(), set()
    column = "outlet"
    if subject.kind == "article":
        column = "url"
    articles = ids(conn, f"SELECT id FROM articles WHERE {column} = :name", name=subject.name)
    only_there = conn.execute(
        f"SELECT DISTINCT e.post_key FROM embeds e WHERE e.article_id {ARTICLES} AND e.post_key IS NOT NULL AND NOT EXISTS "
        f"(SELECT 1 FROM embeds o WHERE o.post_key = e.post_key AND o.article_id NOT {ARTICLES})",
        {"articles": json.dumps(articles)},
    ).fetchall()
    return {row[0] for row in only_there}, set(articles), set()


def with_names(conn: sqlite3.Connection, posts: Iterable[str]) -> list[str]:
    """Posts with their other names: short links that lead to them, and what they are the same as."""
    given = json.dumps(sorted(posts))
    found = conn.execute(
        f"SELECT value FROM json_each(:posts) UNION SELECT same_as FROM posts WHERE key {POSTS} AND same_as IS NOT NULL "
        f"UNION SELECT key FROM posts WHERE same_as {POSTS} "
        f"UNION SELECT o.key FROM posts p JOIN posts o ON o.same_as = p.same_as WHERE p.key {POSTS} ORDER BY 1",
        {"posts": given},
    )
    return [row[0] for row in found]


def ids(conn: sqlite3.Connection, sql: str, **given: object) -> list[int]:
    return [int(row[0]) for row in conn.execute(sql, given).fetchall()]
