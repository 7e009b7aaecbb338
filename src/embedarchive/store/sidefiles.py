"""The log and the journal beside an archive -> whether they are its own; one that is not is set aside, and never played.

SQLite plays whatever lies under the name of its log into the file it opens. A killed run leaves one; who then restores a
backup, or deletes the archive and crawls anew, would have pages of the old file written into the new one. So an archive
knows its own:

- Only a file whose header says that its changes go to a log can have one; a file at rest, as every backup is, says it has none.
- `cookie`, the schema's number in the header (`PRAGMA schema_version`), is drawn by lot when a run turns its log on, and raised
  by MARK in the first transaction of the log and of each new beginning of it. So every log bears the numbers that it goes with:
  MARK less than its first, for the file as it was before, to its last.
- A journal holds page 1 as it was before it was changed: the file's is that one, or the next after it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from embedarchive.core import clock
from embedarchive.core.errors import ArchiveBusy, ArchiveError, ArchiveLocked, DiskFull, is_full
from embedarchive.store.header import SIZE, Header, read_first
from embedarchive.store.schema import APPLICATION_ID

log = logging.getLogger(__name__)

MARK = 2
"""More than what somebody's CREATE VIEW adds."""
LOG_BYTES = 8_200_000
"""How long the log grows before it is written into the file and begun anew: SQLite's own 1,000 pages of 8 KiB."""
MOST_STEPS = 10_000
"""By how much one transaction may raise the number: by one for each table, view, index and trigger it makes or drops."""
WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
LOOKS = 5
"""How often a log is compared with a file that another process may be writing at that moment."""


def beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def remove_draft(draft: Path) -> None:
    """Remove a file that is to take an archive's place, with all that stands beside it, as far as it is there."""
    for end in ("", "-journal", "-wal", "-shm", ".lock"):
        beside(draft, end).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------------------ our marks


def begin_log(conn: sqlite3.Connection) -> None:
    """Turn an archive's log on, under a number of its own; one that is still on from a run before goes on with its own."""
    if conn.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        conn.execute(f"PRAGMA schema_version = {secrets.randbits(30)}")
        set_journal_mode(conn, "WAL")
        raise_mark(conn)
    conn.execute("PRAGMA wal_autocheckpoint = 0")  # `begin_anew` does it: the mark must be what comes next
    conn.execute("PRAGMA journal_size_limit = 0")  # so that the log's size is that of what is in it


def set_journal_mode(conn: sqlite3.Connection, mode: Literal["WAL", "DELETE"]) -> None:
    """Turn an archive's log on or off. SQLite commits that, and says what failed, only once every row is read."""
    conn.execute(f"PRAGMA journal_mode = {mode}").fetchall()


def begin_anew(conn: sqlite3.Connection) -> None:
    """Write the log into the file, and let it begin anew with our mark; readers that need it put that off."""
    conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    raise_mark(conn)


def raise_mark(conn: sqlite3.Connection) -> None:
    number = conn.execute("PRAGMA schema_version").fetchone()[0]
    conn.execute(f"PRAGMA schema_version = {number + MARK}")


def log_size(path: Path) -> int:
    """The bytes in an archive's log."""
    try:
        return beside(path, "-wal").stat().st_size
    except OSError:
        return 0


# ------------------------------------------------------------------------------------------------------------ strangers


def settle_side_files(path: Path, *, held: bool = False) -> None:
    """Set aside, and say so, the log and the journal beside an archive that are not its own.

    `held`: this process holds the archive's lock. Raises ArchiveError where they cannot be set aside, ArchiveBusy where
    another run is writing: nothing may then be read.
    """
    if not find_strangers(path):
        return
    if held:
        _set_all_aside(path)
        return
    for _ in range(LOOKS):  # a run may have begun its log anew between our two looks
        try:
            with hold_archive(path):
                _set_all_aside(path)
                return
        except ArchiveLocked:
            time.sleep(0.05)
        if not find_strangers(path):
            return
    raise ArchiveBusy(
        f"Another embedarchive is writing beside {path}, into a log that is not that file's: the file was put there while it "
        "ran. Nothing was read or changed; end that run first, and run the same command again."
    )


def find_strangers(path: Path) -> list[Path]:
    """The log and the journal beside `path` that belong to another file, or to one that is no longer there."""
    owned = {"-wal": owns_log, "-journal": owns_journal}
    found = [end for end in owned if _is_filled(beside(path, end))]
    if not found:
        return []
    try:
        data = read_first(path)
    except FileNotFoundError:
        return [beside(path, end) for end in found]
    except OSError:  # whoever opens it says so
        return []
    if len(data) < SIZE:
        return []
    header = Header.parse(data)
    if header.application != APPLICATION_ID:  # another program's, whose files are none of our business
        return []
    return [beside(path, end) for end in found if not owned[end](path, header)]


def _is_filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def owns_log(path: Path, header: Header) -> bool:
    """Whether a file of that header is the one that the log beside it goes with, as far as the two can tell.

    https://www.sqlite.org/fileformat.html#the_write_ahead_log
    """
    try:
        with beside(path, "-wal").open("rb") as file:
            told = _read_cookies(file)
    except FileNotFoundError:
        return True
    if told is None:  # nothing in it that SQLite would play
        return True
    if not header.has_log:
        return False
    first, last = told
    if first is None or last is None:  # by another program, or before logs bore our marks
        return True
    return bool((header.cookie - first + MARK) % 2**32 <= (last - first + MARK) % 2**32)


