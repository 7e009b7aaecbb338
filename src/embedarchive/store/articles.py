"""An article -> its rows: its addresses, what a page says of itself, what is noted of it; in the caller's transaction."""

from __future__ import annotations

import sqlite3
from typing import Any

from embedarchive.core.model import Embed, Found
from embedarchive.core.urls import split_anything
from embedarchive.store.posts import CHOSEN, TURN, keep_post, place_embeds, remember_post, want_again
from embedarchive.store.rows import clean, fields_of, index, insert, is_barred, is_barred_article


def keep_article(conn: sqlite3.Connection, url: str, now: str) -> int:
    """The article an address leads to, made if it is new."""
    known = conn.execute("SELECT article_id FROM article_urls WHERE url = ?", (clean(url),)).fetchone()
    if known:
        return int(known[0])
    host = (split_anything(url).hostname or "").removeprefix("www.")
    article_id = insert(conn, "articles", {"url": url, "outlet": host or None, "first_seen_at": now})
    insert(conn, "article_urls", {"url": url, "article_id": article_id})
    return article_id


def keep_seed(
    conn: sqlite3.Connection, crawl_id: int, url: str, origin: str, now: str, fresh_since: str, depth: int
) -> int:
    article_id = keep_article(conn, url, now)
    remember_article(conn, article_id, now)
    conn.execute(
        "UPDATE articles SET fetch_after = ? WHERE id = ? AND fetch_after IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM fetches WHERE article_id = articles.id AND outcome <> 'failed' AND fetched_at >= ?)",
        (now, article_id, fresh_since),
    )
    conn.execute(
        "INSERT INTO seeds (crawl_id, article_id, origin, depth, outlet, fetch_after) "
        "SELECT ?, id, ?, ?, coalesce(outlet, ''), fetch_after FROM articles WHERE id = ? "
        "ON CONFLICT DO UPDATE SET fetch_after = excluded.fetch_after",
        (crawl_id, origin, depth, article_id),
    )
    if is_barred_article(conn, article_id):
        conn.execute("UPDATE articles SET fetch_after = NULL, reread_after = NULL WHERE id = ?", (article_id,))
        conn.execute("UPDATE seeds SET fetch_after = NULL WHERE article_id = ?", (article_id,))
        return article_id
    renew_rendering(conn, crawl_id, article_id)
    target_article(conn, crawl_id, article_id)
    return article_id


def keep_note(
    conn: sqlite3.Connection, subject: str, name: str, value: str | None, by: str, now: str, kind: str = "articles"
) -> None:
    """Keep what somebody says of an article (its address) or a post (its key), unless the newest notes of that name say it.

    None takes back what was said under that name; what was said before stays, and counts no more.
    """
    known = conn.execute(
        "SELECT 1 FROM notes n WHERE subject_kind = ? AND subject = ? AND name = ? AND value IS ? AND at = "
        "(SELECT max(at) FROM notes o WHERE o.subject_kind = n.subject_kind AND o.subject = n.subject AND o.name = n.name)",
        (kind, clean(subject), clean(name), clean(value)),
    )
    if not known.fetchone():
        note = {"subject_kind": kind, "subject": subject, "name": name, "value": value, "by": by, "at": now}
        insert(conn, "notes", note)


def remember_article(conn: sqlite3.Connection, article_id: int, now: str) -> None:
    """Take an article back into the plan that was forgotten, with its posts; nothing changes for any other."""
    done = conn.execute(
        "UPDATE articles SET forgotten_at = NULL WHERE id = ? AND forgotten_at IS NOT NULL", (article_id,)
    )
    if done.rowcount:
        keys = conn.execute("SELECT DISTINCT post_key FROM embeds WHERE article_id = ?", (article_id,)).fetchall()
        for (key,) in keys:
            remember_post(conn, key, now)


def remove_article(conn: sqlite3.Connection, article_id: int) -> None:
    """Forget what turned out to be no article; if it once was one, what was kept of it stays."""
    conn.execute("DELETE FROM seeds WHERE article_id = ?", (article_id,))
    conn.execute("UPDATE articles SET fetch_after = NULL WHERE id = ?", (article_id,))
    if not conn.execute("SELECT 1 FROM fetches WHERE article_id = ?", (article_id,)).fetchone():
        conn.execute("DELETE FROM article_urls WHERE article_id = ?", (article_id,))
        index(conn, "articles", article_id, remove=True)
        conn.execute("DELETE FROM articles WHERE id = ?", (article_id,))


