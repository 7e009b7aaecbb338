"""A picture that someone looks for -> the kept pictures that show the same, whole or in part. Read-only.

It takes Pillow, which takes a while to import: `pictures.py` does so when a picture is looked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from PIL import Image, ImageOps

from embedarchive.core.image_hash import ALIKE, hash_picture, image_distance, open_grey
from embedarchive.core.picture_marks import MIRRORED, Mark, find_all_marks, read_place
from embedarchive.core.picture_match import LEAST_MARKS, Agreement, Lay, Pair, compare, find_lay
from embedarchive.library.candidates import MOST_COMPARED, find_candidates
from embedarchive.library.posts import find_key, read_lines
from embedarchive.library.records import Alike
from embedarchive.library.rows import in_list, select, select_one
from embedarchive.store.marks import read_picture

MOST_MARKS_READ = 200_000
MOST_LAID = 20
"""Pictures that share most marks, of which it is asked how the one lies in the other."""

MOST_REFUSED = 10
"""Pictures that were compared in full and are others, after which no more are: each costs 10 to 20 ms."""


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """A picture that someone looks for: in grey, its image hash (None: no large contrasts), its marks. It is never kept."""

    grey: Image.Image
    dhash: int | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept picture that may be the one asked for, or a part of it, or hold it: how they lie, and whether as in a mirror."""

    artifact_id: int
    mirrored: bool = False
    lay: Lay | None = None


def read_asked(body: bytes) -> AskedPicture | None:
    """What is looked for by a picture's bytes; None if they are no picture that we know, or one of one colour all over.

    For a thread: it takes 50 ms.
    """
    grey = open_grey(body, (900, 900))
    if grey is None:
        return None
    asked = AskedPicture(grey, hash_picture(body), tuple(find_all_marks(grey)))
    return asked if asked.marks or asked.dhash is not None else None


def find_pictures(conn: sqlite3.Connection, asked: AskedPicture, limit: int = 20) -> tuple[Alike, ...]:
    """The posts with that picture or a part of it, those that agree most first, each once."""
    best: dict[str, tuple[float, int, bool]] = {}
    refused = 0
    for candidate in choose_candidates(conn, asked):
        owner = select_one(
            conn,
            "SELECT a.dhash, a.sha256, c.post_key FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE a.id = ?",
            candidate.artifact_id,
        )
        if not owner:
            continue
        key: str = find_key(conn, owner["post_key"]) or owner["post_key"]
        if key in best:
            continue
        agreement = look_closely(conn, asked, candidate, owner["sha256"])
        if agreement.is_same:
            best[key] = (agreement.share, measure(asked.dhash, owner["dhash"]), candidate.mirrored)
        else:
            refused += 1
        if refused == MOST_REFUSED or len(best) == limit:
            break
    order = sorted(best, key=lambda each: (-round(best[each][0], 1), best[each][1], -best[each][0]))
    lines = read_lines(conn, order)
    return tuple(Alike(lines[key], best[key][1], best[key][2]) for key in order if key in lines)


def measure(a: int | None, b: int | None) -> int:
    """In how many of 64 bits two image hashes differ; all, where there is none."""
    return 64 if a is None or b is None else image_distance(a, b)


def choose_candidates(conn: sqlite3.Connection, asked: AskedPicture) -> Iterator[Candidate]:
    """Kept pictures that may be it, the likeliest first: by turns those with the nearest hash and with most marks in common."""
    near = sorted(
        (measure(asked.dhash, row["dhash"]), -row["id"])
        for row in (find_candidates(conn, asked.dhash, MOST_COMPARED) if asked.dhash is not None else ())
    )
    whole = [Candidate(-number) for distance, number in near if distance <= ALIKE]
    for pair in zip_longest(whole, find_by_marks(conn, asked)):
        yield from (each for each in pair if each)


def find_by_marks(conn: sqlite3.Connection, asked: AskedPicture) -> list[Candidate]:
    """Kept pictures that have marks of this one in the same places, those with most of them first."""
    spelled: dict[int, list[tuple[Mark, bool]]] = {}
    for mark in asked.marks:
        for word in mark.spell():
            spelled.setdefault(word, []).append((mark, False))
            spelled.setdefault(word ^ MIRRORED, []).append((mark, True))
    rows = select(
        conn,
        "SELECT artifact_id, word, place FROM picture_marks WHERE word IN (SELECT value FROM json_each(?)) LIMIT ?",
        in_list(spelled),
        MOST_MARKS_READ,
    )
    shared: dict[tuple[int, bool], dict[Mark, list[int]]] = {}
    for row in rows:
        for mark, mirrored in spelled[row["word"]]:
            places = shared.setdefault((row["artifact_id"], mirrored), {}).setdefault(mark, [])
            places.append(row["place"])
    most = sorted(shared, key=lambda each: -len(shared[each]))[:MOST_LAID]
    found: list[tuple[int, Candidate]] = []
    for artifact_id, mirrored in most:
        if len(shared[artifact_id, mirrored]) >= LEAST_MARKS:
            width = asked.grey.width if mirrored else None
            agreeing, lay = find_lay(list(_pair_up(shared[artifact_id, mirrored], width)))
            if lay:
                found.append((agreeing, Candidate(artifact_id, mirrored, lay)))
    return [candidate for _, candidate in sorted(found, key=lambda each: -each[0])]


def _pair_up(shared: Mapping[Mark, Sequence[int]], mirrored_within: int | None) -> Iterator[Pair]:
    """The marks of both; those of a picture of that width as they are in its mirror image."""
    for mark, places in shared.items():
        x = mark.x if mirrored_within is None else mirrored_within - mark.x
        for place in places[:3]:
            yield Pair(x, mark.y, mark.size, *read_place(place))


def look_closely(conn: sqlite3.Connection, asked: AskedPicture, candidate: Candidate, sha256: str) -> Agreement:
    """Compare a picture with one that is kept; nothing agrees with what is kept no more."""
    body = read_picture(conn, sha256)
    kept = open_grey(body) if body else None
    if kept is None:
        return Agreement()
    shown = ImageOps.mirror(asked.grey) if candidate.mirrored else asked.grey
    whole = Lay(kept.width / shown.width, kept.height / shown.height, 0.0, 0.0)
    return compare(shown, kept, candidate.lay or whole)
