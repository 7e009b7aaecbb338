"""Posts that changed -> their rows in `browsing`, with the counts of them: what the pages and filters of browsing read.

Triggers note in `browsing_due` which posts changed, whoever writes; here their rows are made anew from the view `browsable`,
and the counts follow by the difference. What is counted equals a recount at any time.
"""

from __future__ import annotations

import json
import sqlite3

MOST_AT_ONCE = 2_000
COLUMNS = "outlet, platform, status, kept, kind, lang, posted_at, post_key, author, lost_in"
CELL = "outlet, platform, status, kept, kind, lang, substr(posted_at, 1, 7), lost_in"

COUNT = f"SELECT {CELL}, count(*) FROM browsing GROUP BY {CELL}"
TOTAL = """SELECT 'outlet', outlet, count(*) FROM browsing WHERE outlet <> '' GROUP BY outlet
           UNION ALL SELECT 'author', author, count(*) FROM browsing WHERE outlet = '' AND author <> '' GROUP BY author"""
"""What the counts are, from nothing but the rows."""

_IN = "post_key IN (SELECT value FROM json_each(:keys))"
_ADD = f"""INSERT INTO browsing_counts SELECT {CELL}, :sign * count(*) FROM browsing WHERE {_IN} GROUP BY {CELL}
           ON CONFLICT DO UPDATE SET posts = posts + excluded.posts"""
_ADD_OUTLETS = f"""INSERT INTO browsing_totals SELECT 'outlet', outlet, :sign * count(*) FROM browsing
                   WHERE outlet <> '' AND {_IN} GROUP BY outlet
                   ON CONFLICT DO UPDATE SET posts = posts + excluded.posts"""
_ADD_AUTHORS = f"""INSERT INTO browsing_totals SELECT 'author', author, :sign * count(*) FROM browsing
                   WHERE outlet = '' AND author <> '' AND {_IN} GROUP BY author
                   ON CONFLICT DO UPDATE SET posts = posts + excluded.posts"""


def refresh(conn: sqlite3.Connection, most: int = MOST_AT_ONCE) -> int:
    """Make the rows of posts that changed anew, inside the caller's transaction; give of how many, at most `most`."""
    found = conn.execute("SELECT post_key FROM browsing_due LIMIT ?", (most,)).fetchall()
    keys = json.dumps([row[0] for row in found])
    if found:
        count(conn, keys, -1)
        conn.execute(f"DELETE FROM browsing WHERE {_IN}", {"keys": keys})
        # Key by key: into a view that is two queries SQLite pushes one value down, and no list.
        conn.executemany(f"INSERT INTO browsing SELECT {COLUMNS} FROM browsable WHERE post_key = ?", map(tuple, found))
        count(conn, keys, 1)
        conn.execute("DELETE FROM browsing_counts WHERE posts = 0")
        conn.execute("DELETE FROM browsing_totals WHERE posts = 0")
        conn.execute(f"DELETE FROM browsing_due WHERE {_IN}", {"keys": keys})
    return len(found)


def count(conn: sqlite3.Connection, keys: str, sign: int) -> None:
    """Add the rows of some posts to the counts, or with -1 take them away."""
    for statement in (_ADD, _ADD_OUTLETS, _ADD_AUTHORS):
        conn.execute(statement, {"keys": keys, "sign": sign})
