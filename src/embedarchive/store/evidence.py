"""What was kept -> its leaf in the log, inside the caller's transaction; the log -> roots, proofs, signed checkpoints.

An entry is never kept: it is made of the rows that it is about whenever it is asked for (`tell`), so that the rows and the log
cannot say two things. Of what is there only the newest leaf counts: that of a withdrawal stands in for the one before it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from embedarchive.core.canonical import Value, to_canonical
from embedarchive.core.entries import (
    ARTIFACT,
    CAPTURE,
    CHECK,
    EXCHANGE,
    FETCH,
    FORM,
    IMPORT,
    KEY,
    RENDERING,
    SALT_BYTES,
    STAMP,
    Columns,
    Row,
    hash_entry,
    tell_absent,
    tell_capture,
    tell_fetch,
    tell_import,
    tell_key,
    tell_rendering,
    tell_stamp,
    tell_withdrawal,
)
from embedarchive.core.merkle import find_complete, find_root, prove_inclusion
from embedarchive.store.words import check_words

EntryKind = Literal["capture", "fetch", "rendering", "withdrawal", "import", "key", "stamp"]

SALTLESS = ("key", "stamp")
"""Kinds of entries that hold nobody's words."""


def select(table: str, columns: Columns, where: str) -> tuple[str, tuple[str, ...]]:
    names = tuple(dict.fromkeys(("id", *columns.plain, *columns.salted)))
    # Of the file itself, whatever is laid over it for those who may not see all: an entry holds no words.
    return f"SELECT {', '.join(names)} FROM main.{table} WHERE {where}", names


ROWS_OF = {
    "capture": ("captures", CAPTURE), "artifacts": ("artifacts", ARTIFACT), "exchanges": ("exchanges", EXCHANGE),
    "check": ("checks", CHECK),
}  # fmt: skip
"""What the entry of a capture is made of."""

