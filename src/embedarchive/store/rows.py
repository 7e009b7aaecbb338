"""One noun -> its rows, inside the caller's transaction."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from embedarchive.core.grams import find_grams
from embedarchive.core.model import Capture, Embed, Embedding, Exchange, Fetch, Found, PagePlace, Post, Verdict
from embedarchive.core.urls import split_anything
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from embedarchive.store.blobs import hash_bytes, pack_blob
from embedarchive.store.marks import ask_to_mark
from embedarchive.store.schema import capture_uid
from embedarchive.store.words import check_words

Row = Mapping[str, Any]
MAX_INTEGER = 2**63 - 1
CONCLUSIVE = ("available", "gone", "unavailable")  # answers about the post itself; walls and faults say nothing of it
FULL_TEXT = {
    "articles": ("title", "site_name"),
    "notes": ("value",),
    "embeds": ("author_name", "author_handle", "text"),
    "descriptions": ("author_name", "author_handle", "title", "text", "alt_text"),
}


def platform_row(platform: Platform) -> tuple[Any, ...]:
    """What an archive is told of a platform: which of its posts are due, and when they are gone."""
    visit = platform.visit
    rules = visit.rules if visit else None
    denial = visit.denial if visit else "guess"
    return platform.name, platform.title, rules, int(visit is not None), int(platform.federated), denial


def insert(conn: sqlite3.Connection, table: str, row: Row, *, or_ignore: bool = False) -> int:
    """Insert one row of our own column names (never of remote keys), index its words, give its rowid."""
    check_words(table, row)
    columns, placeholders = ", ".join(row), ", ".join("?" * len(row))
    verb = "INSERT"
    if or_ignore:
        verb = "INSERT OR IGNORE"
    cursor = conn.execute(f"{verb} INTO {table} ({columns}) VALUES ({placeholders})", [clean(v) for v in row.values()])
    rowid = int(cursor.lastrowid or 0)
    if cursor.rowcount and table in FULL_TEXT:
        index(conn, table, rowid)
    return rowid


def index(conn: sqlite3.Connection, table: str, rowid: int, *, remove: bool = False) -> None:
    """Put a row's words into the full-text indexes; `remove` takes them out, and must come before the row changes."""
    columns = ", ".join(FULL_TEXT[table])
    if remove:
        into, values = f"{table}_fts, rowid, {columns}", f"'delete', id, {columns}"
    else:
        into, values = f"rowid, {columns}", f"id, {columns}"
    conn.execute(f"INSERT INTO {table}_fts({into}) SELECT {values} FROM {table} WHERE id = ?", (rowid,))
    index_grams(conn, table, "WHERE id = ?", rowid, remove=remove)


def index_grams(conn: sqlite3.Connection, table: str, where: str = "", *values: Any, remove: bool = False) -> None:
    """Put the grams of rows into their index, or take them out; of all rows if none are named."""
    command, marker = (f"{table}_grams, ", "'delete', ") if remove else ("", "")
    sql = f"INSERT INTO {table}_grams({command}rowid, grams) VALUES ({marker}?, ?)"
    rows = conn.execute(f"SELECT id, {', '.join(FULL_TEXT[table])} FROM {table} {where}", values)
    for rowid, *texts in rows:
        if grams := find_grams(" ".join(filter(None, texts))):
            conn.execute(sql, (rowid, " ".join(grams)))


