"""A picture that someone looks for -> the kept pictures that show the same, whole or in part. Read-only.

It takes Pillow, which takes a while to import: `pictures.py` does so when a picture is looked for.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import nlargest
from itertools import zip_longest
from math import sqrt
from operator import itemgetter

from PIL import Image, ImageOps

from embedarchive.core.image_hash import ALIKE, hash_image, image_distance, open_as_shown, open_grey
from embedarchive.core.picture_marks import (
    FEW,
    MIRRORED,
    STEPS_AN_OCTAVE,
    Level,
    Mark,
    find_asked_marks,
    find_more_marks,
    find_size,
    make_asked_levels,
    read_place,
)
from embedarchive.core.picture_match import LEAST_MARKS, Agreement, Lay, Pair, compare, find_lay
from embedarchive.library.candidates import MOST_COMPARED, find_candidates
from embedarchive.library.posts import find_key, read_lines
from embedarchive.library.records import Alike, PostLine
from embedarchive.library.rows import in_list, select_one
from embedarchive.store.marks import read_picture

MOST_SHARED = 200_000
"""Marks that are looked at: in a large archive those whose words few pictures have."""

SMALL_ARCHIVE = 20_000
"""Files of pictures, screenshots and others, below which even unlikely spellings cost little."""

DOUBTS = (0.2, 0.4)
"""How doubtful spellings may be, in an archive that is large, and in one that is small: Mark.spell. Measured on 48 changed
pictures: by .4, half as many words more are looked up and a fifth more marks are found."""

MOST_SPELLED = 700
"""Marks at more sizes that are looked up in every doubtful spelling in a large archive: more drown the right ones."""

MOST_ELECTED = 150
"""Pictures of which it is asked which of the marks lie alike."""

MOST_LAID = 12
"""Pictures that most marks agree on, of which it is asked how the one lies in the other."""

CELL, HALF_OCTAVE = 100, STEPS_AN_OCTAVE // 2
"""Pixels of a kept picture and steps of size within which marks are taken to agree at first."""

ALSO = 0.5
"""Where a picture was found, others are looked at that have this share of its agreeing marks: other posts may show it, too."""

UNSHARP = 0.5
"""Share of the details that are others, from which on it is no other word, but none can be read: a picture of a monitor."""

MOST_NEAR = 3
"""Posts that are offered as nearly what is shown."""

MOST_REFUSED = (6, 2)
"""Pictures that were compared in full and are others, after which no more are, before and after one was found: each costs
10 to 20 ms."""


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """A picture that someone looks for: in grey, its image hash (None: no large contrasts), at several sizes, its marks.

    It is never kept.
    """

    grey: Image.Image
    dhash: int | None
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept picture that may be the one asked for, or a part of it, or hold it: how they lie, and whether as in a mirror.

    `agreeing` is how many marks say how they lie; 0 where it is their hashes that are alike.
    """

    artifact_id: int
    mirrored: bool = False
    lay: Lay | None = None
    agreeing: int = 0


def read_asked(body: bytes) -> AskedPicture | None:
    """What is looked for by a picture's bytes; None if they are no picture that we know, or one of one colour all over.

    For a thread: it takes 50 ms.
    """
    grey = open_as_shown(body, (900, 900))
    if grey is None:
        return None
    levels = make_asked_levels(grey)
    asked = AskedPicture(grey, hash_image(grey), tuple(levels), tuple(find_asked_marks(levels)))
    if asked.marks or asked.dhash is not None:
        return asked
    return None


@dataclass(frozen=True, slots=True)
class Like:
    """How like the picture asked for a kept one is: what agrees, how far their hashes are apart, whether as in a mirror."""

    agreement: Agreement
    distance: int
    mirrored: bool

    @property
    def order(self) -> tuple[float, int, float]:
        alike = self.agreement.share - self.agreement.share_of_others
        return -round(alike, 1), self.distance, -alike


Found = tuple[tuple[Alike, ...], tuple[tuple[PostLine, str], ...]]
"""Posts that are found, and posts that nearly are, each with why only nearly."""


def find_pictures(conn: sqlite3.Connection, asked: AskedPicture, limit: int = 20) -> Found:
    """The posts with that picture or a part of it, those that agree most first, each once; and those that look alike."""
    found, near = compare_with(conn, asked, choose_candidates(conn, asked), limit)
    for tried, spell in list_tries(conn, asked):
        if found:
            break
        found, near = compare_with(conn, tried, find_by_marks(conn, tried, spell), limit, near)
    lines = read_lines(conn, {**found, **near})
    surest = sorted((key for key in found if key in lines), key=lambda key: found[key].order)
    nearest = sorted((key for key in near if key in lines and key not in found), key=lambda key: near[key].order)
    return (
        tuple(Alike(lines[key], found[key].distance, found[key].mirrored) for key in surest),
        tuple((lines[key], say_why(near[key])) for key in nearest[:MOST_NEAR]),
    )


Spell = Callable[[Mark], Sequence[int]]
"""A mark -> the words that it is looked up by."""


