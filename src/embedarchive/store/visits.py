"""A visit to a post, and what was read of it -> their rows, in the caller's transaction."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from embedarchive.core.model import Capture, Description, Embedding, Post, Verdict
from embedarchive.platforms.kit.specification import Platform
from embedarchive.store import conclusions, erasing, evidence
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.marks import ask_to_mark
from embedarchive.store.posts import CONCLUSIVE, join_posts, keep_control_post, keep_post, place_embeds
from embedarchive.store.rows import Row, fields_of, insert, is_barred, keep_blob, to_json
from embedarchive.store.schema import capture_uid


def keep_capture(
    conn: sqlite3.Connection, capture: Capture, crawl_id: int, retry_at: str | None, *, settles: bool
) -> int:
    """Keep a visit and the liveness observation it is, as `Archive.keep_capture` says.

    `settles` is whether the run's clock is believed: else the post stays due, and no control is released.
    """
    if is_barred(conn, capture.post.key):
        return 0
    if (known := find_capture(conn, capture)) is not None:
        return known
    capture_id = keep_visit(conn, capture, crawl_id, None)
    insert(conn, "checks", check_row(capture, capture_id))
    settle_target(conn, crawl_id, capture)
    if settles:
        settle_post(conn, capture, retry_at)
    if settles and is_seen_in_frame(capture.verdict):
        conclusions.release_failed_controls(conn, capture)
    place_embeds(conn, crawl_id, "post_key", capture.post.key)
    evidence.append(conn, "capture", capture_id)
    return capture_id


def keep_capture_in_place(conn: sqlite3.Connection, capture: Capture, crawl_id: int, fetch_id: int) -> int:
    """Keep a post photographed in an article, as `Archive.keep_capture_in_place` says."""
    if is_barred(conn, capture.post.key):
        return 0
    if (known := find_capture(conn, capture)) is not None:
        return known
    capture_id = keep_visit(conn, capture, crawl_id, fetch_id)
    if capture.verdict.outcome == "available":
        # One article that may show it tells nothing of others.
        insert(conn, "checks", {**check_row(capture, capture_id), "embedding": None})
    evidence.append(conn, "capture", capture_id)
    return capture_id


def keep_control(conn: sqlite3.Connection, capture: Capture, crawl_id: int, *, settles: bool) -> int:
    """Keep a visit that only shows whether a platform still answers, as `Archive.keep_control` says."""
    seen = capture.verdict
    if seen.outcome == "available" and not is_seen_in_frame(seen):
        refused = dataclasses.replace(seen, outcome="unavailable", reason="embed_refused")
        capture = dataclasses.replace(capture, verdict=refused)
    if is_barred(conn, capture.post.key):
        return 0
    if (known := find_capture(conn, capture)) is not None:
        return known
    keep_control_post(conn, capture.post, capture.started_at)
    capture_id = keep_visit(conn, dataclasses.replace(capture, purpose="control"), crawl_id, None)
    if settles and capture.verdict.outcome == "available":
        conclusions.release_failed_controls(conn, capture)
    evidence.append(conn, "capture", capture_id)
    return capture_id


def keep_description(
    conn: sqlite3.Connection,
    capture_id: int,
    post_key: str,
    description: Description,
    rules: int,
    now: str,
    also: tuple[Post, ...],
) -> bool:
    """Keep what a post said, as `Archive.keep_description` says; give whether it may be kept, or was erased again."""
    conn.execute("DELETE FROM pending WHERE work = 'describe' AND capture_id = ?", (capture_id,))
    if is_barred(conn, post_key):
        return False
    row = description_row(description) | {
        "capture_id": capture_id, "post_key": post_key, "rules": rules, "described_at": now,
    }  # fmt: skip
    insert(conn, "descriptions", row, or_ignore=True)
    for name in also:
        join_posts(conn, post_key, name, now)
    by = (description.author_handle, *description.collaborators)
    account = erasing.find_account(conn, post_key.partition(":")[0], by)
    if account or any(is_barred(conn, name.key) for name in also):
        erasing.erase_again(conn, post_key, now, [name.key for name in also], account)
        return False
    return True


# ------------------------------------------------------------------------------------------------------------ its parts


def description_row(description: Description) -> dict[str, Any]:
    return fields_of(description) | {
        "collaborators": to_json(description.collaborators),
        "media": to_json([dataclasses.asdict(each) for each in description.media]),
        "sources": to_json(dict(description.sources)),
    }


def settle_target(conn: sqlite3.Connection, crawl_id: int, capture: Capture) -> None:
    """Keep that a run has visited a post."""
    conn.execute("UPDATE targets SET visited = 1 WHERE crawl_id = ? AND post_key = ?", (crawl_id, capture.post.key))


def settle_post(conn: sqlite3.Connection, capture: Capture, retry_at: str | None) -> None:
    """Clear what was due for a post, unless the visit said nothing of the post and none before it did."""
    key = capture.post.key
    due = None
    if capture.verdict.outcome not in CONCLUSIVE:
        due = retry_at
    conn.execute("UPDATE posts SET capture_after = ? WHERE key = ? AND capture_after IS NOT NULL", (due, key))


def find_capture(conn: sqlite3.Connection, capture: Capture) -> int | None:
    """The number of a capture that is kept already, or None."""
    row = conn.execute("SELECT id FROM captures WHERE uid = ?", (uid_of(capture),)).fetchone()
    if row:
        return int(row[0])
    return None


def keep_visit(conn: sqlite3.Connection, capture: Capture, crawl_id: int, fetch_id: int | None) -> int:
    """Keep a capture with all its bytes; `fetch_id` is the article it was photographed in, if it was."""
    if capture.purpose != "control" and capture.origin == "visit":
        keep_post(conn, capture.post, capture.started_at)
    capture_id = insert(conn, "captures", capture_row(capture, crawl_id, fetch_id))
    keep_artifacts(conn, capture_id, capture)
    keep_exchanges(conn, capture_id, capture)
    if capture.purpose == "control":
        return capture_id
    ask_to_mark(conn, capture_id)
    if capture.verdict.outcome == "available":
        insert(conn, "pending", {"work": "describe", "capture_id": capture_id})
    insert(conn, "pending", {"work": "conclude", "capture_id": capture_id})
    return capture_id


def platform_row(platform: Platform) -> tuple[Any, ...]:
    """What an archive is told of a platform: which of its posts are due, and when they are gone."""
    visit = platform.visit
    rules = visit.rules if visit else None
    denial = visit.denial if visit else "guess"
    return platform.name, platform.title, rules, int(visit is not None), int(platform.federated), denial


ASK_TO_DESCRIBE_ANEW = """
INSERT OR IGNORE INTO pending (work, capture_id) SELECT 'describe', c.id
FROM captures c JOIN posts p ON p.key = c.post_key JOIN platforms f ON f.name = p.platform
WHERE c.outcome = 'available' AND c.purpose <> 'control' AND f.visitable
  AND NOT EXISTS (SELECT 1 FROM descriptions d WHERE d.capture_id = c.id AND d.rules >= f.rules)
  AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = c.post_key)"""
"""It looks at every capture: for once, when rules have changed."""


def capture_row(capture: Capture, crawl_id: int, fetch_id: int | None) -> Row:
    verdict = capture.verdict
    lists = {name: to_json(getattr(capture, name)) for name in ("missing", "alterations")}
    return lists | {
        "post_key": capture.post.key, "crawl_id": crawl_id, "fetch_id": fetch_id,
        "outcome": verdict.outcome, "reason": verdict.reason,
        "evidence": to_json([dataclasses.asdict(s) for s in verdict.signs]),
        "visit_url": capture.visit_url, "final_url": capture.final_url, "status": capture.status,
        "started_at": capture.started_at, "finished_at": capture.finished_at,
        "environment": to_json(dict(capture.environment)),
        "uid": uid_of(capture),
        "origin": capture.origin, "purpose": capture.purpose, "seen_at": capture.seen_at or capture.started_at,
    }  # fmt: skip


def uid_of(capture: Capture) -> str:
    """What names a capture in every archive that holds it (see `capture_uid`)."""
    served = (e.body for e in capture.exchanges if e.resource_type == "document" and e.body is not None)
    rendered = (a.body for a in sorted(capture.artifacts, key=lambda a: a.position) if a.role == "dom")
    document = next(served, None)
    if document is None:
        document = next(rendered, None)
    return capture_uid(capture.post.key, capture.started_at, "" if document is None else hash_bytes(document))


def check_row(capture: Capture, capture_id: int) -> Row:
    return {
        "post_key": capture.post.key, "capture_id": capture_id, "checked_at": capture.started_at,
        "outcome": capture.verdict.outcome, "reason": capture.verdict.reason,
        "embedding": tell_embedding(capture.verdict),
    }  # fmt: skip


def is_seen_in_frame(verdict: Verdict) -> bool:
    """Whether a visit saw the post where articles show it, and not only elsewhere."""
    return verdict.outcome == "available" and verdict.embedding != "refused"


def tell_embedding(verdict: Verdict) -> Embedding | None:
    """Whether articles may show the post, as far as a visit tells: one that saw it in its frame says that they may."""
    if is_seen_in_frame(verdict):
        return "allowed"
    return verdict.embedding


def keep_artifacts(conn: sqlite3.Connection, capture_id: int, capture: Capture) -> None:
    for artifact in capture.artifacts:
        sha256 = keep_blob(conn, artifact.body, artifact.content_type)
        row = fields_of(artifact, "body") | {"capture_id": capture_id, "sha256": sha256, "size": len(artifact.body)}
        insert(conn, "artifacts", row)


def keep_exchanges(conn: sqlite3.Connection, capture_id: int, capture: Capture) -> None:
    for position, exchange in enumerate(capture.exchanges, 1):
        sha256 = None
        if exchange.body is not None:
            sha256 = keep_blob(conn, exchange.body, exchange.content_type)
        headers = {k: to_json(getattr(exchange, k)) for k in ("request_headers", "response_headers")}
        row = fields_of(exchange, "body") | headers
        insert(conn, "exchanges", row | {"capture_id": capture_id, "position": position, "body_sha256": sha256})
