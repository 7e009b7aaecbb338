"""A download of an article, what a browser made of it and what is found in both -> their rows, in the caller's transaction."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import count

from embedarchive.core.model import Embed, Exchange, Fetch, Found, PagePlace, Post, Rendering
from embedarchive.store import erasing, evidence, watching
from embedarchive.store.articles import RENDERABLE, embed_row, keep_head, merge_article, target_article
from embedarchive.store.rows import Row, fields_of, index, insert, is_barred, is_barred_article, keep_blob, to_json


def keep_fetch(
    conn: sqlite3.Connection, article_id: int, crawl_id: int, fetch: Fetch, retry_at: str | None
) -> int | None:
    """Keep one download, as `Archive.keep_fetch` says."""
    settle_article(conn, article_id, fetch, retry_at)
    watching.plan_reading(conn, article_id, fetch)
    if is_barred_article(conn, article_id):
        return None
    page = erasing.without_barred(conn, fetch.body, fetch.content_type)
    sha256 = None
    if fetch.outcome == "ok" and page.body is not None:
        sha256 = keep_blob(conn, page.body, fetch.content_type)
    if sha256 and is_repeat(conn, article_id, fetch, sha256):
        return None
    fetch_id = insert(conn, "fetches", fetch_row(fetch, article_id, crawl_id, sha256))
    erasing.keep_places(conn, fetch_id, article_id, page.cut, fetch.fetched_at)
    ask_for_rendering(conn, fetch_id, crawl_id)
    evidence.append(conn, "fetch", fetch_id)
    return fetch_id


def keep_referred(
    conn: sqlite3.Connection, article_id: int, crawl_id: int, fetch: Fetch, found: Found, rules: int
) -> int | None:
    """Keep one download by reference, as `Archive.keep_referred` says."""
    assert fetch.place is not None, "only pages with a place are kept by reference"
    settle_article(conn, article_id, fetch, None)
    watching.plan_reading(conn, article_id, fetch)
    if is_barred_article(conn, article_id):
        return None
    known = find_referred(conn, article_id, fetch, fetch.place.sha256)
    if known is not None:
        if known["fetch_id"] is None or known["searched_rules"] == rules:
            return None
        return int(known["id"])
    fetch_id = insert(conn, "fetches", fetch_row(fetch, article_id, crawl_id, None))
    if not any(each.post and is_barred(conn, each.post.key) for each in found.embeds):
        keep_place(conn, fetch_id, fetch.place)
    evidence.append(conn, "fetch", fetch_id)
    return fetch_id


def keep_rendering(conn: sqlite3.Connection, fetch_id: int, rendering: Rendering) -> None:
    """Keep what a browser made of a fetched article; there is then more of it to search."""
    page = erasing.without_barred(conn, rendering.dom.encode("utf-8", "replace"), "text/html; charset=utf-8")
    sha256 = None
    if page.body:
        sha256 = keep_blob(conn, page.body, "text/html")
    erasing.keep_places(conn, fetch_id, article_of(conn, fetch_id), page.cut, rendering.rendered_at)
    if not page.cut:
        keep_page_files(conn, fetch_id, rendering.files)
    conn.execute(
        "UPDATE fetches SET to_render = 0, rendered_at = ?, render_reason = ?, dom_sha256 = ?, "
        "alterations = ?, searched_rules = iif(? IS NULL, searched_rules, NULL) WHERE id = ?",
        (rendering.rendered_at, rendering.reason, sha256, to_json(rendering.alterations), sha256, fetch_id),
    )
    evidence.append(conn, "rendering", fetch_id)


def keep_found(conn: sqlite3.Connection, fetch_id: int, found: Found, rules: int, now: str, crawl_id: int) -> None:
    """Keep what a search of one fetch gave, in place of what older rules gave; its posts become the run's."""
    article_id = article_of(conn, fetch_id)
    remove_embeds(conn, fetch_id)
    for embed in place_around(conn, fetch_id, found.embeds):
        row = embed_row(conn, embed, now) | {"fetch_id": fetch_id, "article_id": article_id}
        insert(conn, "embeds", row)
    conn.execute(
        "UPDATE fetches SET searched_rules = ?, search_note = ? WHERE id = ?",
        (rules, found.truncated, fetch_id),
    )
    erasing.cut_found(conn, fetch_id, found, now)
    keep_head(conn, article_id, found)
    watching.ask_where_articles_differ(conn, fetch_id)
    target_article(conn, crawl_id, merge_article(conn, article_id, found.canonical_url))


def keep_opened(
    conn: sqlite3.Connection, fetch_id: int, crawl_id: int, posts: Iterable[Post], rendering: Rendering
) -> None:
    """Keep the picture of a whole article, and that this run has tried to photograph these posts in it."""
    if rendering.screenshot and not erasing.embeds_barred(conn, fetch_id):
        sha256 = keep_blob(conn, rendering.screenshot, rendering.screenshot_type)
        conn.execute("UPDATE fetches SET screenshot_sha256 = ? WHERE id = ?", (sha256, fetch_id))
        keep_page_files(conn, fetch_id, rendering.files)
    conn.executemany(
        "UPDATE placements SET tried = 1 WHERE crawl_id = ? AND fetch_id = ? AND post_key = ?",
        [(crawl_id, fetch_id, post.key) for post in posts],
    )
    if rendering.screenshot:
        evidence.append(conn, "rendering", fetch_id)


