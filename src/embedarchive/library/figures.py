"""An archive -> its totals, and what its first page shows. Read-only."""

from __future__ import annotations

import sqlite3
from typing import Any

from embedarchive.library.posts import read_lines
from embedarchive.library.rows import select, select_one
from embedarchive.records import Figures, Front, OutletRecord, PostLine


def stats(conn: sqlite3.Connection) -> Figures:
    """The totals of an archive. It reads whole tables: about a second for a million posts."""
    status = dict(_pairs(conn, "SELECT status, count(*) FROM post_status GROUP BY status"))
    preserved = _number(conn, "SELECT count(DISTINCT post_key) FROM captures WHERE outcome = 'available'")
    return Figures(
        articles=_number(conn, "SELECT count(*) FROM articles"),
        embeds=_number(conn, "SELECT count(*) FROM current_embeds WHERE kind = 'embed'"),
        unresolved=_number(conn, "SELECT count(*) FROM current_embeds WHERE kind = 'embed' AND post_key IS NULL"),
        posts=sum(status.values()),
        preserved=preserved,
        gone=status.get("gone", 0),
        gone_but_kept=_number(
            conn, "SELECT count(*) FROM post_status WHERE status = 'gone' AND best_capture_id IS NOT NULL"
        ),
        captures=_number(conn, "SELECT count(*) FROM captures"),
        blobs=_number(conn, "SELECT count(*) FROM blobs"),
        bytes=_number(conn, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
        outcomes=status,
        platforms=tuple(
            (name, posts, kept)
            for name, posts, kept in _tuples(
                conn,
                "SELECT p.platform, count(*), sum(EXISTS (SELECT 1 FROM captures c WHERE c.post_key = p.key "
                "AND c.outcome = 'available')) FROM posts p WHERE p.same_as IS NULL "
                "GROUP BY p.platform ORDER BY 2 DESC",
            )
        ),
        first_at=_value(conn, "SELECT min(started_at) FROM captures"),
        last_at=_value(conn, "SELECT max(started_at) FROM captures"),
    )


def front(conn: sqlite3.Connection, limit: int = 12) -> Front:
    """Totals, the newest losses that are kept, the newest captures, and the outlets that embedded most."""
    return Front(
        figures=stats(conn),
        losses=tuple(line for line in recent_losses(conn, limit) if line.preserved),
        recent=recent_captures(conn, limit),
        outlets=outlets(conn, limit),
    )


def recent_losses(conn: sqlite3.Connection, limit: int) -> tuple[PostLine, ...]:
    """Posts last seen to be gone, newest finding first, those that are preserved before those that are not."""
    keys = _recent_keys(conn, "gone", 8 * limit)
    lost = [line for line in read_lines(conn, keys).values() if line.status == "gone"]
    lost.sort(key=lambda line: not line.preserved)
    return tuple(lost[:limit])


def recent_captures(conn: sqlite3.Connection, limit: int) -> tuple[PostLine, ...]:
    """Posts last captured, newest first."""
    lines = read_lines(conn, _recent_keys(conn, "available", 8 * limit)).values()
    return tuple(line for line in lines if line.status == "available")[:limit]


def outlets(conn: sqlite3.Connection, limit: int = 100) -> tuple[OutletRecord, ...]:
    """Outlets by how much they embedded."""
    rows = select(conn, "SELECT * FROM embeds_by_outlet WHERE outlet IS NOT NULL ORDER BY embeds DESC LIMIT ?", limit)
    return tuple(
        OutletRecord(
            row["outlet"],
            row["articles"],
            row["embeds"],
            row["posts"],
            row["gone"] or 0,
            row["gone_but_kept"] or 0,
            row["preserved"] or 0,
            row["unresolved"] or 0,
        )
        for row in rows
    )


def _recent_keys(conn: sqlite3.Connection, outcome: str, limit: int) -> list[str]:
    sql = "SELECT post_key FROM captures WHERE outcome = ? ORDER BY started_at DESC LIMIT ?"
    return list(dict.fromkeys(row["post_key"] for row in select(conn, sql, outcome, limit)))


def _tuples(conn: sqlite3.Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in conn.execute(sql, values)]


def _pairs(conn: sqlite3.Connection, sql: str) -> list[tuple[str, int]]:
    return [(str(a), int(b)) for a, b in _tuples(conn, sql)]


def _value(conn: sqlite3.Connection, sql: str) -> Any:
    row = select_one(conn, sql)
    return next(iter(row.values())) if row else None


def _number(conn: sqlite3.Connection, sql: str) -> int:
    return int(_value(conn, sql) or 0)
