"""Files of a post whose addresses were kept earlier -> a capture with them, where the platform's own server still gives them.

A file alone is not the post: it is kept beside a sight of the post that the archive holds already, judged anew by the
platform's rules, and dated as that was. It proves nothing about the post of today.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from embedarchive.core.mementos import ListedMemento
from embedarchive.core.model import Capture, Exchange, Post
from embedarchive.platforms import BY_NAME
from embedarchive.run.recorded import JudgedSight, Witness, gather, judge, make_capture
from embedarchive.store.fixity import read_blob

NAMED = """
SELECT c.seen_at, m.value ->> 'url' AS url
FROM current_descriptions d JOIN captures c ON c.id = d.capture_id, json_each(d.media) m
WHERE d.post_key = :key AND c.outcome = 'available' AND c.purpose <> 'control' AND c.fetch_id IS NULL
  AND m.value ->> 'role' IN ('media', 'poster') AND m.value ->> 'missing' IS NULL AND m.value ->> 'url' GLOB 'http*'
  AND NOT EXISTS (SELECT 1 FROM artifacts a JOIN captures k ON k.id = a.capture_id
                  WHERE k.post_key = d.post_key AND a.url = m.value ->> 'url')
ORDER BY c.seen_at DESC, m.key"""
UNTRIED = """
SELECT * FROM mementos WHERE post_key = ? AND source = 'cdn' AND crawl_id = ? AND seen_at = ? AND tried_at IS NULL
ORDER BY id"""
SIGHT = """
SELECT id, environment FROM captures WHERE post_key = ? AND seen_at = ? AND outcome = 'available' AND purpose <> 'control'
  AND fetch_id IS NULL ORDER BY origin = 'visit' DESC, id LIMIT 1"""
EXCHANGES = """SELECT url, method, status, response_headers, body_sha256, content_type, resource_type, remote_address,
               started_at, truncated, error FROM exchanges WHERE capture_id = ? ORDER BY position"""


@dataclass(frozen=True, slots=True)
class HeldSight:
    """What an archive holds of a sight of a post: what was recorded, and by whom."""

    exchanges: tuple[Exchange, ...]
    seen_by: str


def list_named_files(conn: sqlite3.Connection, key: str) -> list[ListedMemento]:
    """The files that descriptions of a post name, and of which no bytes are held."""
    named = {row["url"]: row["seen_at"] for row in reversed(conn.execute(NAMED, (key,)).fetchall())}
    return [ListedMemento(url, seen_at, url) for url, seen_at in named.items()]


def list_untried(conn: sqlite3.Connection, key: str, crawl_id: int, seen_at: str) -> list[Any]:
    return conn.execute(UNTRIED, (key, crawl_id, seen_at)).fetchall()


def read_sight(conn: sqlite3.Connection, key: str, seen_at: str) -> HeldSight | None:
    """What is held of the sight of a post at a moment."""
    row = conn.execute(SIGHT, (key, seen_at)).fetchone()
    if row is None:
        return None
    told = json.loads(row["environment"] or "{}")
    return HeldSight(tuple(read_exchanges(conn, row["id"])), str(told.get("seen_by") or "this archive"))


def judge_sight(post: Post, sight: HeldSight) -> JudgedSight | None:
    """A sight that is held, judged anew; None where it does not show the post by itself."""
    judged = (judge(each) for each in gather(post, sight.exchanges))
    return next((each for each in judged if each.verdict.outcome == "available"), None)


def make_with_files(
    judged: JudgedSight, sight: HeldSight, files: Mapping[str, Exchange], source: str, now: str
) -> Capture:
    """A capture of a sight that is held, with files that its platform's own server gave `now`."""
    title = BY_NAME[judged.sight.post.platform].title
    witness = Witness("memento", f"{sight.seen_by}, with files from {title}'s own server", source)
    held = {each.url: each for each in sight.exchanges if each.body}
    return replace(make_capture(judged, witness, now, {**held, **files}), started_at=now, finished_at=now)


def read_exchanges(conn: sqlite3.Connection, capture_id: int) -> Iterator[Exchange]:
    for row in conn.execute(EXCHANGES, (capture_id,)).fetchall():
        headers = tuple((name, value) for name, value in json.loads(row["response_headers"]))
        body = None
        if row["body_sha256"]:
            body = read_blob(conn, row["body_sha256"])
        yield Exchange(
            row["url"], row["method"], row["status"], (), headers, body, row["content_type"], row["resource_type"],
            row["remote_address"], row["started_at"], 0, row["truncated"], row["error"],
        )  # fmt: skip


def choose_files(given: Iterable[tuple[Any, Exchange | None]]) -> dict[str, Exchange]:
    """What was given, by its address."""
    return {row["url"]: exchange for row, exchange in given if exchange}
