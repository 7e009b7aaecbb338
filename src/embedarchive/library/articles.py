"""An article's URL or number, an outlet's name -> what it embeds and how that fared. Read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from embedarchive.core.model import PagePlace
from embedarchive.core.urls import canonicalize_url, host_of, split_url
from embedarchive.library.figures import count_articles, count_outlet
from embedarchive.library.notes import read_notes
from embedarchive.library.posts import IN_KEYS, read_in_place, read_lines
from embedarchive.library.records import ArticleLine, ArticleRecord, CaptureRecord, FetchRecord, OutletRecord, Placed
from embedarchive.library.rewriting import find_page_number
from embedarchive.library.rows import APPEARANCE, Row, in_list, read_appearance, select, select_one

NEWEST = (
    "(SELECT f.id FROM fetches f WHERE f.article_id = {0} AND f.searched_rules IS NOT NULL "
    "ORDER BY f.fetched_at DESC, f.id DESC LIMIT 1)"
)
SHOWN = f"""SELECT w.value AS id, e.post_key AS post FROM json_each(?) w
  CROSS JOIN embeds e ON e.fetch_id = {NEWEST.format("w.value")} AND e.kind = 'embed'"""
"""A row for each embed of some articles, as last read."""
STANDING = f"SELECT key, status, kept FROM post_status WHERE key {IN_KEYS}"
"""Asked by itself: on the right of a LEFT JOIN a view is made whole, of all posts, and what is made whole is gone through once
for each row where SQLite does not think that an index would pay."""
MOST_ON_A_PAGE = 100
MOST_NUMBERED = 10
EMPTY: Mapping[str, CaptureRecord] = {}


_EDITIONS = ("www.", "m.", "mobile.", "amp.")
"""What a site calls its editions for phones; all of them carry the same articles."""

_AMP = "/amp"


def find_variants(url: str) -> tuple[str, ...]:
    """The addresses under which an article may be kept: canonical, then scheme, edition (`m.`, `/amp`) and final slash varied.

    Pure.
    """
    canonical = canonicalize_url(url)
    parts = split_url(canonical)
    if parts is None:
        return (url,)
    host = parts.netloc
    for edition in _EDITIONS:
        host = host.removeprefix(edition)
    path = parts.path.rstrip("/")
    bare = path.removesuffix(_AMP).removeprefix(_AMP)
    paths = (path, bare, _AMP + bare, bare + _AMP)
    made = [
        parts._replace(scheme=scheme, netloc=netloc, path=end).geturl()
        for scheme in ("https", "http")
        for netloc in (parts.netloc, host, *(edition + host for edition in _EDITIONS))
        for end in (parts.path, *(each for one in paths for each in (one, f"{one}/")))
    ]
    return tuple(dict.fromkeys([canonical, url, *made]))


def find_article(conn: sqlite3.Connection, url: str) -> int | None:
    """The number of the article kept under that address or a variant of it, or None."""
    variants = in_list(find_variants(url))
    row = select_one(conn, f"SELECT id FROM articles WHERE url {IN_KEYS}", variants) or select_one(
        conn, f"SELECT article_id AS id FROM article_urls WHERE url {IN_KEYS}", variants
    )
    return row["id"] if row else None


def find_numbered(conn: sqlite3.Connection, url: str) -> int | None:
    """The one article of the same outlet whose address has the same number: what is named anew keeps it; else None."""
    number, parts = find_page_number(url), split_url(url)
    if number is None or parts is None:
        return None
    sql = "SELECT id, url FROM articles WHERE outlet = ? AND url LIKE ? LIMIT ?"
    rows = select(conn, sql, host_of(parts).removeprefix("www."), f"%{number}%", MOST_NUMBERED)
    same = [row["id"] for row in rows if find_page_number(row["url"]) == number]
    if len(same) == 1:
        return int(same[0])
    return None


def article_record(conn: sqlite3.Connection, article: int | str) -> ArticleRecord | None:
    """An article with its embeds in reading order, or None."""
    article_id = article if isinstance(article, int) else find_article(conn, article)
    row = select_one(conn, "SELECT * FROM articles WHERE id = ?", article_id)
    if row is None:
        return None
    same = ("id", "url", "outlet", "title", "site_name", "lang", "published_at", "first_seen_at")
    return ArticleRecord(
        **{name: row[name] for name in same},
        fetches=read_fetches(conn, row["id"]),
        embeds=place(
            conn,
            select(conn, APPEARANCE + f"WHERE e.fetch_id = {NEWEST.format('?')} ORDER BY e.position", row["id"]),
            read_in_place(conn, row["id"]),
        ),
        notes=read_notes(conn, row["id"]),
        collections=read_collections_of(conn, row["id"]),
    )


def read_collections_of(conn: sqlite3.Connection, article_id: int) -> tuple[str, ...]:
    """The collections that an article belongs to, by itself or by what named it."""
    sql = """SELECT c.name FROM article_urls u JOIN collections c ON c.kind = 'article' AND c.subject = u.url
        WHERE u.article_id = :id
      UNION SELECT c.name FROM seeds s JOIN collections c ON c.kind = 'seed' AND c.subject = s.origin WHERE s.article_id = :id
      ORDER BY 1"""
    return tuple(row[0] for row in conn.execute(sql, {"id": article_id}))


def read_fetches(conn: sqlite3.Connection, article_id: int) -> tuple[FetchRecord, ...]:
    """The downloads of an article, newest first."""
    names = [each.name for each in fields(FetchRecord) if each.name != "place"]
    rows = select(
        conn,
        f"SELECT {', '.join(names)} FROM fetches WHERE article_id = ? ORDER BY fetched_at DESC, id DESC LIMIT ?",
        article_id,
        MOST_ON_A_PAGE,
    )
    places = read_places(conn, [row["id"] for row in rows])
    return tuple(FetchRecord(**row, place=places.get(row["id"])) for row in rows)


def read_places(conn: sqlite3.Connection, ids: Iterable[int]) -> dict[int, PagePlace]:
    """Where the pages of these downloads stand that are kept by reference."""
    rows = select(conn, f"SELECT * FROM page_places WHERE fetch_id {IN_KEYS}", in_list(ids))
    return {row.pop("fetch_id"): PagePlace(**row) for row in map(dict, rows)}


def place(
    conn: sqlite3.Connection, rows: Sequence[Row], seen: Mapping[str, CaptureRecord] = EMPTY
) -> tuple[Placed, ...]:
    """Rows of embeds, each with the line of the post it names, and how it was `seen` in their article."""
    lines = read_lines(conn, (r["post_key"] for r in rows if r["post_key"]))
    return tuple(Placed(read_appearance(row), lines.get(row["post_key"]), seen.get(row["post_key"])) for row in rows)


def article_lines(conn: sqlite3.Connection, ids: Iterable[int]) -> dict[int, ArticleLine]:
    """One line for each article, in the order of the numbers."""
    numbers = list(dict.fromkeys(ids))
    wanted = in_list(numbers)
    shown: dict[int, list[str]] = {}
    for article_id, post in map(tuple, conn.execute(SHOWN, [wanted])):
        shown.setdefault(article_id, []).append(post)
    posts = in_list({post for each in shown.values() for post in each if post})
    standing = list(map(tuple, conn.execute(STANDING, [posts])))
    gone = {key for key, status, _ in standing if status == "gone"}
    preserved = {key for key, _, kept in standing if kept != "none"}
    partly = {key for key, _, kept in standing if kept == "partial"}
    lines = {}
    for row in select(conn, f"SELECT id, url, outlet, title, published_at FROM articles WHERE id {IN_KEYS}", wanted):
        embeds = shown.get(row["id"], [])
        once = set(embeds)
        lines[row["id"]] = ArticleLine(
            **row,
            embeds=len(embeds),
            gone=len(once & gone),
            preserved=len(once & preserved),
            partly_preserved=len(once & partly),
        )
    return {each: lines[each] for each in numbers if each in lines}


# -------------------------------------------------------------------------------------------------------------- outlets


def outlet_record(
    conn: sqlite3.Connection, name: str, page: int = 1, figures: OutletRecord | None = None
) -> OutletRecord | None:
    """An outlet with one page of its articles, newest first; or None. `figures` spares counting what was counted."""
    total = count_articles(conn, name)
    if not total:
        return None
    ids = select(
        conn,
        "SELECT id FROM articles WHERE outlet = ? "
        "ORDER BY coalesce(published_at, first_seen_at) DESC, id DESC LIMIT ? OFFSET ?",
        name,
        MOST_ON_A_PAGE,
        (page - 1) * MOST_ON_A_PAGE,
    )
    lines = article_lines(conn, [r["id"] for r in ids])
    return replace(figures or count_outlet(conn, name), articles=total, lines=tuple(lines.values()))
