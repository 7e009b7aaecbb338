"""An archive file -> a read-only connection, and bytes out of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from embedarchive.errors import ArchiveError
from embedarchive.store.blobs import unpack_blob
from embedarchive.store.schema import check_identity


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an archive that is never written through this connection. Raises ArchiveError when there is none."""
    if not path.exists():
        raise ArchiveError(f"There is no archive at {path} yet. Make one with: embedarchive crawl URL -a {path.parent}")
    check_identity(path)
    conn = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
    conn.row_factory = sqlite3.Row
    conn.execute("PRAGMA trusted_schema = OFF")
    conn.execute("PRAGMA query_only = ON")
    return conn


def read_blob(conn: sqlite3.Connection, sha256: str) -> bytes | None:
    """The bytes of that hash, or None if the archive does not hold them (or they were withdrawn)."""
    row = conn.execute("SELECT encoding, size, body FROM blobs WHERE sha256 = ?", (sha256,)).fetchone()
    return unpack_blob(*row) if row and (len(row[2]) or not row[1]) else None
