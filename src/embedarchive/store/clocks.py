"""The times in an archive, and this machine's -> whether the clock of a run can be right.

A clock that was set back would put what is seen now before what was seen earlier: a post that came back would be gone, and one
that is gone alive. So the run is marked, keeps what it sees, and nothing is concluded from when it saw it.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field

from embedarchive.core.standing import later
from embedarchive.store import conclusions

SLACK_S = 60.0
"""By so much clocks differ, and are set back by those who keep them right."""

_NEWEST = """
SELECT max(at) FROM (
  SELECT max(started_at) AS at FROM crawls WHERE clock_suspect IS NULL
  UNION ALL SELECT max(finished_at) FROM crawls WHERE clock_suspect IS NULL
  UNION ALL SELECT * FROM (SELECT c.started_at FROM captures c LEFT JOIN crawls r ON r.id = c.crawl_id
                           WHERE r.clock_suspect IS NULL ORDER BY c.started_at DESC LIMIT 1))"""

_AHEAD = """
SELECT id FROM crawls r WHERE r.clock_suspect IS NULL AND (r.started_at > :now OR r.finished_at > :now
  OR EXISTS (SELECT 1 FROM captures c WHERE c.started_at > :now AND c.crawl_id = r.id))"""


def find_newer(conn: sqlite3.Connection, now: str) -> str | None:
    """The newest time that an archive holds, where it lies after `now`, which it cannot."""
    newest: str | None = conn.execute(_NEWEST).fetchone()[0]
    if newest and newest > later(now, SLACK_S):
        return newest
    return None


def doubt(conn: sqlite3.Connection, crawl_id: int, why: str) -> None:
    """Mark a run, and let what was concluded with it be concluded without, inside the caller's transaction."""
    conn.execute("UPDATE crawls SET clock_suspect = ? WHERE id = ?", (why, crawl_id))
    conclusions.ask_for_run(conn, crawl_id)


def trust(conn: sqlite3.Connection, now: str) -> tuple[int, int]:
    """Believe that it is `now`: mark the runs that were after it instead of those marked for being before them.

    Inside the caller's transaction; gives how many runs are believed again, and how many no more.
    """
    again = [row[0] for row in conn.execute("SELECT id FROM crawls WHERE clock_suspect LIKE 'before %'").fetchall()]
    ahead = [row[0] for row in conn.execute(_AHEAD, {"now": later(now, SLACK_S)}).fetchall()]
    for crawl_id in again:
        conn.execute("UPDATE crawls SET clock_suspect = NULL WHERE id = ?", (crawl_id,))
        conclusions.ask_for_run(conn, crawl_id)
    for crawl_id in ahead:
        doubt(conn, crawl_id, f"after {now}, when the clock was said to be right")
    return len(again), len(ahead)


def say_before(newest: str) -> str:
    """Why a run's times are not believed. Pure."""
    return f"before {newest}, which the archive holds"


SET_BACK = "set back while it ran"


def tell_doubt(now: str, why: str) -> str:
    """What the user is told of it. Pure."""
    return (
        f"This machine's clock says {now}, and cannot be right: that is {why}. What this run sees is kept, and nothing is "
        "concluded from it. Set the clock, and run the same command again; if it is right, and was wrong before, say so with: "
        "embedarchive check --trust-clock"
    )


@dataclass
class ClockWatch:
    """Notices that the wall clock is set back while it is watched, beside one that cannot be."""

    wall: float = field(default_factory=time.time)
    steady: float = field(default_factory=time.monotonic)

    def is_set_back(self, wall: float, steady: float) -> bool:
        """Whether so much less time went by on the wall clock. Both in seconds. Pure."""
        return (steady - self.steady) - (wall - self.wall) > SLACK_S


def read_clocks() -> tuple[float, float]:
    """The wall clock and the steady one, in seconds."""
    return time.time(), time.monotonic()
