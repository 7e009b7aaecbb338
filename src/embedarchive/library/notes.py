"""What lists said of articles -> their notes as they are now: beside the evidence, never a part of it. Read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from embedarchive.library.records import Note
from embedarchive.library.rows import in_list, select


def read_notes(conn: sqlite3.Connection, article_id: int) -> tuple[Note, ...]:
    """The notes of an article, the newest list first, in its order."""
    sql = "SELECT name, value, by, at FROM current_notes WHERE article_id = ? ORDER BY at DESC, id"
    return tuple(Note(**row) for row in select(conn, sql, article_id))


def read_post_notes(conn: sqlite3.Connection, key: str) -> tuple[Note, ...]:
    """The notes of a post, the newest first."""
    sql = "SELECT name, value, by, at FROM current_post_notes WHERE post_key = ? ORDER BY at DESC, id"
    return tuple(Note(**row) for row in select(conn, sql, key))


def list_tags(conn: sqlite3.Connection) -> tuple[str, ...]:
    """Every tag of a post or an article, in their order."""
    sql = """SELECT value FROM current_post_notes WHERE name GLOB 'tag *'
             UNION SELECT value FROM current_notes WHERE name GLOB 'tag *' ORDER BY 1"""
    return tuple(row["value"] for row in select(conn, sql))


def find_noted_posts(conn: sqlite3.Connection, ids: Iterable[int]) -> dict[int, str]:
    """Number of a note -> the key of its post, of those notes that count."""
    sql = "SELECT id, post_key FROM current_post_notes WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row["post_key"] for row in select(conn, sql, in_list(ids))}


def find_noted(conn: sqlite3.Connection, ids: Iterable[int]) -> dict[int, int]:
    """Number of a note -> the number of its article, of those notes that count."""
    sql = "SELECT id, article_id FROM current_notes WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row["article_id"] for row in select(conn, sql, in_list(ids))}
