"""Terms of a full-text index -> the newest rows that hold them, sought from the rarest terms on. Read-only.

SQLite looks every term of a conjunction up in step with the others, though two or three rare ones leave next to nothing
to look for. How rare a term is, no table says; but how far one has to go back to meet it a few times tells well enough.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

SAMPLE = 32
NEWEST = 2**63 - 1
FEW = 4
"""Terms that leave next to nothing, if they are the rarest."""


def sort_by_rarity(conn: sqlite3.Connection, index: str, terms: Iterable[str]) -> list[str]:
    """Terms, the rarest first; none at all if one of them stands nowhere, for then nothing holds them all."""
    met: list[tuple[int, int, str]] = []
    for term in dict.fromkeys(terms):
        rowids = find_newest(conn, index, [term], SAMPLE)
        if not rowids:
            return []
        met.append((len(rowids), rowids[-1], term))
    return [term for _, _, term in sorted(met)]


def find_newest(
    conn: sqlite3.Connection, index: str, terms: Sequence[str], most: int, before: int = NEWEST
) -> list[int]:
    """The newest rows that hold all of these terms, of those older than one, newest first."""
    sql = f"SELECT rowid FROM {index} WHERE {index} MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
    return [row[0] for row in conn.execute(sql, (" AND ".join(terms), before, most))]
