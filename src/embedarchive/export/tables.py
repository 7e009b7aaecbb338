"""An archive -> rows for other programs: the tables that are written as CSV, JSON Lines and Parquet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedarchive.export.formats import Written
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.show.words import say_count


@dataclass(frozen=True, slots=True)
class Table:
    """One SELECT. `chosen` says of a row whether it belongs to a selection of posts and articles."""

    select: str
    chosen: str
    order: str


_POSTS, _ARTICLES = "(SELECT value FROM json_each(:posts))", "(SELECT value FROM json_each(:articles))"

TABLES: Mapping[str, Table] = {
    "posts": Table(
        "SELECT s.key, s.platform, s.native_id, s.url, s.status, s.reason, s.doubt, s.kept, s.held, s.expected, s.lacking, "
        "s.posted_at, s.first_seen_at, "
        "s.last_available_at, s.first_gone_at, s.last_checked_at, s.articles, d.author_name, d.author_handle, d.kind, "
        "d.title, d.text, d.alt_text, d.lang, d.likes, d.comments, d.shares, d.views, s.best_capture_id AS capture_id, "
        "s.origin, s.seen_at, iif(json_valid(s.sighting), s.sighting ->> '$.seen_by', NULL) AS seen_by, s.seen_by_others_at "
        "FROM post_status s LEFT JOIN current_descriptions d ON d.capture_id = s.best_capture_id",
        f"s.key IN {_POSTS}",
        "s.key",
    ),
    "embeds": Table(
        "SELECT e.article_url, e.outlet, e.article_title, a.published_at, e.position, e.kind, e.platform, "
        "e.post_key, e.url, e.form, e.author_name, e.author_handle, e.text, e.posted_at "
        "FROM current_embeds e JOIN articles a ON a.id = e.article_id",
        f"(e.post_key IN {_POSTS} OR e.article_id IN {_ARTICLES})",
        "e.article_url, e.position",
    ),
    "notes": Table(
        "SELECT n.article_url, n.name, n.value, n.by, n.at FROM current_notes n",
        f"n.article_id IN (SELECT article_id FROM embeds WHERE post_key IN {_POSTS} UNION SELECT * FROM {_ARTICLES})",
        "n.article_url, n.at DESC, n.id",
    ),
    "post_notes": Table(
        "SELECT n.post_key, n.name, n.value, n.by, n.at FROM current_post_notes n",
        f"n.post_key IN {_POSTS}",
        "n.post_key, n.at DESC, n.id",
    ),
    "collections": Table(
        "SELECT c.name, c.post_key FROM collection_posts c",
        f"c.post_key IN {_POSTS}",
        "c.name, c.post_key",
    ),
    "looks": Table(
        "SELECT k.post_key, k.checked_at, k.outcome, k.reason, k.capture_id FROM checks k",
        f"k.post_key IN {_POSTS}",
        "k.post_key, k.checked_at, k.id",
    ),
}


def open_table(conn: sqlite3.Connection, name: str, chosen: Selection = EVERYTHING) -> sqlite3.Cursor:
    """A cursor over one of TABLES, whole or of a selection."""
    table, values = (
        TABLES[name],
        {"posts": json.dumps(chosen.posts or ()), "articles": json.dumps(chosen.articles or ())},
    )
    where = f" WHERE {table.chosen}" if chosen.posts is not None else ""
    return conn.execute(f"{table.select}{where} ORDER BY {table.order}", values)


def read_table(conn: sqlite3.Connection, name: str, chosen: Selection = EVERYTHING) -> Iterator[dict[str, Any]]:
    """The rows of one of TABLES, one at a time."""
    cursor = open_table(conn, name, chosen)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, tuple(row), strict=True))


def say_rows(out: Path, rows: int) -> Written:
    """What was written when it was rows."""
    where = "Standard output" if str(out) == "-" else out
    return Written({"rows": rows}, f"{where} holds {say_count(rows, 'row')}.")
