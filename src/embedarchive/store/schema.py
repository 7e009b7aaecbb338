"""Connections -> an archive of the newest schema: identity, migrations, views."""

from __future__ import annotations

import re
import sqlite3
import struct
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from embedarchive.core.errors import NewerArchive, NotAnArchive

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x656D6272  # "embr", so that file(1) and we can tell an archive from any other SQLite file
SCHEMA_VERSION = 1


def make_migrations() -> Migrations:
    """The steps from an empty file to the newest schema, in order."""
    from sqlite_utils import Migrations  # here, for readers need neither it nor the 40 ms of its import

    migrations = Migrations("embedarchive")

    @migrations()
    def m001_tables(db: Database) -> None:
        run_script(db.conn, read_sql("schema.sql"))

    return migrations


def read_sql(name: str) -> str:
    return files("embedarchive.store").joinpath(name).read_text("utf-8")


def run_script(conn: sqlite3.Connection, script: str) -> None:
    """Run every statement of a script inside the caller's transaction (executescript would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            conn.execute(statement)
            statement = ""


def check_identity(path: Path) -> None:
    """Refuse a file that is no archive of ours, or one of a newer version, by reading its first 100 bytes only.

    Raises NotAnArchive, NewerArchive. The layout is https://www.sqlite.org/fileformat.html#the_database_header.
    """
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise NotAnArchive(
            f"{path} is not an embedarchive archive (no SQLite file). It was left untouched; name another -a."
        )
    version, application = struct.unpack(">I", header[60:64])[0], struct.unpack(">I", header[68:72])[0]
    if application != APPLICATION_ID:
        raise NotAnArchive(f"{path} is a SQLite file of another program. It was left untouched; name another -a.")
    if version > SCHEMA_VERSION:
        raise NewerArchive(
            f"{path} was written by a newer embedarchive (schema {version}, this one knows {SCHEMA_VERSION}). "
            "It was left untouched; run: pipx upgrade embedarchive"
        )


def apply_schema(conn: sqlite3.Connection) -> None:
    """Bring an open archive to the newest schema and views; on the newest already, write nothing."""
    if conn.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
        from sqlite_utils import Database

        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        make_migrations().apply(Database(conn, recursive_triggers=False))
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    apply_views(conn)


def apply_views(conn: sqlite3.Connection) -> None:
    """Make every view as views.sql has it, and drop views that it no longer has."""
    wanted = {
        m[1]: m[0].rstrip(";") for m in re.finditer(r"CREATE VIEW (\w+) AS.*?;$", read_sql("views.sql"), re.S | re.M)
    }
    present = dict(conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
    if wanted == present:
        return
    conn.execute("BEGIN IMMEDIATE")
    for name in present:
        conn.execute(f'DROP VIEW "{name}"')
    for sql in wanted.values():
        conn.execute(sql)
    conn.execute("COMMIT")