def clean(value: Any) -> Any:
    """A value SQLite can hold: no NUL or lone surrogate in text, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return None
    return value


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fields_of(value: Any, *without: str) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.name not in without}


def keep_blob(conn: sqlite3.Connection, body: bytes, content_type: str | None) -> str:
    """Keep bytes once; of a file that was withdrawn, here or where a tombstone came from, its name only. Give its sha256."""
    sha256 = hash_bytes(body)
    if not conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (sha256,)).fetchone():
        barred = conn.execute("SELECT 1 FROM redactions WHERE sha256 = ?", (sha256,)).fetchone() is not None
        encoding, packed = ("identity", b"") if barred else pack_blob(body, content_type)
        insert(conn, "blobs", {"sha256": sha256, "size": len(body), "encoding": encoding, "body": packed})
    return sha256


# ------------------------------------------------------------------------------------------------------------- articles


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


def remember_post(conn: sqlite3.Connection, key: str | None, now: str) -> None:
    """Take a post back into the plan that was forgotten: due as it would be, had it not been."""
    answered = f"SELECT 1 FROM checks WHERE post_key = posts.key AND outcome IN {CONCLUSIVE}"
    due_at = "SELECT due_at FROM conclusions WHERE post_key = posts.key"
    conn.execute(
        f"UPDATE posts SET forgotten_at = NULL, capture_after = iif(EXISTS ({answered}), ({due_at}), ?) "
        "WHERE key = ? AND forgotten_at IS NOT NULL AND is_control = 0",
        (now, key),
    )


def renew_rendering(conn: sqlite3.Connection, crawl_id: int, article_id: int) -> None:
    """Make what was fetched before due for a browser too, where the run renders and has not tried."""
    render, started_at = conn.execute("SELECT render, started_at FROM crawls WHERE id = ?", (crawl_id,)).fetchone()
    if render:
        conn.execute(
            "UPDATE fetches SET to_render = 1 WHERE id = (SELECT max(id) FROM fetches WHERE article_id = ? "
            f"AND outcome = 'ok') AND {RENDERABLE} AND dom_sha256 IS NULL AND coalesce(rendered_at, '') < ?",
            (article_id, started_at),
        )


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


RENDERABLE = "outcome = 'ok' AND source = 'network' AND coalesce(content_type, 'html') LIKE '%html%'"


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


def embed_row(conn: sqlite3.Connection, embed: Embed, now: str) -> dict[str, Any]:
    post_key = None
    if embed.post:
        post_key = keep_post(conn, embed.post, now)
    row = fields_of(embed, "post", "claim") | fields_of(embed.claim) | {"post_key": post_key}
    if post_key and is_barred(conn, post_key):
        row |= {**dict.fromkeys(fields_of(embed.claim)), "url": None, "snippet": ""}
    return row


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


# --------------------------------------------------------------------------------------------------------------- erased


def is_barred(conn: sqlite3.Connection, key: str) -> bool:
    """Whether a post was erased: nothing of it is kept again."""
    return conn.execute("SELECT 1 FROM barred_posts WHERE key = ?", (key,)).fetchone() is not None


def is_barred_article(conn: sqlite3.Connection, article_id: int) -> bool:
    """Whether an article was erased: it is not fetched again."""
    return conn.execute("SELECT 1 FROM barred_articles WHERE id = ?", (article_id,)).fetchone() is not None


# ---------------------------------------------------------------------------------------------------------------- posts


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


def target_post(conn: sqlite3.Connection, crawl_id: int, key: str, *, forced: bool = False) -> None:
    conn.execute(
        "INSERT INTO targets (crawl_id, post_key, turn, forced) "
        f"SELECT :crawl, p.key, {TURN}, :forced FROM posts p "
        f"WHERE p.key = (SELECT coalesce(same_as, key) FROM posts WHERE key = :key) AND {CHOSEN} "
        "ON CONFLICT DO UPDATE SET forced = max(forced, excluded.forced)",
        {"crawl": crawl_id, "forced": int(forced), "key": key},
    )


def settle_target(conn: sqlite3.Connection, crawl_id: int, capture: Capture) -> None:
    """Keep that a run has visited a post."""
    conn.execute("UPDATE targets SET visited = 1 WHERE crawl_id = ? AND post_key = ?", (crawl_id, capture.post.key))


def settle_post(conn: sqlite3.Connection, capture: Capture, retry_at: str | None) -> None:
    """Clear what was due for a post, unless the visit said nothing of the post and none before it did."""
    key = capture.post.key
    due = None
    if capture.verdict.outcome not in CONCLUSIVE:
        due = retry_at
    conn.execute("UPDATE posts SET capture_after = ? WHERE key = ? AND capture_after IS NOT NULL", (due, key))


def find_capture(conn: sqlite3.Connection, capture: Capture) -> int | None:
    """The number of a capture that is kept already, or None."""
    row = conn.execute("SELECT id FROM captures WHERE uid = ?", (uid_of(capture),)).fetchone()
    if row:
        return int(row[0])
    return None


def keep_visit(conn: sqlite3.Connection, capture: Capture, crawl_id: int, fetch_id: int | None) -> int:
    """Keep a capture with all its bytes; `fetch_id` is the article it was photographed in, if it was."""
    if capture.purpose != "control" and capture.origin == "visit":
        keep_post(conn, capture.post, capture.started_at)
    capture_id = insert(conn, "captures", capture_row(capture, crawl_id, fetch_id))
    keep_artifacts(conn, capture_id, capture)
    keep_exchanges(conn, capture_id, capture)
    if capture.purpose == "control":
        return capture_id
    ask_to_mark(conn, capture_id)
    if capture.verdict.outcome == "available":
        insert(conn, "pending", {"work": "describe", "capture_id": capture_id})
    insert(conn, "pending", {"work": "conclude", "capture_id": capture_id})
    return capture_id


ASK_TO_DESCRIBE_ANEW = """
INSERT OR IGNORE INTO pending (work, capture_id) SELECT 'describe', c.id
FROM captures c JOIN posts p ON p.key = c.post_key JOIN platforms f ON f.name = p.platform
WHERE c.outcome = 'available' AND c.purpose <> 'control' AND f.visitable
  AND NOT EXISTS (SELECT 1 FROM descriptions d WHERE d.capture_id = c.id AND d.rules >= f.rules)
  AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = c.post_key)"""
"""It looks at every capture: for once, when rules have changed."""


def capture_row(capture: Capture, crawl_id: int, fetch_id: int | None) -> Row:
    verdict = capture.verdict
    lists = {name: to_json(getattr(capture, name)) for name in ("missing", "alterations")}
    return lists | {
        "post_key": capture.post.key, "crawl_id": crawl_id, "fetch_id": fetch_id,
        "outcome": verdict.outcome, "reason": verdict.reason,
        "evidence": to_json([dataclasses.asdict(s) for s in verdict.signs]),
        "visit_url": capture.visit_url, "final_url": capture.final_url, "status": capture.status,
        "started_at": capture.started_at, "finished_at": capture.finished_at,
        "environment": to_json(dict(capture.environment)),
        "uid": uid_of(capture),
        "origin": capture.origin, "purpose": capture.purpose, "seen_at": capture.seen_at or capture.started_at,
    }  # fmt: skip


def uid_of(capture: Capture) -> str:
    """What names a capture in every archive that holds it (see `capture_uid`)."""
    served = (e.body for e in capture.exchanges if e.resource_type == "document" and e.body is not None)
    rendered = (a.body for a in sorted(capture.artifacts, key=lambda a: a.position) if a.role == "dom")
    document = next(served, None)
    if document is None:
        document = next(rendered, None)
    return capture_uid(capture.post.key, capture.started_at, "" if document is None else hash_bytes(document))


def check_row(capture: Capture, capture_id: int) -> Row:
    return {
        "post_key": capture.post.key, "capture_id": capture_id, "checked_at": capture.started_at,
        "outcome": capture.verdict.outcome, "reason": capture.verdict.reason,
        "embedding": tell_embedding(capture.verdict),
    }  # fmt: skip


def is_seen_in_frame(verdict: Verdict) -> bool:
    """Whether a visit saw the post where articles show it, and not only elsewhere."""
    return verdict.outcome == "available" and verdict.embedding != "refused"


def tell_embedding(verdict: Verdict) -> Embedding | None:
    """Whether articles may show the post, as far as a visit tells: one that saw it in its frame says that they may."""
    if is_seen_in_frame(verdict):
        return "allowed"
    return verdict.embedding


def keep_artifacts(conn: sqlite3.Connection, capture_id: int, capture: Capture) -> None:
    for artifact in capture.artifacts:
        sha256 = keep_blob(conn, artifact.body, artifact.content_type)
        row = fields_of(artifact, "body") | {"capture_id": capture_id, "sha256": sha256, "size": len(artifact.body)}
        insert(conn, "artifacts", row)


def keep_exchanges(conn: sqlite3.Connection, capture_id: int, capture: Capture) -> None:
    for position, exchange in enumerate(capture.exchanges, 1):
        sha256 = None
        if exchange.body is not None:
            sha256 = keep_blob(conn, exchange.body, exchange.content_type)
        headers = {k: to_json(getattr(exchange, k)) for k in ("request_headers", "response_headers")}
        row = fields_of(exchange, "body") | headers
        insert(conn, "exchanges", row | {"capture_id": capture_id, "position": position, "body_sha256": sha256})
