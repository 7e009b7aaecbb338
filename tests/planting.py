"""An archive and a post -> the same with a canary wherever something of the post can stand; and which are still found."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from embedarchive.store import rows
from embedarchive.store.erasing import plan_posts
from embedarchive.store.erasing.columns import APPEND_ONLY, ERASED, SELECTED, literal
from embedarchive.store.faults import Connection

NUMBERS = frozenset(
    ("dhash", "author_verified", "author_followers", "likes", "comments", "shares", "views", "sensitive")
)
NOW = "2026-03-20T08:00:00.000Z"
SHAPES = {"[]": '["{}"]', "{}": '{{"says":"{}"}}'}
"""What a column of JSON is emptied to -> how it may hold a word. To others words are added."""


def plant(path: Path, key: str) -> dict[str, bytes]:
    """Put a word of its own into every column of every row of a post; give place -> word."""
    with closing(sqlite3.connect(path, isolation_level=None, factory=Connection)) as conn:
        conn.row_factory = sqlite3.Row
        conn.execute("BEGIN")
        conn.execute(
            "INSERT INTO openings (opened_at, opened_by, subject, why) VALUES (?, 'A. N.', ?, 'asked')", (NOW, key)
        )
        note = {"subject_kind": "posts", "subject": key, "name": "desk", "value": "seen", "by": "A. N.", "at": NOW}
        rows.insert(conn, "notes", note)
        account = conn.execute("SELECT platform FROM posts WHERE key = ?", (key,)).fetchone()[0] + ":canaryaccount"
        conn.execute("UPDATE schedule SET account = ? WHERE post_key = ?", (account, key))
        conn.execute("INSERT INTO budgets VALUES (?, '2026-03-20', 5, 1)", (account,))
        given = plan_posts(conn, [key]).given
        triggers = [tuple(row) for row in conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")]
        for table in APPEND_ONLY:
            conn.execute(f"DROP TRIGGER {table}_no_update")
        planted = {"schedule.account": b"canaryaccount"}
        for table, columns in ERASED.items():
            if table in ("articles", "fetches"):
                continue
            planted |= plant_in(conn, table, columns, given)
        for name, sql in triggers:
            if name.removesuffix("_no_update") in APPEND_ONLY:
                conn.execute(sql)
        conn.execute("COMMIT")
    return planted


def plant_in(
    conn: sqlite3.Connection, table: str, columns: Mapping[str, str | None], given: Mapping[str, str]
) -> dict[str, bytes]:
    key = "key" if table == "posts" else "id"
    found = [row[0] for row in conn.execute(f"SELECT {key} FROM {table} WHERE {SELECTED[table]}", given)]
    assert found, f"nothing of the post stands in {table}"
    planted = {}
    for number in found:
        if table in rows.FULL_TEXT:
            rows.index(conn, table, number, remove=True)
        for column, empty in columns.items():
            if column in NUMBERS:
                continue
            word = f"canary{table}{column}".replace("_", "").upper()
            planted[f"{table}.{column}"] = word.encode()
            held = conn.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (number,)).fetchone()[0]
            said = f"{word} and something longer that goes on for a while"
            value = SHAPES[empty].format(said) if empty in SHAPES else f"{held or ''} {said}"
            if column in ("media", "collaborators", "missing"):
                value = literal(empty).strip("'") if column == "media" else f'["{word}"]'
            if column == "media":
                del planted[f"{table}.{column}"]
                continue
            conn.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, number))
        if table in rows.FULL_TEXT:
            rows.index(conn, table, number)
    return planted


# -------------------------------------------------------------------------------------------------------------- finding


def find_left(places: Iterable[Path], canaries: Mapping[str, bytes], *, deep: bool = True) -> set[str]:
    """Which canaries stand anywhere in files or folders, whatever they are packed in; lower and upper case alike.

    Not `deep`, what is packed is looked for in members and in `blobs` only.
    """
    wanted = {name: word.lower() for name, word in canaries.items()}
    found: set[str] = set()
    for place in places:
        for file in [place] if place.is_file() else sorted(each for each in place.rglob("*") if each.is_file()):
            for data in unpack_all(file.read_bytes(), deep=deep):
                low = data.lower()
                found |= {name for name, word in wanted.items() if word in low}
    return found


def unpack_all(data: bytes, depth: int = 0, *, deep: bool = True) -> Iterator[bytes]:
    """A file's bytes, what of them is packed, by zip, gzip or zlib, wherever in it that begins, and what a database keeps."""
    yield data
    if depth > 3:
        return
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for member in package.namelist():
                yield from unpack_all(package.read(member), depth + 1, deep=deep)
        return
    if data.startswith(b"\x1f\x8b"):
        with gzip.open(io.BytesIO(data)) as stream:
            yield from unpack_all(stream.read(), depth + 1, deep=deep)
        return
    if data.startswith(b"SQLite format 3\0"):
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.deserialize(data)
            for encoding, body in conn.execute("SELECT encoding, body FROM blobs WHERE length(body) > 0"):
                yield zlib.decompress(body) if encoding == "zlib" else body
    if deep:
        yield from inflate_everywhere(data)


def inflate_everywhere(data: bytes) -> Iterator[bytes]:
    """Whatever unpacks from a zlib header on: what lies in free pages is in no table."""
    for header in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        at = data.find(header)
        while at >= 0:
            inflater = zlib.decompressobj()
            try:
                out = inflater.decompress(data[at : at + 200_000], 2_000_000)
            except zlib.error:
                out = b""
            if len(out) > 16:
                yield out
            at = data.find(header, at + 1)
