"""What others were asked about lost posts, what they said, and what came of it -> rows, in the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from embedarchive.core import clock
from embedarchive.core.mementos import SOURCES, IndexAnswer, ListedMemento, Source
from embedarchive.store.rows import insert

ASK_AGAIN_D = 90
"""Days after which a source that had nothing is asked once more."""
REFUSED_FOR_S = 3600.0

LOST = "SELECT key FROM posts_to_seek ORDER BY lost_at DESC, key"

_PLAN = """
INSERT INTO searches (post_key, source, turn, crawl_id, due_at) VALUES (:key, :source, :turn, :crawl, :now)
ON CONFLICT DO UPDATE SET crawl_id = :crawl, turn = :turn, due_at = :now
WHERE :again OR asked_at IS NULL OR asked_at < :long_ago OR due_at <= :now
  OR rules < (SELECT f.rules FROM platforms f JOIN posts p ON p.platform = f.name WHERE p.key = :key)"""


def find_lost(conn: sqlite3.Connection) -> list[str]:
    """The keys of posts that are gone, or cannot be seen, and of which nobody's capture is held; the newest losses first."""
    return [str(row[0]) for row in conn.execute(LOST)]


def plan_searches(
    conn: sqlite3.Connection, crawl_id: int, keys: Iterable[str], sources: Sequence[Source], now: str, *, again: bool
) -> int:
    """Make a run ask these sources about these posts, as far as they are due (`again`: all); give how many questions that is.

    What they said they hold and nobody has tried yet is the run's too.
    """
    long_ago = clock.later(-ASK_AGAIN_D * 86_400)
    for key in keys:
        for source in sources:
            row = {"key": key, "source": source, "turn": SOURCES.index(source), "crawl": crawl_id, "now": now}
            conn.execute(_PLAN, row | {"again": again, "long_ago": long_ago})
        conn.execute("UPDATE mementos SET crawl_id = ? WHERE post_key = ? AND tried_at IS NULL", (crawl_id, key))
    due = "SELECT count(*) FROM searches WHERE crawl_id = ? AND due_at IS NOT NULL"
    return int(conn.execute(due, (crawl_id,)).fetchone()[0])


def keep_answer(
    conn: sqlite3.Connection, crawl_id: int, key: str, source: Source, answer: IndexAnswer, requests: int, rules: int,
    now: str, due_at: str | None = None,
) -> None:  # fmt: skip
    """Keep what a source said of a post; it is due again at `due_at`, where it said nothing yet."""
    conn.execute(
        "UPDATE searches SET crawl_id = ?, due_at = ?, asked_at = ?, answer = ?, reason = ?, mementos = ?, requests = ?, "
        "rules = ? WHERE post_key = ? AND source = ?",
        (crawl_id, due_at, now, answer.said, answer.reason, len(answer.held), requests, rules, key, source),
    )


def keep_listed(
    conn: sqlite3.Connection, crawl_id: int, key: str, source: Source, held: Iterable[ListedMemento], most: int, now: str,
    article_id: int | None = None,
) -> None:  # fmt: skip
    """Keep what an index lists of a post, in the order in which it is tried: the first `most` that were pages.

    What the index says was a redirect or an error is kept as such, and not asked for.
    """
    tried = 0
    for each in held:
        row = {
            "post_key": key, "source": source, "crawl_id": crawl_id, "url": each.url, "seen_at": each.seen_at,
            "article_id": article_id, "status": each.status, "mime": each.mime, "digest": each.digest, "place": each.place,
        }  # fmt: skip
        if each.status not in (None, 200):
            row |= {"tried_at": now, "verdict": "other page", "reason": f"http_{each.status}"}
        elif tried >= most:
            continue
        else:
            tried += 1
        insert(conn, "mementos", row, or_ignore=True)


def settle_memento(
    conn: sqlite3.Connection, memento_id: int, verdict: str, reason: str | None, now: str, capture_id: int | None = None
) -> None:
    """Keep what a memento turned out to be."""
    conn.execute(
        "UPDATE mementos SET tried_at = ?, verdict = ?, reason = ?, capture_id = ? WHERE id = ?",
        (now, verdict, reason, capture_id, memento_id),
    )


def leave_rest(conn: sqlite3.Connection, crawl_id: int, key: str) -> None:
    """Ask nobody else about a post that is recovered, or is to be left alone: what is not tried yet stays untried."""
    conn.execute("UPDATE searches SET due_at = NULL WHERE post_key = ? AND crawl_id = ?", (key, crawl_id))
    put_off(conn, crawl_id, key)


def put_off(conn: sqlite3.Connection, crawl_id: int, key: str) -> None:
    """Leave what is not tried yet of a post to another run."""
    mine = "crawl_id = ? AND post_key = ? AND tried_at IS NULL"
    conn.execute(f"UPDATE mementos SET crawl_id = NULL WHERE {mine}", (crawl_id, key))