def merge_article(conn: sqlite3.Connection, article_id: int, canonical_url: str | None) -> int:
    """Make an article one with the article its own page names as canonical; give the id that stays.

    Only within one site, and never a front page: careless templates name it as canonical of every article.
    """
    row = conn.execute("SELECT url FROM articles WHERE id = ?", (article_id,)).fetchone()
    if not canonical_url or canonical_url == row[0] or not same_site(canonical_url, row[0]):
        return article_id
    if split_anything(canonical_url).path in ("", "/"):
        return article_id
    other = conn.execute("SELECT article_id FROM article_urls WHERE url = ?", (canonical_url,)).fetchone()
    if other is None:
        conn.execute("UPDATE articles SET url = ? WHERE id = ?", (clean(canonical_url), article_id))
        insert(conn, "article_urls", {"url": canonical_url, "article_id": article_id})
        return article_id
    if other[0] != article_id:
        move_article(conn, article_id, other[0])
    return int(other[0])


def move_article(conn: sqlite3.Connection, article_id: int, into: int) -> None:
    for table in ("fetches", "embeds", "article_urls"):
        conn.execute(f"UPDATE {table} SET article_id = ? WHERE article_id = ?", (into, article_id))
    conn.execute("UPDATE OR IGNORE seeds SET article_id = ? WHERE article_id = ?", (into, article_id))
    conn.execute("DELETE FROM seeds WHERE article_id = ?", (article_id,))
    index(conn, "articles", article_id, remove=True)
    conn.execute("DELETE FROM articles WHERE id = ?", (article_id,))


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are one publisher's: equal hosts, but for www., amp. and m."""
    return bare_host(one) == bare_host(other)


def bare_host(url: str) -> str:
    host = split_anything(url).hostname or ""
    for prefix in ("www.", "amp.", "m.", "mobile."):
        host = host.removeprefix(prefix)
    return host


def keep_head(conn: sqlite3.Connection, article_id: int, found: Found) -> None:
    """Keep what an article's head says of itself; what it no longer says stays as it was."""
    columns = ("title", "site_name", "lang", "published_at")
    query = f"SELECT {', '.join(columns)} FROM articles WHERE id = ?"
    before = tuple(conn.execute(query, (article_id,)).fetchone())
    after = tuple(clean(getattr(found, column)) or old for column, old in zip(columns, before, strict=True))
    if after == before:
        return
    index(conn, "articles", article_id, remove=True)
    sets = ", ".join(f"{column} = ?" for column in columns)
    conn.execute(f"UPDATE articles SET {sets} WHERE id = ?", (*after, article_id))
    index(conn, "articles", article_id)


def target_article(conn: sqlite3.Connection, crawl_id: int, article_id: int) -> None:
    """Make the posts of an article's embeds the run's, where a visit is due."""
    embedded = "p.key IN (SELECT post_key FROM embeds WHERE article_id = :value AND kind = 'embed')"
    want_again(conn, crawl_id, embedded, article_id)
    conn.execute(
        "INSERT OR IGNORE INTO targets (crawl_id, post_key, turn) "
        f"SELECT :crawl, e.post_key, {TURN} FROM embeds e JOIN posts p ON p.key = e.post_key "
        f"WHERE e.article_id = :article AND e.kind = 'embed' AND p.capture_after IS NOT NULL AND {CHOSEN} ORDER BY e.position",
        {"crawl": crawl_id, "article": article_id},
    )
    place_embeds(conn, crawl_id, "article_id", article_id)


def renew_rendering(conn: sqlite3.Connection, crawl_id: int, article_id: int) -> None:
    """Make what was fetched before due for a browser too, where the run renders and has not tried."""
    render, started_at = conn.execute("SELECT render, started_at FROM crawls WHERE id = ?", (crawl_id,)).fetchone()
    if render:
        conn.execute(
            "UPDATE fetches SET to_render = 1 WHERE id = (SELECT max(id) FROM fetches WHERE article_id = ? "
            f"AND outcome = 'ok') AND {RENDERABLE} AND dom_sha256 IS NULL AND coalesce(rendered_at, '') < ?",
            (article_id, started_at),
        )


RENDERABLE = "outcome = 'ok' AND source = 'network' AND coalesce(content_type, 'html') LIKE '%html%'"


def embed_row(conn: sqlite3.Connection, embed: Embed, now: str) -> dict[str, Any]:
    """An appearance of a post in an article as a row of `embeds`, and its post kept; of one that was erased no words."""
    post_key = None
    if embed.post:
        post_key = keep_post(conn, embed.post, now)
    row = fields_of(embed, "post", "claim") | fields_of(embed.claim) | {"post_key": post_key}
    if post_key and is_barred(conn, post_key):
        row |= {**dict.fromkeys(fields_of(embed.claim)), "url": None, "snippet": ""}
    return row