QUERIES = {
    "capture": select(*ROWS_OF["capture"], "id = ?"),
    "artifacts": select(*ROWS_OF["artifacts"], "capture_id = ? ORDER BY id"),
    "exchanges": select(*ROWS_OF["exchanges"], "capture_id = ? ORDER BY id"),
    "check": select(*ROWS_OF["check"], "capture_id = ? ORDER BY id"),
    "fetch": select("fetches", FETCH, "id = ?"),
    "rendering": select("fetches", RENDERING, "id = ?"),
    "import": select("imports", IMPORT, "id = ?"),
    "key": select("log_keys", KEY, "id = ?"),
    "stamp": select("stamps", Columns((*STAMP.plain, "token", "root")), "id = ?"),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One row of the log."""

    seq: int
    kind: str
    subject: int
    form: int
    leaf: bytes
    salt: bytes | None


class KeptHashes:
    """The hashes that the archive keeps, as `core/merkle.py` asks for them. Raises ValueError where one is not there."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    def __call__(self, level: int, start: int, count: int) -> Sequence[bytes]:
        if level:
            sql = "SELECT hash FROM tree WHERE level = ? AND position BETWEEN ? AND ? ORDER BY position"
            found = self.conn.execute(sql, (level, start, start + count - 1)).fetchall()
        else:
            sql = "SELECT leaf FROM log WHERE seq BETWEEN ? AND ? ORDER BY seq"
            found = self.conn.execute(sql, (start, start + count - 1)).fetchall()
        if len(found) != count:
            raise ValueError(f"the log lacks hashes of level {level} from {start} on")
        return [row[0] for row in found]


# ------------------------------------------------------------------------------------------------------------ to append


def append(conn: sqlite3.Connection, kind: EntryKind, subject: int) -> int:
    """Log what has just been kept, as the last thing in its transaction; give its place in the log."""
    if kind == "rendering":  # the one before can be made of the rows no more
        before = find_newest(conn, kind, subject)
        if before:
            conn.execute("UPDATE log SET salt = NULL WHERE seq = ?", (before.seq,))
    if kind in SALTLESS:
        return keep_leaf(conn, kind, subject, hash_entry(tell(conn, kind, subject, b"")), None)
    salt = secrets.token_bytes(SALT_BYTES)
    return keep_leaf(conn, kind, subject, hash_entry(tell(conn, kind, subject, salt)), salt)


def append_withdrawal(conn: sqlite3.Connection, kind: EntryKind, subject: int) -> int | None:
    """Log that what was kept is no longer as it was, in the transaction that erased of it; give its place in the log.

    Its salts are erased with it. None where it was not in the log yet: it is logged later, as it stands.
    """
    before = find_newest(conn, kind, subject)
    if before is None:
        return None
    conn.execute("UPDATE log SET salt = NULL WHERE seq = ?", (before.seq,))
    erase_salts_of_others(conn, kind, subject)
    salt = secrets.token_bytes(SALT_BYTES)
    entry = tell_withdrawal(before.seq, before.leaf, tell(conn, kind, subject, salt))
    return keep_leaf(conn, "withdrawal", before.seq, hash_entry(entry), salt)


def erase_salts_of_others(conn: sqlite3.Connection, kind: str, subject: int) -> None:
    """Erase the salts in merged archives' logs of what is no longer as it was: by them a guess could be confirmed."""
    conn.execute(
        "UPDATE merged_log SET salt = NULL WHERE salt IS NOT NULL AND (archive_id, seq) IN "
        "(SELECT archive_id, seq FROM held_by WHERE kind = ? AND subject = ?)",
        (kind, subject),
    )


def keep_leaf(conn: sqlite3.Connection, kind: EntryKind, subject: int, leaf: bytes, salt: bytes | None) -> int:
    seq = count_leaves(conn)
    check_words("log", {"kind": kind})
    conn.execute(
        "INSERT INTO log (seq, kind, subject, form, leaf, salt) VALUES (?, ?, ?, ?, ?, ?)",
        (seq, kind, subject, FORM, leaf, salt),
    )
    for completed in find_complete(KeptHashes(conn), seq + 1):
        conn.execute("INSERT INTO tree (level, position, hash) VALUES (?, ?, ?)", completed)
    return seq


def count_leaves(conn: sqlite3.Connection) -> int:
    """How many leaves the log has."""
    return int(conn.execute("SELECT coalesce(max(seq) + 1, 0) FROM log").fetchone()[0])


# -------------------------------------------------------------------------------------------------------------- to read


def find_newest(conn: sqlite3.Connection, kind: str, subject: int) -> Leaf | None:
    """The leaf that counts for something that was kept; None where it is not in the log."""
    row = conn.execute(
        "SELECT seq, kind, subject, form, leaf, salt FROM log WHERE kind = ? AND subject = ? ORDER BY seq DESC LIMIT 1",
        (kind, subject),
    ).fetchone()
    while row is not None:
        found = Leaf(*row)
        row = conn.execute(
            "SELECT seq, kind, subject, form, leaf, salt FROM log WHERE kind = 'withdrawal' AND subject = ?",
            (found.seq,),
        ).fetchone()
        if row is None:
            return found
    return None


def find_origin(conn: sqlite3.Connection, leaf: Leaf) -> Leaf:
    """The leaf that a withdrawal stands in for, however many were in between; the leaf itself where it is none.

    Raises ValueError where the log lacks it.
    """
    while leaf.kind == "withdrawal":
        row = conn.execute(
            "SELECT seq, kind, subject, form, leaf, salt FROM log WHERE seq = ? AND seq < ?", (leaf.subject, leaf.seq)
        ).fetchone()
        if row is None:
            raise ValueError(f"the log's entry {leaf.seq} stands in for one that is not there")
        leaf = Leaf(*row)
    return leaf


def tell_leaf(conn: sqlite3.Connection, leaf: Leaf) -> Value:
    """The entry of a leaf, made of the rows as they are. Raises ValueError where they are none that can be told."""
    if leaf.kind != "withdrawal":
        return tell(conn, leaf.kind, leaf.subject, leaf.salt or b"")
    origin = find_origin(conn, leaf)
    replaced = conn.execute("SELECT leaf FROM log WHERE seq = ?", (leaf.subject,)).fetchone()
    return tell_withdrawal(leaf.subject, replaced[0], tell(conn, origin.kind, origin.subject, leaf.salt or b""))


def tell(conn: sqlite3.Connection, kind: str, number: int, salt: bytes) -> Value:
    """The entry of something that was kept, made of the rows as they are. Raises ValueError for a kind that nobody knows."""
    if kind not in QUERIES:
        raise ValueError(f"a log has no entries of kind {kind!r}")
    row = next(read_rows(conn, kind, number), None)
    if row is None:
        return tell_absent(kind, number)
    if kind == "capture":
        check = next(read_rows(conn, "check", number), None)
        return tell_capture(
            row, read_rows(conn, "artifacts", number), read_rows(conn, "exchanges", number), check, salt
        )
    if kind in SALTLESS:
        return {"key": tell_key, "stamp": tell_stamp}[kind](row)
    if kind == "fetch":
        return tell_fetch(row, salt, find_referred_page(conn, number))
    return {"rendering": tell_rendering, "import": tell_import}[kind](row, salt)


REFERRED_SINCE = 19
"""The step of the schema since when a page may be kept by reference."""


def find_referred_page(conn: sqlite3.Connection, fetch_id: int) -> str | None:
    """The sha256 of the page of a download that is kept by reference only, or None."""
    if conn.execute("PRAGMA main.user_version").fetchone()[0] < REFERRED_SINCE:
        return None
    row = conn.execute("SELECT sha256 FROM main.page_places WHERE fetch_id = ?", (fetch_id,)).fetchone()
    if row:
        return str(row[0])
    return None


def read_rows(conn: sqlite3.Connection, which: str, number: int) -> Iterator[Row]:
    sql, names = QUERIES[which]
    for row in conn.execute(sql, (number,)):
        yield dict(zip(names, row, strict=True))


# ---------------------------------------------------------------------------------------------- what was there before it


def find_adopted(conn: sqlite3.Connection) -> tuple[int, int]:
    """The numbers of the last capture and fetch that were kept before there was a log; 0 where there were none."""
    row = conn.execute("SELECT captures, fetches FROM imports WHERE what = 'adopted' ORDER BY id LIMIT 1").fetchone()
    if row:
        return (int(row[0]), int(row[1]))
    return (0, 0)


def begin(conn: sqlite3.Connection, now: str, version: str) -> None:
    """Say in the log of an archive from before it that its rows are taken over as they are found. In one transaction."""
    conn.execute(
        "INSERT INTO imports (what, at, version, captures, fetches) SELECT 'adopted', ?, ?, "
        "(SELECT coalesce(max(id), 0) FROM captures), (SELECT coalesce(max(id), 0) FROM fetches)",
        (now, version),
    )
    append(conn, "import", conn.execute("SELECT max(id) FROM imports").fetchone()[0])


def has_to_begin(conn: sqlite3.Connection) -> bool:
    """Whether an archive has something in it, and no log."""
    sql = (
        "SELECT NOT EXISTS (SELECT 1 FROM log) AND (EXISTS (SELECT 1 FROM captures) OR EXISTS (SELECT 1 FROM fetches))"
    )
    return bool(conn.execute(sql).fetchone()[0])


def adopt(conn: sqlite3.Connection, most: int) -> int:
    """Log so many of the rows from before there was a log, the first of those that are not yet; give how many."""
    fetches, captures = find_unlogged(conn, "fetch", most), find_unlogged(conn, "capture", most)
    todo: list[tuple[EntryKind, int]] = [("fetch", number) for number in fetches]
    todo += [("capture", number) for number in captures]
    for kind, number in todo[:most]:
        append(conn, kind, number)
        if kind == "fetch" and has_rendering(conn, number):
            append(conn, "rendering", number)
    return len(todo[:most])


def find_unlogged(conn: sqlite3.Connection, kind: Literal["capture", "fetch"], most: int = -1) -> list[int]:
    """The numbers of rows from before the log that are not in it yet, in order."""
    captures, fetches = find_adopted(conn)
    table, last = {"capture": ("captures", captures), "fetch": ("fetches", fetches)}[kind]
    sql = (
        f"SELECT id FROM {table} WHERE id <= :last AND id > coalesce((SELECT max(subject) FROM log "
        "WHERE kind = :kind AND subject <= :last), 0) ORDER BY id LIMIT :most"
    )
    return [row[0] for row in conn.execute(sql, {"kind": kind, "last": last, "most": most})]


def has_unlogged(conn: sqlite3.Connection) -> bool:
    return bool(find_unlogged(conn, "fetch", 1) or find_unlogged(conn, "capture", 1))


def has_rendering(conn: sqlite3.Connection, fetch_id: int) -> bool:
    sql = "SELECT rendered_at IS NOT NULL OR screenshot_sha256 IS NOT NULL FROM fetches WHERE id = ?"
    return bool(conn.execute(sql, (fetch_id,)).fetchone()[0])


# --------------------------------------------------------------------------------------------------------------- proofs


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that something is in a log of `size` leaves: its entry as bytes, its place, and the hashes up to the root."""

    seq: int
    size: int
    entry: bytes
    path: tuple[bytes, ...]
    root: bytes


def prove(conn: sqlite3.Connection, kind: str, subject: int, size: int) -> Proof | None:
    """Show that something that was kept is among the first `size` leaves, as it stands; None where its leaf is not.

    Raises ValueError where the log is damaged.
    """
    leaf = find_newest(conn, kind, subject)
    if leaf is None or leaf.seq >= size:
        return None
    read = KeptHashes(conn)
    entry = to_canonical(tell_leaf(conn, leaf))
    return Proof(leaf.seq, size, entry, tuple(prove_inclusion(read, leaf.seq, size)), find_root(read, size))
