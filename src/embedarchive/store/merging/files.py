"""Bytes of another archive -> the same here, once, and only where they are what their sha256 says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from embedarchive.store.fixity import find_held, judge, read_stored, wrong


def find_lacking(conn: sqlite3.Connection, hashes: Iterable[str | None]) -> list[str]:
    """Those of the files that are not here, each once."""
    named = json.dumps(sorted({each for each in hashes if each}))
    sql = "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE sha256 = value)"
    return [row[0] for row in conn.execute(sql, (named,)).fetchall()]


def copy_file(conn: sqlite3.Connection, other: sqlite3.Connection, sha256: str) -> int:
    """Copy a file that is not here, as it is stored there; give how many bytes that was.

    Raises WrongBytes where they are not what the sha256 says.
    """
    if conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (sha256,)).fetchone():
        return 0
    held = find_held(other, sha256)
    if held is None:  # it was withdrawn there: its name stays
        row = other.execute("SELECT size FROM blobs WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise wrong(sha256, "blob_size")
        conn.execute(
            "INSERT INTO blobs (sha256, size, encoding, body) VALUES (?, ?, 'identity', x'')", (sha256, row[0])
        )
        return 0
    stored = b"".join(read_stored(other, held))
    if code := judge(held, iter([stored])):
        raise wrong(sha256, code)
    conn.execute(
        "INSERT INTO blobs (sha256, size, encoding, body) VALUES (?, ?, ?, ?)",
        (sha256, held.size, held.encoding, stored),
    )
    return held.stored
