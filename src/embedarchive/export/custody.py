"""A capture or download -> what happened to it since: who did what, and when, as rows of a table. Read-only.

It holds what was captured, logged, signed and stamped, what left the archive, and what was withdrawn, with the sha256 of each
file that is not handed on and why. Packs like this one are no event in it: made twice, they are the same.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from embedarchive.export.exhibits import Exhibit
from embedarchive.library.rows import read_json, select, select_one

CustodyEvent = Mapping[str, Any]

NAMED = "SELECT DISTINCT value AS sha256 FROM json_tree(?) WHERE key IN ('sha256', 'body_sha256', 'html_sha256', " \
        "'dom_sha256', 'screenshot_sha256') AND value IS NOT NULL ORDER BY value"  # fmt: skip
LEVELS = """SELECT a.decided_at AS at, 'access' AS what, a.kind, a.level, a.until_at AS until, w.reason, w.reference
  FROM access a LEFT JOIN withdrawals w ON w.id = a.withdrawal_id WHERE a.kind = 'post' AND a.subject = ? ORDER BY a.id"""
EXPORTS = """SELECT e.made_at AS at, 'export' AS what, e.form, e.sha256 FROM exported_posts p
  JOIN exports e ON e.id = p.export_id WHERE p.post_key = ? AND e.form <> 'pack' ORDER BY e.id"""


def list_events(conn: sqlite3.Connection, exhibit: Exhibit) -> list[CustodyEvent]:
    """What happened to it, oldest first; of what is not known when, last."""
    found = [*list_made(conn, exhibit), *list_logged(exhibit), *list_left(conn, exhibit), *list_lacking(conn, exhibit)]
    return sorted(found, key=lambda event: (event.get("at") is None, event.get("at")))


def list_made(conn: sqlite3.Connection, exhibit: Exhibit) -> Iterator[CustodyEvent]:
    """That it was captured: by which run of which version, with which browser."""
    table = "fetches"
    if exhibit.kind == "capture":
        table = "captures"
    row = select_one(conn, f"SELECT * FROM {table} WHERE id = ?", exhibit.subject)
    run = None
    if row:
        run = select_one(conn, "SELECT command, version FROM crawls WHERE id = ?", row["crawl_id"])
    made: dict[str, Any] = {"at": exhibit.at, "what": exhibit.kind, "by": "embedarchive"}
    if run:
        made |= {"by": f"embedarchive {run['version']}", "command": run["command"]}
    if row and "environment" in row:
        used = read_json(row["environment"], dict)
        made |= {name: used[name] for name in ("seen_by", "source", "taken_over_at") if name in used}
        made["with"] = {name: used[name] for name in ("browser", "operating_system", "user_agent") if name in used}
    yield made


def list_logged(exhibit: Exhibit) -> Iterator[CustodyEvent]:
    """That it was logged and signed for, and who stamped that."""
    proof = exhibit.proof
    signed = {"what": "checkpoint", "by": proof.text.partition("\n")[0], "size": proof.size}
    yield {"at": proof.made_at, **signed, "entry": proof.place.index}
    for stamp in proof.stamps:
        yield {"at": stamp.at, "what": "stamp", "by": stamp.authority}
    if proof.withdrawal:
        yield {"at": None, "what": "withdrawal", "entry": proof.withdrawal.index, "of": proof.place.index}


def list_left(conn: sqlite3.Connection, exhibit: Exhibit) -> Iterator[CustodyEvent]:
    """What was decided of who may see the post, and which copies of it left the archive."""
    if exhibit.key is None:
        return
    yield from select(conn, LEVELS, exhibit.key)
    yield from select(conn, EXPORTS, exhibit.key)


def list_lacking(conn: sqlite3.Connection, exhibit: Exhibit) -> Iterator[CustodyEvent]:
    """Each file that the entry names and the pack has not, and why: withdrawn, or not for whoever the pack is for."""
    for row in select(conn, NAMED, exhibit.proof.place.entry.decode("utf-8", "surrogatepass")):
        sha256 = row["sha256"]
        gone = select_one(conn, "SELECT redacted_at, reason FROM redactions WHERE sha256 = ?", sha256)
        if gone:
            yield {"at": gone["redacted_at"], "what": "withdrawal", "sha256": sha256, "why": gone["reason"]}
        elif not is_seen(conn, "blobs", sha256) and is_seen(conn, "main.blobs", sha256):
            yield {"at": None, "what": "withheld", "sha256": sha256}


def is_seen(conn: sqlite3.Connection, table: str, sha256: str) -> bool:
    return select_one(conn, f"SELECT 1 AS found FROM {table} WHERE sha256 = ?", sha256) is not None


def write_events(events: list[CustodyEvent]) -> bytes:
    """The events as JSON Lines. Pure."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events).encode("utf-8", "replace")
