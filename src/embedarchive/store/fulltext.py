"""Full-text indexes as a run left them -> in one piece each, where they have grown enough to be worth it."""

from __future__ import annotations

import sqlite3

from embedarchive.store.rows import FULL_TEXT

GROWN = 0.25
"""New words beside one old piece, as a share of it. Each word is then written anew about four times in its life."""

INDEXES = tuple(f"{table}_{kind}" for table in FULL_TEXT for kind in ("fts", "grams"))


def join_pieces(conn: sqlite3.Connection) -> None:
    """Make one piece of every index that many small transactions left in many.

    FTS5 looks a word up in each piece: in one piece twice as many words are found in a second, in two thirds of the room.
    """
    for index in INDEXES:
        *others, largest = sorted(count_pages(conn, index)) or [0]
        if sum(others) > GROWN * largest:
            conn.execute(f"INSERT INTO {index}({index}) VALUES ('optimize')")


def count_pages(conn: sqlite3.Connection, index: str) -> list[int]:
    """How many pages each piece of an index has, about."""
    return [row[0] for row in conn.execute(f"SELECT count(*) FROM {index}_idx GROUP BY segid")]
