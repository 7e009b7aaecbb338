"""A question that anyone may ask in SQL -> an answer within bounds of memory and time, or a sentence.

Datasette stops a question after a time, and cuts its rows; neither bounds what one value, one row or all rows hold, nor
what a single step of SQLite's machine takes, for it looks at the clock between steps only. So values are short, steps are
cheap, and the rows of an answer are counted in bytes as they come.
"""

from __future__ import annotations

import gc
import re
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from math import inf
from time import perf_counter
from typing import Any

from embedarchive.library.functions import OF_ADDRESSES, forgiving

LONGEST_ASKED = 100_000
"""Bytes of one value in anybody's question. Files are larger; they have addresses of their own."""

LARGEST_ANSWER = 10_000_000
"""Bytes of all rows together: what Datasette makes of them takes several times as much."""

LARGEST_HEAP_MB = 64
"""Of all of SQLite's memory in a process that serves a reading room and nothing else."""

HEAP_OF_A_DATABASE_MB = 10
"""For what each of Datasette's threads keeps of each database."""

LONGEST_PATTERN = 100
MOST_COLUMNS = 200
LONGEST_SQL = 8_000
STEPS = 20
"""Of SQLite's machine, between two looks at the clock. It looks where the machine jumps, never within a straight line: a
statement is short, and functions that are dear look for themselves."""

TOO_LARGE = (
    "the answer is larger than the reading room gives at once. Ask for fewer rows or columns; "
    "a file is at /-/media/ and its sha256"
)
Text = str | bytes


class Bounds:
    """What one connection's answers may hold."""

    def __init__(self) -> None:
        self.deadline = inf
        self._row = 0
        self._sums: weakref.WeakKeyDictionary[sqlite3.Cursor, int] = weakref.WeakKeyDictionary()

    def read_text(self, raw: bytes) -> str:
        """A text of the row that is being read. Raises sqlite3.OperationalError when the row is too large."""
        self._row += len(raw)
        if self._row > LARGEST_ANSWER:
            self._row = 0
            raise sqlite3.OperationalError(TOO_LARGE)
        return str(raw, "utf-8", "replace")

    def read_row(self, cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        """A row as Datasette wants it. Raises sqlite3.OperationalError when all rows together are too large."""
        size = self._row + sum(len(value) for value in values if isinstance(value, bytes))
        self._row = 0
        total = self._sums.get(cursor, 0) + size
        if total > LARGEST_ANSWER:
            raise sqlite3.OperationalError(TOO_LARGE)
        self._sums[cursor] = total
        return sqlite3.Row(cursor, values)

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which fails when the question's time is up."""

        def watched(*values: Any) -> Any:
            if perf_counter() >= self.deadline:
                raise TimeoutError
            return function(*values)

        return watched


def note_deadline(conn: sqlite3.Connection, deadline: float) -> None:
    """Tell the functions of a connection when their time is up, by `perf_counter`."""
    bounds = getattr(conn.row_factory, "__self__", None)
    if isinstance(bounds, Bounds):
        bounds.deadline = deadline


def bound_questions(conn: sqlite3.Connection) -> None:
    """Bound what may be asked on a connection, and replace the functions of SQLite's that take the square of a text."""
    for limit, most in _LIMITS.items():
        conn.setlimit(limit, most)
    bounds = Bounds()
    conn.row_factory, conn.text_factory = bounds.read_row, bounds.read_text
    for name, places, function in (*_LINEAR, *((each.__name__, 1, forgiving(each)) for each in OF_ADDRESSES)):
        conn.create_function(name, places, bounds.watch(function), deterministic=True)


_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_ASKED,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: LONGEST_PATTERN,
    sqlite3.SQLITE_LIMIT_COLUMN: MOST_COLUMNS,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: LONGEST_SQL,
}


@contextmanager
def unbounded(conn: sqlite3.Connection, longest_value: int) -> Iterator[None]:
    """Let work of our own read longer values: its statements are known."""
    factories = conn.row_factory, conn.text_factory
    length = conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest_value)
    sql = conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1_000_000)
    conn.row_factory, conn.text_factory = sqlite3.Row, _read_text
    try:
        yield
    finally:
        conn.row_factory, conn.text_factory = factories
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, length)
        conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, sql)


def _read_text(raw: bytes) -> str:
    return str(raw, "utf-8", "replace")


def limit_heap(megabytes: int) -> None:
    """Bound all of SQLite's memory in this process, for good; what does not fit is an error of the one question.

    What lies in cycles of Python's counts as well, so that these are looked for as often as Python does by itself.
    """
    gc.set_threshold(700, 10, 10)
    conn = sqlite3.connect(":memory:")
    conn.execute(f"PRAGMA hard_heap_limit = {megabytes * 1_000_000}")
    conn.close()


# ----------------------------------------------------------------------------------------------------------- functions
# instr, replace, trim, like and glob of SQLite compare at every place anew: two texts of 200 kB may take minutes, in one step.


