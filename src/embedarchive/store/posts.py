"""A post -> its row: due for a visit or not, and among what a run is about; in the caller's transaction."""

from __future__ import annotations

import sqlite3

from embedarchive.core.model import Post
from embedarchive.platforms import BY_NAME
from embedarchive.store.rows import fields_of, insert, is_barred

CONCLUSIVE = ("available", "gone", "unavailable")
"""Answers about the post itself; walls and faults say nothing of it."""


def keep_post(conn: sqlite3.Connection, post: Post, now: str) -> str:
    """Keep a post's identity, due for a visit if it is new; give the key to refer to it by."""
    row = fields_of(post) | {"key": post.key, "first_seen_at": now, "capture_after": now}
    if is_barred(conn, post.key):
        row |= {"url": "", "capture_after": None}
    insert(conn, "posts", row, or_ignore=True)
    sql = "SELECT coalesce(same_as, key), is_control, url, forgotten_at FROM posts WHERE key = ?"
    kept, is_control, url, forgotten_at = conn.execute(sql, (post.key,)).fetchone()
    if forgotten_at:
        remember_post(conn, post.key, now)
    if is_control:
        conn.execute("UPDATE posts SET is_control = 0, capture_after = ? WHERE key = ?", (now, post.key))
    conn.execute(ONLY_OTHERS, (now, kept))
    platform = BY_NAME.get(post.platform)
    if url and url != post.url and post.resolved and platform and url == platform.canonical(post.native_id):
        # An address that was made of the id alone gives way to the post's own, which names its author or community.
        conn.execute("UPDATE posts SET url = ? WHERE key = ?", (post.url, post.key))
    return str(kept)


def remember_post(conn: sqlite3.Connection, key: str | None, now: str) -> None:
    """Take a post back into the plan that was forgotten: due as it would be, had it not been."""
    answered = f"SELECT 1 FROM checks WHERE post_key = posts.key AND outcome IN {CONCLUSIVE}"
    due_at = "SELECT due_at FROM conclusions WHERE post_key = posts.key"
    conn.execute(
        f"UPDATE posts SET forgotten_at = NULL, capture_after = iif(EXISTS ({answered}), ({due_at}), ?) "
        "WHERE key = ? AND forgotten_at IS NOT NULL AND is_control = 0",
        (now, key),
    )


def keep_post_of_others(conn: sqlite3.Connection, post: Post, now: str) -> None:
    """Keep the identity of a post that others saw; nothing of it is due until an article embeds it."""
    insert(conn, "posts", fields_of(post) | {"key": post.key, "first_seen_at": now}, or_ignore=True)


ONLY_OTHERS = """UPDATE posts SET capture_after = ? WHERE key = ? AND capture_after IS NULL AND same_as IS NULL
  AND EXISTS (SELECT 1 FROM captures c WHERE c.post_key = posts.key AND c.origin <> 'visit')
  AND NOT EXISTS (SELECT 1 FROM checks k WHERE k.post_key = posts.key)"""
"""Makes a post due that only others saw."""


def join_posts(conn: sqlite3.Connection, key: str, other: Post, now: str) -> None:
    """Let another name of a post be the post's, also if it was never met. One that was visited itself stays as it is."""
    row = fields_of(other) | {"key": other.key, "first_seen_at": now, "same_as": key}
    known = conn.execute("SELECT same_as FROM posts WHERE key = ?", (key,)).fetchone()
    if other.key == key or known is None or known[0] is not None:
        return
    insert(conn, "posts", row, or_ignore=True)
    joined = conn.execute(
        "UPDATE posts SET same_as = ?, capture_after = NULL, is_control = 0 WHERE key = ? "
        "AND coalesce(same_as, ?) = ? AND NOT EXISTS (SELECT 1 FROM captures WHERE post_key = posts.key) "
        "AND NOT EXISTS (SELECT 1 FROM posts o WHERE o.same_as = posts.key)",
        (key, other.key, key, key),
    )
    if joined.rowcount:
        conn.execute("UPDATE embeds SET post_key = ? WHERE post_key = ?", (key, other.key))
        conn.execute("UPDATE targets SET visited = 1 WHERE post_key = ?", (other.key,))


