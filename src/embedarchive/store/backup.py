"""An archive -> a backup of it, and back: a committed state, read back and verified, also while a run writes.

A first backup is a copy of every page, by SQLite's own means (https://www.sqlite.org/backup.html). A later one in its place
takes over only the rows that are new or changed, in one transaction: it is as it was, or up to date. What that cannot bring
about (a newer schema, bytes that were withdrawn) makes a whole copy again, which takes the old one's place when it is sound.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from embedarchive.core import clock
from embedarchive.core.errors import (
    ArchiveError,
    DamagedArchive,
    DiskFull,
    NewerArchive,
    OlderArchive,
    UsageError,
    is_full,
)
from embedarchive.store.faults import FAULTS, Connection, explain
from embedarchive.store.fixity import Held, judge, read_stored
from embedarchive.store.header import Header, read_first
from embedarchive.store.opening import connect, make_folder
from embedarchive.store.reading import open_reader
from embedarchive.store.schema import check_identity, immediate
from embedarchive.store.schema.strangers import find_strange
from embedarchive.store.sidefiles import beside, hold_archive, remove_draft, set_journal_mode, settle_side_files, sync
from embedarchive.store.verify import VerifyScope, verify

log = logging.getLogger(__name__)

PAGES_AT_ONCE = 16_384
"""128 MB: of an archive at rest so much is copied before a run that wants to begin may."""

APPEND_ONLY = ("captures", "artifacts", "exchanges", "checks", "replays")
"""Tables whose rows never change and are never deleted, by trigger: those after the last one held are new."""

_OBJECTS = "SELECT type, name, sql FROM {}.sqlite_schema ORDER BY type, name"
_WITHDRAWN = (
    "SELECT table_name, row_id, column_name FROM src.redactions "
    "EXCEPT SELECT table_name, row_id, column_name FROM main.redactions"
)
_TABLES = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%'"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup wrote: the whole file, or rows and files that were new or changed. Sizes in bytes."""

    path: Path
    whole: bool
    rows: int
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """An archive put back, and where the file is that was in its place."""

    path: Path
    replaced: Path | None


class _NotInStep(Exception):
    """The backup at hand cannot be brought up to date by new rows."""


# --------------------------------------------------------------------------------------------------------------- backup