def _pair(*values: object) -> list[Text] | None:
    """Values as SQLite's functions take them: bytes stay where all are bytes; None where one is NULL."""
    if any(value is None for value in values):
        return None
    if all(isinstance(value, bytes) for value in values):
        return [value for value in values if isinstance(value, bytes)]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]


def find_in(text: object, part: object) -> int | None:
    """SQL's instr: the place of a part, from 1; 0 where it is not."""
    pair = _pair(text, part)
    return pair[0].find(pair[1]) + 1 if pair else None  # type: ignore[arg-type]


def replace_in(text: object, old: object, new: object) -> str | None:
    """SQL's replace. Raises OverflowError for a result that is too long."""
    pair = _pair(_as_text(text), _as_text(old), _as_text(new))
    if pair is None:
        return None
    whole, part, instead = map(str, pair)
    if not part:
        return whole
    if len(whole) + whole.count(part) * (len(instead) - len(part)) > LONGEST_ASKED:
        raise OverflowError("string or blob too big")
    return whole.replace(part, instead)


def trim_both(text: object, letters: object = " ") -> str | None:
    """SQL's trim."""
    return _trim(text, letters, left=True, right=True)


def trim_left(text: object, letters: object = " ") -> str | None:
    """SQL's ltrim."""
    return _trim(text, letters, left=True, right=False)


def trim_right(text: object, letters: object = " ") -> str | None:
    """SQL's rtrim."""
    return _trim(text, letters, left=False, right=True)


def _trim(text: object, letters: object, *, left: bool, right: bool) -> str | None:
    pair = _pair(_as_text(text), _as_text(letters))
    if pair is None:
        return None
    whole, cut = str(pair[0]), set(str(pair[1]))
    first, last = 0, len(whole)
    while left and first < last and whole[first] in cut:
        first += 1
    while right and last > first and whole[last - 1] in cut:
        last -= 1
    return whole[first:last]


def is_like(pattern: object, text: object, escape: object = None) -> int | None:
    """SQL's LIKE: without case in ASCII alone, and of no bytes. Raises ValueError for a pattern too long."""
    if pattern is None or text is None:
        return None
    if isinstance(pattern, bytes) or isinstance(text, bytes):
        return 0
    return int(_read_like(str(pattern), None if escape is None else str(escape)).match(str(text)) is not None)


def is_glob(pattern: object, text: object) -> int | None:
    """SQL's GLOB. Raises ValueError for a pattern too long."""
    if pattern is None or text is None:
        return None
    if isinstance(pattern, bytes) or isinstance(text, bytes):
        return 0
    return int(_read_glob(str(pattern)).match(str(text)) is not None)


@lru_cache(maxsize=256)
def _read_like(pattern: str, escape: str | None) -> re.Pattern[str]:
    _check_length(pattern)
    parts, literal = [""], False
    for letter in pattern:
        if letter == escape and not literal:
            literal = True
        elif letter == "%" and not literal:
            parts.append("")
        else:
            parts[-1] += "." if letter == "_" and not literal else re.escape(letter)
            literal = False
    return re.compile(_join_parts(parts), re.DOTALL | re.IGNORECASE | re.ASCII)


_SET = re.compile(r"\[(\^?)(\]?[^\]]*)\]")


@lru_cache(maxsize=256)
def _read_glob(pattern: str) -> re.Pattern[str]:
    _check_length(pattern)
    parts, at = [""], 0
    while at < len(pattern):
        letter, found = pattern[at], _SET.match(pattern, at)
        if letter == "*":
            parts.append("")
        elif letter == "[":
            # A set that is not closed matches nothing.
            parts[-1] += f"[{found[1]}{_escape_set(found[2])}]" if found else r"(?!)"
        else:
            parts[-1] += "." if letter == "?" else re.escape(letter)
        if letter == "[" and found:
            at = found.end()
        else:
            at = at + 1
    return re.compile(_join_parts(parts), re.DOTALL)


def _escape_set(letters: str) -> str:
    return letters.replace("\\", r"\\").replace("]", r"\]").replace("[", r"\[").replace("^", r"\^")


def _join_parts(parts: list[str]) -> str:
    """Parts between which anything may stand: each is taken where it comes first, and never again elsewhere."""
    if len(parts) == 1:
        return rf"{parts[0]}\Z"
    between = "".join(f"(?>.*?{part})" for part in parts[1:-1])
    return rf"{parts[0]}{between}.*{parts[-1]}\Z"


def _check_length(pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError("LIKE or GLOB pattern too complex")


def _as_text(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


_LINEAR: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("like", 2, is_like),
    ("like", 3, is_like),
    ("glob", 2, is_glob),
    ("instr", 2, find_in),
    ("replace", 3, replace_in),
    ("trim", 1, trim_both),
    ("trim", 2, trim_both),
    ("ltrim", 1, trim_left),
    ("ltrim", 2, trim_left),
    ("rtrim", 1, trim_right),
    ("rtrim", 2, trim_right),
)
