"""Pages that are kept by reference -> how many of them are where they stood, and are what they were."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from embedarchive.core.errors import SourceError
from embedarchive.core.model import PagePlace
from embedarchive.sources.again import read_all_again

PLACES = """SELECT p.fetch_id, p.file, p.member, p.offset, p.length, p.sha256, p.size
            FROM page_places p JOIN fetches f ON f.id = p.fetch_id
            WHERE :since IS NULL OR f.fetched_at >= :since ORDER BY p.file, p.fetch_id"""


@dataclass
class ReferredPages:
    """What was found of the pages that were looked for.

    `agree` is how many have the digest that was kept; `absent` has for each file that is not there, or cannot be read, how many
    were not looked at for that; `changed` names those that their file does not hold any more, as (download, file).
    """

    pages: int = 0
    agree: int = 0
    absent: dict[str, int] = field(default_factory=dict)
    changed: list[tuple[int, str]] = field(default_factory=list)


def look_for_referred(
    conn: sqlite3.Connection, *, sample: float = 1.0, since: str | None = None, seed: int = 0
) -> ReferredPages:
    """Read pages that are kept by reference again: a share of them (0 to 1) drawn by `seed`, of downloads since a time."""
    looked = ReferredPages()
    for file, places in groupby(_draw(conn, sample, since, seed), key=lambda drawn: drawn[1].file):
        left = dict(places)
        looked.pages += len(left)
        try:
            for number, _ in read_all_again(Path(file), left.copy()):
                left.pop(number)
                looked.agree += 1
        except SourceError:
            looked.absent[file] = len(left)
            continue
        looked.changed += ((number, file) for number in sorted(left))
    return looked


def _draw(conn: sqlite3.Connection, sample: float, since: str | None, seed: int) -> Iterator[tuple[int, PagePlace]]:
    chance = random.Random(seed)
    for row in conn.execute(PLACES, {"since": since}):
        if sample >= 1 or chance.random() < sample:
            number, *place = row
            yield number, PagePlace(*place)
