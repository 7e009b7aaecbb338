"""A request's actor -> the archive as that person may see it; and Datasette's own pages, closed while anything is withheld.

Our pages read through connections on which `store.sharing` has left out what is withheld. Datasette's tables, saved questions
and SQL read the file itself, so they are for staff from the first withdrawal on; a copy made by `publish` is open to all.

Staff is who signs in as `root`, or whom the configuration names under `plugins: embedarchive: staff`, by the rules of
Datasette's `allow` blocks (https://docs.datasette.io/en/stable/authentication.html#defining-permissions-with-allow-blocks).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from datasette.utils import actor_matches_allow

from embedarchive.show.words import say_tombstone
from embedarchive.store.sharing import Eyes, find_tombstone, is_restricted, share
from embedarchive.viewer.shims import read_options

T = TypeVar("T")

CLOSED = ("view-table", "view-query", "execute-sql", "view-database-download")
"""What Datasette lets people do that shows rows as they are kept."""

LONGEST_S = 30.0
"""After which it is looked again whether an embargo has ended."""

is_ours: ContextVar[bool] = ContextVar("is_ours", default=False)
"""Whether a page of ours asks for a permission: it leaves out by itself what is withheld."""

_held = threading.local()


class Withheld(Exception):
    """A post is not for whoever asks for it; the message is its tombstone."""


class SharedArchive:
    """An archive as some eyes may see it; of Datasette's `Database` what our pages use."""

    def __init__(self, datasette: Any, database: Any, eyes: Eyes) -> None:
        self.name, self.path, self.eyes = database.name, database.path, eyes
        self._datasette, self._database = datasette, database

    async def execute_fn(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do read-only work in one of Datasette's threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._datasette.executor, lambda: work(self._connect()))

    def _connect(self) -> Any:
        """This thread's connection, on which is left out what is withheld as the file is now."""
        if not hasattr(_held, "connections"):
            _held.connections = {}
        name = (id(self._datasette), self.name, self.eyes)
        state = (find_version(self._database), time.monotonic() // LONGEST_S)
        file = find_file(self._database)
        conn, shared, opened = _held.connections.get(name, (None, None, None))
        if conn is not None and opened != file:  # another file has taken its place: erased, or restored
            conn.close()
            conn = shared = None
        if conn is None:
            conn = self._database.connect()
            self._datasette._prepare_connection(conn, self.name)
        if shared != state:
            share(conn, self.eyes)
            _held.connections[name] = (conn, state, file)
        return conn


async def see_as(datasette: Any, actor: Any, database: Any) -> Any:
    """The database as the actor may see it: itself, while nothing is withheld."""
    if not await is_withholding(datasette, database):
        return database
    return SharedArchive(datasette, database, "staff" if is_staff(datasette, actor) else "public")


def eyes_of(database: Any) -> Eyes:
    eyes: Eyes = getattr(database, "eyes", "public")
    return eyes


def refuse_withheld(conn: sqlite3.Connection, key: str, eyes: Eyes) -> None:
    """Raise Withheld for a post that is there and that these eyes may not see."""
    if stone := find_tombstone(conn, key, eyes):
        raise Withheld(say_tombstone(stone))


def is_staff(datasette: Any, actor: Any) -> bool:
    """Whether somebody is one of those who keep the archive."""
    return bool(actor) and bool(actor_matches_allow(actor, read_options(datasette).get("staff", {"id": "root"})))


def may_note(datasette: Any, request: Any, database: Any) -> bool:
    """Whether whoever asks may write: staff, of an archive that is served to be written to."""
    attached = datasette.databases[database.name]
    return bool(attached.is_mutable and attached.path and is_staff(datasette, request.actor))


async def is_withholding(datasette: Any, database: Any) -> bool:
    """Whether an archive has anything that is not for everybody, asked once in each state of its file.

    Raises what SQLite says of one that is locked or damaged: it is not taken for an archive that withholds nothing.
    """
    if not hasattr(datasette, "_embedarchive_withholding"):
        datasette._embedarchive_withholding = {}
    known, version = datasette._embedarchive_withholding, find_version(database)
    if known.get(database.name, (None,))[0] != version or version is None:
        known[database.name] = (version, await database.execute_fn(is_restricted))
    return bool(known[database.name][1])


def find_version(database: Any) -> object:
    """What changes whenever the archive's file does, its log included."""
    if not database.path:
        return None
    stats = [path.stat() for path in (Path(database.path), Path(f"{database.path}-wal")) if path.exists()]
    return tuple((each.st_mtime_ns, each.st_size) for each in stats)


def find_file(database: Any) -> object:
    """Which file bears the archive's name now."""
    if not database.path or not Path(database.path).exists():
        return None
    found = Path(database.path).stat()
    return found.st_dev, found.st_ino


async def is_closed(datasette: Any, actor: Any, action: str, name: str | None) -> bool:
    """Whether Datasette's own way to rows of an archive is closed to somebody."""
    if action not in CLOSED or is_ours.get() or name not in datasette.databases or is_staff(datasette, actor):
        return False
    if name not in getattr(datasette, "_embedarchives", ()):
        return False
    return await is_withholding(datasette, datasette.databases[name])
