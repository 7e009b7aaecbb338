"""A picture -> the posts that showed it or one much like it, nearest first. Read-only."""

from __future__ import annotations

import sqlite3

from embedarchive.core.image_hash import ALIKE, find_quarters, image_distance
from embedarchive.library.posts import find_key, read_lines
from embedarchive.library.records import Alike, Lookup
from embedarchive.library.rows import Row, in_list, select

LARGEST_PICTURE = 20_000_000
"""Bytes of a picture that someone may look up."""

MOST_COMPARED = 20_000


def lookup_picture(conn: sqlite3.Connection, dhash: int | None, name: str = "the picture", limit: int = 20) -> Lookup:
    """What the archive has of a picture with that hash (`hash_picture`): a photo, or a screenshot of a post."""
    if dhash is None:
        return Lookup(name, "no picture: it is no file of that kind, too large, or of one colour all over")
    found = find_pictures(conn, dhash, limit)
    return Lookup(name, "a picture", alike=found, tried=("every picture and screenshot kept, by image hash",))


def find_pictures(conn: sqlite3.Connection, dhash: int, limit: int = 20) -> tuple[Alike, ...]:
    """The posts with a picture like that, nearest first, each once."""
    near = sorted(
        (image_distance(dhash, row["dhash"]), -row["capture_id"])
        for row in find_candidates(conn, dhash, MOST_COMPARED)
        if image_distance(dhash, row["dhash"]) <= ALIKE
    )
    captures = {-capture: distance for distance, capture in reversed(near)}
    nearest = sorted(captures, key=lambda capture: (captures[capture], -capture))[: limit * 3]
    owners = {
        row["id"]: find_key(conn, row["post_key"]) or row["post_key"]
        for row in select(
            conn, "SELECT id, post_key FROM captures WHERE id IN (SELECT value FROM json_each(?))", in_list(nearest)
        )
    }
    best: dict[str, int] = {}
    for capture in nearest:
        best.setdefault(owners[capture], captures[capture])
    lines = read_lines(conn, list(best)[:limit])
    return tuple(Alike(lines[key], distance) for key, distance in best.items() if key in lines)


def find_candidates(conn: sqlite3.Connection, dhash: int, most: int) -> list[Row]:
    """At most so many pictures of which one quarter of the hash differs in at most one bit, by the four indexes."""
    quarters = [in_list(values) for _, values in find_quarters(dhash)]
    return select(conn, ask_for_quarters(), *quarters, most)


def ask_for_quarters() -> str:
    """The question for them; each part has the very expression of its index."""
    parts = ("dhash & 65535", "dhash >> 16 & 65535", "dhash >> 32 & 65535", "dhash >> 48 & 65535")
    asked = (
        f"SELECT capture_id, dhash FROM artifacts WHERE dhash IS NOT NULL AND {part} "
        "IN (SELECT value FROM json_each(?))"
        for part in parts
    )
    return f"SELECT DISTINCT capture_id, dhash FROM ({' UNION ALL '.join(asked)}) LIMIT ?"
