"""An archive at rest -> the same in a new file, without what its free pages still hold of what was erased."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from embedarchive.core.errors import ArchiveBusy, ArchiveError, DiskFull, is_full
from embedarchive.store.faults import FAULTS, raise_ours
from embedarchive.store.opening import connect
from embedarchive.store.sidefiles import beside, hold_archive, set_journal_mode, settle_side_files, sync

DRAFT = ".erasing"
ROOM = 1.05
"""The new file is never larger than the old one, but for its journal."""
PATIENCE_MS = 10_000
HALF_DONE = "What was erased cannot be read any more, but its bytes may still lie in free pages of the file"


def refuse_without_room(path: Path) -> None:
    """Raise DiskFull where there is no room for the archive a second time."""
    size, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < size * ROOM:
        raise DiskFull(
            f"Erasing writes {path.name} anew and needs {size * ROOM:,.0f} bytes beside it; there are {free:,}. "
            "Nothing was changed; make room, and run the same command again."
        )


def compact(path: Path, case: int, now: str, also: Iterable[int] = ()) -> None:
    """Write an archive anew, note in it that the case is erased, `also` others, and let it take the old file's place.

    Until the last rename the old file is the archive; to begin again is harmless. Raises ArchiveLocked while a run writes,
    ArchiveBusy while somebody reads and will not end, DiskFull, ArchiveError.
    """
    draft = beside(path, DRAFT)
    with hold_archive(path):
        settle_side_files(path, held=True)
        try:
            remove(draft)
            with closing(connect(path)) as conn:
                come_to_rest(conn, path)
                write_anew(conn, draft, path)
            for number in (case, *also):
                note_erased(draft, number, now)
            shutil.copymode(path, draft)
            sync(draft)
            os.replace(draft, path)
            sync(path.parent)
        except OSError as error:
            kind = DiskFull if is_full(error) else ArchiveError
            raise kind(
                f"{path} could not be written anew ({error.strerror}). {HALF_DONE}; run the same command again."
            ) from error
        finally:
            remove(draft)


def come_to_rest(conn: sqlite3.Connection, path: Path) -> None:
    """Put the log into the file and remove it: it holds pages as they were. Raises ArchiveBusy."""
    conn.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    try:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        set_journal_mode(conn, "DELETE")
    except FAULTS as error:
        raise ArchiveBusy(say_busy(path)) from error
    except ArchiveBusy:
        raise ArchiveBusy(say_busy(path)) from None


def say_busy(path: Path) -> str:
    return (
        f"{path} is being read by another program, so it cannot be written anew yet. {HALF_DONE}; end that program, and run "
        "the same command again."
    )


def write_anew(conn: sqlite3.Connection, draft: Path, path: Path) -> None:
    try:
        conn.execute("PRAGMA temp_store = MEMORY")
        conn.execute("VACUUM INTO ?", (str(draft),))
    except FAULTS as error:
        raise_ours(error, path)
        raise


def note_erased(draft: Path, case: int, now: str) -> None:
    with closing(sqlite3.connect(draft, isolation_level=None)) as conn:
        conn.execute("PRAGMA secure_delete = ON")
        conn.execute("UPDATE withdrawals SET erased_at = ? WHERE id = ?", (now, case))


def find_half_erased(conn: sqlite3.Connection) -> list[int]:
    """The cases of which something was erased and whose file was not written anew since."""
    sql = (
        "SELECT DISTINCT w.id FROM withdrawals w JOIN access a ON a.withdrawal_id = w.id AND a.level = 'erased' "
        "WHERE w.erased_at IS NULL ORDER BY w.id"
    )
    return [int(row[0]) for row in conn.execute(sql).fetchall()]


def remove(draft: Path) -> None:
    for end in ("", "-journal", "-wal", "-shm"):
        beside(draft, end).unlink(missing_ok=True)


def find_copies(path: Path) -> list[Path]:
    """Files beside an archive that were once it, or a part of it: replaced ones, logs that were set aside, copies."""
    own = {
        path.name,
        f"{path.stem}.checkpoints",
        *(f"{path.name}{end}" for end in (".lock", "-wal", "-shm", "-journal")),
    }
    return sorted(each for each in path.parent.glob(f"{path.stem}*") if each.is_file() and each.name not in own)
