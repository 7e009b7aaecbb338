"""An image hash -> the kept pictures whose hash may be near it, by the four indexes. Read-only."""

from __future__ import annotations

import sqlite3

from embedarchive.core.image_hash import find_quarters
from embedarchive.library.rows import Row, in_list, select

MOST_COMPARED = 20_000


def find_candidates(conn: sqlite3.Connection, dhash: int, most: int) -> list[Row]:
    """At most so many pictures of which one quarter of the hash differs in at most one bit, by the four indexes."""
    quarters = [in_list(values) for _, values in find_quarters(dhash)]
    return select(conn, ask_for_quarters(), *quarters, most)


def ask_for_quarters() -> str:
    """The question for them; each part has the very expression of its index."""
    parts = ("dhash & 65535", "dhash >> 16 & 65535", "dhash >> 32 & 65535", "dhash >> 48 & 65535")
    asked = (
        f"SELECT id, capture_id, dhash FROM artifacts WHERE dhash IS NOT NULL AND {part} "
        "IN (SELECT value FROM json_each(?))"
        for part in parts
    )
    return f"SELECT DISTINCT id, capture_id, dhash FROM ({' UNION ALL '.join(asked)}) LIMIT ?"
