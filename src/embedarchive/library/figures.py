"""An archive -> its totals, and what its first page shows. Read-only."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from embedarchive.library.posts import read_lines
from embedarchive.library.records import Counts, Figures, Front, OutletRecord, PostLine
from embedarchive.library.rows import Row, select, select_one
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

# Posts that are known and not yet among those to browse, while a run writes or after one that was killed.
NEW_POSTS = """
SELECT 'platform', p.platform, count(*) FROM browsing_due d CROSS JOIN posts p ON p.key = d.post_key
WHERE p.same_as IS NULL AND p.is_control = 0 AND NOT EXISTS (SELECT 1 FROM browsing b WHERE b.post_key = p.key)
GROUP BY p.platform"""

PERHAPS_GONE = "SELECT count(*) FROM conclusions WHERE status = 'unavailable' AND reason = 'unconfirmed'"

OUTLET_COLUMNS = "articles, embeds, posts, gone, gone_but_kept, preserved, unresolved, partly_preserved"
_SUMS = ", ".join(f"sum({column}) AS {column}" for column in OUTLET_COLUMNS.split(", "))

# What is withheld comes as rows that take it away; posts that a killed run left without a conclusion stand among those that
# nobody has visited.
_FIGURES = f"""SELECT outlet, {OUTLET_COLUMNS} FROM outlet_figures
UNION ALL SELECT b.outlet, 0, 0, 0, u.status = 'gone', u.status = 'gone' AND u.kept <> 'none', u.kept <> 'none', 0,
  u.kept = 'partial'
FROM ({_UNCONCLUDED}) u CROSS JOIN browsing b ON b.post_key = u.post_key WHERE b.embeds > 0"""
OUTLETS = f"""SELECT outlet, {_SUMS} FROM ({_FIGURES}) GROUP BY outlet HAVING sum(embeds) > 0
ORDER BY sum(embeds) DESC, outlet LIMIT ?"""
OUTLET = f"SELECT ? AS outlet, {_SUMS} FROM ({_FIGURES}) WHERE outlet = ?"


def count(conn: sqlite3.Connection, most: int = -1) -> Counts:
    """The totals of an archive and of its outlets, from counts that are kept: as long as there are outlets, not posts.

    `most` is how many outlets are told of, those of most embeds; all with -1.
    """
    return Counts(stats(conn), tuple(each for each in outlets(conn, most) if each.name))


def stats(conn: sqlite3.Connection) -> Figures:
    """The totals of an archive, from counts that are kept: they cost the same in an archive of any size."""
    counted, totals = select(conn, COUNTED), read_totals(conn)
    platforms = _count_platforms(totals, counted)
    outcomes = _add_up(counted, "status")
    kept = [row for row in counted if row["kept"] != "none"]
    posts = sum(total for _, total, _ in platforms)
    unvisited = posts - sum(outcomes.values())
    return Figures(
        articles=sum(totals["articles"].values()),
        embeds=_number(conn, "SELECT sum(embeds) FROM outlet_figures"),
        unresolved=_number(conn, "SELECT sum(unresolved) FROM outlet_figures"),
        posts=posts,
        preserved=sum(row["posts"] for row in kept),
        partly_preserved=sum(row["posts"] for row in kept if row["kept"] == "partial"),
        gone=outcomes.get("gone", 0),
        gone_but_kept=sum(row["posts"] for row in kept if row["status"] == "gone"),
        perhaps_gone=_number(conn, PERHAPS_GONE),
        captures=totals["captures"][""],
        replayed=totals["replayed"][""],
        not_replayed=totals["to replay"][""],
        blobs=totals["blobs"][""],
        bytes=_number(conn, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
        outcomes=outcomes | ({"not captured": unvisited} if unvisited > 0 else {}),
        platforms=platforms,
        first_at=_value(conn, "SELECT min(started_at) FROM captures"),
        last_at=_value(conn, "SELECT max(started_at) FROM captures"),
        withheld=count_hidden(conn),
    )


def read_totals(conn: sqlite3.Connection) -> Mapping[str, Counter[str]]:
    """How many there are of what (table `totals`), by its value; nothing of what is not counted."""
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for query in ("SELECT what, value, number FROM totals", NEW_POSTS):
        for what, value, number in conn.execute(query):
            totals[what][value] += number
    return totals


def _count_platforms(totals: Mapping[str, Counter[str]], counted: Sequence[Row]) -> tuple[tuple[str, int, int], ...]:
    """(platform, posts, of them preserved), most posts first."""
    kept = _add_up([row for row in counted if row["kept"] != "none"], "platform")
    return tuple((name, posts, kept.get(name, 0)) for name, posts in totals["platform"].most_common() if posts > 0)


def _add_up(counted: Sequence[Row], column: str) -> dict[str, int]:
    """How many posts there are of each value of a column."""
    sums: Counter[str] = Counter()
    for row in counted:
        sums[row[column]] += row["posts"]
    return dict(sums)


def outlets(conn: sqlite3.Connection, most: int = -1) -> tuple[OutletRecord, ...]:
    """Every outlet or the first so many, by how much it embedded; the figures are those of the view `embeds_by_outlet`, kept.

    Articles of no outlet (plain files) are under the name "".
    """
    return tuple(_read_outlet(row) for row in select(conn, OUTLETS, most))


def count_outlet(conn: sqlite3.Connection, name: str) -> OutletRecord:
    """The figures of one outlet."""
    return next(_read_outlet(row) for row in select(conn, OUTLET, name, name))


def count_articles(conn: sqlite3.Connection, outlet: str) -> int:
    """How many articles an outlet has, those that embed nothing as well."""
    return _number(conn, "SELECT sum(number) FROM totals WHERE what = 'articles' AND value = ?", outlet)


def _read_outlet(row: Row) -> OutletRecord:
    figures: dict[str, Any] = {name: int(row[name] or 0) for name in OUTLET_COLUMNS.split(", ")}
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


def _value(conn: sqlite3.Connection, sql: str, *values: object) -> Any:
    row = select_one(conn, sql, *values)
    if row:
        return next(iter(row.values()))
    return None


def _number(conn: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(_value(conn, sql, *values) or 0)