def back_up(source: Path, target: Path) -> Backup:
    """Make `target` a verified backup of the archive at `source`, at little cost where little has changed.

    Raises UsageError where `target` is no backup of that archive, ArchiveLocked while it is written by somebody else,
    DamagedArchive where the archive is not sound (what was at `target` stays), DiskFull, ArchiveError.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target} is the archive itself. Nothing was written; name another place for its backup.")
    open_reader(source).close()
    make_folder(target)
    with hold_archive(target):
        settle_side_files(target, held=True)
        if not target.exists():
            return copy_whole(source, target)
        check_identity(target)
        with closing(open_pair(target, source)) as conn:
            refuse_others(conn, target, source)
            try:
                return take_over_new(conn, target)
            except (_NotInStep, sqlite3.IntegrityError) as reason:
                log.debug("%s is copied whole: %s", source, reason)
        return copy_whole(source, target)


def open_pair(target: Path, source: Path) -> Connection:
    """The backup, to be written, with the archive attached to it as `src`, to be read."""
    conn = connect(target)
    conn.execute("PRAGMA foreign_keys = OFF")  # rows come in the order of tables, not of references
    conn.execute("PRAGMA recursive_triggers = OFF")  # a row that is replaced is not deleted
    conn.execute("ATTACH ? AS src", (f"file:{quote(str(source.resolve()))}?mode=ro",))
    return conn


def refuse_others(conn: Connection, target: Path, source: Path) -> None:
    """Raise UsageError where something is held at `target` that the archive does not hold: it would be lost."""
    for table, key in (("captures", "uid"), ("crawls", "started_at")):
        sql = f"SELECT {key} FROM main.{table} EXCEPT SELECT {key} FROM src.{table} LIMIT 1"
        try:
            found = conn.execute(sql).fetchone()
        except ArchiveError:  # a column that one of them lacks: they are of two versions
            continue
        if found:
            raise UsageError(
                f"{target} is no backup of {source}: it holds what that does not ({table}: {found[0]}). Nothing was written; "
                "name another place."
            )


def copy_whole(source: Path, target: Path) -> Backup:
    """Copy every page beside the target, verify it there, and let it take the target's place.

    Raises DamagedArchive when the copy is not sound, DiskFull, ArchiveError.
    """
    draft = beside(target, ".part")
    remove_draft(draft)
    try:
        with closing(open_reader(source)) as reader, closing(open_draft(draft, source)) as copy:
            copy_pages(reader, copy, source, target)
            set_journal_mode(copy, "DELETE")
        refuse_unsound(draft, source)
        sync(draft)
        draft.replace(target)
        sync(target.parent)
    except OSError as error:
        said = f"{target} could not be written ({error.strerror}). What was there before is there still."
        if is_full(error):
            raise DiskFull(said) from error
        raise ArchiveError(said) from error
    finally:
        remove_draft(draft)
    return Backup(target, True, 0, 0, target.stat().st_size)


def open_draft(draft: Path, name: Path) -> Connection:
    conn = sqlite3.connect(draft, isolation_level=None, factory=Connection)
    conn.name = name
    conn.execute("PRAGMA synchronous = OFF")  # it is synced once, when all is there
    return conn


def copy_pages(reader: sqlite3.Connection, copy: sqlite3.Connection, source: Path, target: Path) -> None:
    """Copy one committed state. While a run writes, that is a single long read, which keeps no run from writing."""
    least = [float("inf")]

    def watch(status: int, remaining: int, total: int) -> None:
        if remaining > least[0]:  # somebody wrote, and SQLite has begun again
            raise InterruptedError
        least[0] = remaining

    try:
        if not Header.parse(read_first(source)).has_log:
            with contextlib.suppress(InterruptedError):
                reader.backup(copy, pages=PAGES_AT_ONCE, progress=watch, sleep=0)
                return
        reader.backup(copy)
    except FAULTS as error:
        told = explain(error, source)
        if isinstance(told, DiskFull):
            told = DiskFull(
                f"There is no room for {target} ({error}). What was there before is there still; make room."
            )
        raise (told or error) from error


def refuse_unsound(draft: Path, source: Path) -> None:
    """Read a copy back, every byte and row. Raises DamagedArchive with the first thing that is wrong."""
    with closing(open_reader(draft)) as conn:
        flaw = next(iter(verify(conn, VerifyScope())), None)
    if flaw:
        raise DamagedArchive(
            f"A copy of {source} is not sound ({flaw.says}), so no backup was made; an earlier one is as it was. "
            "See all that is wrong with: embedarchive verify"
        )


# ----------------------------------------------------------------------------------------------------- what is new in it


def take_over_new(conn: Connection, target: Path) -> Backup:
    """Bring a backup up to date, row by row, in one transaction. Raises _NotInStep where that cannot be done."""
    if conn.execute(_OBJECTS.format("main")).fetchall() != conn.execute(_OBJECTS.format("src")).fetchall():
        raise _NotInStep("another schema")
    if find_strange(conn):
        raise _NotInStep("a trigger, an index or a table that is not ours")
    before = conn.total_changes
    with immediate(conn):
        if conn.execute(_WITHDRAWN).fetchone():
            raise _NotInStep("something was withdrawn")
        last = conn.execute("SELECT coalesce(max(rowid), 0) FROM main.blobs").fetchone()[0]
        numbered = find_rowid_tables(conn)
        for (table,) in conn.execute(_TABLES).fetchall():
            take_over_table(conn, table, last, has_rowid=table in numbered)
        files, size = check_new_files(conn, last)
        refuse_uncounted(conn)
        rows = conn.total_changes - before
    return Backup(target, False, rows, files, size)


def take_over_table(conn: Connection, table: str, last: int, *, has_rowid: bool) -> None:
    """Insert what is new in a table, replace what has changed, delete what is gone."""
    if table == "blobs":
        take_over_after(conn, table, last)
        return
    if table in APPEND_ONLY:
        take_over_after(conn, table, conn.execute(f"SELECT coalesce(max(rowid), 0) FROM main.{table}").fetchone()[0])
        return
    columns = [(row[1], row[5]) for row in conn.execute(f'PRAGMA main.table_info("{table}")')]
    if has_rowid:
        key, names = ["rowid"], ["rowid", *(name for name, _ in columns)]
    else:
        key, names = [name for name, position in columns if position], [name for name, _ in columns]
    take_over_rows(conn, table, key, names)


def take_over_rows(conn: sqlite3.Connection, table: str, key: Sequence[str], names: Sequence[str]) -> None:
    """Make the rows of a table those of the attached one: what is gone there is deleted, what is new or differs replaced."""
    here, there = listed("m", names), listed("s", names)
    same_key = " AND ".join(f'm."{name}" IS s."{name}"' for name in key)
    gone = f'SELECT {listed("m", key)} FROM main."{table}" m WHERE NOT EXISTS (SELECT 1 FROM src."{table}" s WHERE {same_key})'
    where = " AND ".join(f'"{name}" IS ?' for name in key)
    conn.executemany(f'DELETE FROM main."{table}" WHERE {where}', [tuple(row) for row in conn.execute(gone).fetchall()])
    conn.execute(
        f'INSERT OR REPLACE INTO main."{table}" ({listed("", names)}) SELECT {there} FROM src."{table}" s '
        f'LEFT JOIN main."{table}" m ON {same_key} WHERE ({there}) IS NOT ({here})'
    )


def take_over_after(conn: Connection, table: str, last: int) -> None:
    names = ["rowid", *(row[1] for row in conn.execute(f'PRAGMA main.table_info("{table}")'))]
    conn.execute(
        f'INSERT INTO main."{table}" ({listed("", names)}) SELECT {listed("", names)} FROM src."{table}" WHERE rowid > ?',
        (last,),
    )


def listed(alias: str, names: Iterable[str]) -> str:
    """Columns as SQL. Pure."""
    return ", ".join(f'{alias}."{name}"' if alias else f'"{name}"' for name in names)


def find_rowid_tables(conn: Connection) -> frozenset[str]:
    """Which tables have numbers of rows. Asked once: SQLite looks through every view to answer it."""
    rows = conn.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr = 0 AND type <> 'view'")
    return frozenset(row[0] for row in rows.fetchall())


def check_new_files(conn: Connection, last: int) -> tuple[int, int]:
    """How many files were taken over, and their bytes. Raises DamagedArchive when one is not what its sha256 says."""
    sql = "SELECT sha256, rowid, encoding, size, length(body) FROM main.blobs WHERE rowid > ?"
    files = size = 0
    for row in conn.execute(sql, (last,)).fetchall():
        held = Held(*row)
        files, size = files + 1, size + held.stored
        if held.stored and judge(held, read_stored(conn, held)):
            raise DamagedArchive(
                f"The archive's file {held.sha256} is not what its sha256 says, so the backup was left as it was. "
                "See all that is wrong with: embedarchive verify"
            )
    return files, size


def refuse_uncounted(conn: Connection) -> None:
    """Raise _NotInStep where a table has not as many rows as the archive's: something changed that never does."""
    for (table,) in conn.execute(_TABLES).fetchall():
        counts = f'SELECT (SELECT count(*) FROM main."{table}"), (SELECT count(*) FROM src."{table}")'
        here, there = conn.execute(counts).fetchone()
        if here != there:
            raise _NotInStep(f"{table}: {here} rows instead of {there}")


