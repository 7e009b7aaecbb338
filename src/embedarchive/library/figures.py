"""An archive -> its totals, and what its first page shows. Read-only."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from embedarchive.library.posts import read_lines
from embedarchive.library.records import Counts, Figures, Front, OutletRecord, PostLine
from embedarchive.library.rows import Row, select, select_one
from embedarchive.store.sample import count_waiting
from embedarchive.store.sharing import count_hidden

# Posts of captures that a killed run left without a conclusion: the view says of them what can be said (nothing is gone).
_UNCONCLUDED = """
SELECT key AS post_key, platform, status, kept FROM post_status WHERE key IN (
  SELECT c.post_key FROM pending w JOIN captures c ON c.id = w.capture_id
  WHERE w.work = 'conclude' AND c.post_key NOT IN (SELECT post_key FROM conclusions))"""

STANDING = (
    f"SELECT post_key, status, kept FROM conclusions UNION ALL SELECT post_key, status, kept FROM ({_UNCONCLUDED})"
)

COUNTED = f"""
SELECT platform, status, kept, sum(posts) AS posts FROM (
  SELECT platform, status, kept, posts FROM post_counts
  UNION ALL SELECT platform, status, kept, 1 FROM ({_UNCONCLUDED}))
GROUP BY platform, status, kept"""

PERHAPS_GONE = "SELECT count(*) FROM conclusions WHERE status = 'unavailable' AND reason = 'unconfirmed'"

# The newest searched download of each article.
_CURRENT = (
    "SELECT article_id, id, max(fetched_at) FROM fetches WHERE searched_rules IS NOT NULL {0} GROUP BY article_id"
)

EMBEDS = f"""
WITH current AS MATERIALIZED ({_CURRENT.format("")})
SELECT count(*) AS embeds, total(e.post_key IS NULL) AS unresolved
FROM current c CROSS JOIN embeds e ON e.fetch_id = c.id WHERE e.kind = 'embed'"""

_SUMS = """
  total(s.status = 'gone') AS gone, total(s.status = 'gone' AND s.kept <> 'none') AS gone_but_kept,
  total(s.kept <> 'none') AS preserved, total(s.kept = 'partial') AS partly_preserved,
  total(iif(h.post_key IS NULL, h.embeds, 0)) AS unresolved"""

# First one row for each post of each outlet, so that nothing has to be counted distinct afterwards.
OUTLETS = f"""
WITH standing AS MATERIALIZED ({STANDING}), current AS MATERIALIZED ({_CURRENT.format("")}),
  holders AS (SELECT a.outlet, count(*) AS articles FROM current c JOIN articles a ON a.id = c.article_id
    WHERE EXISTS (SELECT 1 FROM embeds e WHERE e.fetch_id = c.id AND e.kind = 'embed') GROUP BY a.outlet),
  held AS MATERIALIZED (SELECT a.outlet, e.post_key, count(*) AS embeds
    FROM current c JOIN embeds e ON e.fetch_id = c.id JOIN articles a ON a.id = c.article_id
    WHERE e.kind = 'embed' GROUP BY a.outlet, e.post_key)
SELECT h.outlet, o.articles, sum(h.embeds) AS embeds, count(h.post_key) AS posts, {_SUMS}
FROM held h JOIN holders o ON o.outlet IS h.outlet LEFT JOIN standing s ON s.post_key = h.post_key
GROUP BY h.outlet ORDER BY embeds DESC, h.outlet"""

# The same of one outlet, each post looked up by itself: to join them with all posts would take as long as for all outlets.
OUTLET = f"""
WITH asked(outlet) AS (VALUES (?)),
  current AS MATERIALIZED (
    {_CURRENT.format("AND article_id IN (SELECT id FROM articles WHERE outlet = (SELECT outlet FROM asked))")}),
  held AS MATERIALIZED (SELECT e.post_key, count(*) AS embeds FROM current c CROSS JOIN embeds e ON e.fetch_id = c.id
    WHERE e.kind = 'embed' GROUP BY e.post_key)
SELECT (SELECT outlet FROM asked) AS outlet,
  (SELECT count(*) FROM current c
   WHERE EXISTS (SELECT 1 FROM embeds e WHERE e.fetch_id = c.id AND e.kind = 'embed')) AS articles,
  total(h.embeds) AS embeds, count(h.post_key) AS posts, {_SUMS}
