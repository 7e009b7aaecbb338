"""The log of another archive -> kept here beside our own, so that its checkpoint still proves what it held under its own key.

An entry is made of rows, and the rows have other numbers here: `held_by` keeps which numbers they have there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embedarchive.core.canonical import Value
from embedarchive.core.checkpoint import find_signers, read_checkpoint, read_note
from embedarchive.core.entries import (
    Row,
    hash_entry,
    tell_capture,
    tell_fetch,
    tell_key,
    tell_rendering,
    tell_withdrawal,
)
from embedarchive.core.merkle import GrowingTree
from embedarchive.store.evidence import find_referred_page, read_rows

AT_ONCE = 2_000
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
    return MergedArchive(keep_log(conn, told, lambda: read_log(other)), name)


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
    sql = "INSERT INTO merged_log (archive_id, seq, kind, subject, form, leaf, salt) VALUES (?, ?, ?, ?, ?, ?, ?)"
    size = conn.execute("SELECT coalesce(max(seq) + 1, 0) FROM merged_log WHERE archive_id = ?", (archive,)).fetchone()[
        0
    ]
    for entry in entries:
        if entry[0] >= size:
            conn.execute(sql, (archive, *entry))
        elif entry[5] is None:
            conn.execute(
                "UPDATE merged_log SET salt = NULL WHERE archive_id = ? AND seq = ? AND salt IS NOT NULL",
                (archive, entry[0]),
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
    return found


# ------------------------------------------------------------------------------------------------------------- held by


HELD = (
    "INSERT INTO held_by (kind, subject, archive_id, seq, numbers) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "seq = coalesce(excluded.seq, seq), numbers = excluded.numbers WHERE seq IS NOT excluded.seq OR numbers <> excluded.numbers"
)


def pack_numbers(numbers: Sequence[int]) -> int | list[int] | None:
    """Numbers of rows as they are kept: the first of such as follow one another, else all. Pure."""
    if not numbers:
        return None
    if list(numbers) == list(range(numbers[0], numbers[0] + len(numbers))):
        return numbers[0]
    return list(numbers)


def renumber(rows: Iterable[Row], packed: int | list[int] | None) -> Iterator[Row]:
    """Rows with the numbers that they have there. Raises ValueError where there are not as many."""
    for place, row in enumerate(rows):
        if packed is None or (isinstance(packed, list) and place >= len(packed)):
            raise ValueError("it has more rows here than there")
        yield {**row, "id": packed[place] if isinstance(packed, list) else packed + place}


def tell_held(conn: sqlite3.Connection, kind: str, subject: int, numbers: Any, salt: bytes) -> Value:
    """The entry that the other archive has of what is kept here. Raises ValueError where there is no such row."""
    row = next(read_rows(conn, kind, subject), None)
    if row is None:
        raise ValueError(f"{kind} {subject} is not there")
    if kind == "rendering":
        return tell_rendering({**row, "id": numbers[0]}, salt)
    if kind == "fetch":
        there = {**row, "id": numbers[0], "crawl_id": numbers[1]}
        return tell_fetch(there, salt, find_referred_page(conn, subject))
    number, crawl, fetch, check, artifacts, exchanges = numbers
    capture = {**row, "id": number, "crawl_id": crawl, "fetch_id": fetch}
    seen = next(read_rows(conn, "check", subject), None)
    return tell_capture(
        capture,
        renumber(read_rows(conn, "artifacts", subject), artifacts),
        renumber(read_rows(conn, "exchanges", subject), exchanges),
        None if seen is None else {**seen, "id": check},
        salt,
    )


# ------------------------------------------------------------------------------------------------------------ verifying

Said = tuple[str, str, str]
"""A code, what it is about, what is wrong."""


def check_merged(conn: sqlite3.Connection) -> Iterator[Said]:
    """All that is wrong with the logs of archives that were merged, as it is found: entries, checkpoints, rows."""
    for archive in conn.execute("SELECT id, name, keys, checkpoint FROM merged_archives ORDER BY id").fetchall():
        yield from check_archive(conn, *tuple(archive))
        yield from check_held(conn, archive[0], archive[1])


def check_archive(conn: sqlite3.Connection, number: int, name: str, keys: str, text: str | None) -> Iterator[Said]:
    """The log is the one that was signed, by a key that it names."""
    what = f"merged_archives {number}"
    try:
        known = [tuple(each) for each in json.loads(keys)]
        note = read_note(text) if text else None
        signed = None
        if note:
            signed = read_checkpoint(note.text)
        publics = [bytes.fromhex(each[2]) for each in known]
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        yield "merged_checkpoint", what, f"what {name} signed cannot be read ({error})"
        return
    if note and signed and (signed.origin != name or not find_signers(note, name, publics)):
        yield "merged_checkpoint", what, f"the checkpoint of {name} is not signed by its key"
    places = {each[4]: each for each in known}
    tree = GrowingTree()
    for seq, kind, leaf in conn.execute(
        "SELECT seq, kind, leaf FROM merged_log WHERE archive_id = ? ORDER BY seq", (number,)
    ):
        if seq != tree.size:
            yield "merged_log", what, f"entry {tree.size} of the log of {name} is not there"
            return
        tree.add(leaf)
        key = places.pop(seq, None)
        if key and (kind != "key" or hash_entry(tell_key(dict(zip(KEY_NAMES, key, strict=False)))) != leaf):
            yield "merged_checkpoint", what, f"a key of {name} is not the one in its log"
        if signed and tree.size == signed.size and tree.find_root() != signed.root:
            yield (
                "merged_checkpoint",
                what,
                f"the first {signed.size:,} entries of the log of {name} are not those it signed",
            )
    if places:
        yield "merged_checkpoint", what, f"a key of {name} is not in its log"
    if signed and tree.size < signed.size:
        yield "merged_log", what, f"the log of {name} has {tree.size:,} entries, and it signed {signed.size:,}"


KEY_NAMES = ("id", "origin", "public_key", "since")


def check_held(conn: sqlite3.Connection, number: int, name: str) -> Iterator[Said]:
    """The rows say what they said there when they were logged; what was erased there or here has no salt to tell it by."""
    sql = (
        "SELECT h.kind, h.subject, h.numbers, l.seq, l.kind, l.subject, l.leaf, l.salt FROM held_by h "
        "LEFT JOIN merged_log l ON l.archive_id = h.archive_id AND l.seq = h.seq "
        "WHERE h.archive_id = ? AND h.seq IS NOT NULL"
    )
    for kind, subject, numbers, seq, entry_kind, of, leaf, salt in conn.execute(sql, (number,)):
        what = f"{kind} {subject}"
        if seq is None:
            yield "merged_log", what, f"the entry of {what} in the log of {name} is not there"
        elif salt is not None and not is_same(conn, (kind, subject, numbers), number, (entry_kind, of, leaf, salt)):
            yield "merged_entry", what, f"{what} is not what entry {seq} of the log of {name} says it held"


def find_unproved(conn: sqlite3.Connection, kind: str, subject: int) -> list[tuple[int, str]]:
    """The archives, by number and name, whose entry about something cannot be made of the rows here."""
    sql = (
        "SELECT a.id, a.name, h.numbers, l.kind, l.subject, l.leaf, l.salt FROM held_by h "
        "JOIN merged_archives a ON a.id = h.archive_id "
        "JOIN merged_log l ON l.archive_id = h.archive_id AND l.seq = h.seq "
        "WHERE h.kind = ? AND h.subject = ? AND l.salt IS NOT NULL"
    )
    unproved = []
    for archive, name, numbers, *entry in conn.execute(sql, (kind, subject)).fetchall():
        if not is_same(conn, (kind, subject, numbers), archive, (entry[0], entry[1], entry[2], entry[3])):
            unproved.append((archive, name))
    return unproved


def is_same(
    conn: sqlite3.Connection, held: tuple[str, int, str], archive: int, entry: tuple[str, int, bytes, bytes]
) -> bool:
    kind, of, leaf, salt = entry
    try:
        told = tell_held(conn, held[0], held[1], json.loads(held[2]), salt)
        if kind == "withdrawal":
            sql = "SELECT leaf FROM merged_log WHERE archive_id = ? AND seq = ?"
            told = tell_withdrawal(of, conn.execute(sql, (archive, of)).fetchone()[0], told)
        return hash_entry(told) == leaf
    except (ValueError, TypeError, KeyError, IndexError):
        return False
