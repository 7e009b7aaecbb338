"""A copy of an archive with something in it that we never wrote; its schema is as it was, unless that is the fault."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

BOMB_SIZE = 300_000_000


@cache
def make_bomb() -> bytes:
    """Some packed bytes of which 300 MB of zeros would come."""
    return zlib.compress(bytes(BOMB_SIZE), 1)


def tamper(whole: Path, path: Path, *lines: str | tuple[str, Sequence[Any]]) -> Path:
    """Copy an archive and run SQL on the copy, as somebody would who has the file: no trigger of ours in the way."""
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        triggers = conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            conn.execute(f"DROP TRIGGER {name}")
        for line in lines:
            conn.execute(*((line,) if isinstance(line, str) else line))
        for _, sql in triggers:
            conn.execute(sql)
    return path


def plant(whole: Path, path: Path, script: str) -> Path:
    """Copy an archive and run a script on the copy, which may change its schema."""
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.executescript(script)
    return path


def force_type(path: Path, table: str, change: str) -> None:
    """Put a value of a wrong type into a STRICT table: SQLite looks at types only as it writes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        triggers = conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute("PRAGMA writable_schema = ON")
        (sql,) = conn.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        put = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
        loose = sql.replace(") STRICT", ")").replace("), WITHOUT", ") WITHOUT")
        conn.execute(put, (loose, table))
        conn.execute("PRAGMA writable_schema = RESET")
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(change)
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(put, (sql, table))
        conn.execute("PRAGMA writable_schema = RESET")
        for _, trigger in triggers:
            conn.execute(trigger)