# -------------------------------------------------------------------------------------------------------------- restore


def restore(backup: Path, path: Path) -> Restored:
    """Put a verified copy of a backup in the place of the archive at `path`; what was there is kept beside it, with its log.

    Raises ArchiveLocked while a run writes there, DamagedArchive where the backup is not sound, NotAnArchive where either is
    something else, UsageError where both are one, DiskFull, ArchiveError; the archive is then as it was.
    """
    refuse_foreign(path)
    open_reader(backup).close()
    if path.exists() and path.samefile(backup):
        raise UsageError(f"{path} is that backup itself. Nothing was changed.")
    make_folder(path)
    with hold_archive(path):
        settle_side_files(path, held=True)
        draft = beside(path, ".restored")
        try:
            copy_whole(backup, draft)
            replaced = None
            if path.exists():
                replaced = move_away(path)
            draft.replace(path)
            sync(path.parent)
        except OSError as error:
            raise ArchiveError(
                f"{backup} could not be put at {path} ({error.strerror}). Nothing is lost; make room, or look at the rights of "
                "the folder, and run the same command again."
            ) from error
        finally:
            remove_draft(draft)
    return Restored(path, replaced)


def refuse_foreign(path: Path) -> None:
    """Raise NotAnArchive for what is no archive of ours; one that is damaged, or of another version, may be replaced."""
    if path.exists():
        with contextlib.suppress(DamagedArchive, NewerArchive, OlderArchive):
            check_identity(path)


def move_away(path: Path) -> Path:
    """Give an archive, with a log of its own that cannot be put into it, another name; give that. Raises OSError."""
    finish_log(path)
    moment = clock.now()[:19].replace("-", "").replace(":", "")
    away, number = path.with_name(f"{path.stem}.replaced-{moment}Z{path.suffix}"), 1
    while away.exists():
        number += 1
        away = path.with_name(f"{path.stem}.replaced-{moment}Z-{number}{path.suffix}")
    for end in ("-wal", "-journal"):
        if beside(path, end).exists():
            beside(path, end).rename(beside(away, end))
    beside(path, "-shm").unlink(missing_ok=True)
    return path.rename(away)


def finish_log(path: Path) -> None:
    """Put what a killed run left in the log into the file, where that can be done."""
    with contextlib.suppress(*FAULTS, ArchiveError), closing(connect(path)) as conn:
        conn.execute("PRAGMA busy_timeout = 1000")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        set_journal_mode(conn, "DELETE")
