"""A text that nothing was found for -> what is nearly the same, each with why it is only nearly so. Read-only."""

from __future__ import annotations

import difflib
import sqlite3

from embedarchive.library.posts import read_lines
from embedarchive.library.records import PostLine

MOST = 5
LONGEST_NAME = 64
CANDIDATES = 4_000
"""Names that begin alike and are compared letter by letter."""


def find_other_case(conn: sqlite3.Connection, text: str) -> tuple[tuple[PostLine, str], ...]:
    """Posts whose id is the text in other letters, capital for small: ids differ by that."""
    rows = conn.execute(
        "SELECT key FROM posts WHERE native_id = ? COLLATE NOCASE AND is_control = 0 LIMIT ?", (text, MOST)
    ).fetchall()
    lines = read_lines(conn, (row[0] for row in rows))
    return tuple((line, "its id has other capitals: that is another id") for line in lines.values())


def find_spellings(conn: sqlite3.Connection, text: str) -> tuple[str, ...]:
    """Authors and outlets that are spelt nearly as a name is, the nearest first."""
    name = text.strip().removeprefix("@").lower()
    if not name or len(name) > LONGEST_NAME or " " in name:
        return ()
    found: list[str] = []
    for facet in ("author", "outlet"):
        for begin in (name[:2], name[:1]):
            rows = conn.execute(
                "SELECT value FROM browsing_totals WHERE facet = ? AND value >= ? AND value < ? AND posts > 0 LIMIT ?",
                (facet, begin, begin + "\U0010ffff", CANDIDATES),
            )
            near = difflib.get_close_matches(name, [row[0] for row in rows], MOST, 0.75)
            if near:
                found += near
                break
    return tuple(found[:MOST])
