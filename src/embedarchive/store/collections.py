"""Named sets of seeds, articles and posts -> their rows: a person's choice, beside the evidence and never a part of it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from embedarchive.core.errors import UsageError
from embedarchive.core.urls import canonicalize_url
from embedarchive.store.rows import clean

Member = tuple[str, str]
"""A kind, one of KINDS, and what names it: a seed's address, an article's, a post's key."""

KINDS = ("post", "article", "seed")
HEADINGS = ("collection", "collections")
"""Columns of a list that say which collections its articles belong to."""

PREFIX = "collection:"
LONGEST_NAME = 100
_BETWEEN = re.compile(r"\s*[;,|]\s*")


def split_names(text: str) -> list[str]:
    """The names in one cell of a list: `elections; floods`. Pure."""
    return [name[:LONGEST_NAME] for name in _BETWEEN.split(text.strip()) if name]


def keep_members(conn: sqlite3.Connection, name: str, members: Iterable[Member], by: str, now: str) -> int:
    """Put members into a collection, which is made by that; give how many are new in it."""
    before = conn.total_changes
    conn.executemany(
        "INSERT OR IGNORE INTO collections (name, kind, subject, by, at) VALUES (?, ?, ?, ?, ?)",
        [(clean(name), kind, clean(subject), clean(by), now) for kind, subject in members],
    )
    return conn.total_changes - before


def drop_members(conn: sqlite3.Connection, name: str, members: Iterable[Member]) -> int:
    """Take members out of a collection; give how many were in it."""
    before = conn.total_changes
    conn.executemany(
        "DELETE FROM collections WHERE name = ? AND kind = ? AND subject = ?",
        [(name, kind, subject) for kind, subject in members],
    )
    return conn.total_changes - before


def drop_collection(conn: sqlite3.Connection, name: str) -> int:
    """Forget a collection; what was in it stays in the archive. Gives how much that was."""
    return conn.execute("DELETE FROM collections WHERE name = ?", (name,)).rowcount


def find_member(conn: sqlite3.Connection, thing: str) -> Member | None:
    """What a text names that may belong to a collection: a seed that named articles, a post, an article; else None."""
    if conn.execute("SELECT 1 FROM seeds WHERE origin = ? AND origin <> 'due' LIMIT 1", (thing,)).fetchone():
        named = conn.execute("SELECT 1 FROM article_urls WHERE url = ?", (canonicalize_url(thing),)).fetchone()
        if not named:  # an article that was named itself is one
            return "seed", thing
    row = conn.execute("SELECT coalesce(same_as, key) FROM posts WHERE key = ? AND is_control = 0", (thing,)).fetchone()
    if row:
        return "post", row[0]
    for url in (thing, canonicalize_url(thing)):
        row = conn.execute(
            "SELECT a.url FROM article_urls u JOIN articles a ON a.id = u.article_id WHERE u.url = ?", (url,)
        ).fetchone()
        if row:
            return "article", row[0]
    return None


def refuse_unknown(conn: sqlite3.Connection, name: str) -> None:
    """Raise UsageError for a collection that is not there."""
    if conn.execute("SELECT 1 FROM collections WHERE name = ? LIMIT 1", (name,)).fetchone() is None:
        known = ", ".join(
            row[0] for row in conn.execute("SELECT DISTINCT name FROM collections ORDER BY name LIMIT 20")
        )
        raise UsageError(f"There is no collection {name}. {'There are: ' + known if known else 'There is none yet'}.")
