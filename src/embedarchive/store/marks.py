"""A capture's pictures -> their marks in the archive, by which a part of one finds its post."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from embedarchive.core.errors import WrongBytes
from embedarchive.core.image_hash import image_distance, open_grey
from embedarchive.store.fixity import read_blob

if TYPE_CHECKING:  # Pillow takes a twentieth of a second to import, which only pictures need wait
    from embedarchive.core.picture_marks import Mark

MARKED = ("screenshot", "media", "poster")
"""Roles of what a reader would make a screenshot of."""

MOST_PICTURES_A_WORD = 50
"""A word that so many pictures have says nothing of any: it is a platform's button, or an edge as there are everywhere."""

SAME_AGAIN = 2
"""Bits in which the hashes of two pictures of a post differ that are one: observed for years, it is marked once."""

_UNMARKED = f"""
SELECT a.id, a.sha256, a.role, a.dhash, c.post_key FROM artifacts a JOIN captures c ON c.id = a.capture_id
WHERE a.capture_id = ? AND a.content_type LIKE 'image/%' AND a.role IN {MARKED!r}"""
_MARKED = """
SELECT a.dhash, a.sha256 FROM captures c JOIN artifacts a ON a.capture_id = c.id
WHERE c.post_key = ? AND a.role = ?
  AND EXISTS (SELECT 1 FROM picture_marks m WHERE m.artifact_id = a.id)
  AND NOT EXISTS (SELECT 1 FROM pending w WHERE w.work = 'mark' AND w.capture_id = c.id)"""
"""The marks of what is due again are of an older rule: they serve until then."""

Marked = Mapping[int, "Sequence[Mark]"]
"""An artifact's number -> its marks."""


def ask_to_mark(conn: sqlite3.Connection, capture_id: int) -> None:
    """Make a capture due to be marked, if it has pictures; within the transaction that keeps it."""
    has_pictures = conn.execute(_UNMARKED, (capture_id,)).fetchone()
    if has_pictures:
        conn.execute("INSERT OR IGNORE INTO pending VALUES ('mark', ?)", (capture_id,))


def count_unmarked(conn: sqlite3.Connection) -> int:
    """How many captures have pictures that are not marked yet."""
    return int(conn.execute("SELECT count(*) FROM captures_to_mark").fetchone()[0])


def read_unmarked(conn: sqlite3.Connection, capture_id: int) -> dict[int, bytes]:
    """The pictures of a capture that are to be marked: an artifact's number -> its bytes."""
    found: dict[int, bytes] = {}
    for artifact_id, sha256, role, dhash, post_key in conn.execute(_UNMARKED, (capture_id,)).fetchall():
        marked = conn.execute(_MARKED, (post_key, role)).fetchall()
        if any(_is_same((dhash, sha256), (other[0], other[1])) for other in marked):
            continue
        if body := read_picture(conn, sha256):
            found[artifact_id] = body
    return found


def _is_same(a: tuple[int | None, str], b: tuple[int | None, str]) -> bool:
    """Whether two files, each by its image hash and sha256, are one picture."""
    if a[0] is None or b[0] is None:
        return a[1] == b[1]
    return image_distance(a[0], b[0]) <= SAME_AGAIN


def read_picture(conn: sqlite3.Connection, sha256: str) -> bytes | None:
    """The bytes of a picture; None where they were withdrawn, or are not what their name says."""
    try:
        return read_blob(conn, sha256)
    except WrongBytes:
        return None


def mark_pictures(pictures: Mapping[int, bytes]) -> Marked:
    """The marks of each picture. For a thread."""
    from embedarchive.core.picture_marks import find_marks

    opened = {artifact_id: open_grey(body) for artifact_id, body in pictures.items()}
    return {artifact_id: find_marks(grey) for artifact_id, grey in opened.items() if grey}


def keep_marks(conn: sqlite3.Connection, capture_id: int, marked: Marked) -> None:
    """Keep what was found of a capture, in place of what an older rule found; it is due no more. Within the caller's
    transaction.
    """
    conn.execute(
        "DELETE FROM picture_marks WHERE artifact_id IN (SELECT a.id FROM artifacts a JOIN pending w "
        "ON w.capture_id = a.capture_id AND w.work = 'mark' WHERE a.capture_id = ?)",
        (capture_id,),
    )
    for artifact_id, marks in marked.items():
        for mark in marks:
            if not _is_common(conn, mark.word):
                conn.execute(
                    "INSERT OR IGNORE INTO picture_marks VALUES (?, ?, ?)", (artifact_id, mark.word, mark.place)
                )
    conn.execute("DELETE FROM pending WHERE work = 'mark' AND capture_id = ?", (capture_id,))


def _is_common(conn: sqlite3.Connection, word: int) -> bool:
    asked = "SELECT count(*) FROM (SELECT 1 FROM picture_marks WHERE word = ? LIMIT ?)"
    return int(conn.execute(asked, (word, MOST_PICTURES_A_WORD)).fetchone()[0]) == MOST_PICTURES_A_WORD
