"""A Datasette -> the archives attached to it, and read-only work on one of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from datasette.utils import sqlite_timelimit, tilde_decode

from embedarchive.store.schema import APPLICATION_ID, is_ours, path_of
from embedarchive.store.schema.older import read_as_newest
from embedarchive.store.schema.strangers import keep_to_tables
from embedarchive.store.sidefiles import settle_side_files
from embedarchive.viewer.shims import ensure_table, may_see_database

T = TypeVar("T")

LONGEST_READ_MS = 5_000
"""No page may hold one of Datasette's few reading threads longer."""

LONGEST_WAIT_MS = 5_000
"""For another program that has the file locked."""

LONGEST_VALUE = 50_000_000
"""Bytes. `select randomblob(1000000000)` runs far past Datasette's time limit; larger media are read piece by piece."""

NOUNS = ("posts", "embeds", "articles", "captures", "descriptions", "checks", "artifacts", "blobs")
"""The tables every page reads: who may not see one of them sees no page."""


class PageTooSlow(Exception):
    """The archive could not answer in time."""


class Missing(Exception):
    """There is nothing at this address; the message says of what."""


def is_archive(conn: sqlite3.Connection) -> bool:
    """Whether a connection's main database is an archive of ours, be it whole, damaged or locked."""
    try:
        return bool(conn.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)
    except sqlite3.Error:
        path = path_of(conn)
        return bool(path) and is_ours(Path(path))


def guard_connection(conn: sqlite3.Connection, *, immutable: bool = False) -> None:
    """Bound how long it waits and what one value may hold, and let an older archive read as the newest schema has it.

    An archive's schema is not trusted, for anyone may have handed us the file. A log beside it that is not its own is set aside
    before SQLite has looked for one, which an `immutable` file has none of. Raises ArchiveError where it cannot be.
    """
    path = path_of(conn)
    if path and not immutable and is_ours(Path(path)):
        settle_side_files(Path(path))
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    conn.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT_MS}")
    if is_archive(conn):
        conn.execute("PRAGMA trusted_schema = OFF")
        conn.execute("PRAGMA cell_size_check = ON")
        with suppress(sqlite3.Error):  # of a damaged or locked archive: the page that reads it says so
            read_as_newest(conn)
            keep_to_tables(conn)


async def find_archives(datasette: Any, actor: Any) -> list[str]:
    """The names of the attached archives that the actor may see."""
    found = []
    for name, database in datasette.databases.items():
        if name.startswith("_") or not await may_see_database(datasette, actor, name):
            continue
        if await database.execute_fn(is_archive):
            found.append(name)
    return found


async def open_archive(datasette: Any, request: Any) -> Any:
    """The archive that a request's address names, if its actor may read it. Raises Missing, Forbidden."""
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"]))
    except KeyError:
        raise Missing("There is no such database here.") from None
    for table in NOUNS:
        await ensure_table(datasette, request.actor, database.name, table)
    if not await database.execute_fn(is_archive):
        raise Missing("This database is not an embedarchive archive.")
    return database


async def read(database: Any, work: Callable[[sqlite3.Connection], T], longest_ms: int = LONGEST_READ_MS) -> T:
    """Do read-only work in one of Datasette's threads, within a time. Raises PageTooSlow."""

    def bounded(conn: sqlite3.Connection) -> T:
        with within(conn, longest_ms):
            return work(conn)

    return await database.execute_fn(bounded)  # type: ignore[no-any-return]


@contextmanager
def within(conn: sqlite3.Connection, longest_ms: int) -> Iterator[None]:
    """Stop what the connection does after that time. Raises PageTooSlow."""
    try:
        with sqlite_timelimit(conn, longest_ms):
            yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise PageTooSlow from error
        raise
