"""SQLite's errors -> ours, in one sentence each: what happened, what was left or kept, what to do next.

SQLite tells them apart by number (https://www.sqlite.org/rescode.html). Connections to an archive are of the class
`Connection` below, whose cursors raise ours, so that whoever reads or writes one needs to know no other. What a user's own
SQL may cause stays SQLite's (`library/asking.py` explains it), and so does what only a mistake of ours can.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

from embedarchive.core.errors import ArchiveBusy, ArchiveError, DamagedArchive, DiskFull, StrangeArchive

Name = Path | str

FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What Python raises for SQLite; the second where the message itself quotes damaged bytes."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_CLOSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}
_NOT_READ = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_FSTAT}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_OF_THE_FILE = _DAMAGED | _LOCKED | {sqlite3.SQLITE_IOERR}
_LACKING = ("no such table", "no such column", "no such view", "vtable constructor failed", "SQL logic error")
"""What SQLite says where part of the schema is not there; the last where FTS5 misses the table that it indexes."""

_NO_TABLE = "no such table: temp."
_FALSE = "whose name something else has"
"""The end of the name of a table that is not there on purpose (`schema/strangers.py`)."""

_NO_FORMAT = "unsupported file format"
"""What SQLite says, under the number of a mistake in SQL, where the header's number of the schema's format is wrong."""

_NOT_TEXT = "Could not decode to UTF-8"  # Python's own, of a column


def explain(error: Exception, name: Name) -> ArchiveError | None:
    """What one of FAULTS means for the archive called `name`; None if it says nothing of the archive.

    Gives DamagedArchive, ArchiveBusy, DiskFull or a plain ArchiveError.
    """
    said = str(error).partition("\n")[0]
    code = getattr(error, "sqlite_errorcode", 0)  # of an extended kind; its last byte is the kind itself
    if code & 0xFF in _DAMAGED or said == _NO_FORMAT:
        return DamagedArchive.seen(said, name)
    if isinstance(error, UnicodeDecodeError) or said.startswith(_NOT_TEXT):
        return DamagedArchive.seen("text that is no text", name)
    if code & 0xFF == sqlite3.SQLITE_AUTH or said.endswith(_FALSE):
        return StrangeArchive(
            f"{name} is not as embedarchive makes it, and this cannot be read of it ({said.removeprefix(_NO_TABLE)}): "
            "something else stands in place of a table of ours. Nothing was changed; embedarchive doctor names it."
        )
    if code & 0xFF == sqlite3.SQLITE_TOOBIG:
        return DamagedArchive.seen("a value is larger than any that is ever kept", name)
    if said.startswith("malformed JSON"):
        return DamagedArchive.seen("a list or record that is no JSON", name)
    if code & 0xFF in _LOCKED:
        return ArchiveBusy(
            f"{name} is locked by another program ({said}). Nothing was changed; try again when that has ended."
        )
    if code & 0xFF in _CLOSED:
        kept = "Nothing was changed"
        if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
            kept = "What is in it stays kept"
        return ArchiveError(
            f"{name} cannot be opened ({said}). {kept}; look at the rights of the file and its folder, and at the disk."
        )
    if code in _NOT_READ:
        return ArchiveError(f"{name} cannot be read ({said}). Nothing was changed; look at the disk it is on.")
    if code & 0xFF in _FULL:
        mend = "make room or look at the disk it is on,"
        if code & 0xFF == sqlite3.SQLITE_FULL:
            mend = "make room"
        return DiskFull(
            f"No more can be written to {name} ({said}). All that was reported as kept is kept; "
            f"{mend} and run the same command again."
        )
    if said.startswith(_LACKING):
        return ArchiveError(
            f"{name} is not whole ({said}): something of it was taken away, or another program made it. "
            "Nothing was changed; use a copy of it that is whole."
        )
    return None


def has_reset_fault(version: tuple[int, ...]) -> bool:
    """Whether a SQLite may lose pages when two connections write or checkpoint at one instant. Pure.

    https://www.sqlite.org/wal.html#walresetbug: from 3.7.0 on; mended in 3.51.3, and in 3.44.6 and 3.50.7 as well.
    """
    mended_early = (3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51)
    return (3, 7) <= version < (3, 51, 3) and not mended_early


def is_of_the_file(error: Exception) -> bool:
    """Whether an error is the archive's, whatever it was asked; any other may be that of the question."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_FILE


def raise_ours(error: Exception, name: Name) -> None:
    """Raise what one of FAULTS means for an archive, if it means anything."""
    told = explain(error, name)
    try:
        if told:
            raise told from error
    finally:
        del told  # a frame that holds the error that holds it would keep the cursor, and so the connection, open


class Connection(sqlite3.Connection):
    """A connection to an archive: what its cursors raise is ours, as `explain` has it."""

    name: Name = "The archive"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cursors = WeakSet[sqlite3.Cursor]()

    def cursor(self, factory: Any = None) -> Any:
        cursor = super().cursor(factory or Cursor)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close it, and all that was asked through it: SQLite keeps a connection open, and its locks, for a question's sake.

        From Python 3.11 on nobody else ends one that is still held, as by the traceback of an error.
        """
        for cursor in list(self._cursors):
            cursor.close()
        super().close()

    def execute(self, sql: str, parameters: Any = ()) -> Any:  # sqlite3's own would make a cursor of its own class
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> Any:
        return self.cursor().executemany(sql, parameters)

    def blobopen(self, *args: Any, **options: Any) -> sqlite3.Blob:
        try:
            return super().blobopen(*args, **options)
        except FAULTS as error:
            raise_ours(error, self.name)
            raise


class Cursor(sqlite3.Cursor):
    connection: Connection

    def execute(self, sql: str, parameters: Any = ()) -> Self:
        try:
            return super().execute(sql, parameters)
        except FAULTS as error:
            raise_ours(error, self.connection.name)
            raise

    def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        try:
            return super().executemany(sql, parameters)
        except FAULTS as error:
            raise_ours(error, self.connection.name)
            raise

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except FAULTS as error:
            raise_ours(error, self.connection.name)
            raise

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except FAULTS as error:
            raise_ours(error, self.connection.name)
            raise

    def fetchmany(self, size: int | None = None) -> list[Any]:
        try:
            return super().fetchmany(self.arraysize if size is None else size)
        except FAULTS as error:
            raise_ours(error, self.connection.name)
            raise

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except FAULTS as error:
            raise_ours(error, self.connection.name)
            raise
