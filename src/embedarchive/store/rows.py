"""A row -> kept, with its words in the full-text indexes and bytes once by their sha256, in the caller's transaction."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from embedarchive.core.grams import find_grams
from embedarchive.store.blobs import hash_bytes, pack_blob
from embedarchive.store.words import check_words

Row = Mapping[str, Any]


MAX_INTEGER = 2**63 - 1


FULL_TEXT = {
    "articles": ("title", "site_name"),
    "notes": ("value",),
    "embeds": ("author_name", "author_handle", "text"),
    "descriptions": ("author_name", "author_handle", "title", "text", "alt_text"),
}


def insert(conn: sqlite3.Connection, table: str, row: Row, *, or_ignore: bool = False) -> int:
    """Insert one row of our own column names (never of remote keys), index its words, give its rowid."""
    check_words(table, row)
    columns, placeholders = ", ".join(row), ", ".join("?" * len(row))
    verb = "INSERT"
    if or_ignore:
        verb = "INSERT OR IGNORE"
    cursor = conn.execute(f"{verb} INTO {table} ({columns}) VALUES ({placeholders})", [clean(v) for v in row.values()])
    rowid = int(cursor.lastrowid or 0)
    if cursor.rowcount and table in FULL_TEXT:
        index(conn, table, rowid)
    return rowid


def index(conn: sqlite3.Connection, table: str, rowid: int, *, remove: bool = False) -> None:
    """Put a row's words into the full-text indexes; `remove` takes them out, and must come before the row changes."""
    columns = ", ".join(FULL_TEXT[table])
    if remove:
        into, values = f"{table}_fts, rowid, {columns}", f"'delete', id, {columns}"
    else:
        into, values = f"rowid, {columns}", f"id, {columns}"
    conn.execute(f"INSERT INTO {table}_fts({into}) SELECT {values} FROM {table} WHERE id = ?", (rowid,))
    index_grams(conn, table, "WHERE id = ?", rowid, remove=remove)


def index_grams(conn: sqlite3.Connection, table: str, where: str = "", *values: Any, remove: bool = False) -> None:
    """Put the grams of rows into their index, or take them out; of all rows if none are named."""
    command, marker = (f"{table}_grams, ", "'delete', ") if remove else ("", "")
    sql = f"INSERT INTO {table}_grams({command}rowid, grams) VALUES ({marker}?, ?)"
    rows = conn.execute(f"SELECT id, {', '.join(FULL_TEXT[table])} FROM {table} {where}", values)
    for rowid, *texts in rows:
        if grams := find_grams(" ".join(filter(None, texts))):
            conn.execute(sql, (rowid, " ".join(grams)))


def clean(value: Any) -> Any:
    """A value SQLite can hold: no NUL or lone surrogate in text, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return None
    return value


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fields_of(value: Any, *without: str) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.name not in without}


def keep_blob(conn: sqlite3.Connection, body: bytes, content_type: str | None) -> str:
    """Keep bytes once; of a file that was withdrawn, here or where a tombstone came from, its name only. Give its sha256."""
    sha256 = hash_bytes(body)
    if not conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (sha256,)).fetchone():
        barred = conn.execute("SELECT 1 FROM redactions WHERE sha256 = ?", (sha256,)).fetchone() is not None
        encoding, packed = ("identity", b"") if barred else pack_blob(body, content_type)
        insert(conn, "blobs", {"sha256": sha256, "size": len(body), "encoding": encoding, "body": packed})
    return sha256


def is_barred(conn: sqlite3.Connection, key: str) -> bool:
    """Whether a post was erased: nothing of it is kept again."""
    return conn.execute("SELECT 1 FROM barred_posts WHERE key = ?", (key,)).fetchone() is not None


def is_barred_article(conn: sqlite3.Connection, article_id: int) -> bool:
    """Whether an article was erased: it is not fetched again."""
    return conn.execute("SELECT 1 FROM barred_articles WHERE id = ?", (article_id,)).fetchone() is not None
