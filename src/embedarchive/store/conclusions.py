"""Rows of observations -> where a post stands -> its row among the conclusions: read, concluded and kept in one transaction.

The rules are pure (`core/standing.py`, `core/completeness.py`); here is what they are given and where the result goes. To
conclude again changes nothing, and all conclusions can be made anew from captures, checks, descriptions and holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from embedarchive.core.changes import trace_changes
from embedarchive.core.completeness import Content, Holding, hold_best, read_content
from embedarchive.core.model import Capture, Description, Media, Post
from embedarchive.core.standing import CONTROL_S, Hold, LivenessCheck, Standing, conclude, follow, later
from embedarchive.store import watching
from embedarchive.store.posts import CONCLUSIVE
from embedarchive.store.rows import is_barred


@dataclass(frozen=True, slots=True)
class PostScope:
    """Whose posts stand and fall together: a platform's, or those of one instance of a federated one."""

    platform: str
    host: str | None = None

    @property
    def pattern(self) -> str:
        """What GLOB finds its posts' native ids by."""
        if self.host:
            return f"{self.host}/*"
        return "*"


# -------------------------------------------------------------------------------------------------------- observations

_OBSERVATIONS = """
SELECT k.checked_at, k.outcome, k.reason, k.embedding, c.uid, c.fetch_id IS NULL AND c.purpose = 'post' AS with_media,
  coalesce(d.text, d.title) AS words,
  iif(json_valid(d.sources), coalesce(json_extract(d.sources, iif(d.text IS NULL, '$.title', '$.text')), ''), '')
    || iif(d.text IS NULL, ' title ', ' ') || d.rules AS words_from
FROM checks k JOIN captures c ON c.id = k.capture_id LEFT JOIN crawls r ON r.id = c.crawl_id
LEFT JOIN descriptions d ON c.fetch_id IS NULL AND d.id =
  (SELECT id FROM descriptions WHERE capture_id = c.id ORDER BY rules DESC LIMIT 1)
WHERE k.post_key = ? AND r.clock_suspect IS NULL
ORDER BY coalesce(c.seen_at, k.checked_at), c.uid"""

_CONTROL = """
SELECT 1 FROM captures c JOIN posts p ON p.key = c.post_key LEFT JOIN crawls r ON r.id = c.crawl_id
WHERE r.clock_suspect IS NULL AND c.outcome = 'available' AND c.started_at BETWEEN ? AND ?
  AND c.fetch_id IS NULL AND c.origin = 'visit'
  AND p.platform = ? AND p.native_id GLOB ? AND c.post_key <> ?
  AND NOT EXISTS (SELECT 1 FROM checks k WHERE k.capture_id = c.id AND k.embedding = 'refused') LIMIT 1"""

_HOLDS = "SELECT since, until, why FROM holds WHERE platform = ? AND host IS ? AND released_at IS NULL ORDER BY id"

_CAPTURES = """
SELECT c.id, c.uid, c.origin, c.fetch_id, coalesce(c.seen_at, c.started_at) AS seen_at, c.missing,
  d.kind, d.text, d.title, d.media,
  (SELECT json_group_array(position) FROM artifacts a WHERE a.capture_id = c.id AND a.role = 'media'
     AND a.truncated IS NULL AND NOT EXISTS (SELECT 1 FROM redactions r WHERE r.sha256 = a.sha256)) AS kept,
  (SELECT count(*) FROM artifacts a WHERE a.capture_id = c.id AND a.role = 'poster'
     AND a.truncated IS NULL AND NOT EXISTS (SELECT 1 FROM redactions r WHERE r.sha256 = a.sha256)) AS posters,
  (SELECT json_group_array(format('media %d: withdrawn', position)) FROM artifacts a WHERE a.capture_id = c.id
     AND a.role = 'media' AND EXISTS (SELECT 1 FROM redactions r WHERE r.sha256 = a.sha256)) AS withdrawn
FROM captures c LEFT JOIN descriptions d ON d.id =
  (SELECT id FROM descriptions WHERE capture_id = c.id ORDER BY rules DESC LIMIT 1)
WHERE c.post_key = ? AND c.outcome = 'available' AND c.purpose <> 'control'"""


