"""A public copy made earlier -> the same as one made now, by writing only what differs.

The copy of now is made beside it first (`publish.py`), without the bytes and the indexes that the earlier one has. Then the
rows that differ follow in one transaction: the earlier copy is as it was, or up to date. What is taken out of it is
overwritten with zeros (https://www.sqlite.org/pragma.html#pragma_secure_delete), and an index that held words of it is made
anew. Bytes that stay are not looked through again: `verify` does that.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from embedarchive.core.errors import EmbedArchiveError
from embedarchive.store.backup import take_over_rows
from embedarchive.store.faults import Connection
from embedarchive.store.fixity import Held, read_stored
from embedarchive.store.reading import LONGEST_VALUE, open_reader
from embedarchive.store.rows import FULL_TEXT, index, index_grams
from embedarchive.store.schema import SCHEMA_VERSION, immediate, is_ours, read_version, views_differ
from embedarchive.store.schema.strangers import find_strange

LONGEST_ROW = 10_000
"""Bytes of a row beside its body."""

_TABLES = """SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
             AND name NOT LIKE 'sqlite_%' AND name NOT IN ('_sqlite_migrations', 'blobs')"""
_MADE_BY = """SELECT command = 'publish' AND json_valid(options) AND json_extract(options, '$.thumbnails_only') = 0
              FROM crawls ORDER BY id DESC LIMIT 1"""


class NotRenewed(Exception):
    """An earlier copy cannot be brought up to date by the rows that differ, and is as it was."""


def find_held(out: Path) -> frozenset[str] | None:
    """The sha256 of each file that an earlier copy at `out` holds; None where there is none that can be brought up to date."""
    if not out.exists() or not is_ours(out):
        return None
    try:
        with closing(open_reader(out)) as conn:
            if read_version(conn) != SCHEMA_VERSION or views_differ(conn) or find_strange(conn):
                return None
            made = conn.execute(_MADE_BY).fetchone()
            if not made or not made[0]:
                return None
            held = conn.execute("SELECT sha256 FROM blobs WHERE length(body) > 0 OR size = 0")
            return frozenset(row[0] for row in held)
    except (EmbedArchiveError, sqlite3.Error):
        return None


def renew(out: Path, draft: Path) -> None:
    """Bring the copy at `out` up to what `draft` holds. Raises NotRenewed, DiskFull, ArchiveError; then it is as it was."""
    try:
        with closing(open_both(out, draft)) as conn, immediate(conn):
            renew_rows(conn)
    except sqlite3.IntegrityError as error:
        raise NotRenewed(str(error)) from error


def renew_rows(conn: sqlite3.Connection) -> None:
    """The same, in the caller's transaction. Raises NotRenewed."""
    triggers = conn.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:  # what they keep along is in the draft
        conn.execute(f"DROP TRIGGER main.{name}")
    words = {table: find_changed_words(conn, table) for table in FULL_TEXT}
    for (table,) in conn.execute(_TABLES).fetchall():
        renew_table(conn, table)
    renew_files(conn)
    for table, changed in words.items():
        renew_index(conn, table, changed)
    for _, sql in triggers:
        conn.execute(sql)
    refuse_uncounted(conn)


def open_both(out: Path, draft: Path) -> Connection:
    conn = sqlite3.connect(f"file:{quote(str(out))}", uri=True, isolation_level=None, factory=Connection)
    conn.name = out
    for pragma in ("synchronous = FULL", "trusted_schema = OFF", "foreign_keys = OFF", "secure_delete = ON"):
        conn.execute(f"PRAGMA {pragma}")
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    conn.execute("ATTACH ? AS src", (f"file:{quote(str(draft.resolve()))}?mode=ro",))
    return conn


def renew_table(conn: sqlite3.Connection, table: str) -> None:
    columns = [(row[1], row[5]) for row in conn.execute(f'PRAGMA main.table_info("{table}")')]
    take_over_rows(conn, table, [name for name, key in columns if key], [name for name, _ in columns])


def refuse_uncounted(conn: sqlite3.Connection) -> None:
    """Raise NotRenewed where a table has not as many rows as the draft's: two rows of it changed places."""
    for (table,) in conn.execute(_TABLES).fetchall():
        here, there = conn.execute(
            f'SELECT (SELECT count(*) FROM main."{table}"), (SELECT count(*) FROM src."{table}")'
        ).fetchone()
        if here != there:
            raise NotRenewed(table)


# ---------------------------------------------------------------------------------------------------------------- files


def renew_files(conn: sqlite3.Connection) -> None:
    """Take out what is in the copy no longer, empty what was withdrawn, and copy what is new."""
    # By the index of names: to look at each row of the files is to read as much of the disk as lies around it.
    gone = "SELECT rowid FROM main.blobs WHERE sha256 NOT IN (SELECT sha256 FROM src.blobs)"
    conn.execute(f"DELETE FROM main.blobs WHERE rowid IN ({gone})")
    conn.execute(
        "UPDATE main.blobs SET body = x'' WHERE length(body) > 0 AND sha256 IN (SELECT sha256 FROM src.redactions)"
    )
    new = """SELECT s.sha256, s.rowid, s.encoding, s.size, length(s.body) FROM src.blobs s
             LEFT JOIN main.blobs m ON m.sha256 = s.sha256
             WHERE m.sha256 IS NULL OR length(s.body) > 0 AND length(m.body) = 0 ORDER BY s.rowid"""
    for row in conn.execute(new).fetchall():
        held = Held(*row)
        conn.execute("DELETE FROM main.blobs WHERE sha256 = ?", (held.sha256,))
        copy_file(conn, held)


def copy_file(conn: sqlite3.Connection, held: Held) -> None:
    """Copy one row of the attached archive's `blobs` with the bytes that it is to have, a piece at a time."""
    usual = conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(held.stored + LONGEST_ROW, LONGEST_VALUE))
    try:
        made = conn.execute(
            "INSERT INTO main.blobs (sha256, size, encoding, body) VALUES (?, ?, ?, zeroblob(?))",
            (held.sha256, held.size, held.encoding, held.stored),
        )
        if held.stored:
            with conn.blobopen("blobs", "body", int(made.lastrowid or 0)) as blob:
                for piece in read_stored(conn, held, "src"):
                    blob.write(piece)
    finally:
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, usual)


# ---------------------------------------------------------------------------------------------------------------- words


def find_changed_words(conn: sqlite3.Connection, table: str) -> list[int] | None:
    """The rows of a table whose words are to be indexed; None where some changed or went, so that all are."""
    here, there = (", ".join(f"{alias}.{column}" for column in FULL_TEXT[table]) for alias in "ms")
    went = f"""SELECT 1 FROM main.{table} m LEFT JOIN src.{table} s ON s.id = m.id
               WHERE s.id IS NULL OR ({here}) IS NOT ({there}) LIMIT 1"""
    if conn.execute(went).fetchone():
        return None
    new = f"SELECT s.id FROM src.{table} s LEFT JOIN main.{table} m ON m.id = s.id WHERE m.id IS NULL"
    return [row[0] for row in conn.execute(new)]


def renew_index(conn: sqlite3.Connection, table: str, changed: list[int] | None) -> None:
    if changed is None:
        conn.execute(f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')")
        conn.execute(f"INSERT INTO {table}_grams({table}_grams) VALUES ('delete-all')")
        index_grams(conn, table)
        return
    for number in changed:
        index(conn, table, number)
