"""A picture, or a part of one -> the posts that showed it, those that agree most first. Read-only."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from embedarchive.library.records import Lookup

if TYPE_CHECKING:
    from embedarchive.library.picture_search import AskedPicture

LARGEST_PICTURE = 20_000_000
"""Bytes of a picture that someone may look up."""


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

    found, near = find_pictures(conn, asked, limit)
    return Lookup(
        name, "a picture", alike=found, near=near,
        tried=("every picture and screenshot kept, by image hash", "parts of them, also mirrored, by their marks"),
    )  # fmt: skip