def is_controlled(conn: sqlite3.Connection, scope: PostScope, at: str, but: str) -> bool:
    """Whether a living post of the same scope, other than `but`, was seen by itself within an hour of `at`."""
    around = later(at, -CONTROL_S), later(at, CONTROL_S)
    return conn.execute(_CONTROL, (*around, scope.platform, scope.pattern, but)).fetchone() is not None


def read_observations(conn: sqlite3.Connection, post_key: str, scope: PostScope) -> list[LivenessCheck]:
    """Every check of a post in the order in which it was seen."""
    found = []
    for row in conn.execute(_OBSERVATIONS, (post_key,)).fetchall():
        gone = row["outcome"] == "gone"
        control = gone and is_controlled(conn, scope, row["checked_at"], post_key)
        seen = LivenessCheck(
            row["checked_at"], row["outcome"], row["reason"], control, bool(row["with_media"]),
            row["uid"], row["embedding"], row["words"], row["words_from"],
        )  # fmt: skip
        found.append(seen)
    return found


OF_OURS = "origin = 'visit' AND purpose <> 'control'"
"""Of the captures of a post, our own visits to it."""


def lacks_files(conn: sqlite3.Connection, post_key: str) -> bool:
    """Whether a preserved post lacks a file that another visit may bring."""
    query = "SELECT 1 FROM conclusions WHERE post_key = ? AND passing = 1 AND due_at IS NOT NULL"
    return conn.execute(query, (post_key,)).fetchone() is not None


def was_seen_alive(conn: sqlite3.Connection, post_key: str) -> bool:
    """Whether a visit has kept the post; one that was never seen is captured with its files, whoever visits it."""
    query = f"SELECT 1 FROM captures WHERE post_key = ? AND outcome = 'available' AND {OF_OURS} LIMIT 1"
    return conn.execute(query, (post_key,)).fetchone() is not None


def was_visited(conn: sqlite3.Connection, post_key: str) -> bool:
    """Whether a post was visited before, whatever that gave."""
    query = "SELECT 1 FROM captures WHERE post_key = ? AND origin = 'visit' LIMIT 1"
    return conn.execute(query, (post_key,)).fetchone() is not None


def is_open(conn: sqlite3.Connection, post_key: str) -> bool:
    """Whether another visit may bring what a post lacks, or settle whether it is gone."""
    query = "SELECT 1 FROM conclusions WHERE post_key = ? AND (passing = 1 OR due_at IS NOT NULL)"
    return conn.execute(query, (post_key,)).fetchone() is not None


def read_holds(conn: sqlite3.Connection, scope: PostScope) -> list[Hold]:
    """The open holds of a platform, and of that one instance."""
    rows = conn.execute(_HOLDS, (scope.platform, None)).fetchall()
    if scope.host:
        rows += conn.execute(_HOLDS, (scope.platform, scope.host)).fetchall()
    return [Hold(row["since"], row["until"], row["why"]) for row in rows]


def read_contents(conn: sqlite3.Connection, post_key: str) -> list[Content]:
    """What each capture that saw the post holds of it."""
    return [
        read_content(
            row["id"],
            row["seen_at"],
            _read_said(row),
            json.loads(row["kept"]),
            json.loads(row["missing"]) + json.loads(row["withdrawn"]),
            in_article=row["fetch_id"] is not None,
            uid=row["uid"],
            origin=row["origin"],
            posters=row["posters"],
        )
        for row in conn.execute(_CAPTURES, (post_key,)).fetchall()
    ]


def _read_said(row: sqlite3.Row) -> Description:
    """As much of a description as completeness asks for."""
    media = tuple(Media(**each) for each in json.loads(row["media"] or "[]"))
    return Description(kind=row["kind"], text=row["text"], title=row["title"], media=media)


