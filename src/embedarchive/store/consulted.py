"""What web archives answered about a post that they are still being asked about -> rows, until no more of it is due.

They are rows so that a run can be killed at any moment: the next one goes on with what was answered, and asks nobody twice.
"""

from __future__ import annotations

import json
import sqlite3

from embedarchive.core import clock
from embedarchive.core.model import Fetch
from embedarchive.store.rows import insert, to_json

KEPT_FOR_S = 86_400.0
LARGEST_BODY = 20_000_000
"""Bytes of an answer that is kept: a larger one is asked for again."""

_ANSWERED = "FROM consulted WHERE subject = ? AND asked = ? AND asked_at > ?"
_DONE = """
DELETE FROM consulted WHERE subject = :key
  AND NOT EXISTS (SELECT 1 FROM searches WHERE post_key = :key AND due_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM mementos WHERE post_key = :key AND crawl_id = :crawl AND tried_at IS NULL)"""


def keep_consulted(conn: sqlite3.Connection, subject: str, asked: str, fetch: Fetch) -> None:
    """Keep an answer, in the caller's transaction."""
    if len(fetch.body) > LARGEST_BODY:
        return
    row = {
        "subject": subject, "asked": asked, "asked_at": fetch.fetched_at, "final_url": fetch.final_url,
        "outcome": fetch.outcome, "status": fetch.status, "reason": fetch.reason, "redirects": to_json(fetch.redirects),
        "headers": to_json(fetch.headers), "content_type": fetch.content_type, "body": fetch.body,
        "truncated": fetch.truncated,
    }  # fmt: skip
    insert(conn, "consulted", row, or_ignore=True)


def has_consulted(conn: sqlite3.Connection, subject: str, asked: str) -> bool:
    """Whether something was answered within a day."""
    row = conn.execute(f"SELECT 1 {_ANSWERED}", (subject, asked, clock.later(-KEPT_FOR_S))).fetchone()
    return row is not None


def find_consulted(conn: sqlite3.Connection, subject: str, asked: str) -> Fetch | None:
    """What was answered within a day, if it was asked."""
    row = conn.execute(f"SELECT * {_ANSWERED}", (subject, asked, clock.later(-KEPT_FOR_S))).fetchone()
    if row is None:
        return None
    headers, redirects = (tuple(map(tuple, json.loads(row[name]))) for name in ("headers", "redirects"))
    return Fetch(
        row["asked"].partition(" ")[0], row["final_url"], row["asked_at"], row["outcome"], row["status"], row["reason"],
        headers, row["content_type"], row["body"], row["truncated"], redirects,
    )  # fmt: skip


def forget_settled(conn: sqlite3.Connection, crawl_id: int, key: str) -> None:
    """Drop the answers about a post of which a run has no more to ask or to try."""
    conn.execute(_DONE, {"key": key, "crawl": crawl_id})


def forget_consulted(conn: sqlite3.Connection, subject: str) -> None:
    """Drop the answers about a post or an article."""
    conn.execute("DELETE FROM consulted WHERE subject = ?", (subject,))


def forget_old(conn: sqlite3.Connection) -> None:
    """Drop what was answered over a day ago, to a run that nobody went on with."""
    conn.execute("DELETE FROM consulted WHERE asked_at <= ?", (clock.later(-KEPT_FOR_S),))