def keep_control_post(conn: sqlite3.Connection, post: Post, now: str) -> None:
    """Keep the identity of a post that is looked at only to see whether its platform answers; nothing of it is due."""
    row = fields_of(post) | {"key": post.key, "first_seen_at": now, "is_control": 1}
    insert(conn, "posts", row, or_ignore=True)


TURN = "iif(p.resolved, p.platform, 'link')"


CHOSEN = """EXISTS (SELECT 1 FROM crawls r WHERE r.id = :crawl AND (json_extract(r.options, '$.platforms') IS NULL
  OR p.platform IN (SELECT value FROM json_each(r.options, '$.platforms'))) AND (json_extract(r.options, '$.collection') IS NULL
  OR p.key IN (SELECT post_key FROM collection_posts WHERE name = json_extract(r.options, '$.collection'))))"""
"""Whether a run is about the posts of the platform of `p`, and of the collection that it was told."""


WANTED_AGAIN = """EXISTS (
  SELECT 1 FROM conclusions n, json_each(n.lacking) l, crawls r
  WHERE n.post_key = p.key AND n.kept = 'partial' AND r.id = :crawl
  AND (json_extract(l.value, '$.why') = 'no_film' AND json_extract(r.options, '$.no_film') IS NULL
    OR json_extract(l.value, '$.why') GLOB 'over_*_bytes' AND CAST(substr(json_extract(l.value, '$.why'), 6) AS INTEGER)
      < coalesce(json_extract(r.options, '$.max_bytes'), 9e99)))"""
"""Whether the post `p` lacks a file that an earlier run was not to keep, and this one is."""


def want_again(conn: sqlite3.Connection, crawl_id: int, which: str, value: int | str = "") -> None:
    """Make posts due that lack what an earlier run was not to keep, where this one is; `which` is a condition on `p`."""
    conn.execute(
        "UPDATE posts AS p SET capture_after = (SELECT started_at FROM crawls WHERE id = :crawl) "
        f"WHERE capture_after IS NULL AND {which} AND {WANTED_AGAIN}",
        {"crawl": crawl_id, "value": value},
    )


def target_post(conn: sqlite3.Connection, crawl_id: int, key: str, *, forced: bool = False) -> None:
    conn.execute(
        "INSERT INTO targets (crawl_id, post_key, turn, forced) "
        f"SELECT :crawl, p.key, {TURN}, :forced FROM posts p "
        f"WHERE p.key = (SELECT coalesce(same_as, key) FROM posts WHERE key = :key) AND {CHOSEN} "
        "ON CONFLICT DO UPDATE SET forced = max(forced, excluded.forced)",
        {"crawl": crawl_id, "forced": int(forced), "key": key},
    )


def place_embeds(conn: sqlite3.Connection, crawl_id: int, column: str, value: int | str) -> None:
    """Make posts due for a picture in the run's own articles, if it was asked to or they cannot be had by themselves.

    `column` and `value` say whose: one article's (`article_id`), or those of one post (`post_key`).
    """
    conn.execute(
        "INSERT OR IGNORE INTO placements (crawl_id, fetch_id, post_key) "
        "SELECT s.crawl_id, e.fetch_id, e.post_key FROM embeds_to_place e JOIN seeds s ON s.article_id = e.article_id "
        f"JOIN crawls r ON r.id = s.crawl_id JOIN posts p ON p.key = e.post_key WHERE e.{column} = :value "
        f"AND s.crawl_id = :crawl AND (r.in_article OR NOT e.alone) AND {CHOSEN} ORDER BY e.position",
        {"value": value, "crawl": crawl_id},
    )
