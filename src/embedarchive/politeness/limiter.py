"""When each host may next be asked, kept in a small SQLite file that all processes on this machine share."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path

import platformdirs

LONGEST_WAIT_S = 24 * 3600.0
"""No answer of a server, and no jump of the clock, closes a host for longer."""

_FIRST_BACK_OFF_S = 10.0
_LONGEST_BACK_OFF_S = 3600.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (
  host TEXT PRIMARY KEY, free_at REAL NOT NULL DEFAULT 0, closed_until REAL NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS robots (
  origin TEXT PRIMARY KEY, state TEXT NOT NULL, body BLOB NOT NULL, expires_at REAL NOT NULL) STRICT;
"""

# One statement, hence atomic: whoever asks gets the next slot, whichever process it is. Times from a clock that was
# wrong (more than a day ahead) are not believed.
_TAKE_SLOT = """
INSERT INTO hosts (host, free_at) VALUES (:host, :now + :delay)
ON CONFLICT (host) DO UPDATE SET free_at = :delay + max(:now,
  iif(free_at > :now + :longest, 0, free_at), iif(closed_until > :now + :longest, 0, closed_until))
RETURNING free_at - :delay
"""

_CLOSE = """
INSERT INTO hosts (host, closed_until, failures) VALUES (:host, :until, 1)
ON CONFLICT (host) DO UPDATE SET closed_until = max(closed_until, :until), failures = failures + 1
"""


@dataclass(frozen=True, slots=True)
class StoredRobots:
    """A robots.txt as it was answered: `state` is `rules`, `none` or the reason why nobody knows."""

    state: str
    body: bytes
    expires_at: float


def manners_path() -> Path:
    """The file that all processes of this user share."""
    return platformdirs.user_state_path("embedarchive", ensure_exists=True) / "hosts.db"


class RateLimiter:
    """The shared file. It only holds manners, nothing that is archived: a broken one is replaced by one in memory."""

    def __init__(self, path: Path | str) -> None:
        try:
            self._conn = _open(path)
        except sqlite3.DatabaseError:
            self._conn = _open(":memory:")

    def close(self) -> None:
        self._conn.close()

    def take_slot(self, host: str, delay: float, now: float) -> float:
        """Reserve the next free moment of a host; give it, in seconds since the epoch."""
        values = {"host": host, "delay": delay, "now": now, "longest": LONGEST_WAIT_S}
        return float(self._conn.execute(_TAKE_SLOT, values).fetchall()[0][0])

    def closed_for(self, host: str, now: float) -> float:
        """Seconds for which a host has asked to be left alone."""
        row = self._conn.execute("SELECT closed_until FROM hosts WHERE host = ?", (host,)).fetchone()
        wait = (row[0] if row else 0.0) - now
        if 0 < wait <= LONGEST_WAIT_S:
            return wait
        return 0.0

    def close_host(self, host: str, retry_after: float | None, now: float, least: float = 0.0) -> float:
        """Leave a host alone: as long as it says, else twice as long as the last time, at least so long. Give the seconds."""
        row = self._conn.execute("SELECT failures FROM hosts WHERE host = ?", (host,)).fetchone()
        back_off = min(_FIRST_BACK_OFF_S * 2 ** min(row[0] if row else 0, 20), _LONGEST_BACK_OFF_S)
        wait = max(least, back_off if retry_after is None else min(retry_after, LONGEST_WAIT_S))
        self._conn.execute(_CLOSE, {"host": host, "until": now + wait})
        return wait

    def list_closed(self, now: float) -> list[tuple[str, float]]:
        """The hosts that have asked to be left alone, and until when, in seconds since the epoch."""
        query = "SELECT host, closed_until FROM hosts WHERE closed_until > ? AND closed_until <= ? ORDER BY host"
        return [(str(host), float(until)) for host, until in self._conn.execute(query, (now, now + LONGEST_WAIT_S))]

    def lift(self, host: str) -> bool:
        """Let a host be asked again at once, as somebody who knows that it may be; whether it was closed."""
        query = "UPDATE hosts SET closed_until = 0, failures = 0 WHERE host = ? AND closed_until > 0"
        self._conn.execute(
            "DELETE FROM robots WHERE state NOT IN ('rules', 'none') AND origin LIKE '%://' || ?", (host,)
        )
        return self._conn.execute(query, (host,)).rowcount > 0

    def reopen_host(self, host: str) -> None:
        """Forget the failures of a host that has answered."""
        self._conn.execute("UPDATE hosts SET failures = 0 WHERE host = ? AND failures > 0", (host,))

    def find_robots(self, origin: str, now: float) -> StoredRobots | None:
        query = "SELECT state, body, expires_at FROM robots WHERE origin = ? AND expires_at BETWEEN ? AND ?"
        row = self._conn.execute(query, (origin, now, now + LONGEST_WAIT_S)).fetchone()
        if row:
            return StoredRobots(*row)
        return None

    def keep_robots(self, origin: str, robots: StoredRobots) -> None:
        values = (origin, robots.state, robots.body, robots.expires_at)
        self._conn.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", values)


def _open(path: Path | str) -> sqlite3.Connection:
    # Nothing here must survive a power cut, so nothing waits for the disk.
    conn = sqlite3.connect(path, timeout=10, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = OFF")
    conn.executescript(_SCHEMA)
    return conn


def find_retry_after(value: str | None, now: float) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3) as seconds: 0 for the past, a day at most, None for rubbish."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        return min(float(text[:20]), LONGEST_WAIT_S)
    try:
        moment = parsedate_to_datetime(text)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)
