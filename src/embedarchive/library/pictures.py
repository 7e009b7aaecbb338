"""A picture, or a part of one -> the posts that showed it, those that agree most first. Read-only."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from embedarchive.core.image_hash import find_quarters
from embedarchive.library.records import Lookup
from embedarchive.library.rows import Row, in_list, select

if TYPE_CHECKING:
    from embedarchive.library.picture_search import AskedPicture

LARGEST_PICTURE = 20_000_000
"""Bytes of a picture that someone may look up."""

MOST_COMPARED = 20_000


def read_asked(body: bytes) -> AskedPicture | None:
    """What is looked for by a picture's bytes; None if they are no picture that we know, or one of one colour all over.

    For a thread: it takes 50 ms.
    """
    from embedarchive.library import picture_search

    return picture_search.read_asked(body)


def lookup_picture(
    conn: sqlite3.Connection, asked: AskedPicture | None, name: str = "the picture", limit: int = 20
) -> Lookup:
    """What the archive has of a picture (`read_asked`): a photo or a screenshot, whole or a part, framed, mirrored."""
    if asked is None:
        return Lookup(name, "no picture: it is no file of that kind, too large, or of one colour all over")
    from embedarchive.library.picture_search import find_pictures

    found = find_pictures(conn, asked, limit)
    return Lookup(
        name, "a picture", alike=found,
        tried=("every picture and screenshot kept, by image hash", "parts of them, also mirrored, by their marks"),
    )  # fmt: skip


def find_candidates(conn: sqlite3.Connection, dhash: int, most: int) -> list[Row]:
    """At most so many pictures of which one quarter of the hash differs in at most one bit, by the four indexes."""
    quarters = [in_list(values) for _, values in find_quarters(dhash)]
    return select(conn, ask_for_quarters(), *quarters, most)


def ask_for_quarters() -> str:
    """The question for them; each part has the very expression of its index."""
    parts = ("dhash & 65535", "dhash >> 16 & 65535", "dhash >> 32 & 65535", "dhash >> 48 & 65535")
    asked = (
        f"SELECT id, capture_id, dhash FROM artifacts WHERE dhash IS NOT NULL AND {part} "
        "IN (SELECT value FROM json_each(?))"
        for part in parts
    )
    return f"SELECT DISTINCT id, capture_id, dhash FROM ({' UNION ALL '.join(asked)}) LIMIT ?"
