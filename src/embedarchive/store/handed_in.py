"""Pages that readers hand in -> rows of a small file of its own beside the archive, until a run takes them up.

Only one process may write to an archive, and a run does so for hours; this file is written to for a moment by whoever has
something to say. It is bounded in number and bytes, holds a page's bytes only until a run took them, and lists for a week
what became of each.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedarchive.core.errors import ArchiveError, IntakeError
from embedarchive.core.standing import later
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.faults import Connection

Receipt = Literal["waiting", "repeated", "full"]

LARGEST_PAGE = 20 * 1024 * 1024
"""Bytes of one page: as many as are fetched of an article."""
MOST_WAITING = 500
MOST_OF_A_SITE = 100
"""Pages of one site that wait: none can keep the others out."""
MOST_WAITING_BYTES = 200 * 1024 * 1024
"""Of all pages that wait, as they are packed in the file."""
LISTED_S = 7 * 86_400
MOST_LISTED = 500
LONGEST_WAIT_S = 10.0
"""For another process that has the file, each time for a moment."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pages (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  packed BLOB,
  received_at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  settled_at TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS pages_waiting ON pages (id) WHERE state = 'waiting';
"""


@dataclass(frozen=True, slots=True)
class HandedPage:
    """A page that waits: its address, its DOM as UTF-8 (empty where it is damaged), when it came (ISO 8601)."""

    id: int
    url: str
    body: bytes
    received_at: str


@dataclass(frozen=True, slots=True)
class ListedPage:
    """What became of a page: `waiting`, `ok`, `unchanged`, `opted_out` or `damaged`, since `settled_at`. Times are ISO 8601."""

    url: str
    received_at: str
    state: str
    settled_at: str | None


def intake_path(archive: Path) -> Path:
    """The file beside an archive in which pages wait: `embeds.intake.db` for `embeds.db`."""
    return archive.with_suffix(".intake.db")


@contextmanager
def opened_intake(archive: Path) -> Iterator[sqlite3.Connection]:
    """The file, made if there is none, for its owner alone; kept when the block ends well. Raises IntakeError."""
    path = intake_path(archive)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        conn = sqlite3.connect(path, timeout=LONGEST_WAIT_S, isolation_level=None, factory=Connection)
        conn.name = path
        with closing(conn):
            conn.execute("PRAGMA auto_vacuum = FULL")  # said before there is a table: it shrinks as pages are taken up
            conn.execute("PRAGMA trusted_schema = OFF")
            conn.execute("PRAGMA secure_delete = ON")  # what was taken up is not left in free pages
            conn.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA.split(";\n"):
                conn.execute(statement)
            yield conn
            conn.execute("COMMIT")
    except OSError as error:
        raise IntakeError(f"{path} cannot be opened: {error.strerror}. Nothing was handed in or taken up.") from error
    except (ArchiveError, sqlite3.Error, MemoryError) as error:
        raise IntakeError(f"Pages that readers handed in cannot be had: {error or 'no memory is left'}") from error


def read_token(archive: Path, *, renew: bool = False) -> str:
    """What whoever hands a page in must know; made once, so that a bookmark stays good. `renew` makes the old one void."""
    with opened_intake(archive) as conn:
        if renew:
            conn.execute("DELETE FROM tokens")
        conn.execute("INSERT INTO tokens VALUES (1, ?) ON CONFLICT DO NOTHING", (secrets.token_urlsafe(32),))
        return str(conn.execute("SELECT token FROM tokens").fetchone()[0])


def hand_in(archive: Path, url: str, body: bytes, now: str) -> Receipt:
    """Put a page where the next run finds it; `full` if too much waits already, `repeated` if this very page does.

    `url` is in the spelling of `check_url`: it has a path.
    """
    packed, sha256 = zlib.compress(body), hash_bytes(body)
    with opened_intake(archive) as conn:
        forget_old(conn, now)
        waits = "SELECT 1 FROM pages WHERE state = 'waiting' AND url = ? AND sha256 = ?"
        if conn.execute(waits, (url, sha256)).fetchone():
            return "repeated"
        site = url[: url.index("/", url.index("://") + 3) + 1]
        total = (
            "SELECT count(*), coalesce(sum(length(packed)), 0), count(*) FILTER (WHERE substr(url, 1, ?) = ?) "
            "FROM pages WHERE state = 'waiting'"
        )
        number, size, of_site = conn.execute(total, (len(site), site)).fetchone()
        if number >= MOST_WAITING or of_site >= MOST_OF_A_SITE or size + len(packed) > MOST_WAITING_BYTES:
            return "full"
        conn.execute(
            "INSERT INTO pages (url, sha256, packed, received_at) VALUES (?, ?, ?, ?)", (url, sha256, packed, now)
        )
        return "waiting"


def find_newest(archive: Path) -> int:
    """The number of the newest page that waits, 0 where none does. An archive without such a file gets none."""
    if not intake_path(archive).exists():
        return 0
    with opened_intake(archive) as conn:
        return int(conn.execute("SELECT coalesce(max(id), 0) FROM pages WHERE state = 'waiting'").fetchone()[0])


def read_waiting(archive: Path) -> Iterator[HandedPage]:
    """The pages that wait, oldest first, one at a time in memory."""
    after = 0
    while page := read_next(archive, after):
        after = page.id
        yield page


def read_next(archive: Path, after: int) -> HandedPage | None:
    query = (
        "SELECT id, url, packed, sha256, received_at FROM pages WHERE state = 'waiting' AND id > ? ORDER BY id LIMIT 1"
    )
    with opened_intake(archive) as conn:
        row = conn.execute(query, (after,)).fetchone()
    if row is None:
        return None
    body = unpack_page(row[2])
    if hash_bytes(body) != row[3]:
        body = b""
    return HandedPage(row[0], row[1], body, row[4])


def unpack_page(packed: bytes) -> bytes:
    """A page's bytes, never more than a page may have; empty where they are damaged. Pure."""
    try:
        return zlib.decompressobj().decompress(packed, LARGEST_PAGE)
    except zlib.error:
        return b""


def settle_page(archive: Path, page_id: int, state: str, now: str) -> None:
    """Note what became of a page, and let go of its bytes: the archive has them, or is not to have them."""
    with opened_intake(archive) as conn:
        conn.execute("UPDATE pages SET state = ?, settled_at = ?, packed = NULL WHERE id = ?", (state, now, page_id))
        forget_old(conn, now)


def forget_old(conn: sqlite3.Connection, now: str) -> None:
    """Leave in the list what was settled within a week, the newest."""
    conn.execute("DELETE FROM pages WHERE settled_at < ?", (later(now, -LISTED_S),))
    newest = "SELECT id FROM pages WHERE settled_at IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?"
    conn.execute(f"DELETE FROM pages WHERE id IN ({newest})", (MOST_LISTED,))


def list_handed_in(archive: Path, most: int) -> tuple[ListedPage, ...]:
    """What came in and what became of it, the newest first."""
    with opened_intake(archive) as conn:
        rows = conn.execute("SELECT url, received_at, state, settled_at FROM pages ORDER BY id DESC LIMIT ?", (most,))
        return tuple(ListedPage(*row) for row in rows)
