"""Pages of articles that embed what was erased -> the pages without it, and where it stood."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from embedarchive.core.model import Embed
from embedarchive.detect.bounded import search_bounded
from embedarchive.detect.cutting import PostTraces, cut_posts, make_traces
from embedarchive.store import rows
from embedarchive.store.articles import embed_row
from embedarchive.store.erasing.planning import Erasure, PageChange
from embedarchive.store.fixity import read_blob


@dataclass(frozen=True, slots=True)
class Allowed:
    """A page as it may be kept: `body` None where it may not; `cut` are the embeds that are no longer in it."""

    body: bytes | None
    cut: tuple[Embed, ...] = ()


def without_barred(conn: sqlite3.Connection, body: bytes, content_type: str | None) -> Allowed:
    """A page as it may be kept: posts that were erased are cut out of it."""
    if not has_barred(conn):
        return Allowed(body)
    found = search_bounded(body, content_type=content_type, mentions=True).embeds
    keys = {e.post.key for e in found if e.post and rows.is_barred(conn, e.post.key)}
    if not keys:
        return Allowed(body)
    shown = (replace(e, position=n) for n, e in enumerate((e for e in found if e.kind == "embed"), 1))
    cut = tuple(e for e in shown if e.post and e.post.key in keys)
    return Allowed(cut_posts(body, make_traces(keys), content_type), cut)


def keep_places(conn: sqlite3.Connection, fetch_id: int, article_id: int, cut: Iterable[Embed], now: str) -> None:
    """Keep that a page embedded posts which were erased, and where; nothing of what it said of them."""
    for embed in cut:
        row = embed_row(conn, embed, now) | {"fetch_id": fetch_id, "article_id": article_id}
        known = "SELECT 1 FROM embeds WHERE fetch_id = ? AND (post_key = ? OR position = ?)"
        if not conn.execute(known, (fetch_id, row["post_key"], embed.position)).fetchone():
            rows.insert(conn, "embeds", row)


def embeds_barred(conn: sqlite3.Connection, fetch_id: int) -> bool:
    """Whether a fetch of an article embeds a post that was erased: no picture of it is kept."""
    sql = "SELECT 1 FROM embeds e JOIN barred_posts b ON b.key = e.post_key WHERE e.fetch_id = ? LIMIT 1"
    return has_barred(conn) and conn.execute(sql, (fetch_id,)).fetchone() is not None


def has_barred(conn: sqlite3.Connection) -> bool:
    """Whether anything was erased here, or where a tombstone came from."""
    return conn.execute("SELECT 1 FROM access WHERE level = 'erased' LIMIT 1").fetchone() is not None


def replace_page(conn: sqlite3.Connection, page: PageChange, plan: Erasure, now: str) -> None:
    """Let a fetch name the page without the post, or none; the page itself goes with the files."""
    if page.cut is not None:
        keep_cut(conn, page, plan.wanted)
        if page.column == "html_sha256":
            note_places(conn, page, now)
    conn.execute(
        "INSERT OR IGNORE INTO redactions (table_name, row_id, column_name, reason, redacted_at, withdrawal_id, replaced_by) "
        "VALUES ('fetches', ?, ?, ?, ?, ?, ?)",
        (str(page.fetch_id), page.column, plan.reason, now, plan.case, page.cut),
    )
    conn.execute(f"UPDATE fetches SET {page.column} = ? WHERE id = ?", (page.cut, page.fetch_id))


def note_places(conn: sqlite3.Connection, page: PageChange, now: str) -> None:
    """Keep where a page that was not looked through yet embeds what is cut out of it: afterwards nothing tells."""
    article_id, searched = conn.execute(
        "SELECT article_id, searched_rules FROM fetches WHERE id = ?", (page.fetch_id,)
    ).fetchone()
    if searched is None:
        cut = without_barred(conn, read_blob(conn, page.sha256) or b"", page.content_type).cut
        keep_places(conn, page.fetch_id, article_id, cut, now)


def keep_cut(conn: sqlite3.Connection, page: PageChange, wanted: PostTraces) -> None:
    """Keep a page without the posts, unless it is there already: one at a time, for a plan may name thousands."""
    if conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (page.cut,)).fetchone():
        return
    cut = cut_posts(read_blob(conn, page.sha256) or b"", wanted, page.content_type)
    assert cut is not None, "it could be cut when that was planned"
    rows.keep_blob(conn, cut, page.content_type)
