"""The log of another archive -> kept here beside our own, so that its checkpoint still proves what it held under its own key.

What proves it is in `proving.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNSIGNED = "unsigned/"
"""How the name of an archive begins whose log was never signed."""

LOG_COLUMNS = "seq, kind, subject, form, leaf, salt"


@dataclass(frozen=True, slots=True)
class MergedArchive:
    """Another archive by its number here; None for what is a copy of this one as it was earlier: nobody else held that."""

    id: int | None
    name: str


# -------------------------------------------------------------------------------------------------------------- keeping


def name_archive(conn: sqlite3.Connection) -> str:
    """The name of an archive's log; of one that was never signed, what it held first gives the name."""
    row = conn.execute("SELECT origin FROM log_keys ORDER BY id LIMIT 1").fetchone()
    if row:
        return str(row[0])
    first = (
        "SELECT uid FROM captures ORDER BY id LIMIT 1",
        "SELECT fetched_at || ' ' || url FROM fetches ORDER BY id LIMIT 1",
    )
    found = (conn.execute(sql).fetchone() for sql in first)
    return UNSIGNED + next((str(each[0]) for each in found if each), "empty")


def read_signing_keys(conn: sqlite3.Connection) -> str:
    """The keys that signed an archive's log, as `merged_archives.keys` has them."""
    sql = (
        "SELECT k.id, k.origin, k.public_key, k.since, l.seq FROM log_keys k "
        "JOIN log l ON l.kind = 'key' AND l.subject = k.id ORDER BY k.id"
    )
    return json.dumps([list(row) for row in conn.execute(sql).fetchall()])


def keep_archive(conn: sqlite3.Connection, other: sqlite3.Connection, place: str, now: str) -> MergedArchive:
    """Keep the other archive, and all of its log that is not here, inside the caller's transaction."""
    name = name_archive(other)
    newest = other.execute("SELECT note FROM checkpoints ORDER BY id DESC LIMIT 1").fetchone()
    told = {
        "name": name, "place": place, "merged_at": now, "keys": read_signing_keys(other),
        "checkpoint": newest[0] if newest else None,
    }  # fmt: skip
    if name == name_archive(conn) and begins_alike(conn, "log", "TRUE", read_log(other)):
        return MergedArchive(None, name)
    number = keep_log(conn, told, lambda: read_log(other))
    keep_stamps(conn, number, other.execute(STAMPS))
    return MergedArchive(number, name)


def read_log(conn: sqlite3.Connection, after: int = -1) -> Iterator[tuple[Any, ...]]:
    rows = conn.execute(f"SELECT {LOG_COLUMNS} FROM log WHERE seq > ? ORDER BY seq", (after,))
    return (tuple(row) for row in rows)


def begins_alike(conn: sqlite3.Connection, table: str, which: str, entries: Iterable[tuple[Any, ...]]) -> bool:
    """Whether a log that is kept begins with all of these entries: they are of the same archive, at an earlier time."""
    kept = conn.execute(f"SELECT leaf FROM {table} WHERE {which} ORDER BY seq")
    for entry in entries:
        row = kept.fetchone()
        if row is None or row[0] != entry[4]:
            return False
    return True


def keep_log(conn: sqlite3.Connection, told: Mapping[str, Any], read: Any) -> int:
    """Keep an archive's log: as a longer one of the archive that is known by its name, or as another's; give its number."""
    for (known,) in conn.execute(
        "SELECT id FROM merged_archives WHERE name = ? ORDER BY id", (told["name"],)
    ).fetchall():
        is_longer = contains(conn, known, read())
        if is_longer is None:
            continue
        if is_longer:
            add_entries(conn, known, read())
        conn.execute(
            "UPDATE merged_archives SET keys = :keys, checkpoint = coalesce(:checkpoint, checkpoint) "
            "WHERE id = :id AND :longer",
            {**told, "id": known, "longer": is_longer},
        )
        return int(known)
    made = conn.execute(
        "INSERT INTO merged_archives (name, merged_at, place, keys, checkpoint) "
        "VALUES (:name, :merged_at, :place, :keys, :checkpoint)",
        told,
    )
    number = int(made.lastrowid or 0)
    add_entries(conn, number, read())
    return number


def contains(conn: sqlite3.Connection, archive: int, entries: Iterable[tuple[Any, ...]]) -> bool | None:
    """Whether a log goes on behind the one that is kept; None where one of them says something else at the same place."""
    kept = conn.execute("SELECT leaf FROM merged_log WHERE archive_id = ? ORDER BY seq", (archive,))
    for entry in entries:
        row = kept.fetchone()
        if row is None:
            return True
        if row[0] != entry[4]:
            return None
    return False


def add_entries(conn: sqlite3.Connection, archive: int, entries: Iterable[tuple[Any, ...]]) -> None:
    """Keep entries that are not here; a salt that was erased there is erased here."""
    sql = "SELECT coalesce(max(seq) + 1, 0) FROM merged_log WHERE archive_id = ?"
    size = conn.execute(sql, (archive,)).fetchone()[0]

    def find_new() -> Iterator[tuple[Any, ...]]:
        for entry in entries:
            if entry[0] >= size:
                yield (archive, *entry)
            elif entry[5] is None:
                conn.execute(
                    "UPDATE merged_log SET salt = NULL WHERE archive_id = ? AND seq = ? AND salt IS NOT NULL",
                    (archive, entry[0]),
                )

    conn.executemany(
        "INSERT INTO merged_log (archive_id, seq, kind, subject, form, leaf, salt) VALUES (?, ?, ?, ?, ?, ?, ?)",
        find_new(),
    )


def keep_others(conn: sqlite3.Connection, other: sqlite3.Connection, now: str) -> dict[int, int]:
    """Keep the archives that had been merged into the other one, with their logs: their number there -> here."""
    found: dict[int, int] = {}
    for number, name, keys, checkpoint in other.execute(
        "SELECT id, name, keys, checkpoint FROM merged_archives ORDER BY id"
    ).fetchall():

        def read(number: int = number) -> Iterator[tuple[Any, ...]]:
            sql = f"SELECT {LOG_COLUMNS} FROM merged_log WHERE archive_id = ? ORDER BY seq"
            return (tuple(row) for row in other.execute(sql, (number,)))

        if name == name_archive(conn) and begins_alike(conn, "log", "TRUE", read()):
            continue  # it is this one, which had been merged into that one
        told = {"name": name, "place": "", "merged_at": now, "keys": keys, "checkpoint": checkpoint}
        found[number] = keep_log(conn, told, read)
        keep_stamps(conn, found[number], other.execute(MERGED_STAMPS, (number,)))
    return found


STAMPED = "seq, checkpoint_id, authority, stamped_at, note, token, root"
STAMPS = (
    f"SELECT {STAMPED} FROM stamps s JOIN checkpoints c ON c.id = s.checkpoint_id "
    "JOIN log l ON l.kind = 'stamp' AND l.subject = s.id WHERE s.state = 'stamped'"
)
MERGED_STAMPS = f"SELECT {STAMPED} FROM merged_stamps WHERE archive_id = ?"


def keep_stamps(conn: sqlite3.Connection, archive: int, stamps: Iterable[Iterable[Any]]) -> None:
    """Keep when authorities stamped an archive's checkpoints, as far as that is not here."""
    sql = f"INSERT OR IGNORE INTO merged_stamps (archive_id, {STAMPED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    conn.executemany(sql, [(archive, *stamp) for stamp in stamps])
