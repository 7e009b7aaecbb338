"""What is kept of other archives' logs, and the rows that were theirs -> whether their checkpoints still prove them here.

An entry is made of rows, and the rows have other numbers here: `held_by` keeps which numbers they have there.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from embedarchive.core.canonical import Value
from embedarchive.core.checkpoint import Checkpoint, find_signers, read_checkpoint, read_note
from embedarchive.core.entries import (
    Row,
    hash_entry,
    tell_capture,
    tell_fetch,
    tell_key,
    tell_rendering,
    tell_stamp,
    tell_withdrawal,
)
from embedarchive.core.merkle import GrowingTree
from embedarchive.store.evidence import ROWS_OF, find_referred_page, read_rows, select
from embedarchive.store.timestamps import KeptStamps

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


ReadRows = Callable[[str, int], Iterable[Row]]
"""Which rows, of what number -> they, as `evidence.read_rows` gives them."""


def tell_held(conn: sqlite3.Connection, read: ReadRows, held: tuple[str, int], numbers: Any, salt: bytes) -> Value:
    """The entry that the other archive has of what is kept here. Raises ValueError where there is no such row."""
    kind, subject = held
    row = next(iter(read(kind, subject)), None)
    if row is None:
        raise ValueError(f"{kind} {subject} is not there")
    if kind == "rendering":
        return tell_rendering({**row, "id": numbers[0]}, salt)
    if kind == "fetch":
        there = {**row, "id": numbers[0], "crawl_id": numbers[1]}
        return tell_fetch(there, salt, find_referred_page(conn, subject))
    number, crawl, fetch, check, artifacts, exchanges = numbers
    capture = {**row, "id": number, "crawl_id": crawl, "fetch_id": fetch}
    seen = next(iter(read("check", subject)), None)
    return tell_capture(
        capture,
        renumber(read("artifacts", subject), artifacts),
        renumber(read("exchanges", subject), exchanges),
        None if seen is None else {**seen, "id": check},
        salt,
    )


OWNERS = {"capture": "id", "check": "capture_id", "artifacts": "capture_id", "exchanges": "capture_id"}
"""What a capture's entry is made of -> the column that says of which capture it is."""


def read_together(conn: sqlite3.Connection, captures: Sequence[int]) -> ReadRows:
    """The rows of many captures, read at once: to ask for each takes as long as to hash it."""
    found: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for which, owner in OWNERS.items():
        sql, names = select(*ROWS_OF[which], f"{owner} IN (SELECT value FROM json_each(?)) ORDER BY {owner}, id")
        sql = sql.replace("SELECT ", f"SELECT {owner}, ", 1)
        for number, *row in conn.execute(sql, (json.dumps(captures),)).fetchall():
            found[which, number].append(dict(zip(names, row, strict=True)))
    return lambda which, number: found.get((which, number), ())


# ------------------------------------------------------------------------------------------------------------ verifying

Said = tuple[str, str, str]
"""A code, what it is about, what is wrong."""

KEY_NAMES = ("id", "origin", "public_key", "since")


def check_merged(conn: sqlite3.Connection, judges: KeptStamps) -> Iterator[Said]:
    """All that is wrong with the logs of archives that were merged, as it is found: entries, checkpoints, stamps, rows."""
    for number, name, keys, _ in conn.execute(
        "SELECT id, name, keys, checkpoint FROM merged_archives ORDER BY id"
    ).fetchall():
        try:
            known = [tuple(each) for each in json.loads(keys)]
            publics = [bytes.fromhex(each[2]) for each in known]
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            yield "merged_checkpoint", f"merged_archives {number}", f"the keys of {name} cannot be read ({error})"
            continue
        roots: dict[int, list[tuple[str, bytes]]] = {}
        yield from check_signed(conn, number, name, publics, roots)
        yield from check_tree(conn, number, name, known, roots)
        yield from check_stamps(conn, number, name, judges)
        yield from check_held(conn, number, name)


def check_signed(
    conn: sqlite3.Connection,
    number: int,
    name: str,
    publics: Sequence[bytes],
    roots: dict[int, list[tuple[str, bytes]]],
) -> Iterator[Said]:
    """Each checkpoint is signed by a key of the archive; what it says of the log goes to `roots`, by its size."""
    sql = (
        "SELECT 'merged_archives ' || id, checkpoint FROM merged_archives WHERE id = :id AND checkpoint IS NOT NULL UNION ALL "
        "SELECT DISTINCT 'merged_stamps ' || archive_id || ' ' || seq, note FROM merged_stamps WHERE archive_id = :id"
    )
    for what, text in conn.execute(sql, {"id": number}):
        try:
            note = read_note(text)
            found: Checkpoint = read_checkpoint(note.text)
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            yield "merged_checkpoint", what, f"what {name} signed cannot be read ({error})"
            continue
        if found.origin != name or not find_signers(note, name, publics):
            yield "merged_checkpoint", what, f"the checkpoint of {name} is not signed by its key"
        roots.setdefault(found.size, []).append((what, found.root))


