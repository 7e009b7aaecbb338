"""An archive file -> a read-only connection, and what was kept out of it, as the values that went in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from embedarchive.core.errors import ArchiveError, ArchiveLocked
from embedarchive.core.model import Answer, Page, Post
from embedarchive.core.page_in_hand import PROBE, is_redirect
from embedarchive.core.shell import say_command
from embedarchive.store.blobs import parse_json
from embedarchive.store.faults import FAULTS, Connection, raise_ours
from embedarchive.store.fixity import read_blob
from embedarchive.store.schema import check_identity
from embedarchive.store.schema.older import read_as_newest
from embedarchive.store.schema.strangers import keep_to_tables
from embedarchive.store.sidefiles import hold_archive, settle_side_files

LONGEST_VALUE = 50_000_000
"""Bytes of one value that a reader takes at once; files that are larger are read in pieces (`fixity`)."""

LONGEST_WAIT_S = 30.0
"""For another program that has the file locked."""


last_opened: list[Path] = []
"""The archives that this process opened, the newest last: what went wrong unexpectedly may be explained by what one holds."""


def remember_opened(path: Path) -> None:
    """Put an archive last among the four that were opened last."""
    last_opened[:] = [*last_opened[-3:], path]


def open_reader(path: Path, factory: type[sqlite3.Connection] = Connection) -> sqlite3.Connection:
    """Open an archive that is never written through this connection; one of an older schema reads as the newest.

    Raises ArchiveError when there is none or it cannot be read; NotAnArchive, NewerArchive, OlderArchive,
    DamagedArchive, ArchiveBusy. What the connection is asked later raises these too, unless it is of another `factory`.
    """
    if not path.exists():
        make = say_command("embedarchive", "crawl", "URL", "-a", path.parent)
        raise ArchiveError(f"There is no archive at {path} yet. Make one with: {make}")
    settle_side_files(path)
    check_identity(path)
    remember_opened(path)
    try:
        return connect_reader(path, factory)
    except FAULTS as error:
        if not is_half_written(error):
            raise_ours(error, path)
            raise
    finish_killed_write(path)
    return connect_reader(path, factory)


def connect_reader(path: Path, factory: type[sqlite3.Connection] = Connection) -> sqlite3.Connection:
    conn = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=LONGEST_WAIT_S, factory=factory)
    if isinstance(conn, Connection):
        conn.name = path
    asked = conn.cursor(sqlite3.Cursor)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    asked.execute("PRAGMA trusted_schema = OFF")
    asked.execute("SELECT 1 FROM sqlite_master").fetchone()
    read_as_newest(conn)
    keep_to_tables(conn)
    asked.execute("PRAGMA query_only = ON")
    conn.row_factory = sqlite3.Row
    return conn


def is_half_written(error: Exception) -> bool:
    """Whether a reader met what a killed run left: it may not roll that back, for it would have to write."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


def finish_killed_write(path: Path) -> None:
    """Let SQLite roll back what a killed run left half written. Raises ArchiveError when it cannot."""
    try:
        with hold_archive(path), closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)) as conn:
            conn.execute("SELECT 1 FROM sqlite_master").fetchone()
    except ArchiveLocked:  # a run has begun, and mends it
        return
    except (sqlite3.OperationalError, ArchiveError) as error:
        raise ArchiveError(
            f"{path} was left by a run that was killed, and cannot be mended from here, for it or its folder cannot be written "
            "to. Nothing that was reported as kept is lost; open it once where they can be."
        ) from error


def select_rows(conn: sqlite3.Connection, sql: str, *values: Any) -> list[sqlite3.Row]:
    """All rows by the names of their columns, whatever the connection's row factory is."""
    cursor = conn.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, values).fetchall()


def read_piece(conn: sqlite3.Connection, rowid: int, start: int, length: int) -> bytes:
    """Some stored bytes of a blob, without reading the rest of it."""
    with conn.blobopen("blobs", "body", rowid, readonly=True) as blob:
        blob.seek(min(start, len(blob)))
        return blob.read(length)


def read_text(conn: sqlite3.Connection, sha256: str | None) -> str:
    if sha256:
        return (read_blob(conn, sha256) or b"").decode("utf-8", "replace")
    return ""


def read_fetched(conn: sqlite3.Connection, fetch_id: int, column: Literal["html_sha256", "dom_sha256"]) -> bytes:
    """A page of a download, as served or as rendered, as it stands now; empty where there is none.

    Since it was found to be due an erasure may have cut a post out of it.
    """
    sha256 = conn.execute(f"SELECT {column} FROM fetches WHERE id = ?", (fetch_id,)).fetchone()[0]
    if sha256 is None:
        return b""
    return read_blob(conn, sha256) or b""


def read_post(conn: sqlite3.Connection, key: str) -> Post | None:
    query = "SELECT platform, native_id, url, posted_at, resolved FROM posts WHERE key = ?"
    row = conn.execute(query, (key,)).fetchone()
    if not row:
        return None
    return Post(row[0], row[1], row[2], row[3], bool(row[4]))


def read_placed(conn: sqlite3.Connection, crawl_id: int, fetch_id: int) -> tuple[Post, ...]:
    """The posts that a run is to photograph in one article, in reading order."""
    query = """SELECT p.platform, p.native_id, p.url, p.posted_at FROM placements w JOIN posts p ON p.key = w.post_key
               WHERE w.crawl_id = ? AND w.fetch_id = ? AND w.tried = 0 ORDER BY w.rowid"""
    return tuple(Post(*row) for row in conn.execute(query, (crawl_id, fetch_id)))


def read_page(conn: sqlite3.Connection, capture_id: int) -> Page:
    """The page of a capture as it was when judged, so that better rules can read it again without any network.

    As `core.page_in_hand` makes it of a capture that is not kept yet.
    """
    capture = conn.execute("SELECT * FROM captures WHERE id = ?", (capture_id,)).fetchone()
    exchanges = conn.execute("SELECT * FROM exchanges WHERE capture_id = ? ORDER BY position", (capture_id,)).fetchall()
    dom = conn.execute("SELECT sha256 FROM artifacts WHERE capture_id = ? AND role = 'dom'", (capture_id,)).fetchone()
    document = main_document(exchanges, capture["final_url"])
    environment = parse_json(capture["environment"])
    body, rendered, headers = "", "", []
    if document:
        body, headers = read_text(conn, document["body_sha256"]), parse_json(document["response_headers"])
    if dom:
        rendered = read_text(conn, dom[0])
    return Page(
        url=capture["visit_url"],
        final_url=capture["final_url"],
        status=capture["status"],
        body=body,
        dom=rendered,
        headers=tuple((name, value) for name, value in headers),
        redirects=tuple((r["status"], r["url"]) for r in exchanges if is_redirect(r["resource_type"], r["status"])),
        answers=tuple(read_answer(conn, row) for row in exchanges if row["resource_type"].startswith(PROBE)),
        error=environment.get("page_error"),
        truncated=environment.get("page_truncated"),
    )


def main_document(exchanges: list[sqlite3.Row], final_url: str) -> sqlite3.Row | None:
    """The exchange that brought the visited page itself, not a frame within it."""
    documents = [row for row in exchanges if row["resource_type"] == "document" and row["body_sha256"]]
    at_the_end = [row for row in documents if row["url"] == final_url]
    return next(iter(at_the_end or documents), None)


def read_answer(conn: sqlite3.Connection, row: sqlite3.Row) -> Answer:
    body = read_text(conn, row["body_sha256"])
    return Answer(row["resource_type"].removeprefix(PROBE), row["url"], row["status"], row["url"], body, row["error"])