def list_tries(conn: sqlite3.Connection, asked: AskedPicture) -> Iterator[tuple[AskedPicture, Spell]]:
    """How else a picture is looked for that was not found by its marks as they are told: the cheapest first."""
    more = None
    if len(asked.marks) < FEW:
        more = replace(asked, marks=tuple(find_more_marks(asked.grey, asked.levels)))
        yield more, spell_as_told
    (files,) = conn.execute("SELECT ifnull(max(artifact_id), 0) FROM picture_marks").fetchone()
    is_small = files < SMALL_ARCHIVE
    spell = partial(Mark.spell, most_doubt=DOUBTS[is_small])
    yield asked, spell
    if more and (is_small or len(more.marks) < MOST_SPELLED):
        yield more, spell


Likes = dict[str, Like]
"""Posts by their keys."""


def compare_with(
    conn: sqlite3.Connection,
    asked: AskedPicture,
    candidates: Iterable[Candidate],
    limit: int,
    near: Likes | None = None,
) -> tuple[Likes, Likes]:
    """The posts that show what is asked about, and those that look alike, with those that were known to."""
    found: Likes = {}
    near = dict(near or {})
    refused = most = 0
    for candidate in candidates:
        if 0 < candidate.agreeing < ALSO * most:
            continue
        owner = select_one(
            conn,
            "SELECT a.dhash, a.sha256, c.post_key FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE a.id = ?",
            candidate.artifact_id,
        )
        if not owner:
            continue
        key: str = find_key(conn, owner["post_key"]) or owner["post_key"]
        if key in found:
            continue
        agreement = look_closely(conn, asked, candidate, owner["sha256"])
        like = Like(agreement, measure(asked.dhash, owner["dhash"]), candidate.mirrored)
        if agreement.is_same:
            found[key] = like
            most = max(most, candidate.agreeing)
        else:
            refused += 1
        if agreement.is_alike:
            near.setdefault(key, like)
        if refused >= MOST_REFUSED[bool(found)] or len(found) == limit:
            break
    return found, near


def say_why(like: Like) -> str:
    """Why a post is only nearly found by a picture. Pure."""
    agreement = like.agreement
    looks = "it looks alike,"
    if like.mirrored:
        looks = "it looks alike, mirrored,"
    if not agreement.other_details:
        return f"{looks} and shows too little to be sure"
    if agreement.share_of_others > UNSHARP:
        return f"{looks} but is too unsharp to compare the words: another post may look so"
    share = max(1, round(100 * agreement.share_of_others))
    return f"{looks} but {share} % of the details are others: compare the words, another post may look so"


def measure(a: int | None, b: int | None) -> int:
    """In how many of 64 bits two image hashes differ; all, where there is none."""
    if a is None or b is None:
        return 64
    return image_distance(a, b)


def choose_candidates(conn: sqlite3.Connection, asked: AskedPicture) -> Iterator[Candidate]:
    """Kept pictures that may be it, the likeliest first: by turns those with the nearest hash and with most marks in common."""
    near = sorted(
        (measure(asked.dhash, row["dhash"]), -row["id"])
        for row in (find_candidates(conn, asked.dhash, MOST_COMPARED) if asked.dhash is not None else ())
    )
    whole = [Candidate(-number) for distance, number in near if distance <= ALIKE]
    for pair in zip_longest(whole, find_by_marks(conn, asked)):
        yield from (each for each in pair if each)


def spell_as_told(mark: Mark) -> list[int]:
    """A mark's word without its doubts: a fifth of the words, by which nearly every picture is found."""
    return [mark.word]


def find_by_marks(conn: sqlite3.Connection, asked: AskedPicture, spell: Spell = spell_as_told) -> list[Candidate]:
    """Kept pictures that have marks of this one in the same places, those with most of them first."""
    marks = [*asked.marks, *(reflect(mark, asked.grey.width) for mark in asked.marks)]
    found: list[Candidate] = []
    for (artifact_id, mirrored), elected in vote(marks, read_shared(conn, asked.marks, spell)):
        agreeing, lay = find_lay([_pair_up(marks[number], place) for number, place, _ in elected])
        if lay:
            found.append(Candidate(artifact_id, mirrored, lay, agreeing))
    return sorted(found, key=lambda each: -each.agreeing)


def reflect(mark: Mark, width: int) -> Mark:
    """The mark as it would be in the mirror image of a picture of that width."""
    return Mark(mark.word ^ MIRRORED, width - mark.x, mark.y, mark.step)


def _pair_up(mark: Mark, place: int) -> Pair:
    x, y, step = read_place(place)
    return Pair(mark.x, mark.y, mark.size, x, y, find_size(step))


Shared = tuple[int, int, float]
"""A mark that is in a kept picture as well: its number, its place there, its weight (less, the more pictures have its word)."""

Kept = tuple[int, bool]
"""A kept picture by its number, and whether it is shared with as in a mirror."""

_WITH_WORDS = "FROM picture_marks WHERE word IN (SELECT value FROM json_each(?))"