# --------------------------------------------------------------------------------------------------------- conclusions


def read_scope(conn: sqlite3.Connection, post_key: str) -> tuple[PostScope, str]:
    """Whose post it is, and how that platform's denials are known (`verified`, `reported`, `guess`)."""
    query = """SELECT p.platform, p.native_id, coalesce(f.federated, 0) AS federated, coalesce(f.denial, 'guess') AS denial
               FROM posts p LEFT JOIN platforms f ON f.name = p.platform WHERE p.key = ?"""
    row = conn.execute(query, (post_key,)).fetchone()
    host = None
    if row["federated"]:
        host = row["native_id"].partition("/")[0]
    return PostScope(row["platform"], host), row["denial"]


SETTLED = "DELETE FROM pending WHERE work = 'conclude' AND capture_id IN (SELECT id FROM captures WHERE post_key = ?)"


def conclude_post(conn: sqlite3.Connection, post_key: str) -> Mapping[str, Any]:
    """Conclude one post inside the caller's transaction: its row, what is due of it, the counts; give the row.

    Of one that was erased nothing is concluded, and nothing kept.
    """
    if is_barred(conn, post_key):
        conn.execute(SETTLED, (post_key,))
        return {"post_key": post_key, "status": "erased", "doubt": None, "last_available_at": None}
    scope, denial = read_scope(conn, post_key)
    observations = read_observations(conn, post_key, scope)
    holding = hold_best(read_contents(conn, post_key))
    holds, second_day = read_holds(conn, scope), denial == "guess"
    standing = conclude(observations, holds, holding, second_day=second_day)
    embedding = next((each.embedding for each in reversed(observations) if each.embedding), None)
    row = _make_row(conn, post_key, standing, holding, observations) | {"embedding": embedding}
    _count(conn, post_key, scope.platform, row)
    names = ", ".join(row)
    conn.execute(
        f"INSERT OR REPLACE INTO conclusions ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
    )
    if observations and observations[-1].outcome in CONCLUSIVE:
        conn.execute("UPDATE posts SET capture_after = ? WHERE key = ?", (standing.due_at, post_key))
    conn.execute(SETTLED, (post_key,))
    standings = follow(observations, holds, second_day=second_day)
    changes = trace_changes(post_key, observations, standings, holds)
    watching.keep_watched(conn, post_key, scope.platform, observations, standing, changes, row["best_capture_id"])
    return row


def _make_row(
    conn: sqlite3.Connection, post_key: str, standing: Standing, holding: Holding | None, seen: list[LivenessCheck]
) -> dict[str, Any]:
    visits = f"SELECT count(*) FROM captures WHERE post_key = ? AND {OF_OURS}"
    return {
        "post_key": post_key,
        "status": standing.status,
        "reason": standing.reason,
        "doubt": standing.doubt,
        "last_checked_at": max((each.at for each in seen), default=None),
        "last_available_at": standing.last_available_at,
        "first_gone_at": standing.first_gone_at,
        "confirmed_at": standing.confirmed_at,
        "came_back_at": standing.came_back_at,
        "losses": json.dumps([asdict(loss) for loss in standing.losses], separators=(",", ":")),
        **_tell_holding(holding),
        "visits": conn.execute(visits, (post_key,)).fetchone()[0],
        "due_at": standing.due_at,
    }


def _tell_holding(holding: Holding | None) -> dict[str, Any]:
    """The columns that say what is held of a post."""
    if holding is None:
        return {
            "kept": "none", "expected": 0, "held": 0, "lacking": "[]", "joined": "{}", "passing": 0, "best_capture_id": None,
        }  # fmt: skip
    lacking = [{"position": n.position, "why": n.why, "passing": n.passing} for n in holding.lacking]
    return {
        "kept": holding.kept, "expected": holding.expected, "held": holding.held,
        "lacking": json.dumps(lacking, separators=(",", ":")),
        "joined": json.dumps(holding.joined, separators=(",", ":"), sort_keys=True),
        "passing": int(holding.passing), "best_capture_id": holding.best_capture_id,
    }  # fmt: skip


