"""Another archive -> what merging it would bring, counted by the same keys. Nothing is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from embedarchive.store.merging.levels import read_erased
from embedarchive.store.reading import open_reader

AT_ONCE = 5_000

COUNTED = {
    "captures": ("SELECT id, uid FROM captures WHERE id > ?", "SELECT count(*) FROM captures WHERE uid IN ({})"),
    "articles": (
        "SELECT id, url FROM articles WHERE id > ?", "SELECT count(DISTINCT url) FROM article_urls WHERE url IN ({})",
    ),
    "posts": ("SELECT key, key FROM posts WHERE key > ?", "SELECT count(*) FROM posts WHERE key IN ({})"),
    "files": ("SELECT sha256, sha256 FROM blobs WHERE sha256 > ?", "SELECT count(*) FROM blobs WHERE sha256 IN ({})"),
}  # fmt: skip
"""What -> the query of its numbers and names there, and the one of how many of these are here."""


@dataclass(frozen=True, slots=True)
class MergePlan:
    """How much of another archive is new, and how much is held already; `to_erase` subjects are erased in one of both only."""

    place: Path
    new: dict[str, int]
    known: dict[str, int]
    to_erase: int


def plan_merge(path: Path, place: Path) -> MergePlan:
    """Count what merging the archive at `place` would bring into the one at `path`, where there may be none yet."""
    new, known = dict.fromkeys(COUNTED, 0), dict.fromkeys(COUNTED, 0)
    with ExitStack() as stack:
        other = stack.enter_context(closing(open_reader(place)))
        conn = None
        if path.exists():
            conn = stack.enter_context(closing(open_reader(path)))
        for what, (there, here) in COUNTED.items():
            for names in read_batches(other, there):
                held = count_here(conn, here, names)
                known[what] += held
                new[what] += len(names) - held
        differ = read_erased(other).keys() ^ (read_erased(conn).keys() if conn else set())
    return MergePlan(place, new, known, len(differ))


def read_batches(other: sqlite3.Connection, sql: str) -> Iterator[list[str]]:
    last: int | str = 0 if " id, " in sql else ""
    while batch := other.execute(f"{sql} ORDER BY 1 LIMIT {AT_ONCE}", (last,)).fetchall():
        last = batch[-1][0]
        yield [row[1] for row in batch]


def count_here(conn: sqlite3.Connection | None, sql: str, names: list[str]) -> int:
    if conn is None:
        return 0
    return int(conn.execute(sql.format("SELECT value FROM json_each(?)"), (json.dumps(names),)).fetchone()[0])
