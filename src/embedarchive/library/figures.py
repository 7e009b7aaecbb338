"""An archive -> its totals, and what its first page shows. Read-only."""

from __future__ import annotations

import sqlite3
from typing import Any

from embedarchive.library.posts import read_lines
from embedarchive.library.records import Counts, Figures, Front, OutletRecord, PostLine
from embedarchive.library.rows import Row, select, select_one
from embedarchive.store.sample import count_waiting

# The newest look at a post. One at the post itself goes before walls and faults, which count only where nothing better is
# (as in the view `post_status`): a digit says which it is. A time takes 24 characters and a bar one, and so the outcome
# begins at the 27th.
_NEWEST = "max((outcome IN ('available', 'gone', 'unavailable')) || checked_at || '|' || outcome)"
_SEEN = "max(outcome = 'available')"
STANDING = f"SELECT post_key, {_SEEN} AS seen, substr({_NEWEST}, 27) AS status FROM checks {{0}} GROUP BY post_key"

# The newest searched download of each article.
_CURRENT = (
    "SELECT article_id, id, max(fetched_at) FROM fetches WHERE searched_rules IS NOT NULL {0} GROUP BY article_id"
)

EMBEDS = (
    f"WITH current AS MATERIALIZED ({_CURRENT.format('')}) SELECT count(*) AS embeds, total(e.post_key IS NULL) AS unresolved "
    "FROM current c CROSS JOIN embeds e ON e.fetch_id = c.id WHERE e.kind = 'embed'"
)

# First one row for each post of each outlet, so that nothing has to be counted distinct afterwards.
OUTLETS = (
    f"WITH standing AS MATERIALIZED ({STANDING.format('')}), "
    f"current AS MATERIALIZED ({_CURRENT.format('')}), "
    "holders AS (SELECT a.outlet, count(*) AS articles FROM current c JOIN articles a ON a.id = c.article_id "
    "WHERE EXISTS (SELECT 1 FROM embeds e WHERE e.fetch_id = c.id AND e.kind = 'embed') GROUP BY a.outlet), "
    "held AS MATERIALIZED (SELECT a.outlet, e.post_key, count(*) AS embeds "
    "FROM current c JOIN embeds e ON e.fetch_id = c.id JOIN articles a ON a.id = c.article_id "
    "WHERE e.kind = 'embed' GROUP BY a.outlet, e.post_key) "
    "SELECT h.outlet, o.articles, sum(h.embeds) AS embeds, count(h.post_key) AS posts, "
    "total(s.status = 'gone') AS gone, total(s.status = 'gone' AND s.seen) AS gone_but_kept, "
    "total(s.seen) AS preserved, total(iif(h.post_key IS NULL, h.embeds, 0)) AS unresolved "
    "FROM held h JOIN holders o ON o.outlet IS h.outlet LEFT JOIN standing s ON s.post_key = h.post_key "
    "GROUP BY h.outlet ORDER BY embeds DESC, h.outlet"
)

# The same of one outlet, each post looked up by itself: to join them with all posts would take as long as for all outlets.
OUTLET = (
    "WITH asked(outlet) AS (VALUES (?)), current AS MATERIALIZED ("
    + _CURRENT.format("AND article_id IN (SELECT id FROM articles WHERE outlet = (SELECT outlet FROM asked))")
    + "), "
    "held AS MATERIALIZED (SELECT e.post_key, count(*) AS embeds FROM current c CROSS JOIN embeds e ON e.fetch_id = c.id "
    "WHERE e.kind = 'embed' GROUP BY e.post_key), "
    f"told AS MATERIALIZED (SELECT post_key, embeds, (SELECT {_NEWEST} || {_SEEN} FROM checks k "
    "WHERE k.post_key = h.post_key) AS told FROM held h) "
    "SELECT (SELECT outlet FROM asked) AS outlet, (SELECT count(*) FROM current c WHERE EXISTS (SELECT 1 FROM embeds e "
    "WHERE e.fetch_id = c.id AND e.kind = 'embed')) AS articles, total(embeds) AS embeds, count(post_key) AS posts, "
    "total(told LIKE '%|gone_') AS gone, total(told LIKE '%|gone1') AS gone_but_kept, total(told LIKE '%1') AS preserved, "
    "total(iif(post_key IS NULL, embeds, 0)) AS unresolved FROM told"
)


def count(conn: sqlite3.Connection) -> Counts:
    """The totals of an archive and of its outlets. It reads whole tables: half a minute for a million posts."""
    return Counts(stats(conn), tuple(each for each in outlets(conn) if each.name))


def stats(conn: sqlite3.Connection) -> Figures:
    """The totals of an archive, without those of its outlets, which take most of the time."""
    standing = select(
        conn, f"SELECT status, count(*) AS posts, sum(seen) AS seen FROM ({STANDING.format('')}) GROUP BY status"
    )
    outcomes = {row["status"]: row["posts"] for row in standing}
    seen = {row["status"]: row["seen"] for row in standing}
    platforms = _count_platforms(conn)
    posts = sum(total for _, total, _ in platforms)
    unvisited = posts - sum(outcomes.values())
    embeds, unresolved = next(tuple(row.values()) for row in select(conn, EMBEDS))
    return Figures(
        articles=_number(conn, "SELECT count(*) FROM articles"),
        embeds=embeds,
        unresolved=int(unresolved),
        posts=posts,
        preserved=sum(seen.values()),
        gone=outcomes.get("gone", 0),
        gone_but_kept=seen.get("gone", 0),
        captures=_number(conn, "SELECT count(*) FROM captures"),
        replayed=_number(conn, "SELECT count(DISTINCT capture_id) FROM replays"),
        not_replayed=count_waiting(conn),
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
    """Every outlet, by how much it embedded; the figures are those of the view `embeds_by_outlet`, in one pass.

    Articles of no outlet (plain files) are under the name "".
    """
    return tuple(_read_outlet(row) for row in select(conn, OUTLETS))


def count_outlet(conn: sqlite3.Connection, name: str) -> OutletRecord:
    """The figures of one outlet."""
    return next(_read_outlet(row) for row in select(conn, OUTLET, name))


def _read_outlet(row: Row) -> OutletRecord:
    names = ("articles", "embeds", "posts", "gone", "gone_but_kept", "preserved", "unresolved")
    articles, embeds, posts, gone, gone_but_kept, preserved, unresolved = (int(row[name]) for name in names)
    return OutletRecord(row["outlet"] or "", articles, embeds, posts, gone, gone_but_kept, preserved, unresolved)


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