def _count(conn: sqlite3.Connection, post_key: str, platform: str, row: Mapping[str, Any]) -> None:
    """Move a post from where it was counted to where it is."""
    uncount(conn, post_key)
    conn.execute(
        "INSERT INTO post_counts VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET posts = posts + 1",
        (platform, row["status"], row["kept"]),
    )


def uncount(conn: sqlite3.Connection, post_key: str) -> None:
    """Count a post no more; nothing changes where nothing is concluded of it."""
    where = conn.execute(
        "SELECT p.platform, n.status, n.kept FROM conclusions n JOIN posts p ON p.key = n.post_key WHERE n.post_key = ?",
        (post_key,),
    ).fetchone()
    if where:
        counted = "UPDATE post_counts SET posts = posts - 1 WHERE platform = ? AND status = ? AND kept = ?"
        conn.execute(counted, tuple(where))
        conn.execute("DELETE FROM post_counts WHERE posts = 0")


RECOUNT = """
INSERT INTO post_counts SELECT p.platform, n.status, n.kept, count(*)
FROM main.conclusions n JOIN main.posts p ON p.key = n.post_key GROUP BY 1, 2, 3"""
"""What the counts of an archive are, from nothing but its conclusions."""


# --------------------------------------------------------------------------------------------------- what is asked for

ASK = "INSERT OR IGNORE INTO pending SELECT 'conclude', "


def ask_for_post(conn: sqlite3.Connection, post_key: str) -> None:
    """Let a post be concluded anew."""
    conn.execute(f"{ASK} max(id) FROM captures WHERE post_key = ? HAVING max(id) IS NOT NULL", (post_key,))


def ask_for_run(conn: sqlite3.Connection, crawl_id: int) -> None:
    """Let every post be concluded anew that a run visited."""
    conn.execute(f"{ASK} id FROM captures WHERE crawl_id = ? AND purpose <> 'control'", (crawl_id,))


def ask_for_losses(conn: sqlite3.Connection, scope: PostScope, since: str) -> None:
    """Let every post of a scope be concluded anew that was answered to be gone since then."""
    conn.execute(
        f"{ASK} c.id FROM captures c JOIN posts p ON p.key = c.post_key WHERE c.outcome = 'gone' AND c.started_at >= ? "
        "AND c.purpose <> 'control' AND p.platform = ? AND p.native_id GLOB ?",
        (since, scope.platform, scope.pattern),
    )


def ask_for_doubts(conn: sqlite3.Connection, scope: PostScope, since: str) -> None:
    """The same, of those only that were not believed for want of a control, or withheld."""
    conn.execute(
        f"{ASK} c.id FROM captures c JOIN posts p ON p.key = c.post_key JOIN conclusions n ON n.post_key = p.key "
        "WHERE c.outcome = 'gone' AND c.started_at >= ? AND p.platform = ? AND p.native_id GLOB ? "
        "AND (n.doubt = 'no control' OR n.doubt LIKE 'held:%')",
        (since, scope.platform, scope.pattern),
    )


def ask_for_denials(conn: sqlite3.Connection) -> None:
    """Let every post be concluded anew that was ever answered to be gone: how far that is believed has changed."""
    conn.execute(f"{ASK} id FROM captures WHERE outcome = 'gone' AND purpose <> 'control'")


def ask_for_all(conn: sqlite3.Connection) -> None:
    """Forget every conclusion and let all be made anew."""
    for table in ("conclusions", "post_counts", "schedule", "changes"):
        conn.execute(f"DELETE FROM {table}")
    conn.execute(f"{ASK} id FROM captures WHERE purpose <> 'control'")


