"""A Datasette -> the archives attached to it, and read-only work on one of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from datasette.utils import tilde_decode

from embedarchive.store.rows import FULL_TEXT
from embedarchive.store.schema import APPLICATION_ID, is_ours, path_of
from embedarchive.store.schema.older import read_as_newest
from embedarchive.store.schema.strangers import keep_to_tables
from embedarchive.store.sidefiles import settle_side_files
from embedarchive.viewer.bounds import STEPS, bound_questions, unbounded
from embedarchive.viewer.eyes import see_as
from embedarchive.viewer.shims import ensure_tables, limit_time, may_see_database

T = TypeVar("T")

LONGEST_READ_MS = 5_000
"""No page may hold one of Datasette's few reading threads longer."""

LONGEST_WAIT_MS = 5_000
"""For another program that has the file locked."""

LONGEST_VALUE = 50_000_000
"""Bytes of what our own pages read; larger media are read piece by piece."""

NOUNS = (
    "access", "articles", "artifacts", "blobs", "captures", "checks", "conclusions", "crawls", "descriptions", "embeds",
    "fetches", "optouts", "pending", "seeds", "post_status", "posts", "redactions", "replays",
)  # fmt: skip
"""The tables that the page of a post reads: who may not see one of them sees no page."""

NOTES = ("article_urls", "current_notes", "current_post_notes", "notes")
BROWSED = (
    "browsing", "browsing_counts", "browsing_totals", "collections", "collection_posts", "tagged_posts", "totals",
)  # fmt: skip
PICTURES = ("picture_marks",)
WORDS = (
    *NOTES,
    *BROWSED,
    *PICTURES,
    "platforms",
    *(f"{table}_{index}" for table in FULL_TEXT for index in ("fts", "grams")),
)
FIGURES = ("browsing_due", "outlet_figures", "post_counts", *BROWSED)
CHANGES = ("changes", "deliveries", "losses")
EVIDENCE = ("exchanges", "notes")
LOG = ("checkpoints", "export_posts", "exports", "log", "log_keys", "stamps", "tree", "withdrawals")
"""The tables that some pages read besides: notes, found words and pictures, totals, all that came over the
network, the log of all."""


class PageTooSlow(Exception):
    """The archive could not answer in time."""


class Missing(Exception):
    """There is nothing at this address; the message says of what."""


def known_archives(datasette: Any) -> list[str]:
    """The attached archives, as found at startup; the list lives on the Datasette it is about."""
    if not hasattr(datasette, "_embedarchives"):
        datasette._embedarchives = []
    return datasette._embedarchives  # type: ignore[no-any-return]


def is_archive(conn: sqlite3.Connection) -> bool:
    """Whether a connection's main database is an archive of ours, be it whole, damaged or locked."""
    try:
        return bool(conn.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)
    except sqlite3.Error:
        path = path_of(conn)
        return bool(path) and is_ours(Path(path))


def guard_connection(conn: sqlite3.Connection, database: str | None, *, immutable: bool = False) -> None:
    """Bound what may be asked and how long it waits, and let an older archive read as the newest schema has it.

    An archive's schema is not trusted, for anyone may have handed us the file. A log beside it that is not its own is set aside
    before SQLite has looked for one, which an `immutable` file has none of. Raises ArchiveError where it cannot be.
    """
    path = path_of(conn)
    if path and not immutable and is_ours(Path(path)):
        settle_side_files(Path(path))
    if not (database or "").startswith("_"):  # Datasette's own
        bound_questions(conn)
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
        if name in known_archives(datasette) or await database.execute_fn(is_archive):
            found.append(name)
    return found


async def open_archive(datasette: Any, request: Any, *also: str) -> Any:
    """The archive that a request's address names, if its actor may see the NOUNS and the tables named `also`, as that actor
    may see it.

    Raises Missing, Forbidden.
    """
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"]))
    except KeyError:
        raise Missing("There is no such database here.") from None
    return await open_named(datasette, request.actor, database.name, *also)


async def open_named(datasette: Any, actor: Any, name: str, *also: str) -> Any:
    """As `open_archive`, for the database of a name that there is. Raises Missing, Forbidden."""
    database = datasette.get_database(name)
    await ensure_tables(datasette, actor, name, (*NOUNS, *also))
    if name not in known_archives(datasette) and not await database.execute_fn(is_archive):
        raise Missing("This database is not an embedarchive archive.")
    return await see_as(datasette, actor, database)


async def read(database: Any, work: Callable[[sqlite3.Connection], T], longest_ms: int = LONGEST_READ_MS) -> T:
    """Do read-only work in one of Datasette's threads, within a time. Raises PageTooSlow."""

    def bounded(conn: sqlite3.Connection) -> T:
        with unbounded(conn, LONGEST_VALUE), within(conn, longest_ms):
            return work(conn)

    return await database.execute_fn(bounded)  # type: ignore[no-any-return]


@contextmanager
def within(conn: sqlite3.Connection, longest_ms: int) -> Iterator[None]:
    """Stop what the connection does after that time. Raises PageTooSlow."""
    try:
        with limit_time(conn, longest_ms, STEPS):
            yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise PageTooSlow from error
        raise