def check_tree(
    conn: sqlite3.Connection,
    number: int,
    name: str,
    keys: Iterable[tuple[Any, ...]],
    roots: dict[int, list[tuple[str, bytes]]],
) -> Iterator[Said]:
    """The log is whole, the one that was signed, and names the keys."""
    archive = f"merged_archives {number}"
    places = {each[4]: each for each in keys}
    tree = GrowingTree()
    for seq, kind, leaf in conn.execute(
        "SELECT seq, kind, leaf FROM merged_log WHERE archive_id = ? ORDER BY seq", (number,)
    ):
        if seq != tree.size:
            yield "merged_log", archive, f"entry {tree.size} of the log of {name} is not there"
            return
        tree.add(leaf)
        key = places.pop(seq, None)
        if key and (kind != "key" or hash_entry(tell_key(dict(zip(KEY_NAMES, key, strict=False)))) != leaf):
            yield "merged_checkpoint", archive, f"a key of {name} is not the one in its log"
        for what, root in roots.pop(tree.size, ()):
            if tree.find_root() != root:
                yield (
                    "merged_checkpoint",
                    what,
                    f"the first {tree.size:,} entries of the log of {name} are not those it signed",
                )
    if places:
        yield "merged_checkpoint", archive, f"a key of {name} is not in its log"
    for size, signed in roots.items():
        for what, _ in signed:
            yield "merged_log", what, f"the log of {name} has {tree.size:,} entries, and it signed {size:,}"


def check_stamps(conn: sqlite3.Connection, number: int, name: str, judges: KeptStamps) -> Iterator[Said]:
    """Each stamp is the one that the log has an entry of, and one of its checkpoint, at the time that its row says."""
    sql = (
        "SELECT s.seq, l.kind, l.subject, l.leaf, s.checkpoint_id, s.authority, s.stamped_at, s.note, s.token, s.root "
        "FROM merged_stamps s LEFT JOIN merged_log l ON l.archive_id = s.archive_id AND l.seq = s.seq "
        "WHERE s.archive_id = ? ORDER BY s.seq DESC"
    )
    for seq, kind, subject, leaf, checkpoint, authority, at, note, token, root in conn.execute(sql, (number,)):
        what = f"merged_stamps {number} {seq}"
        row = {
            "id": subject, "checkpoint_id": checkpoint, "authority": authority, "state": "stamped", "stamped_at": at,
            "token": token, "root": root,
        }  # fmt: skip
        try:
            is_logged = kind == "stamp" and hash_entry(tell_stamp(row)) == leaf
            judged = judges.judge(token, note, root, at)
        except (ValueError, TypeError, AttributeError) as error:
            yield "merged_stamp", what, f"{what} cannot be read ({error})"
            continue
        if not is_logged:
            yield "merged_stamp", what, f"{what} of {authority} is not the one in the log of {name}"
        if judged.code != "stamped":
            yield "merged_stamp", what, f"{what} of {authority}: {judged.code} {judged.says}"


def check_held(conn: sqlite3.Connection, number: int, name: str) -> Iterator[Said]:
    """The rows say what they said there when they were logged; what was erased there or here has no salt to tell it by."""
    sql = (
        "SELECT h.kind, h.subject, h.numbers, l.seq, l.kind, l.subject, l.leaf, l.salt FROM held_by h "
        "LEFT JOIN merged_log l ON l.archive_id = h.archive_id AND l.seq = h.seq "
        "WHERE h.archive_id = ? AND h.seq IS NOT NULL"
    )
    read = partial(read_rows, conn)
    for kind, subject, numbers, seq, entry_kind, of, leaf, salt in conn.execute(sql, (number,)):
        what = f"{kind} {subject}"
        if seq is None:
            yield "merged_log", what, f"the entry of {what} in the log of {name} is not there"
        elif salt is not None and not is_same(
            conn, read, (kind, subject, numbers), number, (entry_kind, of, leaf, salt)
        ):
            yield "merged_entry", what, f"{what} is not what entry {seq} of the log of {name} says it held"


def find_unproved(conn: sqlite3.Connection, kind: str, subjects: Sequence[int]) -> list[tuple[int, int, str]]:
    """(what, archive, its name) of entries in others' logs that cannot be made of the rows here."""
    sql = (
        "SELECT h.subject, a.id, a.name, h.numbers, l.kind, l.subject, l.leaf, l.salt FROM held_by h "
        "JOIN merged_archives a ON a.id = h.archive_id "
        "JOIN merged_log l ON l.archive_id = h.archive_id AND l.seq = h.seq "
        "WHERE h.kind = ? AND h.subject IN (SELECT value FROM json_each(?)) AND l.salt IS NOT NULL"
    )
    read: ReadRows = partial(read_rows, conn)
    if kind == "capture":
        read = read_together(conn, subjects)
    unproved = []
    for subject, archive, name, numbers, *entry in conn.execute(sql, (kind, json.dumps(subjects))).fetchall():
        if not is_same(conn, read, (kind, subject, numbers), archive, (entry[0], entry[1], entry[2], entry[3])):
            unproved.append((subject, archive, name))
    return unproved


def is_same(
    conn: sqlite3.Connection,
    read: ReadRows,
    held: tuple[str, int, str],
    archive: int,
    entry: tuple[str, int, bytes, bytes],
) -> bool:
    """Whether an entry of another archive's log can be made of the rows here."""
    kind, of, leaf, salt = entry
    try:
        told = tell_held(conn, read, held[:2], json.loads(held[2]), salt)
        if kind == "withdrawal":
            sql = "SELECT leaf FROM merged_log WHERE archive_id = ? AND seq = ?"
            told = tell_withdrawal(of, conn.execute(sql, (archive, of)).fetchone()[0], told)
        return hash_entry(told) == leaf
    except (ValueError, TypeError, KeyError, IndexError):
        return False
