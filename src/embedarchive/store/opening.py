"""The file of an archive: where it is, made whole or not at all, opened by the one who writes, and left at rest."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path

from embedarchive.core.errors import ArchiveBusy, ArchiveError, DiskFull, is_full
from embedarchive.store import sidefiles
from embedarchive.store.faults import Connection
from embedarchive.store.fixity import LARGEST_IN_MEMORY
from embedarchive.store.reading import LONGEST_WAIT_S
from embedarchive.store.schema import apply_schema

log = logging.getLogger(__name__)

LONGEST_START_S = 600.0
"""For programs that read an archive at rest: its log can be turned on only while none does."""
ONE_TRY_MS = 1_000
"""While one is made, SQLite lets no new reader in."""
LONGEST_END_MS = 5_000
"""For readers to leave, when a run ends: if they stay, the log stays too, and the next run goes on with it."""


def archive_path(name: str | Path) -> Path:
    """The archive file a user means: a .db file, or a folder that holds embeds.db."""
    path = Path(name).expanduser()
    if path.suffix in (".db", ".sqlite", ".sqlite3"):
        return path
    return path / "embeds.db"


def make_folder(path: Path, *, private: bool = False) -> None:
    """Make the folder of an archive, `private` for its owner alone. Raises ArchiveError when that is not allowed, DiskFull."""
    try:
        path.parent.mkdir(0o700 if private else 0o777, parents=True, exist_ok=True)
    except OSError as error:
        kind = DiskFull if is_full(error) else ArchiveError
        raise kind(
            f"The folder {path.parent} cannot be made ({error.strerror}). Nothing was kept; name another -a."
        ) from error


def create_archive(path: Path, *, private: bool = False) -> None:
    """Make an empty archive appear whole, or not at all: a run that is killed at once must not leave half a file.

    It is made without a write-ahead log, so that its first page says whose file it is from the beginning. What
    SQLite lays beside a file later has the rights of the file; `private` is for the owner alone.
    """
    if path.exists():
        return
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))
    conn = sqlite3.connect(draft, isolation_level=None, factory=Connection)
    conn.name = path
    conn.execute("PRAGMA page_size = 8192")
    apply_schema(conn)
    conn.close()
    draft.rename(path)


def wait_for_readers(conn: Connection, path: Path, patience_s: float) -> None:
    """Bring an archive to the newest schema and turn its log on, as soon as no other program is reading it.

    In this order, so that an archive that is refused stays as it was, to the byte. Raises ArchiveBusy.
    """
    until, told = time.monotonic() + patience_s, False
    conn.execute(f"PRAGMA busy_timeout = {ONE_TRY_MS}")
    while True:
        try:
            apply_schema(conn)
            sidefiles.begin_log(conn)
            break
        except ArchiveBusy as error:
            if time.monotonic() >= until:
                raise ArchiveBusy(
                    f"{path} is still being read by another program (an open query, a backup, a VACUUM INTO), and a run cannot "
                    "begin while it is. Nothing was changed; end that program, or run the same command again when it has ended."
                ) from error
        if not told:
            log.warning(
                "%s is being read by another program (an open query, a backup); the run begins when that has ended. Nothing is "
                "lost by waiting, or by Ctrl-C.",
                path,
            )
            told = True
        time.sleep(min(0.5, patience_s))  # and lets readers in
    conn.execute(f"PRAGMA busy_timeout = {int(LONGEST_WAIT_S * 1000)}")


def connect(path: Path) -> Connection:
    """Open for writing, durable at every commit (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    conn = sqlite3.connect(
        path, isolation_level=None, timeout=LONGEST_WAIT_S, check_same_thread=False, factory=Connection
    )
    conn.name = path
    conn.row_factory = sqlite3.Row
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_IN_MEMORY)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON"):
        conn.execute(f"PRAGMA {pragma}")
    return conn


def end_log(conn: Connection, path: Path) -> None:
    """Write the log into the file and turn it off; readers that stay keep it there."""
    conn.execute(f"PRAGMA busy_timeout = {LONGEST_END_MS}")
    try:
        busy = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if not busy:
            sidefiles.set_journal_mode(conn, "DELETE")
    except ArchiveBusy:
        busy = True
    if busy:
        log.warning(
            "%s is being read by another program, so its log stays beside it until the next run ends. Copy it with: "
            "embedarchive backup",
            path,
        )
