"""A capture just described -> whether it is shown again from the archive at once, or when nobody waits.

At once: the first of a platform and of each version of its rules, the first in an article, every new kind of post and of
file, and one of every ten captures. What a change breaks, it breaks for all of a kind.
"""

from __future__ import annotations

import sqlite3
from zlib import crc32

AT_ONCE, LATER = "replay", "replay later"
"""What is pending of a capture, in the table of that name."""

ONE_IN = 10
NEWEST = 10_000
"""Replays looked through for what was shown again before. A kind that none of them is of, counts as new."""

Trait = tuple[str, int, str]
"""A platform, the version of its rules, and a kind of post or of file."""

_TRAITS = """
SELECT platform, rules, '' FROM some
UNION SELECT platform, rules, 'post ' || kind FROM some WHERE kind IS NOT NULL
UNION SELECT platform, rules, 'in an article' FROM some WHERE fetch_id IS NOT NULL
UNION SELECT platform, rules, role || ' ' || content_type FROM some JOIN artifacts a ON a.capture_id = some.id
  WHERE role IN ('media', 'poster')"""

_OF_ONE = f"""
WITH some AS (
  SELECT c.id, c.fetch_id, p.platform, d.rules, d.kind
  FROM captures c JOIN posts p ON p.key = c.post_key JOIN descriptions d ON d.capture_id = c.id
  WHERE c.id = :id ORDER BY d.rules DESC LIMIT 1)
{_TRAITS}"""

_OF_SHOWN = f"""
WITH shown AS (
  SELECT * FROM (SELECT capture_id, checked_at FROM replays ORDER BY id DESC LIMIT {NEWEST})
  UNION ALL SELECT capture_id, '9999' FROM pending WHERE work = '{AT_ONCE}'),
some AS (
  SELECT c.id, c.fetch_id, p.platform, d.rules, d.kind
  FROM shown s CROSS JOIN captures c ON c.id = s.capture_id JOIN posts p ON p.key = c.post_key
  JOIN descriptions d ON d.capture_id = c.id AND d.described_at <= s.checked_at)
{_TRAITS}"""

# A check keeps no media, a frame that was refused has nothing to show, and what others recorded is compared with nothing.
_IS_DUE = f"""
SELECT 1 FROM captures c WHERE id = ? AND purpose = 'post' AND origin = 'visit'
  AND NOT EXISTS (SELECT 1 FROM checks k WHERE k.capture_id = c.id AND k.embedding = 'refused')
  AND NOT EXISTS (SELECT 1 FROM replays r WHERE r.capture_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM pending w WHERE w.work = '{AT_ONCE}' AND w.capture_id = c.id)"""


class Sample:
    """What of an archive is shown again at once. It remembers the kinds that were, and reads them when first asked."""

    def __init__(self) -> None:
        self._shown: set[Trait] | None = None

    def ask_to_replay(self, conn: sqlite3.Connection, capture_id: int) -> None:
        """Make a capture due to be shown again, unless it was; within the transaction that keeps its description."""
        if conn.execute(_IS_DUE, (capture_id,)).fetchone() is None:
            return
        if self._is_new(conn, capture_id) or is_drawn(capture_id):
            work = AT_ONCE
        else:
            work = LATER
        settle_replay(conn, capture_id)
        conn.execute("INSERT INTO pending VALUES (?, ?)", (work, capture_id))

    def _is_new(self, conn: sqlite3.Connection, capture_id: int) -> bool:
        if self._shown is None:
            self._shown = {tuple(row) for row in conn.execute(_OF_SHOWN)}
        traits = {tuple(row) for row in conn.execute(_OF_ONE, {"id": capture_id})}
        is_new = not traits <= self._shown
        self._shown |= traits
        return is_new


def is_drawn(capture_id: int) -> bool:
    """Whether a capture is the one that is drawn of its ten neighbours. Pure.

    Exactly one of every ten, so that no run draws twice as many as another; not every tenth, which platforms that take
    turns could always be, or never.
    """
    ten, place = divmod(capture_id, ONE_IN)
    return crc32(b"%d" % ten) % ONE_IN == place


def count_waiting(conn: sqlite3.Connection) -> int:
    """How many captures were not yet shown again, and are to be."""
    sql = "SELECT count(*) FROM pending WHERE work IN (?, ?)"
    return int(conn.execute(sql, (AT_ONCE, LATER)).fetchone()[0])


def has_more_than(conn: sqlite3.Connection, count: int) -> bool:
    """Whether more captures than that wait for spare time, those counted of which it is not known yet."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM pending WHERE work IN (?, 'describe') LIMIT ?)"
    return int(conn.execute(sql, (LATER, count + 1)).fetchone()[0]) > count


def has_more_at_once(conn: sqlite3.Connection, count: int) -> bool:
    """Whether more captures than that are to be shown again at once."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM pending WHERE work = ? LIMIT ?)"
    return int(conn.execute(sql, (AT_ONCE, count + 1)).fetchone()[0]) > count


def settle_replay(conn: sqlite3.Connection, capture_id: int) -> None:
    """Let a capture be due no longer."""
    conn.execute("DELETE FROM pending WHERE work IN (?, ?) AND capture_id = ?", (AT_ONCE, LATER, capture_id))
