"""An archive -> its totals, and what its first page shows. Read-only."""

from __future__ import annotations

import sqlite3
from typing import Any

from embedarchive.library.posts import read_lines
from embedarchive.library.rows import select, select_one
from embedarchive.records import Counts, Figures, Front, OutletRecord, PostLine

# One pass over all looks, in the order of their index. A time takes 24 characters and a bar one, so the outcome of the
# newest look begins at the 26th. As in the view `post_status`, walls and faults count only where nothing better is.
STANDING = (
    "SELECT post_key, max(outcome = 'available') AS seen, substr(coalesce("
    "max(CASE WHEN outcome IN ('available', 'gone', 'unavailable') THEN checked_at || '|' || outcome END), "
    "max(checked_at || '|' || outcome)), 26) AS status FROM checks GROUP BY post_key"
)

OUTLETS = (
    f"WITH standing AS MATERIALIZED ({STANDING}), "
    "current AS MATERIALIZED (SELECT article_id, id, max(fetched_at) FROM fetches "
    "WHERE searched_rules IS NOT NULL GROUP BY article_id) "
    "SELECT a.outlet, count(DISTINCT e.article_id) AS articles, count(*) AS embeds, "
    "count(DISTINCT e.post_key) AS posts, "
    "count(DISTINCT iif(s.status = 'gone', e.post_key, NULL)) AS gone, "
    "count(DISTINCT iif(s.status = 'gone' AND s.seen, e.post_key, NULL)) AS gone_but_kept, "
    "count(DISTINCT iif(s.seen, e.post_key, NULL)) AS preserved, sum(e.post_key IS NULL) AS unresolved "
    "FROM current c JOIN embeds e ON e.fetch_id = c.id JOIN articles a ON a.id = c.article_id "
    "LEFT JOIN standing s ON s.post_key = e.post_key "
    "WHERE e.kind = 'embed' AND a.outlet IS NOT NULL GROUP BY a.outlet ORDER BY embeds DESC, a.outlet"
)


def count(conn: sqlite3.Connection) -> Counts:
    """The totals of an archive and of its outlets. It reads whole tables: some 20 seconds for a million posts."""
    return Counts(stats(conn), outlets(conn))


def stats(conn: sqlite3.Connection) -> Figures:
    """The totals of an archive. It reads whole tables: some seconds for a million posts."""
    standing = select(conn, f"SELECT status, count(*) AS posts, sum(seen) AS seen FROM ({STANDING}) GROUP BY status")
    outcomes = {row["status"]: row["posts"] for row in standing}
    seen = {row["status"]: row["seen"] for row in standing}
    platforms = _count_platforms(conn)
    posts = sum(total for _, total, _ in platforms)
    unvisited = posts - sum(outcomes.values())
    return Figures(
        articles=_number(conn, "SELECT count(*) FROM articles"),
        embeds=_number(conn, "SELECT count(*) FROM current_embeds WHERE kind = 'embed'"),
        unresolved=_number(conn, "SELECT count(*) FROM current_embeds WHERE kind = 'embed' AND post_key IS NULL"),
        posts=posts,
        preserved=sum(seen.values()),
        gone=outcomes.get("gone", 0),
        gone_but_kept=seen.get("gone", 0),
        captures=_number(conn, "SELECT count(*) FROM captures"),
        blobs=_number(conn, "SELECT count(*) FROM blobs"),
        bytes=_number(conn, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
        outcomes=outcomes | ({"not captured": unvisited} if unvisited > 0 else {}),
        platforms=platforms,
        first_at=_value(conn, "SELECT min(started_at) FROM captures"),
        last_at=_value(conn, "SELECT max(started_at) FROM captures"),
    )


def _count_platforms(conn: sqlite3.Connection) -> tuple[tuple[str, int, int], ...]:
    rows = select(
        conn,
        "SELECT platform, count(*) AS posts, sum(EXISTS (SELECT 1 FROM captures c WHERE c.post_key = p.key "
        "AND c.outcome = 'available')) AS kept FROM posts p WHERE same_as IS NULL "
        "GROUP BY platform ORDER BY posts DESC",
    )
    return tuple((row["platform"], row["posts"], row["kept"]) for row in rows)


def outlets(conn: sqlite3.Connection) -> tuple[OutletRecord, ...]:
    """Every outlet, by how much it embedded; the figures are those of the view `embeds_by_outlet`, in one pass."""
    return tuple(
        OutletRecord(
            row["outlet"],
            row["articles"],
            row["embeds"],
            row["posts"],
            row["gone"],
            row["gone_but_kept"],
            row["preserved"],
            row["unresolved"],
        )
        for row in select(conn, OUTLETS)
    )


def front(conn: sqlite3.Connection, limit: int = 12) -> Front:
    """The newest losses that are kept, and the newest captures."""
    losses = tuple(line for line in recent_losses(conn, limit) if line.preserved)
    return Front(losses=losses, recent=recent_captures(conn, limit))


def recent_losses(conn: sqlite3.Connection, limit: int) -> tuple[PostLine, ...]:
    """Posts last seen to be gone, newest finding first, those that are preserved before those that are not."""
    keys = _recent_keys(conn, "gone", 4 * limit)
    lost = [line for line in read_lines(conn, keys).values() if line.status == "gone"]
    lost.sort(key=lambda line: not line.preserved)
    return tuple(lost[:limit])


def recent_captures(conn: sqlite3.Connection, limit: int) -> tuple[PostLine, ...]:
    """Posts last captured, newest first."""
    lines = read_lines(conn, _recent_keys(conn, "available", 4 * limit)).values()
    return tuple(line for line in lines if line.status == "available")[:limit]


def _recent_keys(conn: sqlite3.Connection, outcome: str, limit: int) -> list[str]:
    sql = "SELECT post_key FROM captures WHERE outcome = ? ORDER BY started_at DESC LIMIT ?"
    return list(dict.fromkeys(row["post_key"] for row in select(conn, sql, outcome, limit)))


def _value(conn: sqlite3.Connection, sql: str) -> Any:
    row = select_one(conn, sql)
    return next(iter(row.values())) if row else None


def _number(conn: sqlite3.Connection, sql: str) -> int:
    return int(_value(conn, sql) or 0)