def _read_cookies(file: IO[bytes]) -> tuple[int | None, int | None] | None:
    """The first and the last number that a log bears, None for each if it bears none; None for a log without content."""
    start = file.read(32)
    if len(start) < 32 or start[:4] not in WAL_MAGIC:
        return None
    page_size, salts = int.from_bytes(start[8:12]), start[16:24]
    if page_size < 512:
        return None
    step, end = page_size + 24, os.fstat(file.fileno()).st_size
    valid, first, last = False, None, None
    for at in range(32, end - step + 1, step):
        frame = os.pread(file.fileno(), 24 + SIZE, at)
        if frame[8:16] != salts:  # left from before the log began anew
            break
        valid = True
        if frame[:4] == b"\0\0\0\1":
            last = Header.parse(frame[24:]).cookie
            first = last if first is None else first
    if valid:
        return (first, last)
    return None


def owns_journal(path: Path, header: Header) -> bool:
    """Whether a file of that header is the one that the journal beside it goes with, as far as the two can tell.

    https://www.sqlite.org/fileformat.html#the_rollback_journal
    """
    try:
        with beside(path, "-journal").open("rb") as file:
            start = file.read(28)
            if len(start) < 28 or start[:8] != JOURNAL_MAGIC:  # SQLite would not play it
                return True
            pages = int.from_bytes(start[16:20])
            before = _find_first_page(file)
    except FileNotFoundError:
        return True
    if before is None:  # page 1 is changed last of all
        return header.pages == pages
    was = Header.parse(before)
    if header.changes - was.changes not in (0, 1):
        return False
    if (header.cookie - was.cookie) % 2**32 <= MOST_STEPS:
        return True
    return _blank(before) == _blank(read_first(path, len(before)))  # killed while the number was drawn


def _blank(page: bytes) -> bytes:
    """Page 1 without what drawing a number changes: the count of changes, the number, the version that wrote it. Pure."""
    return page[:24] + page[28:40] + page[44:92] + page[SIZE:]


def _find_first_page(file: IO[bytes]) -> bytes | None:
    """Page 1 as a journal holds it, that is as it was before the transaction."""
    end, at = os.fstat(file.fileno()).st_size, 0
    while at + 28 <= end:
        start = os.pread(file.fileno(), 28, at)
        if start[:8] != JOURNAL_MAGIC:
            return None
        count, sector, page_size = (*struct.unpack(">I", start[8:12]), *struct.unpack(">II", start[20:28]))
        if sector < 32 or page_size < 512:
            return None
        at, step = at + sector, page_size + 8
        room = max(0, end - at) // step
        if count in (0, 0xFFFFFFFF):
            count = room
        else:
            count = min(count, room)
        for _ in range(count):
            record = os.pread(file.fileno(), 4 + page_size, at)
            if record[:4] == b"\0\0\0\1":
                return record[4:]
            at += step
        at += -at % sector
    return None


# ------------------------------------------------------------------------------------------------------------ set aside


def _set_all_aside(path: Path) -> None:
    """Rename what does not belong, and say so; the lock must be held."""
    for stranger in find_strangers(path):
        try:
            aside = set_aside(stranger, "orphan")
            beside(path, "-shm").unlink(missing_ok=True)  # only an index of the log, made anew
            sync(path.parent)
        except OSError as error:
            raise ArchiveError(
                f"{stranger} was written for another file than {path}, and cannot be set aside ({error.strerror}). Nothing was "
                "read or changed; move it elsewhere, and run the same command again."
            ) from error
        kind = "journal"
        if stranger.name.endswith("-wal"):
            kind = "log"
        log.warning(
            "%s was the %s of another file than this %s: a run was killed, and then a file was deleted, moved or put in its "
            "place. It was not played, and is kept as %s.",
            stranger,
            kind,
            path.name,
            aside.name,
        )


def set_aside(path: Path, why: str) -> Path:
    """Rename a file so that its name tells why and when, and give the new path. Raises OSError."""
    moment = clock.now()[:19].replace("-", "").replace(":", "")
    aside = path.with_name(f"{path.name}.{why}-{moment}Z")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.{why}-{moment}Z-{number}")
    return path.rename(aside)


def find_orphans(path: Path) -> list[Path]:
    """The logs and journals that were set aside beside an archive."""
    return sorted(path.parent.glob(f"{path.name}-*.orphan-*"))


def sync(path: Path) -> None:
    """Let a file, or what was renamed in a folder, outlast a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------------------------- the lock


@contextmanager
def hold_archive(path: Path) -> Iterator[None]:
    """Hold the archive for this process for as long as this lasts. Raises ArchiveLocked, ArchiveError."""
    with lock_archive(path):
        yield


def lock_archive(path: Path) -> IO[bytes]:
    """Hold the archive for this process until the file is closed (or the process dies).

    Raises ArchiveLocked when another process holds it, ArchiveError where its folder cannot be written to, DiskFull.
    """
    try:
        lock = beside(path, ".lock").open("ab")
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"There is no room beside {path}. Nothing was changed; make room and try again.") from error
        raise ArchiveError(
            f"{path} cannot be written: its folder does not let us ({error.strerror}). Nothing was changed; it can still be "
            "read. To write, give yourself the rights, or name another -a."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ArchiveLocked(
            f"Another embedarchive is writing to {path}. Nothing was changed; wait for it to end, or name another -a."
        ) from error
    return lock
