"""Pages that are kept by reference -> those that a newer finder has not searched, read again from their web archives.

A file that is not there, or does not hold a page any more, costs those pages: they stay due, and whoever asks
tells where they stood.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from embedarchive.core.errors import SourceError
from embedarchive.core.model import PagePlace
from embedarchive.detect import FINDER_RULES

NOT_READ_AGAIN = "not_read_again"
"""Why a page that is kept by reference is not searched by a newer finder."""

GONE = "it does not hold them any more"

FILES = """SELECT file, count(*) AS pages FROM referred_to_search WHERE coalesce(searched_rules, 0) < ?
           GROUP BY file ORDER BY file"""
PAGES = "SELECT * FROM referred_to_search WHERE file = ? AND coalesce(searched_rules, 0) < ?"

Row = Mapping[str, Any]


def find_files(conn: sqlite3.Connection) -> list[Row]:
    """The web archives with pages to search again: `file`, and how many `pages`."""
    return conn.execute(FILES, (FINDER_RULES,)).fetchall()


class DuePages:
    """The pages of one file that are to be searched again; what was read of them is taken out of `left`.

    `why` is why those that are left at the end could not be read.
    """

    def __init__(self, file: str, rows: Iterator[Row]) -> None:
        self.file = file
        self.left = {int(row["id"]): row for row in rows}
        self.why = GONE

    def read(self) -> Iterator[tuple[Row, bytes]]:
        """Give each page that is still where it stood, with its row."""
        try:
            for number, body in self._read_all():
                yield self.left.pop(number), body
        except SourceError as error:
            self.why = str(error)

    def _read_all(self) -> Iterator[tuple[int, bytes]]:
        from embedarchive.sources.again import read_all_again  # it brings warcio

        yield from read_all_again(Path(self.file), {number: read_place(row) for number, row in self.left.items()})


def read_due(conn: sqlite3.Connection, file: str) -> DuePages:
    """The pages of a file that are to be searched again."""
    return DuePages(file, conn.execute(PAGES, (file, FINDER_RULES)))


def read_place(row: Row) -> PagePlace:
    """Where the page of a row of `referred_to_search` stands."""
    names = ("file", "member", "offset", "length", "sha256", "size")
    return PagePlace(*(row[name] for name in names))
