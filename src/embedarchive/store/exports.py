"""What was handed out -> rows of the archive: when, where to, in which form, which posts; and which copies hold a post.

Whoever hands something out may find the archive locked by a run. The note then waits in a file beside it, and the next one who
opens the archive for writing takes it in.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from embedarchive.store.schema import immediate
from embedarchive.store.sidefiles import beside

log = logging.getLogger(__name__)

WAITING = ".exports"
"""What the name of the file ends with in which notes wait."""

STANDARD_OUTPUT = "standard output"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """One copy of something of an archive. `made_at` is ISO 8601, `place` a path, `eyes` for whom it was made.

    `posts` are the keys of those in it; None where it was made of all that the archive had then, `count` of them.
    """

    made_at: str
    form: str
    place: str
    eyes: str = "public"
    posts: tuple[str, ...] | None = None
    count: int = 0
    options: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.form} {self.place}, {self.made_at[:10]}"


def insert_export(conn: sqlite3.Connection, made: HandedOut) -> int:
    """Keep one, within the caller's transaction; give its number."""
    number = conn.execute(
        "INSERT INTO exports (made_at, form, place, eyes, posts, options) VALUES (?, ?, ?, ?, ?, ?)",
        (made.made_at, made.form, made.place, made.eyes, made.count, json.dumps(made.options)),
    ).lastrowid
    conn.executemany(
        "INSERT OR IGNORE INTO export_posts (post_key, export_id) VALUES (?, ?)",
        [(key, number) for key in made.posts or ()],
    )
    return int(number or 0)


# ------------------------------------------------------------------------------------------------------------- waiting


def let_wait(path: Path, made: HandedOut) -> None:
    """Append a note to the file beside an archive, durably. Raises OSError."""
    with locked(beside(path, WAITING), "a") as file:
        file.write(json.dumps(asdict(made), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


_KNOWN = "SELECT made_at, form, place, (SELECT min(post_key) FROM export_posts WHERE export_id = e.id) FROM exports e"


def take_in(conn: sqlite3.Connection, path: Path) -> None:
    """Keep the notes that wait beside an archive. What is no note of ours is told of, and left in the file."""
    waiting = beside(path, WAITING)
    if not waiting.exists():
        return
    with locked(waiting, "r") as file:
        notes, odd = read_waiting(file.read())
        with immediate(conn):
            known = {tuple(row) for row in conn.execute(_KNOWN)}
            for each in notes:
                first = min(each.posts or (), default=None)
                if (each.made_at, each.form, each.place, first) not in known:  # a run was killed after it took them in
                    insert_export(conn, each)
        if odd:
            log.warning("%s has lines that are no notes of exports; they were left there.", waiting)
            waiting.write_text("".join(f"{line}\n" for line in odd), "utf-8")
            return
        waiting.unlink()


@contextlib.contextmanager
def locked(waiting: Path, mode: str) -> Iterator[IO[str]]:
    """The file of notes, open for one at a time: a room adds to it while a run takes it in. Raises OSError."""
    while True:
        with waiting.open(mode, encoding="utf-8", errors="replace") as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            if is_there(file, waiting):
                yield file
                return


def is_there(file: IO[str], path: Path) -> bool:
    """Whether an open file still lies at a path; somebody may have taken it away while its lock was waited for."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def read_waiting(text: str) -> tuple[list[HandedOut], list[str]]:
    """The notes in a file's text, and its lines that are none. Pure."""
    notes, odd = list[HandedOut](), list[str]()
    for line in text.splitlines():
        try:
            value = json.loads(line)
            posts = value.pop("posts")
            notes.append(HandedOut(**value, posts=None if posts is None else tuple(posts)))
        except (ValueError, TypeError, AttributeError, KeyError):
            odd.append(line)
    return notes, odd


# ------------------------------------------------------------------------------------------------------------- reading


def find_handed_out(conn: sqlite3.Connection, keys: Iterable[str]) -> tuple[HandedOut, ...]:
    """The copies that hold one of these posts, or may, oldest first; not those that are known to be no more."""
    wanted = json.dumps(list(keys))
    rows = conn.execute(
        "SELECT made_at, form, place, eyes, posts FROM exports WHERE gone_at IS NULL AND id IN ("
        "SELECT export_id FROM exported_posts WHERE post_key IN (SELECT value FROM json_each(?))) ORDER BY id",
        (wanted,),
    )
    return tuple(HandedOut(row[0], row[1], row[2], row[3], count=row[4]) for row in rows)


def say_place(out: Path) -> str:
    """Where something was written to."""
    if str(out) == "-":
        return STANDARD_OUTPUT
    return str(out.absolute())


def count_posts(conn: sqlite3.Connection) -> int:
    """How many posts a connection sees."""
    return int(conn.execute("SELECT count(*) FROM posts WHERE is_control = 0").fetchone()[0])


def describe_chosen(conn: sqlite3.Connection, posts: Sequence[str] | None) -> tuple[tuple[str, ...] | None, int]:
    """Which posts a selection is, and how many: all that a connection sees, or those of them that are named."""
    if posts is None:
        return None, count_posts(conn)
    sql = "SELECT key FROM posts WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key"
    with contextlib.closing(conn.execute(sql, (json.dumps(list(posts)),))) as seen:
        keys = tuple(row[0] for row in seen)
    return keys, len(keys)