FROM held h LEFT JOIN post_status s ON s.key = h.post_key"""


def count(conn: sqlite3.Connection) -> Counts:
    """The totals of an archive and of its outlets. It reads whole tables: half a minute for a million posts."""
    return Counts(stats(conn), tuple(each for each in outlets(conn) if each.name))


def stats(conn: sqlite3.Connection) -> Figures:
    """The totals of an archive, without those of its outlets, which take most of the time."""
    counted = select(conn, COUNTED)
    platforms = _count_platforms(conn, counted)
    outcomes = _add_up(counted, "status")
    kept = [row for row in counted if row["kept"] != "none"]
    posts = sum(total for _, total, _ in platforms)
    unvisited = posts - sum(outcomes.values())
    embeds, unresolved = next(tuple(row.values()) for row in select(conn, EMBEDS))
    return Figures(
        articles=_number(conn, "SELECT count(*) FROM articles"),
        embeds=embeds,
        unresolved=int(unresolved),
        posts=posts,
        preserved=sum(row["posts"] for row in kept),
        partly_preserved=sum(row["posts"] for row in kept if row["kept"] == "partial"),
        gone=outcomes.get("gone", 0),
        gone_but_kept=sum(row["posts"] for row in kept if row["status"] == "gone"),
        perhaps_gone=_number(conn, PERHAPS_GONE),
        captures=_number(conn, "SELECT count(*) FROM captures WHERE purpose <> 'control'"),
        replayed=_number(conn, "SELECT count(DISTINCT capture_id) FROM replays"),
        not_replayed=count_waiting(conn),
        blobs=_number(conn, "SELECT count(*) FROM blobs"),
        bytes=_number(conn, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
        outcomes=outcomes | ({"not captured": unvisited} if unvisited > 0 else {}),
        platforms=platforms,
        first_at=_value(conn, "SELECT min(started_at) FROM captures"),
        last_at=_value(conn, "SELECT max(started_at) FROM captures"),
        withheld=count_hidden(conn),
    )


def _count_platforms(conn: sqlite3.Connection, counted: Sequence[Row]) -> tuple[tuple[str, int, int], ...]:
    """(platform, posts, of them preserved), most posts first."""
    kept = _add_up([row for row in counted if row["kept"] != "none"], "platform")
    rows = select(
        conn,
        "SELECT platform, count(*) AS posts FROM posts WHERE same_as IS NULL AND is_control = 0 "
        "GROUP BY platform ORDER BY posts DESC",
    )
    return tuple((row["platform"], row["posts"], kept.get(row["platform"], 0)) for row in rows)


def _add_up(counted: Sequence[Row], column: str) -> dict[str, int]:
    """How many posts there are of each value of a column."""
    sums: Counter[str] = Counter()
    for row in counted:
        sums[row[column]] += row["posts"]
    return dict(sums)


def outlets(conn: sqlite3.Connection) -> tuple[OutletRecord, ...]:
    """Every outlet, by how much it embedded; the figures are those of the view `embeds_by_outlet`, in one pass.

    Articles of no outlet (plain files) are under the name "".
    """
    return tuple(_read_outlet(row) for row in select(conn, OUTLETS))


def count_outlet(conn: sqlite3.Connection, name: str) -> OutletRecord:
    """The figures of one outlet."""
    return next(_read_outlet(row) for row in select(conn, OUTLET, name))


def _read_outlet(row: Row) -> OutletRecord:
    names = ("articles", "embeds", "posts", "gone", "gone_but_kept", "preserved", "unresolved", "partly_preserved")
    figures: dict[str, Any] = {name: int(row[name]) for name in names}
    return OutletRecord(row["outlet"] or "", **figures)


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


MOST_IN_A_FEED = 50


def list_moments(conn: sqlite3.Connection, what: str) -> list[tuple[PostLine, str]]:
    """The posts that were preserved, or found gone, last, each with when that was."""
    if what == "lost":
        lines = recent_losses(conn, MOST_IN_A_FEED)
        told = [(line, line.first_gone_at or "") for line in lines]
    else:
        told = [
            (line, line.last_available_at or "") for line in recent_captures(conn, MOST_IN_A_FEED) if line.preserved
        ]
    return sorted(((line, at) for line, at in told if at), key=lambda each: each[1], reverse=True)


def list_public(conn: sqlite3.Connection, page: int, most: int) -> tuple[tuple[str, str | None], ...]:
    """A page of the posts of which something is kept or known to be gone: (key, when it was last looked at), by key."""
    sql = """SELECT post_key, last_checked_at FROM conclusions WHERE kept <> 'none' OR status = 'gone'
             ORDER BY post_key LIMIT ? OFFSET ?"""
    return tuple((row[0], row[1]) for row in conn.execute(sql, (most, (page - 1) * most)))


def count_public(conn: sqlite3.Connection) -> int:
    """How many posts `list_public` has."""
    return _number(conn, "SELECT total(posts) FROM post_counts WHERE kept <> 'none' OR status = 'gone'")


def _recent_keys(conn: sqlite3.Connection, outcome: str, limit: int) -> list[str]:
    sql = "SELECT post_key FROM captures WHERE outcome = ? AND purpose <> 'control' ORDER BY started_at DESC LIMIT ?"
    return list(dict.fromkeys(row["post_key"] for row in select(conn, sql, outcome, limit)))


def _value(conn: sqlite3.Connection, sql: str) -> Any:
    row = select_one(conn, sql)
    return next(iter(row.values())) if row else None


def _number(conn: sqlite3.Connection, sql: str) -> int:
    return int(_value(conn, sql) or 0)