# ------------------------------------------------------------------------------------------------------------ its parts


def article_of(conn: sqlite3.Connection, fetch_id: int) -> int:
    return int(conn.execute("SELECT article_id FROM fetches WHERE id = ?", (fetch_id,)).fetchone()[0])


def settle_article(conn: sqlite3.Connection, article_id: int, fetch: Fetch, retry_at: str | None) -> None:
    failed = fetch.outcome == "failed"
    due = retry_at if failed else None
    conn.execute(
        "UPDATE articles SET fetch_after = ?, failures = iif(?, failures + 1, 0) WHERE id = ?",
        (due, failed, article_id),
    )
    conn.execute("UPDATE seeds SET fetch_after = ? WHERE article_id = ? AND fetch_after IS NOT NULL", (due, article_id))


def is_repeat(conn: sqlite3.Connection, article_id: int, fetch: Fetch, sha256: str) -> bool:
    """Whether a file or web archive was read again and says what it said before.

    In a web archive the same bytes at another time are another observation; a file's own date is no more than its date.
    """
    query = """SELECT 1 FROM fetches WHERE article_id = ? AND source = ? AND html_sha256 = ? AND source <> 'network'
               AND (fetched_at = ? OR status IS NULL)"""
    return conn.execute(query, (article_id, fetch.source, sha256, fetch.fetched_at)).fetchone() is not None


def find_referred(conn: sqlite3.Connection, article_id: int, fetch: Fetch, sha256: str) -> Row | None:
    """The row of that page, where it was kept before from the same file: by reference, whole, or without either."""
    query = """SELECT f.id, f.searched_rules, p.fetch_id FROM fetches f LEFT JOIN page_places p ON p.fetch_id = f.id
               WHERE f.article_id = ? AND f.source = ? AND f.fetched_at = ? AND f.outcome = 'ok'
               AND coalesce(p.sha256, f.html_sha256, '') IN (?, '')"""
    row = conn.execute(query, (article_id, fetch.source, fetch.fetched_at, sha256)).fetchone()
    if row:
        return dict(row)
    return None


def keep_place(conn: sqlite3.Connection, fetch_id: int, place: PagePlace) -> None:
    """Keep where a page stands of which there is no copy here."""
    insert(conn, "page_places", fields_of(place) | {"fetch_id": fetch_id})


def ask_for_rendering(conn: sqlite3.Connection, fetch_id: int, crawl_id: int) -> None:
    conn.execute(
        f"UPDATE fetches SET to_render = (SELECT render FROM crawls WHERE id = ?) WHERE id = ? AND {RENDERABLE}",
        (crawl_id, fetch_id),
    )


def fetch_row(fetch: Fetch, article_id: int, crawl_id: int, sha256: str | None) -> Row:
    return fields_of(fetch, "body", "closed_until", "place") | {
        "article_id": article_id, "crawl_id": crawl_id, "html_sha256": sha256,
        "headers": to_json(fetch.headers), "redirects": to_json(fetch.redirects),
    }  # fmt: skip


def keep_page_files(conn: sqlite3.Connection, fetch_id: int, files: Iterable[Exchange]) -> None:
    """Keep what an article was drawn with, in place of what was kept of an earlier opening; that, where this gave none."""
    files = tuple(each for each in files if each.body)
    if not files:
        return
    conn.execute("DELETE FROM page_files WHERE fetch_id = ?", (fetch_id,))
    for position, each in enumerate(files):
        row = {
            "fetch_id": fetch_id, "position": position, "url": each.url, "kind": each.resource_type, "status": each.status,
            "headers": to_json(each.response_headers), "content_type": each.content_type,
            "fetched_at": each.started_at, "sha256": keep_blob(conn, each.body or b"", each.content_type),
        }  # fmt: skip
        insert(conn, "page_files", row)


def remove_embeds(conn: sqlite3.Connection, fetch_id: int) -> None:
    """Forget what older rules found in a fetch; embeds are derived, the fetched bytes are not.

    Those of posts that were erased stay: the page that is kept does not tell of them any more.
    """
    which = "fetch_id = ? AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = embeds.post_key)"
    for (rowid,) in conn.execute(f"SELECT id FROM embeds WHERE {which}", (fetch_id,)).fetchall():
        index(conn, "embeds", rowid, remove=True)
    conn.execute(f"DELETE FROM embeds WHERE {which}", (fetch_id,))


def place_around(conn: sqlite3.Connection, fetch_id: int, embeds: tuple[Embed, ...]) -> Iterator[Embed]:
    """What was found in a page, with the places it has around the posts that were cut out of it."""
    taken = {row[0] for row in conn.execute("SELECT position FROM embeds WHERE fetch_id = ?", (fetch_id,))}
    if not taken:
        yield from embeds
        return
    free = (place for place in count(1) if place not in taken)
    known = {row[0] for row in conn.execute("SELECT post_key FROM embeds WHERE fetch_id = ?", (fetch_id,))}
    for embed in embeds:
        if embed.post is None or embed.post.key not in known:
            yield dataclasses.replace(embed, position=next(free))