def weigh_words(conn: sqlite3.Connection, words: Iterable[int]) -> dict[int, float]:
    """Those of the words that some picture has, rarest first until their marks are `MOST_SHARED`, each with its weight."""
    counted = conn.execute(f"SELECT word, count(*) {_WITH_WORDS} GROUP BY word", (in_list(words),)).fetchall()
    weights: dict[int, float] = {}
    left = MOST_SHARED
    for word, marks in sorted(counted, key=itemgetter(1)):
        left -= marks
        if left < 0:
            break
        weights[word] = 1 / sqrt(marks)
    return weights


def rank_pictures(conn: sqlite3.Connection, weights: Mapping[int, float]) -> list[int]:
    """The numbers of the kept pictures that have most weight of these words, wherever they are.

    The marks come as two lists: as rows each would take four times as long.
    """
    asked = f"SELECT json_group_array(artifact_id), json_group_array(word) {_WITH_WORDS}"
    pictures, words = map(json.loads, conn.execute(asked, (in_list(weights),)).fetchone())
    weighed: defaultdict[int, float] = defaultdict(float)
    for picture, word in zip(pictures, words, strict=True):
        weighed[picture] += weights[word]
    return nlargest(MOST_ELECTED, weighed, key=weighed.__getitem__)


def read_shared(conn: sqlite3.Connection, marks: Sequence[Mark], spell: Spell) -> dict[Kept, list[Shared]]:
    """The marks that each kept picture shares, of those that share most; those of the mirror image are numbered last."""
    as_shown: defaultdict[int, list[int]] = defaultdict(list)
    for number, mark in enumerate(marks):
        for word in spell(mark):
            as_shown[word].append(number)
    mirrored = {word ^ MIRRORED: [len(marks) + number for number in numbers] for word, numbers in as_shown.items()}
    weights = weigh_words(conn, {*as_shown, *mirrored})
    shared: defaultdict[Kept, list[Shared]] = defaultdict(list)
    for is_mirrored, spelled in ((False, as_shown), (True, mirrored)):
        weighed = {word: weights[word] for word in spelled.keys() & weights.keys()}
        rows = conn.execute(
            f"SELECT artifact_id, word, place {_WITH_WORDS} AND +artifact_id IN (SELECT value FROM json_each(?))",
            (in_list(weighed), in_list(rank_pictures(conn, weighed))),
        )
        for artifact_id, word, place in rows:
            shared[artifact_id, is_mirrored] += [(number, place, weighed[word]) for number in spelled[word]]
    return shared


def vote(marks: Sequence[Mark], shared: Mapping[Kept, Sequence[Shared]]) -> list[tuple[Kept, list[Shared]]]:
    """The kept pictures for which most weight of marks agrees, and those marks.

    Each mark votes for how large the picture is in the kept one, and for where (Hough's transform). A platform's buttons
    lie alike in every screenshot of it, and weigh the less.
    """
    weights = {kept: sum(weight for _, _, weight in its) for kept, its in shared.items()}
    best: list[tuple[float, Kept, list[Shared]]] = []
    for kept in sorted(weights, key=weights.__getitem__, reverse=True):
        if len(best) == MOST_LAID and weights[kept] <= best[-1][0]:
            break
        weight, elected = elect(marks, shared[kept])
        if elected:
            best.append((weight, kept, elected))
            best.sort(key=lambda each: -each[0])
            del best[MOST_LAID:]
    return [(kept, elected) for _, kept, elected in best]


def elect(marks: Sequence[Mark], shared: Sequence[Shared]) -> tuple[float, list[Shared]]:
    """The weight of those marks that lie alike and weigh most together, and these, each once; none where they are too few."""
    cells: dict[tuple[int, int, int], list[Shared]] = {}
    for each in shared:
        mark, (x, y, step) = marks[each[0]], read_place(each[1])
        octaves = (step - mark.step + HALF_OCTAVE // 2) // HALF_OCTAVE
        scale = 2 ** (octaves / 2)
        cell = octaves, int((x - scale * mark.x) // CELL), int((y - scale * mark.y) // CELL)
        cells.setdefault(cell, []).append(each)
    most, best = 0.0, dict[int, Shared]()
    for octaves, along, down in cells:
        near = [(octaves, along + right, down + below) for right in (0, 1) for below in (0, 1)]
        agreeing = {each[0]: each for cell in near for each in cells.get(cell, ())}
        if len(agreeing) >= LEAST_MARKS:
            weight = sum(each[2] for each in agreeing.values())
            if weight > most:
                most, best = weight, agreeing
    return most, sorted(best.values(), key=lambda each: -each[2])


def look_closely(conn: sqlite3.Connection, asked: AskedPicture, candidate: Candidate, sha256: str) -> Agreement:
    """Compare a picture with one that is kept; nothing agrees with what is kept no more."""
    body = read_picture(conn, sha256)
    kept = open_grey(body) if body else None
    if kept is None:
        return Agreement()
    if candidate.mirrored:
        shown = ImageOps.mirror(asked.grey)
    else:
        shown = asked.grey
    whole = Lay(kept.width / shown.width, kept.height / shown.height, 0.0, 0.0)
    return compare(shown, kept, candidate.lay or whole)