# ------------------------------------------------------------------------------------------------------------ controls


def find_controls(conn: sqlite3.Connection, scope: PostScope, but: str, most: int) -> list[Post]:
    """The posts of a scope that this archive saw alive last, newest first; never `but`, which is doubted."""
    rows = conn.execute(
        "SELECT p.platform, p.native_id, p.url, p.posted_at FROM conclusions n JOIN posts p ON p.key = n.post_key "
        "WHERE n.status = 'available' AND n.embedding IS NOT 'refused' AND p.platform = ? AND p.native_id GLOB ? "
        "AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key) "
        "AND p.key <> ? ORDER BY n.last_available_at DESC LIMIT ?",
        (scope.platform, scope.pattern, but, most),
    )
    return [Post(*row) for row in rows.fetchall()]


_LOSSES = """
SELECT count(DISTINCT iif(c.outcome = 'gone' AND n.status = 'gone' AND n.last_available_at IS NOT NULL
                          AND n.confirmed_at >= r.started_at, c.post_key, NULL)), count(*), min(r.started_at)
FROM crawls r JOIN captures c ON c.started_at >= r.started_at AND c.crawl_id = r.id
JOIN posts p ON p.key = c.post_key LEFT JOIN conclusions n ON n.post_key = c.post_key
WHERE r.id = ? AND p.platform = ? AND c.purpose <> 'control'"""


def count_losses(conn: sqlite3.Connection, crawl_id: int, platform: str) -> tuple[int, int, str | None]:
    """Posts seen alive before that a run found gone, the run's visits to their platform, and when it began."""
    row = conn.execute(_LOSSES, (crawl_id, platform)).fetchone()
    return row[0], row[1], row[2]


# --------------------------------------------------------------------------------------------------------------- holds

CONTROL_FAILED = "control failed"
MANY_AT_ONCE = "many at once"


def keep_hold(conn: sqlite3.Connection, scope: PostScope, since: str, why: str, crawl_id: int) -> None:
    """Withhold losses of a scope from a moment on, unless they are withheld for that reason already."""
    known = "SELECT 1 FROM holds WHERE platform = ? AND host IS ? AND why = ? AND released_at IS NULL AND since <= ?"
    if not conn.execute(known, (scope.platform, scope.host, why, since)).fetchone():
        conn.execute(
            "INSERT INTO holds (platform, host, since, why, crawl_id) VALUES (?, ?, ?, ?, ?)",
            (scope.platform, scope.host, since, why, crawl_id),
        )
        ask_for_losses(conn, scope, since)


def release_holds(conn: sqlite3.Connection, platform: str, by: str, now: str) -> int:
    """Release the open holds of a platform and let what they withheld be concluded; give how many there were."""
    open_holds = "SELECT id, host, since FROM holds WHERE platform = ? AND released_at IS NULL"
    found = conn.execute(open_holds, (platform,)).fetchall()
    for row in found:
        _release(conn, row["id"], by, now)
        ask_for_losses(conn, PostScope(platform, row["host"]), row["since"])
    return len(found)


def _release(conn: sqlite3.Connection, hold_id: int, by: str, at: str) -> None:
    conn.execute("UPDATE holds SET released_at = ?, released_by = ? WHERE id = ?", (at, by, hold_id))


def release_failed_controls(conn: sqlite3.Connection, capture: Capture) -> None:
    """A living post was seen: its scope answers as itself again, and the losses of this hour can be concluded."""
    scope, _ = read_scope(conn, capture.post.key)
    at = capture.started_at
    found = conn.execute(
        "SELECT id, since FROM holds WHERE platform = ? AND host IS ? AND why = ? AND released_at IS NULL",
        (scope.platform, scope.host, CONTROL_FAILED),
    ).fetchall()
    for row in found:
        _release(conn, row["id"], "control", at)
    ask_for_doubts(conn, scope, min([later(at, -CONTROL_S), *(row["since"] for row in found)]))
