"""One SELECT over an archive -> its rows, within a time and a number. Read-only; nothing a question says can write."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedarchive.core.errors import EmbedArchiveError, UsageError
from embedarchive.library.functions import register_functions
from embedarchive.store.faults import FAULTS, explain, is_of_the_file
from embedarchive.store.sharing import open_shared

LONGEST_S = 60.0
LONGEST_VALUE = 50_000_000
"""Bytes of one value: `select zeroblob(1e9)` would fill memory in less time than any limit."""

PIECE = 500
STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock, some milliseconds."""

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")


class TooSlow(UsageError):
    """A question took longer than it may; the archive is as it was."""


@dataclass(slots=True)
class Budget:
    """Seconds that SQLite may still work. Time in which the reader of the rows thinks does not count."""

    left_s: float

    @contextmanager
    def spending(self, conn: sqlite3.Connection) -> Iterator[None]:
        start = time.monotonic()
        conn.set_progress_handler(lambda: int(time.monotonic() - start > self.left_s), STEPS)
        try:
            yield
        finally:
            conn.set_progress_handler(None, 0)
            self.left_s -= time.monotonic() - start


def ask(
    path: Path, sql: str, values: Mapping[str, Any], longest_s: float = LONGEST_S
) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Each row of one statement as (column names, values); a connection of its own, closed when the rows end.

    Named parameters stand in the statement as `:name`. Knows the SQL functions of the reading room. Raises UsageError
    when SQLite does not understand the statement, TooSlow when it works longer than `longest_s`.
    """
    budget = Budget(longest_s)
    with closing(open_asker(path)) as conn:
        try:
            with budget.spending(conn):
                cursor = conn.execute(sql, dict(values))
            names = tuple(column[0] for column in cursor.description or ())
            while True:
                with budget.spending(conn):
                    rows = cursor.fetchmany(PIECE)
                yield from ((names, tuple(row)) for row in rows)
                if len(rows) < PIECE:
                    return
        except (*FAULTS, sqlite3.Warning) as error:
            raise explain_question(conn, error, path, longest_s) from error


def open_asker(path: Path) -> sqlite3.Connection:
    """A reader that knows the SQL functions of `functions`, bounds what one value may hold, and opens no file.

    Even read-only, SQLite would let a question attach other files, and write one with `VACUUM INTO`.
    """
    conn = open_shared(
        path, "staff", sqlite3.Connection
    )  # SQLite's own errors: most are the question's, not the archive's
    register_functions(conn)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    return conn


def explain_question(conn: sqlite3.Connection, error: Exception, path: Path, longest_s: float) -> EmbedArchiveError:
    """What went wrong with a question, in words that say what to do next."""
    told = None
    if is_of_the_file(error):
        told = explain(error, path)
    if told:
        return told
    said = str(error)
    if said == "interrupted":
        return TooSlow(
            f"The question was stopped after {longest_s:g} seconds; nothing was changed. "
            "Ask for less, or allow more time."
        )
    if missing := re.search(r"binding (?:parameter )?:(\w+)|binding (\d+)", said):
        name = missing[1] or "NAME"
        return UsageError(f"The question needs a value for :{name}. On the command line: -p {name} VALUE")
    if said.startswith("no such table"):
        return UsageError(f"{said}. There are: {', '.join(read_names(conn))}.")
    return UsageError(f"The question cannot be answered: {said.rstrip('.')}. Only one statement that reads is allowed.")


def read_names(conn: sqlite3.Connection) -> list[str]:
    """Tables and views that a question may be about."""
    sql = (
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view') "
        "AND name NOT LIKE '%sqlite%' ORDER BY type DESC, name"
    )
    return [str(row[0]) for row in conn.execute(sql)]


def read_value(text: str) -> str | int:
    """A parameter as typed: whole numbers count as numbers, all else is text. Pure."""
    if _WHOLE.fullmatch(text):
        return int(text)
    return text
